"""A server in a cloud: made, asked, watched."""
