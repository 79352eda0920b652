"""YAML to a profile, and everything that can be wrong with one."""
