"""The shipped features, and those that other packages add."""
