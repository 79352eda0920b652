"""What is sent to a cloud: the file, its properties, its signature, and whether it may."""
