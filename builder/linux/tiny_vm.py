"""A virtual machine of one instruction's worth: it adds two numbers, and says the sum.

Its source text is run inside a guest, by the guest's own Python; so it needs nothing but the
standard library of Python 3.6. Requests and structures: Linux' ``include/uapi/linux/kvm.h`` and
``Documentation/virt/kvm/api.rst``, for x86-64.
"""

import ctypes
import fcntl
import mmap
import os
import signal
import struct

LIMIT = 60
"""Seconds after which a machine that neither answers nor halts is ended, with this process."""

DEVICE = "/dev/kvm"
API_VERSION = 12

GET_API_VERSION = 0xAE00
CREATE_VM = 0xAE01
GET_VCPU_MMAP_SIZE = 0xAE04
CREATE_VCPU = 0xAE41
SET_USER_MEMORY_REGION = 0x4020AE46
RUN = 0xAE80
SET_REGS = 0x4090AE82
GET_SREGS = 0x8138AE83
SET_SREGS = 0x4138AE84
SREGS_SIZE = 0x138

EXIT_IO = 2
EXIT_HLT = 5

PORT = 0x3F8
# mov dx, PORT; add al, bl; out dx, al; hlt
CODE = b"\xba" + struct.pack("<H", PORT) + b"\x00\xd8\xee\xf4"
PAGE = 4096
START = 0x1000

RAX, RBX, RIP, RFLAGS, REGISTERS = 0, 1, 16, 17, 18
SUMMANDS = (2, 40)


def answer() -> int:
    """Make the machine, let it run until it halts, and return what it wrote to its port.

    Raises ``OSError`` where KVM refuses, ``RuntimeError`` where the machine does something else.
    """
    kvm = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
    version = fcntl.ioctl(kvm, GET_API_VERSION, 0)
    if version != API_VERSION:
        raise RuntimeError("KVM has API version {}, not {}".format(version, API_VERSION))  # noqa: UP032
    machine = fcntl.ioctl(kvm, CREATE_VM, 0)
    memory = mmap.mmap(-1, PAGE)
    memory[: len(CODE)] = CODE
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    region = struct.pack("<IIQQQ", 0, 0, START, PAGE, address)
    fcntl.ioctl(machine, SET_USER_MEMORY_REGION, region)
    vcpu = fcntl.ioctl(machine, CREATE_VCPU, 0)
    shared = mmap.mmap(vcpu, fcntl.ioctl(kvm, GET_VCPU_MMAP_SIZE, 0))
    _begin_in_real_mode(vcpu)
    return _until_halt(vcpu, shared)


def _begin_in_real_mode(vcpu: int) -> None:
    segments = bytearray(fcntl.ioctl(vcpu, GET_SREGS, bytes(SREGS_SIZE)))
    struct.pack_into("<Q", segments, 0, 0)  # the code segment's base
    struct.pack_into("<H", segments, 12, 0)  # and its selector
    fcntl.ioctl(vcpu, SET_SREGS, bytes(segments))
    registers = [0] * REGISTERS
    registers[RAX], registers[RBX] = SUMMANDS
    registers[RIP] = START
    registers[RFLAGS] = 2  # this bit is always set
    fcntl.ioctl(vcpu, SET_REGS, struct.pack("<{}Q".format(REGISTERS), *registers))  # noqa: UP032


def _until_halt(vcpu: int, shared: mmap.mmap) -> int:
    written = None
    while True:
        fcntl.ioctl(vcpu, RUN, 0)
        (reason,) = struct.unpack_from("<I", shared, 8)
        if reason == EXIT_IO:
            (port,) = struct.unpack_from("<H", shared, 34)
            (offset,) = struct.unpack_from("<Q", shared, 40)
            if port != PORT:
                raise RuntimeError("it wrote to port {:#x}".format(port))  # noqa: UP032
            written = int(shared[offset])
        elif reason == EXIT_HLT and written is not None:
            return written
        else:
            raise RuntimeError("it left its code for KVM's reason {}".format(reason))  # noqa: UP032


if __name__ == "__main__":
    signal.alarm(LIMIT)
    print(answer())  # noqa: T201 - its caller reads this
