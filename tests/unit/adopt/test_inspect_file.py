import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeFilesystem
from programs import program
from samples import evidence

from builder.adopt import inspect_file
from builder.adopt.distribution import distribution_of
from builder.adopt.inspect_file import inspect_foreign
from builder.cli import program as command
from builder.distribution import DISTRIBUTIONS
from builder.feature import Outcome
from builder.features.registry import shipped
from builder.image.safety import ImageInfo
from builder.proof import inspection
from builder.terminal.progress import Progress


def disk(os_release: str) -> FakeFilesystem:
    return FakeFilesystem({"/etc/os-release": os_release, "/bin/sh": program()})


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_distribution_that_can_be_built_is_recognised(name: str) -> None:
    distribution = DISTRIBUTIONS[name]
    text = f'PRETTY_NAME="x"\nID={distribution.os_distro}\nVERSION_ID="{distribution.os_version}"\n'
    assert distribution_of(disk(text)) == replace(distribution, default_user="")


def test_another_distribution_is_called_as_it_calls_itself() -> None:
    seen = distribution_of(disk('ID="rocky"\nVERSION_ID="9.4"\n'))
    assert (seen.name, seen.os_distro, seen.os_version) == ("rocky-9.4", "rocky", "9.4")


def test_another_release_of_a_known_distribution_is_not_taken_for_a_known_one() -> None:
    seen = distribution_of(disk("ID=debian\nVERSION_ID=11\nVERSION_CODENAME=bullseye\n"))
    assert seen not in DISTRIBUTIONS.values()
    assert (seen.os_version, seen.release, seen.default_user) == ("11", "bullseye", "")


def test_a_disk_that_names_no_distribution_has_an_unknown_one() -> None:
    seen = distribution_of(FakeFilesystem({}))
    assert (seen.name, seen.os_distro) == ("unknown", "")


@pytest.mark.parametrize(
    ("check", "outcome", "code"),
    [
        ("watchdog/daemon-feeds-device", Outcome.PASSED, 0),
        ("watchdog/daemon-feeds-device", Outcome.FAILED, 0),
        ("watchdog/daemon-feeds-device", Outcome.SKIPPED, 0),
        ("watchdog/daemon-feeds-device", Outcome.ERROR, 1),
        ("foundation/has-no-identity", Outcome.PASSED, 0),
        ("foundation/has-no-identity", Outcome.FAILED, 1),
        ("foundation/has-no-identity", Outcome.SKIPPED, 1),
        ("foundation/has-no-identity", Outcome.ERROR, 1),
    ],
)
def test_what_is_no_sound_guest_ends_in_exit_code_1(
    check: str, outcome: Outcome, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "image.raw"
    image.write_bytes(b"disk")
    seen = (evidence(check, outcome), evidence("foundation/has-no-passwords"))
    monkeypatch.setattr(inspect_file, "check_image", lambda path, **_: ImageInfo(path, "raw", 4))
    monkeypatch.setattr(inspect_file, "examine", lambda *_: (None, seen))
    with pytest.raises(SystemExit) as caught:
        command.main(["inspect", str(image)])
    assert caught.value.code == code


def test_an_image_is_not_compared_with_a_profile_that_nobody_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "image.raw"
    image.write_bytes(b"disk")

    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[FakeFilesystem]:
        yield disk("ID=debian\nVERSION_ID=12\n")

    monkeypatch.setattr(inspection, "open_image", opened)
    monkeypatch.setattr(inspect_file, "check_image", lambda path, **_: ImageInfo(path, "raw", 4))
    found_there, sound = inspect_foreign(image, shipped(), Progress(io.StringIO()))
    checks = {result.check for result in found_there}
    assert {"discard/timer-is-enabled", "watchdog/daemon-feeds-device"} < checks
    assert checks.isdisjoint(
        {
            "foundation/release-on-disk-is-as-claimed",
            "discard/mount-option-is-as-asked",
            "watchdog/timeout-is-as-asked",
        }
    )
    assert not sound
