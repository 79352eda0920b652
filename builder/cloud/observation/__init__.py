"""What was seen of a server, and what it must show."""
