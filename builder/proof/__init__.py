"""Checks are made, and their outcomes recorded as evidence."""
