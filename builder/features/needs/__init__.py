"""Needs of features that would fill half of their files."""
