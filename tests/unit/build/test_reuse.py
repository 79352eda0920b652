import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from samples import plan

from builder.build import reuse
from builder.build.elements import elements_paths
from builder.build.reachable import reachable
from builder.build.reuse import CODE, ENTRANCES, ingredients, inputs_digest
from builder.errors import InputError
from builder.feature import Feature, Parameters
from builder.features.registry import Registered, Registry, shipped
from builder.host.paths import elements_path
from builder.profile.model import Disk

PLAN = replace(plan("base"), elements=("debian-minimal", "guest-one", "guest-two"))
HOOK = "guest-one/install.d/50-guest-one"


@pytest.fixture
def elements(tmp_path: Path) -> Path:
    elements = tmp_path / "elements"
    for name in ("guest-one", "guest-two", "guest-unused"):
        hook = elements / name / "install.d" / f"50-{name}"
        hook.parent.mkdir(parents=True)
        hook.write_text("#!/bin/bash\n")
        hook.chmod(0o755)
    return elements


def test_equal_inputs_have_equal_digests_wherever_they_lie(elements: Path, tmp_path: Path) -> None:
    shutil.copytree(elements, tmp_path / "elsewhere")
    assert inputs_digest(PLAN, elements) == inputs_digest(PLAN, tmp_path / "elsewhere")


def append(path: Path) -> None:
    path.write_text(path.read_text() + "true\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda root: append(root / HOOK),
        lambda root: (root / HOOK).rename(root / f"{HOOK}-renamed"),
        lambda root: (root / HOOK).rename(root / "guest-two/install.d/50-guest-one"),
        lambda root: (root / HOOK).chmod(0o644),
        lambda root: (root / HOOK).unlink(),
        lambda root: (root / "guest-two/element-deps").write_text("pkg-map\n"),
    ],
    ids=["content", "name", "element", "executable bit", "a file less", "a file more"],
)
def test_a_change_of_an_element_changes_the_digest(
    elements: Path, change: Callable[[Path], object]
) -> None:
    before = inputs_digest(PLAN, elements)
    change(elements)
    assert inputs_digest(PLAN, elements) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda root: append(root / "guest-unused/install.d/50-guest-unused"),
        lambda root: (root / HOOK).touch(),
        lambda root: (root / HOOK).chmod(0o700),
        lambda root: (root / "guest-one/empty.d").mkdir(),
    ],
    ids=["an element that is not used", "time", "permissions of others", "an empty directory"],
)
def test_what_no_image_is_made_from_leaves_the_digest(
    elements: Path, change: Callable[[Path], object]
) -> None:
    before = inputs_digest(PLAN, elements)
    change(elements)
    assert inputs_digest(PLAN, elements) == before


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This program's code, to be changed."""
    return Path(shutil.copytree(CODE, tmp_path_factory.mktemp("code") / "builder"))


def changes_with(module: str, code: Path) -> bool:
    """Whether the digest changes with a module, which is as it was afterwards."""
    path, before = code / module, inputs_digest(PLAN, code=code)
    source = path.read_text()
    path.write_text(f"{source}# changed\n")
    try:
        return inputs_digest(PLAN, code=code) != before
    finally:
        path.write_text(source)


def modules(*rooms: str) -> set[str]:
    return {str(path.relative_to(CODE)) for room in rooms for path in (CODE / room).rglob("*.py")}


def test_a_build_can_reach_its_own_room_the_features_and_what_they_stand_on() -> None:
    reached = {str(path.relative_to(CODE)) for path in reachable(CODE, ENTRANCES)}
    # What several features make together has its say in the plan, which is in the digest itself.
    # What is taken over is no image that is made.
    assert modules("build", "features", "feature") - reached == {
        "features/combination.py", "build/take_over.py",
    }  # fmt: skip
    assert {"plan/model.py", "distribution.py", "host/process.py", "store/manifest.py"} < reached
    assert reached & modules("cli", "adopt", "publish", "proof", "report", "vm") == set()
    # Of the image only what reads its disk back, for the record.
    reading = ("__init__", "content", "nbd", "overlay")
    assert reached & modules("image") == {f"image/{module}.py" for module in reading}


