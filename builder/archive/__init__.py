"""What a distribution's archive has: an apt of its own, signed indexes, dates of updates."""
