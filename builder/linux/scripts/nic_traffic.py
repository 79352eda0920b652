"""Ping the other end of a NIC from each CPU in turn.

Prints for each CPU how many of the NIC's interrupts for received packets it has taken meanwhile:
each queue has one. The addresses are of RFC 5737, for documentation and tests.
"""

import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

NIC = sys.argv[1]
OURS, THEIRS = "192.0.2.2/24", "192.0.2.1"
DEVICE = Path("/sys/class/net", NIC, "device").resolve().name


def interrupts() -> "list[int]":
    """How many each CPU has taken so far."""
    heading, *lines = Path("/proc/interrupts").read_text().splitlines()
    rows = [line.split() for line in lines if f"{DEVICE}-input" in line]
    return [sum(int(row[1 + cpu]) for row in rows) for cpu in range(len(heading.split()))]


def checksum(data: bytes) -> int:
    """The Internet checksum of RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def ping(echo: socket.socket, cpu: int, number: int) -> None:
    """Send an echo request of RFC 792, and wait for its reply."""
    body = struct.pack("!HH", cpu, number)
    head = struct.pack("!BBH", 8, 0, checksum(struct.pack("!BBH", 8, 0, 0) + body))
    echo.sendto(head + body, (THEIRS, 0))
    answer = b""
    while answer[20:21] != b"\0" or answer[24:28] != body:
        answer = echo.recv(1024)


def main() -> None:
    """Ping, and leave the NIC without an address."""
    subprocess.run(["ip", "address", "add", OURS, "dev", NIC], check=True)
    subprocess.run(["ip", "link", "set", NIC, "up"], check=True)
    try:
        before = interrupts()
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as echo:
            echo.settimeout(10)
            for cpu in sorted(os.sched_getaffinity(0)):
                os.sched_setaffinity(0, {cpu})
                for number in range(50):
                    ping(echo, cpu, number)
        print(*(now - then for now, then in zip(interrupts(), before)))
    finally:
        subprocess.run(["ip", "address", "del", OURS, "dev", NIC], check=True)


main()
