"""What this computer offers: programs, files, locks, an accelerator."""
