"""A published build is proven by a server of a cloud."""
