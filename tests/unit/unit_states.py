"""What systemctl prints of units."""

ACTIVE = "LoadState=loaded\nActiveState=active\nSubState=running\n"
FAILED = "LoadState=loaded\nActiveState=failed\nSubState=failed\n"
NOT_FOUND = "LoadState=not-found\nActiveState=inactive\n"


def times(unit: str, begun: float, active: float) -> str:
    """When a unit's start began, and when it was active, in seconds after power-on."""
    return (
        f"InactiveExitTimestampMonotonic={begun * 1e6:.0f}\n"
        f"ActiveEnterTimestampMonotonic={active * 1e6:.0f}\nId={unit}\n"
    )


def beside_network(unit: str, active: float) -> dict[str, str]:
    """A guest's answer: the network was online after 42 s, and the unit was active then."""
    online = times("network-online.target", 42, 42)
    return {"Monotonic": f"{times(unit, active, active)}\n{online}"}
