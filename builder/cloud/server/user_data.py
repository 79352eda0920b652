"""The user-data of a server that is observed: cloud-init runs it at each boot. Pure.

``bootcmd`` is the one part that cloud-init repeats at each boot, early; the script goes on in a
transient unit, so that nothing of the boot waits for it.
"""

import json
from base64 import b64encode
from dataclasses import dataclass
from typing import Literal

from builder.linux.scripts import script

UNIT = "guest-image-tell-console"


Act = Literal["watch", "hang"]
"""Wait for a password and another size of the root disk; or let the watchdog fire."""


@dataclass(frozen=True)
class Order:
    """What the guest is to do besides telling what it sees."""

    token: str
    """16 hexadecimal digits, by which its lines are known."""
    act: Act
    user: str
    password: str
    """The one that will be set; nobody gets in with it before."""


def user_data(order: Order) -> str:
    """The user-data as Nova takes it, in Base64."""
    order_text = json.dumps(
        {
            "token": order.token,
            "act": order.act,
            "user": order.user,
            "password": order.password,
        }
    )
    # In Base64: systemd has meanings of its own for dollars, per cents and semicolons.
    source = _encoded(script("tell_console.py"))
    run = f"exec(__import__('base64').b64decode('{source}'))"
    words = ["python3", "-c", run, _encoded(order_text)]
    command = ["systemd-run", "--no-block", f"--unit={UNIT}", f"--description={UNIT}", *words]
    return _encoded(f"#cloud-config\n{json.dumps({'bootcmd': [command]})}\n")


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode()
