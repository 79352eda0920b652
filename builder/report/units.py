"""Durations and sizes as people read them."""

SIZE_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
DIGITS = 10
"""From so many on, no decimal is shown."""


def duration(seconds: float) -> str:
    """Seconds as ``8s`` or ``1m22s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def short_duration(seconds: float) -> str:
    """Seconds as ``0.4s`` where the tenth counts, else as ``duration`` tells them."""
    return f"{seconds:.1f}s" if seconds < DIGITS else duration(seconds)


def size(count: int) -> str:
    """Bytes in the unit that leaves one to four digits: ``1.4 GiB``, ``300 MiB``, ``0 bytes``."""
    power = min(max(count.bit_length() - 1, 0) // 10, len(SIZE_UNITS) - 1)
    number = count / 1024**power
    decimals = 1 if power and number < DIGITS else 0
    return f"{number:.{decimals}f} {SIZE_UNITS[power]}"
