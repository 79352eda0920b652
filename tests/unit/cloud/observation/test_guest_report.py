import json
import platform
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path

import pytest
from guest_lines import BOOT, FACTS, NIC, OTHER_BOOT, SYSTEM, TOKEN, line, told
from hypothesis import given
from hypothesis import strategies as st

from builder.cloud.observation.guest_report import (
    BOOTS_LIMIT,
    MESSAGES_LIMIT,
    Disk,
    GuestReport,
    Password,
    Processors,
    System,
)
from builder.linux.scripts import script

PASSWORD = {"kind": "password", "user": "debian", "before": False, "after": True, "boot": BOOT}


def report(*consoles: str) -> GuestReport:
    found = GuestReport(TOKEN)
    for console in consoles:
        found.read(console)
    return found


def test_a_boot_is_complete_when_all_of_its_facts_are_there() -> None:
    text = told(*FACTS)
    assert report(text).boots[BOOT].complete
    lines = text.splitlines(keepends=True)
    for missing in range(1, len(lines), 2):
        part = "".join(lines[:missing] + lines[missing + 1 :])
        assert not report(part).boots[BOOT].complete


def test_what_is_told_again_is_known_once_and_what_was_cut_is_completed() -> None:
    text = told(*FACTS)
    found = report(text[:300], text[200:], text)
    assert len(found.boots[BOOT].messages) == len(FACTS)
    root = found.boots[BOOT].root
    assert root is not None
    assert (root.name, root.driver) == ("sda", "virtio_scsi")
    assert [disk.name for disk in found.boots[BOOT].all(Disk)] == ["sda", "sdb"]


def test_boots_are_told_apart() -> None:
    found = report(told(*FACTS) + told(*FACTS, boot=OTHER_BOOT))
    assert [*found.boots] == [BOOT, OTHER_BOOT]
    after = found.after([BOOT])
    assert after is not None
    assert after.id == OTHER_BOOT
    assert found.after([BOOT, OTHER_BOOT]) is None


def test_a_line_into_which_the_kernel_wrote_is_nobodys() -> None:
    text = line(PASSWORD)
    broken = text.replace('"debian"', '"deb[   12.0] usb 1-1: new device\r\nian"')
    assert report(broken).boots == {}
    assert report(broken + text).boots[BOOT].last(Password) is not None


@pytest.mark.parametrize(
    "text",
    [
        line(PASSWORD, token="f" * 16),
        line({**PASSWORD, "user": "x" * 65}),
        line({**PASSWORD, "after": "yes"}),
        line({**PASSWORD, "boot": "first"}),
        line({**PASSWORD, "kind": "unknown"}),
        line({"kind": "password"}),
        line({**SYSTEM, "boot": BOOT, "number": 0, "of": MESSAGES_LIMIT + 1}),
        line({**NIC, "boot": BOOT, "number": 0, "of": 1, "queues": -1}),
        line({**NIC, "boot": BOOT, "number": 0, "of": 1, "queues": 1 << 70}),
        line({**PASSWORD, "more": "x" * 2000}),
        line(PASSWORD).replace("GUEST-IMAGE", "GUEST"),
        f"GUEST-IMAGE {TOKEN} 00000000 {json.dumps(PASSWORD)}",
        f"GUEST-IMAGE {TOKEN} 00000000 " + "{" + '"a":[' * 300,
    ],
)
def test_what_is_no_message_is_left_alone(text: str) -> None:
    assert report(text).boots == {}


def test_a_guest_that_tells_without_an_end_is_not_listened_to_for_ever() -> None:
    boots = "".join(
        line({**PASSWORD, "boot": f"{number:08x}-2222-3333-4444-555555555555"})
        for number in range(BOOTS_LIMIT + 5)
    )
    assert len(report(boots).boots) == BOOTS_LIMIT
    users = "".join(line({**PASSWORD, "user": str(number)}) for number in range(MESSAGES_LIMIT + 5))
    assert len(report(users).boots[BOOT].messages) == MESSAGES_LIMIT


@given(st.text(), st.lists(st.sampled_from([*told(*FACTS).splitlines(keepends=True), "\x00", "{"])))
def test_no_console_breaks_the_reader(noise: str, lines: list[str]) -> None:
    found = report(noise + "".join(lines) + noise)
    assert set(found.boots) <= {BOOT}


@given(
    st.dictionaries(
        st.sampled_from(["kind", "boot", "number", "of", "watchdogs", "name", "x"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists),
    )
)
def test_no_json_breaks_the_reader(message: dict[str, object]) -> None:
    report(line({"kind": "devices", "boot": BOOT, **message}))


def test_what_the_script_tells_is_understood(tmp_path: Path) -> None:
    console = tmp_path / "console"
    console.touch()
    order = json.dumps({"token": TOKEN, "act": "", "consoles": [str(console)]})
    found = GuestReport(TOKEN)
    words = ["-c", script("tell_console.py"), b64encode(order.encode())]
    with subprocess.Popen([sys.executable, *words]) as guest:
        deadline = time.monotonic() + 60
        while not any(boot.complete for boot in found.boots.values()):
            assert time.monotonic() < deadline, console.read_text(encoding="utf-8")
            time.sleep(0.1)
            found.read(console.read_text(encoding="utf-8"))
        guest.kill()
    (boot,) = found.boots.values()
    assert boot.id == Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    system, processors = boot.last(System), boot.last(Processors)
    assert system is not None
    assert system.machine == platform.machine()
    assert processors is not None
    assert processors.count == processors.sockets * processors.cores * processors.threads
