"""A compute host: its cores, and which of them are guests'."""
