"""YAML of a stranger's disk, of which only what takes time in proportion to its length is read.

An alias stands for what it names, aliases and all: forty lines can mean more than any memory
holds, and merge keys take as long. One that names a text or a number, as cloud-init's own
``05_logging.cfg`` has some, is no longer than that.
"""

from typing import Any

import yaml

from builder.errors import ImageError

LIMIT = 128 << 10
"""Characters; the parser takes seconds for so many. cloud-init's own file has less than 10,000."""


class PlainLoader(yaml.SafeLoader):
    """PyYAML's safe loader without aliases of lists and mappings, and so without merge keys.

    ``path`` is what messages call the text. Raises ``ImageError`` for what is not read, and
    ``yaml.YAMLError``.
    """

    def __init__(self, path: str, content: str) -> None:
        if len(content) > LIMIT:
            raise ImageError(
                f"{path} is too long to be read.",
                details=[f"It has {len(content)} characters; the limit is {LIMIT}."],
                hint="No sound configuration is so long: look at what it is.",
            )
        super().__init__(content)
        self._path = path

    def compose_node(
        self,
        parent: yaml.Node | None,
        index: Any,  # Any: PyYAML's
    ) -> yaml.Node | None:
        """Refuse an alias where it stands, but of a text or a number."""
        if self.check_event(yaml.AliasEvent) and self._names_collection():
            raise ImageError(
                f"{self._path}:{self.line + 1} has a YAML alias of a list or a mapping, which is"
                " not read.",
                hint="Write out what it stands for.",
            )
        return super().compose_node(parent, index)

    def _names_collection(self) -> bool:
        """Whether it does; an alias of nothing is PyYAML's own error."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs have no types here
        return isinstance(self.anchors.get(event.anchor), yaml.CollectionNode)
