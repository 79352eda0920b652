"""The disk of an image at rest: what may be opened, and what is in it."""
