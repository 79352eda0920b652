"""``guest-image`` for a fleet in a test: a small build stands for a real one, the clouds are real.

Called with the words of the command. What a real Nova would show, which the local cloud has not, is
stood in for, too.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from night_program import option
from samples import observed
from smallbuild import small_build_of

from builder.build.elements import elements_paths
from builder.build.reuse import digest_of, ingredients
from builder.cli.program import main
from builder.features.registry import installed
from builder.plan.of_profile import plan_of
from builder.report.update import update
from builder.store.build_directory import point_latest_at
from builder.store.manifest import read


def build(words: list[str]) -> None:
    plan = plan_of(words[1])
    parts = ingredients(plan, *elements_paths(plan, installed()))
    directory = small_build_of(
        plan,
        Path(option(words, "--output")),
        created=datetime.now(UTC),
        inputs=digest_of(plan, parts),
        ingredients=parts,
    )
    point_latest_at(directory)


def observe(directory: Path, cloud: str) -> None:
    seen = observed("boots", cloud=cloud, sha256=read(directory).image.sha256)
    update(directory, lambda present: present.with_observations([seen]))


def act(words: list[str]) -> None:
    if words[0] == "build":
        build(words)
    elif words[:2] == ["cloud", "prove"]:
        observe(Path(words[2]), option(words, "--cloud"))
    else:
        main(words)


if __name__ == "__main__":
    act(sys.argv[1:])
