"""cloud-init's configuration as it lies on a disk, with the lines on which it stands.

Source: cloud-init's ``cloudinit/util.py`` (``read_conf_with_confd``): ``cloud.cfg`` first, then the
files of ``cloud.cfg.d`` by name. Mappings are merged; of anything else a later one replaces it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from builder.feature import Filesystem
from builder.linux.files import text
from builder.linux.plain_yaml import PlainLoader

MAIN = "/etc/cloud/cloud.cfg"

_HEADER = "#cloud-config"
_EMBEDDED = (
    ("datasource", "None", "userdata_raw"),
    ("datasource", "NoCloud", "user-data"),
    ("datasource", "NoCloud", "vendor-data"),
)


@dataclass(frozen=True)
class Document:
    """One file, or a text within one, that has a mapping."""

    path: str
    data: dict[str, Any]  # Any: YAML
    _node: yaml.MappingNode
    _before: int = 0
    """Lines of the file before the text."""

    def get(self, *keys: str) -> Any:  # Any: YAML
        """The value below these keys; None where there is none."""
        value: Any = self.data  # Any: YAML
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return None
            value = value[key]
        return value

    def has(self, *keys: str) -> bool:
        """Whether there are such keys, whatever their value."""
        parent = self.get(*keys[:-1])
        return isinstance(parent, dict) and keys[-1] in parent

    def place(self, *keys: str | int) -> str:
        """The file and the line of a key, or of a list's item; as far as there is such a thing."""
        node: yaml.Node = self._node
        line = node.start_mark.line
        for key in keys:
            child = _child(node, key)
            if child is None:
                break
            line, node = child
        return f"{self.path}:{self._before + line + 1}"


def documents(disk: Filesystem) -> tuple[Document, ...]:
    """Every file of the configuration that is a mapping, in the order in which they count."""
    main = parse(MAIN, text(disk, MAIN))
    directory = main.get("conf_d") if main is not None else None
    if not isinstance(directory, str):
        directory = f"{MAIN}.d"
    found = (main, *(parse(path, text(disk, path)) for path in disk.glob(f"{directory}/*.cfg")))
    return tuple(document for document in found if document is not None)


def embedded(found: Sequence[Document]) -> Iterator[Document]:
    """The user data that stand in the configuration themselves."""
    for document in found:
        for keys in _EMBEDDED:
            content = document.get(*keys)
            if isinstance(content, str) and content.startswith(_HEADER):
                before = int(document.place(*keys).rpartition(":")[2])
                inner = parse(document.path, content, before)
                if inner is not None:
                    yield inner


def parse(path: str, content: str, before: int = 0) -> Document | None:
    """Read one text; None where it is no mapping: cloud-init passes over such a one, too.

    Raises ``ImageError`` for aliases, which a stranger's text can double at will.
    """
    try:
        loader = PlainLoader(path, content)
        node = loader.get_single_node()
        data = loader.construct_document(node) if node is not None else None
    except (yaml.YAMLError, ValueError, RecursionError):  # the latter two of odd dates, depths
        return None
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        return None
    return Document(path, data, node, before)


def last(found: Sequence[Document], *keys: str) -> Document | None:
    """The document whose value below these keys counts; None where there is none."""
    having = [document for document in found if document.has(*keys)]
    return having[-1] if having else None


def scalar(value: Any) -> str:  # Any: YAML
    """The text of a value that is one; empty for a list or a mapping, which may have no end."""
    return str(value) if isinstance(value, str | int | float | None) else ""


def modules(found: Sequence[Document]) -> Iterator[tuple[str, Document, frozenset[str]]]:
    """The lists of modules that are configured, each with its document and the modules' names."""
    for stage in ("cloud_init_modules", "cloud_config_modules", "cloud_final_modules"):
        document = last(found, stage)
        if document is not None:
            yield stage, document, frozenset(_module_names(document.get(stage)))


def _module_names(entries: Any) -> Iterator[str]:  # Any: YAML
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case str(name) | [str(name), *_] | {"name": str(name)}:
                yield name.replace("-", "_")


def _child(node: yaml.Node, key: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return name.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        item = node.value[key]
        return item.start_mark.line, item
    return None
