"""What differs between two builds, by their manifests alone."""
