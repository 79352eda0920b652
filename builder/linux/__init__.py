"""What is known of Linux on a disk at rest: pure functions over a ``Filesystem`` or over bytes."""
