"""The flavor and the aggregate that images need are made in a cloud."""
