"""The wheel, installed alone, does what the checkout does. Needs the package index."""

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from samples import complete, manifest, plan

from builder.store.manifest import write

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
LIMIT = 300
PLAN = plan("base")


def run(*words: str | Path, cwd: Path) -> str:
    # Nothing of this environment leads to the checkout.
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def program(elsewhere: Path) -> Path:
    """The command of an installation that has the wheel and its dependencies only."""
    wheels = elsewhere / "wheels"
    run(
        sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, ROOT,
        cwd=elsewhere,
    )  # fmt: skip
    (wheel,) = wheels.glob("guest_image_builder-*.whl")
    venv.create(elsewhere / "venv", with_pip=True)
    pip = elsewhere / "venv/bin/pip"
    locked = ("--require-hashes", "--requirement", ROOT / "requirements.txt")
    run(pip, "install", "--quiet", *locked, cwd=elsewhere)
    run(pip, "install", "--quiet", "--no-deps", wheel, cwd=elsewhere)
    return elsewhere / "venv/bin/guest-image"


def test_the_package_is_the_wheel_s_and_not_the_checkout_s(program: Path, elsewhere: Path) -> None:
    code = "import builder; print(builder.__file__)"
    found = Path(run(program.with_name("python"), "-c", code, cwd=elsewhere).strip())
    assert found.is_relative_to(elsewhere / "venv")


@pytest.mark.parametrize(
    "words",
    [
        ("profiles", "--json"),
        ("features",),
        ("plan", "pinned-scsi", "--json"),
        ("plan", "debian-13-pinned-scsi"),
        ("schema",),
        ("cloud", "plan", "pinned-scsi", "--format", "ansible"),
        ("--help",),
    ],
    ids=" ".join,
)
def test_a_verb_says_the_same_as_in_the_checkout(
    program: Path, elsewhere: Path, words: tuple[str, ...]
) -> None:
    checkout = [sys.executable, "-c", "from builder.cli.program import main; main()"]
    said = run(program, *words, cwd=elsewhere)
    assert said
    assert anywhere(said) == anywhere(run(*checkout, *words, cwd=ROOT))


def anywhere(said: str) -> str:
    """What is said, but for where the programs and the elements are installed."""
    plain = re.sub(r"/bin/python[0-9.]*", "/bin/python", said)
    return re.sub(
        r"/[^\s:\"=]*/(bin/python|bin|elements|as_root|builder/\w+/\w+\.py)(?=[\s:\"])",
        r"…/\1", plain,
    )  # fmt: skip


def test_the_programs_that_a_build_starts_can_be_started(elsewhere: Path) -> None:
    program = next((elsewhere / "venv/lib").glob("*/site-packages/builder/build/as_root/sudo"))
    done = subprocess.run([program, "-E", "echo", "as root"], capture_output=True, check=True)
    assert done.stdout == b"as root\n"


def test_the_reports_template_is_in_the_wheel(program: Path, elsewhere: Path) -> None:
    build = elsewhere / "build"
    build.mkdir()
    write(build, manifest(PLAN).with_evidence(complete(PLAN)))
    run(program, "report", build, "--html", cwd=elsewhere)
    assert "Proven" in (build / "report.html").read_text()


def test_the_elements_are_those_of_the_checkout_and_their_hooks_can_be_run(
    program: Path, elsewhere: Path
) -> None:
    code = "from builder.host.paths import elements_path; print(elements_path())"
    elements = Path(run(program.with_name("python"), "-c", code, cwd=elsewhere).strip())

    def files(directory: Path) -> dict[str, tuple[bytes, bool]]:
        return {
            str(path.relative_to(directory)): (path.read_bytes(), os.access(path, os.X_OK))
            for path in directory.rglob("*")
            if path.is_file()
        }

    assert files(elements) == files(ROOT / "elements")


def test_diskimage_builder_finds_the_block_device_plugin(program: Path, elsewhere: Path) -> None:
    code = (
        "from importlib.metadata import entry_points; "
        "(one,) = entry_points(group='diskimage_builder.block_device.plugin', name='guest_tree'); "
        "print(one.load().__module__)"
    )
    said = run(program.with_name("python"), "-c", code, cwd=elsewhere)
    assert said == "builder.build.dib_block_device\n"
