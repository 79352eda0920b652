"""A running guest: its QEMU, and the channels into it."""
