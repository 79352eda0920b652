"""Many images: a matrix in one file, its steps as a graph, and what does them."""
