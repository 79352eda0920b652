"""A plan becomes an image: tree, disk, manifest."""
