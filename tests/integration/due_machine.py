"""A machine that asks what is due: a profile of a small archive, a build of it, a cache."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from apt_archive import RELEASE, Deb
from samples import complete, manifest

from builder.build.elements import elements_paths
from builder.build.reuse import digest_of, ingredients
from builder.cli.program import main
from builder.features.registry import installed
from builder.plan.of_profile import plan_of
from builder.store.manifest import write
from builder.store.sections import Package

SECURITY = f"{RELEASE}-security"
NOW = datetime.now(UTC)
AT_FIRST = (Deb("libc6", "2.36-9"), Deb("openssl", "3.0.1-1", "libc6"), Deb("zstd", "1.5"))
DEBIAN_PACKAGES = tuple(
    Package(name=deb.name, version=deb.version, architecture="amd64", installed_size=10)
    for deb in AT_FIRST
)


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    def reasons(self, kind: str) -> dict[str, tuple[str, str]]:
        return {
            reason["subject"]: (reason["old"], reason["new"])
            for reason in self.data["reasons"]
            if reason["kind"] == kind
        }


class Machine:
    """A machine with a profile of this archive, a build of it, and a cache."""

    def __init__(
        self,
        root: Path,
        mirror: Mapping[str, str],
        capsys: pytest.CaptureFixture[str],
        packages: Sequence[Package] = DEBIAN_PACKAGES,
        **profile: Any,
    ) -> None:
        self.cache = root / "cache"
        self.dist = root / "dist"
        self.profile = root / "night.yaml"
        self._capsys = capsys
        self.packages = tuple(packages)
        public = dict.fromkeys(mirror, "http://mirror.example.org/debian")
        self.write_profile({"mirrors": {**mirror, "in_image": public}, **profile})

    def write_profile(self, more: dict[str, Any]) -> None:
        data = json.loads(self.profile.read_text()) if self.profile.exists() else {}
        self.profile.write_text(json.dumps({**data, "extends": "base", **more}))

    def build(self, *, packages: Sequence[Package] = (), **fields: Any) -> Path:
        """A build of what the archive has at first, proven just now."""
        plan = plan_of(str(self.profile))
        parts = ingredients(plan, *elements_paths(plan, installed()))
        evidence = (
            result.model_copy(update={"at": datetime.now(UTC)}) for result in complete(plan)
        )
        stored = manifest(
            plan,
            inputs=digest_of(plan, parts),
            ingredients=parts,
            created=datetime.now(UTC),
            evidence=tuple(evidence),
            packages=tuple(packages) or self.packages,
            **fields,
        )
        directory = self.dist / "night" / stored.build
        directory.mkdir(parents=True, exist_ok=True)
        write(directory, stored)
        latest = directory.parent / "latest"
        latest.unlink(missing_ok=True)
        latest.symlink_to(stored.build)
        return directory

    def due(self, *words: str) -> Answer:
        return self._answer("due", str(self.profile), *words)

    def security(self, *words: str) -> Answer:
        return self._answer("security", "night", *words)

    def reproduce(self, *words: str) -> Answer:
        return self._answer("reproduce", "night", *words)

    def _answer(self, *words: str) -> Answer:
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([*words, "--output", str(self.dist), "--json"])
        said = self._capsys.readouterr()
        return Answer(int(str(end.value.code)), said.out, said.err)

    def unknown(self) -> str:
        """What a run says that knows nothing for sure."""
        answer = self.due()
        assert (answer.status, answer.data["due"]) == (3, None)
        (unknown,) = answer.data["unknown"]
        assert unknown["subject"] == "packages"
        return str(unknown["error"])

    def kept(self, pattern: str) -> Path:
        (found,) = self.cache.rglob(pattern)
        return found
