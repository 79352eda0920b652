"""Trees and archives that initrds are made of."""

RELEASE = "6.1.0-56-amd64"
MODULES = f"usr/lib/modules/{RELEASE}/kernel"
TREE = {
    "init": b"#!/bin/sh\n",
    f"{MODULES}/drivers/scsi/virtio_scsi.ko": b"\x7fELF" * 100,
    f"{MODULES}/drivers/net/virtio-net.ko.xz": b"xz",
    f"{MODULES}/drivers/block/virtio_blk.ko.zst": b"zst",
    f"{MODULES}/drivers/virtio/virtio_pci.ko.gz": b"gz",
    f"usr/lib/modules/{RELEASE}/modules.dep": b"kernel/x.ko:",
    "usr/lib/modules/5.10.0-1-amd64/kernel/i6300esb.ko": b"",
}


def cpio(tree: dict[str, bytes], padding: int = 512) -> bytes:
    """A newc archive, padded to blocks as the cpio program does."""
    archive = b""
    for name, content in {**tree, "TRAILER!!!": b""}.items():
        encoded = name.encode() + b"\0"
        numbers = (1, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
        archive += b"070701" + b"".join(b"%08X" % number for number in numbers) + encoded
        archive += b"\0" * (-len(archive) % 4) + content
        archive += b"\0" * (-len(archive) % 4)
    return archive + b"\0" * (-len(archive) % padding)
