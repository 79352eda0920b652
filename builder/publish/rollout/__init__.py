"""An image takes the public name of another, and gives it back."""
