"""A static site of the proven builds, for people and for the programs that fetch images."""
