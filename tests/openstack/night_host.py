"""A host that runs scheduled builds in a test, with a repository that has their definition."""

import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from publishing import NAME

HERE = Path(__file__).parent
DUE, NOT_DUE, UNKNOWN = 0, 10, 3
SECRET = "swordfish-4711"  # noqa: S105 - of no cloud


@dataclass(frozen=True)
class Host:
    """Its directory has the repository, its program, its builds, and what a test tells it."""

    home: Path
    clouds_yaml: Path

    @property
    def repository(self) -> Path:
        return self.home / "repository"

    @property
    def told(self) -> Path:
        return self.home / "told"

    @property
    def dist(self) -> Path:
        return self.home / "dist"

    @property
    def clouds(self) -> str:
        """The secret: a clouds.yaml with one cloud more, whose password must not be seen."""
        one_more = f"  another: {{auth: {{password: {SECRET}}}}}\n"
        return self.clouds_yaml.read_text() + one_more

    @property
    def overrides(self) -> dict[str, str]:
        """Variables of the scripts that are others here than on a host of one's own."""
        return {
            "GUEST_IMAGE": str(self.home / "guest-image"),
            "OUTPUT": str(self.dist),
            "GUEST_IMAGE_CACHE": str(self.home / "cache"),
            "no_proxy": "127.0.0.1",
        }

    def prepare(self) -> None:
        """Make its directories, and its program."""
        self.repository.mkdir()
        self.told.mkdir()
        command = shlex.join([sys.executable, str(HERE / "night_program.py"), str(self.told)])
        path = ":".join([str(HERE), str(HERE.parent)])
        program = self.home / "guest-image"
        program.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {command} "$@"\n')
        program.chmod(0o755)

    def tell(self, verdict: int | None, fails: str = "") -> None:
        """Say what ``due`` is to answer in the next night, and perhaps which verb is to fail."""
        if verdict is not None:
            (self.told / "verdict").write_text(str(verdict))
        (self.told / "fails").write_text(fails)
        (self.told / "verbs").unlink(missing_ok=True)

    @property
    def verbs(self) -> list[str]:
        """What the night has called."""
        return (self.told / "verbs").read_text().splitlines()

    @property
    def latest(self) -> str:
        return (self.dist / NAME / "latest").readlink().name

    def results(self) -> dict[str, str]:
        """The artefacts."""
        return {path.name: path.read_text() for path in (self.repository / "results").iterdir()}


def new_key(public: Path) -> str:
    """A new private key, whose public half is written to a file."""
    done = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    subprocess.run(
        ["openssl", "pkey", "-pubout", "-out", public], input=done.stdout, check=True, text=True
    )
    return done.stdout
