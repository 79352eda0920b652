"""A server's console as one text, of the ends that Nova shows of it. Pure.

Nova shows the last 100 KiB, of which the beginning goes as the guest shows more; and nothing of
what was before where it has made the guest anew.
"""

LIMIT = 4 << 20
"""Characters that are kept; a guest may show more."""
_SEAM = 256
"""Characters at the end of what is known by which its place in a later text is found."""


def joined(earlier: str, shown: str) -> str:
    """What is known of a console, and what it shows beyond that by now."""
    if not shown or len(earlier) >= LIMIT:
        return earlier
    if shown.startswith(earlier):
        return shown[:LIMIT]
    place = shown.rfind(earlier[-_SEAM:])
    new = shown[place + len(earlier[-_SEAM:]) :] if place >= 0 else f"\n{shown}"
    return (earlier + new)[:LIMIT]
