"""What a build leaves on disk, and what it proves."""
