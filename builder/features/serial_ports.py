"""People and programs log in on further serial ports of the guest.

Nova gives as many ports as ``hw_serial_port_count`` says, three at most, where its serial console
is enabled, and no more than the flavor's ``hw:serial_port_count``. systemd lets people in on the
kernel's console alone: whoever connects to another port finds nobody there.
"""

import secrets

from pydantic import Field

from builder.feature import (
    CheckFailed,
    Claim,
    ConfigOption,
    ExtraSpec,
    Feature,
    Filesystem,
    Guest,
    Necessity,
    Need,
    Parameters,
    Setup,
    inspection,
    probe,
)
from builder.feature.needs import NOVA_DOCS
from builder.linux import login, serialconsole, systemd
from builder.linux.live import output


class SerialPortsParameters(Parameters):
    """How many there are."""

    # Nova's ALLOWED_QEMU_SERIAL_PORTS; with one port there is nothing to do.
    count: int = Field(
        default=2, ge=2, le=3, description="Serial ports, of which the first is the console."
    )


def _ports(parameters: SerialPortsParameters) -> range:
    """The numbers of those beside the console."""
    return range(1, parameters.count)


@inspection("a getty will be started on every further serial port")
def gettys_will_start(disk: Filesystem, parameters: SerialPortsParameters) -> str:
    """What systemd starts by itself is a getty on the kernel's console alone."""
    units = [f"serial-getty@ttyS{number}.service" for number in _ports(parameters)]
    seen = "; ".join(systemd.require_started(disk, unit) for unit in units)
    for number in _ports(parameters):
        serialconsole.require_login(disk, f"ttyS{number}")
    return seen


# Of 8250 ports the kernel has a few in reserve, with device nodes and nothing behind them.
PORTS = """
for port in /sys/class/tty/ttyS*; do
    [ "$(cat "$port/type")" = 0 ] || basename "$port"
done
"""


@probe("the guest has as many serial ports as it was given")
def ports_are_there(guest: Guest, parameters: SerialPortsParameters) -> str:
    """Count those that the kernel has found a device behind."""
    ports = output(guest, PORTS).split()
    if len(ports) != parameters.count:
        raise CheckFailed(
            f"the guest has {', '.join(ports) or 'no serial port'}, not {parameters.count} ports"
        )
    return f"the guest has {', '.join(ports)}"


PROMPT_LIMIT = 60.0
"""Seconds within which a getty that is there answers on a busy host."""


@probe("the default user logs in on every further serial port", once=True, seconds=10)
def user_logs_in_on_ports(guest: Guest, parameters: SerialPortsParameters) -> str:
    """Give the user a password for as long as it takes, and type it there."""
    given = [f"serial{number}" for number in range(1, guest.machine.serial_ports)]
    if len(given) < parameters.count - 1:
        raise CheckFailed(f"this machine has {guest.machine.serial_ports} serial ports")
    user, password = guest.admin_user, secrets.token_hex(16)
    former = output(guest, FORMER, user)
    output(guest, SET, user, password)
    try:
        for terminal in given:
            login.log_in(guest, user, password, terminal, PROMPT_LIMIT)
    finally:
        guest.run("usermod", "--password", former, user)
    return f"{user} logged in on {', '.join(f'ttyS{number}' for number in _ports(parameters))}"


FORMER = 'getent shadow "$1" | cut -d: -f2'
SET = 'echo "$1:$2" | chpasswd'


def claims(parameters: SerialPortsParameters) -> tuple[Claim, ...]:
    """The one property."""
    return (
        Claim(
            property="hw_serial_port_count",
            value=str(parameters.count),
            promise=f"people log in on {parameters.count} serial ports of the guest",
            proof=(gettys_will_start, ports_are_there, user_logs_in_on_ports),
        ),
    )


CONSOLE_DOCS = f"{NOVA_DOCS}/admin/remote-console-access.html#serial-console"


def needs(parameters: SerialPortsParameters) -> tuple[Need, ...]:
    """Nova's serial console, and no flavor with fewer ports."""
    return (
        Need(
            what=ExtraSpec("hw:serial_port_count", str(parameters.count), at_least=True),
            reason="The image's own property is enough; a flavor that allows fewer refuses the"
            " image (ImageSerialPortNumberExceedFlavorValue).",
            source=f"{NOVA_DOCS}/configuration/extra-specs.html#hw:serial_port_count",
            necessity=Necessity.CONSISTENT,
        ),
        Need(
            what=ConfigOption("serial_console", "enabled", "True"),
            reason="Without it a guest has one port, which writes to a file.",
            source=CONSOLE_DOCS,
        ),
        Need(
            what=Setup("nova-serialproxy runs, and base_url in [serial_console] leads to it"),
            reason="It is what people connect to the ports through.",
            source=CONSOLE_DOCS,
        ),
    )


FEATURE = Feature(
    name="serial-ports",
    summary="a login on further serial ports",
    parameters=SerialPortsParameters,
    architectures=("x86_64", "i686"),
    elements=("guest-serial-ports",),
    environment=lambda parameters: {"DIB_SERIAL_PORTS": str(parameters.count)},
    claims=claims,
    inspections=(gettys_will_start,),
    probes=(ports_are_there, user_logs_in_on_ports),
    needs=needs,
)
