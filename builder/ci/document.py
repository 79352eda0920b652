"""Data as a YAML document that people can read. Pure."""

from typing import Any

import yaml

MARK = "# Written by 'guest-image ci render'; do not edit it here."
"""The first line of every file that this program writes for a CI, by which it knows its own."""


class _Dumper(yaml.SafeDumper):
    """Scripts stand as they are, and lists are indented."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        super().increase_indent(flow, False)  # noqa: FBT003 - as above


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def document(data: Any, comments: list[str]) -> str:  # Any: data as YAML has it
    """A YAML document, below the mark and lines of comment."""
    head = "\n".join([MARK, *(f"# {line}".rstrip() for line in comments)])
    body = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)
    return f"{head}\n\n{body}"
