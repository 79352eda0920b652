"""Asks a real Nova what it makes of image properties and of flavors."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from cloudtemplate import CACHE, require_installed

ANSWERS = Path(__file__).with_name("nova_answers.py")


class Nova:
    """Nova's code in a process of its own, which ends with this object or with this process."""

    def __init__(self) -> None:
        require_installed("installed-nova")
        self._process = subprocess.Popen(
            [CACHE / "nova" / "bin" / "python", "-W", "ignore", ANSWERS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)  # it ends with its input

    def properties(self) -> dict[str, dict[str, Any]]:
        """The type and the values of each image property that Nova reads."""
        return self._ask("properties")

    def legacy_names(self) -> dict[str, str]:
        """Other names of properties that Nova reads as well."""
        return self._ask("legacy_names")

    def read(self, image: Mapping[str, str]) -> dict[str, Any] | None:
        """What Nova reads in image properties; None where it refuses them."""
        return self._ask("read", dict(image)).get("values")

    def extra_spec(self, name: str, value: str) -> str | None:
        """Why Nova's API refuses an extra spec; None where it does not."""
        return self._ask("extra_spec", name, value)

    def judge(
        self, pairs: Sequence[tuple[Mapping[str, str], Mapping[str, str]]]
    ) -> Iterator[tuple[list[str], list[list[str]]]]:
        """Of each image and flavor: the exceptions with which Nova refuses them.

        Where there is none: the traits that a host must have, without and with the prefilter.
        """
        answers = self._ask("judge", [[dict(image), dict(flavor)] for image, flavor in pairs])
        return ((refusals, traits) for refusals, traits in answers)

    def refusals(self, image: Mapping[str, str], flavor: Mapping[str, str]) -> list[str]:
        """The names of the exceptions with which Nova refuses an image on a flavor.

        The flavor's ``vcpus`` and ``ram`` (MiB) are 2 and 1024 unless it names them.
        """
        return self._ask("refusals", dict(image), dict(flavor))

    def topology(self, image: Mapping[str, str], vcpus: int) -> tuple[int, int, int]:
        """The sockets, cores and threads that a guest gets."""
        sockets, cores, threads = self._ask("topology", dict(image), vcpus)
        return sockets, cores, threads

    def domain(self, image: Mapping[str, str], flavor: Mapping[str, str], vcpus: int) -> str:
        """The XML of the libvirt domain that a guest becomes."""
        return self._ask("domain", dict(image), dict(flavor), vcpus)

    def traits(self) -> list[str]:
        """The names of all standard traits."""
        return self._ask("traits")

    def true_words(self) -> list[str]:
        """The words that Nova takes for true."""
        return self._ask("true_words")

    def _ask(self, *question: Any) -> Any:  # Any: JSON
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(question), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())
