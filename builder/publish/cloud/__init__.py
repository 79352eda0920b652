"""A cloud: how Glance is spoken to, and what it has."""