@pytest.mark.parametrize(
    ("module", "matters"),
    [
        ("build/disk_image.py", True),
        ("build/dib_block_device.py", True),
        ("build/layer.py", True),
        ("build/as_root/sudo", True),
        ("features/watchdog.py", True),
        ("plan/model.py", True),
        ("report/html.py", False),
        ("publish/cloud/glance.py", False),
    ],
)
def test_a_change_of_the_code_that_a_build_reaches_changes_the_digest(
    module: str, *, matters: bool, code: Path
) -> None:
    assert changes_with(module, code) is matters


def test_the_digest_is_of_the_code_that_runs() -> None:
    assert inputs_digest(PLAN) == inputs_digest(PLAN, code=CODE)
    assert (CODE / "build" / "reuse.py").samefile(reuse.__file__)


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, disk=Disk(compression="zlib")),
        replace(PLAN, packages=("vim",)),
        replace(PLAN, environment={**PLAN.environment, "DIB_X": "1"}),
        replace(PLAN, elements=("debian-minimal", "guest-two", "guest-one")),
    ],
    ids=["disk", "packages", "environment", "order of the elements"],
)
def test_a_change_of_the_plan_changes_the_digest(elements: Path, other: object) -> None:
    assert inputs_digest(other, elements) != inputs_digest(PLAN, elements)  # type: ignore[arg-type]


def test_elements_of_another_directory_count_too(elements: Path, tmp_path: Path) -> None:
    hook = tmp_path / "others/guest-two/install.d/50-other"
    hook.parent.mkdir(parents=True)
    hook.write_text("#!/bin/bash\n")
    others = tmp_path / "others"
    before = inputs_digest(PLAN, elements, others)
    assert before != inputs_digest(PLAN, elements)
    append(hook)
    assert inputs_digest(PLAN, elements, others) != before


def other_package(directory: Path, element: str) -> Registry:
    (directory / element).mkdir(parents=True)
    feature = Feature(name="other", summary="x", parameters=Parameters, elements_path=directory)
    return {**shipped(), "other": Registered(feature, "other 1.0")}


def test_a_feature_of_another_package_brings_its_elements(tmp_path: Path) -> None:
    registry = other_package(tmp_path, "other-element")
    using = replace(PLAN, parameters={**PLAN.parameters, "other": {}})
    assert elements_paths(using, registry) == (elements_path(), tmp_path)
    assert elements_paths(PLAN, registry) == (elements_path(),)


def test_an_element_does_not_hide_another_one(tmp_path: Path) -> None:
    registry = other_package(tmp_path, "guest-initrd")
    using = replace(PLAN, parameters={**PLAN.parameters, "other": {}})
    with pytest.raises(InputError, match="elements of one name") as caught:
        elements_paths(using, registry)
    assert caught.value.details == (f"'guest-initrd' is in {elements_path()} and in {tmp_path}",)


def test_every_shipped_profile_has_inputs_of_its_own() -> None:
    profiles = ("base", "pinned-scsi", "debian-13-pinned-scsi")
    assert len({inputs_digest(plan(name), elements_path()) for name in profiles}) == len(profiles)


def test_no_element_brings_another_of_ours_past_the_plan() -> None:
    """The digest covers the plan's elements; one that came by element-deps would be missed."""
    ours = {path.name for path in elements_path().iterdir()}
    for file in elements_path().glob("*/element-deps"):
        assert not ours & set(file.read_text().split()), file


def test_what_changed_is_told_part_by_part(elements: Path, code: Path) -> None:
    before = ingredients(PLAN, elements, code=code)
    append(elements / HOOK)
    watchdog = code / "features/watchdog.py"
    source = watchdog.read_text()
    watchdog.write_text(f"{source}# changed\n")
    try:
        after = ingredients(PLAN, elements, code=code)
    finally:
        watchdog.write_text(source)
    changed = {part for part in after if after[part] != before[part]}
    assert changed == {"element guest-one", "feature watchdog"}
    assert before["diskimage-builder"] == version("diskimage-builder")


def test_what_all_features_share_is_of_the_program() -> None:
    parts = ingredients(PLAN)
    assert "program" in parts
    assert {name for name in parts if name.startswith("feature ")} == {
        f"feature {path.stem.replace('_', '-')}"
        for path in (CODE / "features").glob("*.py")
        if path.stem not in {"__init__", "registry", "combination"}
    }
