"""A diskimage-builder block device that is no disk: it hands the finished tree over.

diskimage-builder copies the tree that it built into mounted file systems. Here the tree is renamed
into their place, and renamed once more when every hook has run, so nothing is copied and nothing is
mounted. Used through the element ``guest-tree``.
"""

import os
import shutil
from pathlib import Path
from typing import Any

from diskimage_builder.block_device.plugin import NodeBase, PluginBase

MOUNTS = Path("/proc/self/mounts")


class GuestTreeNode(NodeBase):  # type: ignore[misc]  # diskimage-builder ships no types
    """The one node of this block device.

    Source of the calls and of their order: ``lib/disk-image-create`` of diskimage-builder 3.43.
    """

    def __init__(self, name: str, build: Path, destination: Path, state: Any) -> None:
        super().__init__(name, state)
        self.build = build
        self.destination = destination

    def get_edges(self) -> tuple[list[str], list[str]]:
        """No other node stands before or after this one."""
        return [], []

    def create(self) -> None:
        """Put the tree where diskimage-builder expects the mounted file systems."""
        built = self.build / "built"
        built.rename(self.build / "mnt")
        # disk-image-create goes on with `cp -ra built/* mnt`, which fails on an empty directory.
        (built / "proc").mkdir(parents=True, mode=0o555)
        self.state["blockdev"] = {
            self.name: {"image": str(self.destination), "device": str(self.destination)}
        }

    def cleanup(self) -> None:
        """Hand the tree over. Called after a build that succeeded, with everything unmounted."""
        tree = self.build / "mnt"
        _empty(tree / "dev")
        tree.rename(self.destination)


def _empty(devices: Path) -> None:
    """Remove the device nodes: a running kernel makes them (devtmpfs).

    Who is no root of the machine could make none. Never those of the machine itself.
    """
    mounts = [line.split(" ")[1] for line in MOUNTS.read_text().splitlines()]
    if str(devices.resolve()) in mounts:
        raise RuntimeError(f"{devices} is still the machine's /dev.")
    for path in devices.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    os.utime(devices)  # its time does not tell whether there were any


class GuestTree(PluginBase):  # type: ignore[misc]  # diskimage-builder ships no types
    """The plugin ``guest_tree``: its configuration has ``name`` and ``destination``."""

    def __init__(self, config: dict[str, str], defaults: dict[str, str], state: Any) -> None:
        super().__init__()
        self.node = GuestTreeNode(
            config["name"], Path(defaults["build-dir"]), Path(config["destination"]), state
        )

    def get_nodes(self) -> list[NodeBase]:
        """The one node."""
        return [self.node]
