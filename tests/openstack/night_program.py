"""``guest-image`` for a night in a test: a small build stands for a real one, the rest is real.

Called with a directory for what it notes and is told, and the words of the command. A proof on a
real Nova, which the local cloud has not, is stood in for, too. In the directory ``verdict`` is what
``due`` answers, where it is not to be asked itself, ``fails`` the verb that is to fail,
``packages.json`` has the packages of the next build, and ``keyring`` the keys of its archive.
"""

import json
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from smallbuild import small_build_of

from builder.attest.key import attester
from builder.attest.sign import sign_build
from builder.build.elements import elements_paths
from builder.build.reuse import inputs_digest
from builder.cli.program import main
from builder.distribution import DISTRIBUTIONS
from builder.features.registry import installed
from builder.plan.of_profile import plan_of
from builder.report.junit import junit_xml
from builder.store.build_directory import point_latest_at
from builder.store.manifest import read
from builder.store.sections import Package


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def image(words: list[str], packages: Path) -> None:
    """Make a build of today, of the packages that the test has named."""
    time.sleep(1)  # by their names, two builds of one second are of no order
    plan = plan_of(words[1])
    named = json.loads(packages.read_text()) if packages.exists() else {"zstd": "1"}
    directory = small_build_of(
        plan,
        Path(option(words, "--output")),
        created=datetime.now(UTC),
        inputs=inputs_digest(plan, *elements_paths(plan, installed())),
        packages=tuple(
            Package(name=name, version=version, architecture="amd64", installed_size=10)
            for name, version in named.items()
        ),
    )
    if key := os.environ.get("GUEST_IMAGE_SIGNING_KEY"):
        sign_build(directory, attester(key, os.environ.get("GUEST_IMAGE_SIGNING_PASSPHRASE")))
    point_latest_at(directory)
    Path(option(words, "--junit")).write_text(junit_xml(read(directory)), encoding="utf-8")
    print(f"built {directory.name}")


def act(told: Path, words: list[str]) -> None:
    verb = " ".join(words[: 2 if words[0] == "cloud" else 1])
    with (told / "verbs").open("a", encoding="utf-8") as notes:
        notes.write(f"{verb}\n")
    verdict, fails, keyring = told / "verdict", told / "fails", told / "keyring"
    if keyring.exists():
        debian = replace(DISTRIBUTIONS["debian-12"], keyring=str(keyring))
        DISTRIBUTIONS["debian-12"] = debian
    if verb == "image":
        image(words, told / "packages.json")
    elif verb == "due" and verdict.exists():
        sys.exit(int(verdict.read_text()))
    elif verb != "cloud prove":
        try:
            main(words)
        except SystemExit as end:
            if end.code:
                raise
    if fails.exists() and fails.read_text() == verb:
        sys.exit(1)


if __name__ == "__main__":
    act(Path(sys.argv[1]), sys.argv[2:])
