"""Who says so: signed statements about a build, and whether they hold."""
