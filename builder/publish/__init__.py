"""Publishing to Glance: what is sent, in which order, and what becomes of what was there."""
