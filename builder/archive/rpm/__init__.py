"""What libsolv, the resolver of dnf and zypper, says of an image: distributions of RPM packages."""
