"""The versions of an image's packages, asked of a real archive and taken by a real apt."""

import pytest
from apt_archive import RELEASE, AptArchive, Deb
from due_machine import AT_FIRST, Machine

from builder.archive.apt_root import apt_root
from builder.archive.pins import pins
from builder.archive.sources import sources_of
from builder.build.apt_settings import apt_settings
from builder.errors import HostError
from builder.host.process import run
from builder.plan.of_profile import plan_of
from builder.store.manifest import read
from builder.store.sections import Package

pytestmark = [pytest.mark.integration, pytest.mark.program("apt-get", "gpg")]

LATER = (Deb("openssl", "3.0.2-1", "libc6"), Deb("zstd", "1.6"), Deb("libc6", "2.37-1"))


def pinned(machine: Machine) -> tuple[Package, ...]:
    build = read(machine.build())
    return pins(build.planned(), build.packages, cache=machine.cache, caller={})


def test_an_archive_that_has_moved_on_may_still_have_all_versions(
    machine: Machine, archive: AptArchive
) -> None:
    archive.write(RELEASE, [*AT_FIRST, *LATER])
    assert [(pin.name, pin.version) for pin in pinned(machine)] == [
        (deb.name, deb.version) for deb in AT_FIRST
    ]


def test_packages_that_are_gone_are_named_with_what_the_archive_has(
    machine: Machine, archive: AptArchive
) -> None:
    archive.write(RELEASE, [AT_FIRST[0], LATER[0]])
    archive.write(f"{RELEASE}-security", [Deb("openssl", "3.0.1-1+deb12u1")])
    with pytest.raises(HostError, match="2 of 3 packages are not to be had any more") as error:
        pinned(machine)
    assert error.value.details == (
        "openssl 3.0.1-1: the archive has 3.0.1-1+deb12u1, 3.0.2-1",
        "zstd 1.5: the archive has none",
    )


def test_apt_takes_the_pinned_versions_where_later_ones_are_there(
    machine: Machine, archive: AptArchive
) -> None:
    archive.write(RELEASE, [*AT_FIRST, *LATER])
    wanted = pinned(machine)
    plan = plan_of(str(machine.profile))
    mirrors = {
        name: plan.environment[name]
        for name in ("DIB_DISTRIBUTION_MIRROR", "DIB_DEBIAN_SECURITY_MIRROR")
    }
    sources = sources_of(plan.distribution, mirrors, {})
    with apt_root(machine.cache, plan.distribution, sources, {}) as root:
        root.update()
        (root.directory / "var/lib/dpkg/status").write_text("")

        def installed(settings: dict[str, str]) -> set[tuple[str, str]]:
            (root.directory / "etc/apt/preferences").unlink(missing_ok=True)
            for name, text in settings.items():
                (root.directory / "etc/apt" / name).write_text(text)
            told = run(
                ["apt-get", "--simulate", "install", "openssl", "zstd"],
                timeout=60,
                purpose="ask apt what it would install",
                env={"APT_CONFIG": str(root.directory / "apt.conf"), "PATH": "/usr/bin:/bin"},
            )
            lines = (line.split() for line in told.splitlines() if line.startswith("Inst "))
            return {(words[1], words[2].removeprefix("(")) for words in lines}

        assert installed({}) == {(deb.name, deb.version) for deb in LATER}
        assert installed(dict(apt_settings(wanted, snapshot=False))) == {
            (deb.name, deb.version) for deb in AT_FIRST
        }


def test_a_build_whose_packages_are_gone_is_not_begun(
    machine: Machine, archive: AptArchive
) -> None:
    directory = machine.build(source_date=1_700_000_000)
    archive.write(RELEASE, LATER)
    answer = machine.reproduce()
    assert answer.status == 3
    assert "openssl 3.0.1-1: the archive has 3.0.2-1" in answer.err
    assert [*directory.parent.glob("*-*")] == [directory]
