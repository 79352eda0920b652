"""What the standards of Sovereign Cloud Stack demand of images: SCS-0102 and SCS-0104. Pure."""
