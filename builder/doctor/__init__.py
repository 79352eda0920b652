"""What this host can do, found out before the night does."""
