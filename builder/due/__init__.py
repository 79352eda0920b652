"""Whether a build is due: what became of what an image is made from, and of what was promised."""
