"""Windows registry hives on a disk, read by libguestfs' hivex."""

import errno
from collections.abc import Mapping
from typing import Any

from builder.feature import RegistryValue

_TEXTS = (1, 2)  # REG_SZ, REG_EXPAND_SZ
_LISTS = (7,)  # REG_MULTI_SZ
_NUMBERS = (4, 11)  # REG_DWORD, REG_QWORD


def values(
    handle: Any,  # Any: libguestfs' handle
    key: str,
    hive: str,
) -> Mapping[str, RegistryValue]:
    r"""The texts, lists of texts and numbers of a key (``A\B\C``) of the hive at the path ``hive``.

    Raises ``FileNotFoundError`` for a key that is not there, and libguestfs' ``RuntimeError``.
    """
    handle.hivex_open(hive)
    try:
        node = handle.hivex_root()
        for name in key.split("\\"):
            node = handle.hivex_node_get_child(node, name)
            if not node:
                raise FileNotFoundError(errno.ENOENT, "no such registry key", key)
        found = (each["hivex_value_h"] for each in handle.hivex_node_values(node))
        named = ((handle.hivex_value_key(value), _value(handle, value)) for value in found)
        return {name: value for name, value in named if value is not None}
    finally:
        handle.hivex_close()


def _value(handle: Any, value: int) -> RegistryValue | None:
    kind = handle.hivex_value_type(value)
    if kind in _TEXTS:
        return str(handle.hivex_value_string(value))
    if kind in _LISTS:
        data: bytes = handle.hivex_value_value(value)
        return tuple(filter(None, data.decode("utf-16-le", errors="replace").split("\0")))
    if kind in _NUMBERS:
        return int.from_bytes(handle.hivex_value_value(value), "little")
    return None
