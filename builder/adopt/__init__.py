"""An image that was built elsewhere: what is in it, and what it has evidence for."""
