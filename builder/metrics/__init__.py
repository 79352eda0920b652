"""What is measured of builds and clouds, for those who watch many of them."""
