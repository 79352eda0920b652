"""Everything that differs between two builds, by their manifests."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from builder.compare.change import Change, changes, changes_of_common
from builder.compare.changelogs import ChangelogChange
from builder.compare.packages import PackageChange, package_changes
from builder.compare.plans import plan_changes
from builder.compare.proof import (
    ClaimState,
    Outcomes,
    boot_changes,
    boots,
    check_changes,
    claim_changes,
)
from builder.compare.versions import PackageFormat
from builder.linux.configuration import ConfigurationFile
from builder.plan.model import DIGEST_CHARACTERS
from builder.store.manifest import Manifest
from builder.store.sections import BootRecord
from builder.words import enumeration

KIB = 1024
_OF_EACH_BUILD = re.compile(r"BOOT_IMAGE=.*|(root=UUID=).*")
"""Arguments that tell nothing new: the kernel's file, which is told by its release, and the UUID of
the root file system, which is made of the inputs."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What differs between two builds. Sizes are in bytes, times in seconds."""

    old: Manifest
    new: Manifest
    packages: tuple[PackageChange, ...]
    kernel: tuple[Change[list[str]], ...]
    """The releases of the kernels that were booted, and the arguments that they got."""
    claims: tuple[Change[ClaimState], ...]
    checks: tuple[Change[Outcomes], ...]
    plan: tuple[Change[Any], ...]  # Any: JSON of the plan
    tools: tuple[Change[str], ...]
    """What the image was made and checked with."""
    sizes: tuple[Change[int], ...]
    directories: tuple[Change[int], ...]
    unpackaged: tuple[Change[int], ...]
    boots: tuple[Change[BootRecord], ...]
    phases: tuple[Change[float], ...]
    configuration: tuple[Change[ConfigurationFile], ...] | None = None
    """Files below ``/etc``; None where only manifests were compared."""
    changelogs: tuple[ChangelogChange, ...] | None = None
    """Of the packages in another version; None where only manifests were compared."""
    vulnerabilities: tuple[Change[str], ...] | None = None
    """Known ones that only one of both has; None where nobody asked, or nobody knows."""
    unknown: tuple[str, ...]
    """What could not be compared, and why: a sentence each."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What differs besides what was measured, which are sizes and times."""
        places = [change for change in self.unpackaged if change.old is None or change.new is None]
        found = {
            "packages": self.packages,
            "known vulnerabilities": self.vulnerabilities,
            "kernel": self.kernel,
            "claims": self.claims,
            "checks": self.checks,
            "plan": self.plan,
            "files of no package": places,
            "tools": self.tools,
            "configuration": self.configuration,
        }
        return tuple(name for name, differences in found.items() if differences)


def compare(old: Manifest, new: Manifest) -> Difference:
    """What became of a build in another one. What only one manifest knows is not compared."""
    return Difference(
        old=old,
        new=new,
        packages=package_changes(old.packages, new.packages, common_format(old, new))
        if old.packages and new.packages
        else (),
        kernel=changes_of_common(_kernel(old), _kernel(new)),
        claims=claim_changes(old, new),
        checks=check_changes(old, new),
        plan=(*_inputs(old, new), *plan_changes(old.planned(), new.planned())),
        tools=(
            *changes(_build_tools(old), _build_tools(new)),
            *changes_of_common(_proof_tools(old), _proof_tools(new)),
        ),
        sizes=changes_of_common(_sizes(old), _sizes(new)),
        directories=_if_known(old.directories, new.directories),
        unpackaged=_if_known(old.unpackaged, new.unpackaged),
        boots=boot_changes(old, new),
        phases=changes(old.timings, new.timings),
        unknown=tuple(_unknown(old, new)),
    )


def common_format(old: Manifest, new: Manifest) -> PackageFormat | None:
    """What orders the versions of both builds' packages, or None where nothing does."""
    before = old.planned().distribution.package_format
    return before if before == new.planned().distribution.package_format else None


def _inputs(old: Manifest, new: Manifest) -> tuple[Change[str], ...]:
    """Equal digests are equal plans, elements and code."""
    before, after = ({"inputs": build.inputs[:DIGEST_CHARACTERS]} for build in (old, new))
    return changes(before, after)


def _kernel(build: Manifest) -> dict[str, list[str]]:
    recorded = [boot for boot in boots(build) if boot.kernel]
    words = [word for boot in recorded for word in boot.command_line.split()]
    arguments = dict.fromkeys(_OF_EACH_BUILD.sub(r"\1", word) for word in words)
    facts = {
        "kernel": sorted({boot.kernel for boot in recorded}),
        "command line": [*filter(None, arguments)],
    }
    return facts if recorded else {}


def _build_tools(build: Manifest) -> dict[str, str]:
    return build.tools | {f"SHA-256 of {path}": digest for path, digest in build.keyrings.items()}


def _proof_tools(build: Manifest) -> dict[str, str]:
    qemu = ", ".join(sorted({boot.qemu for boot in boots(build)}))
    tools = {"QEMU of the boots": qemu, "libguestfs": build.libguestfs}
    return {name: version for name, version in tools.items() if version}


def _sizes(build: Manifest) -> dict[str, int]:
    sizes = {"image file": build.image.size, "disk": build.image.virtual_size}
    sizes |= {f"{file.format} file": file.size for file in build.formats}
    if build.packages:
        installed = sum(package.installed_size for package in build.packages)
        sizes["packages, as installed"] = installed * KIB
    if build.unpackaged:
        sizes["files of no package"] = sum(build.unpackaged.values())
    return sizes


def _if_known(old: Mapping[str, int], new: Mapping[str, int]) -> tuple[Change[int], ...]:
    return changes(old, new) if old and new else ()


def _unknown(old: Manifest, new: Manifest) -> Iterator[str]:
    before, after = old.planned().distribution, new.planned().distribution
    if before.name != after.name:
        unordered = old.packages and new.packages and common_format(old, new) is None
        rest = ", and nothing orders the versions of their packages" if unordered else ""
        yield f"The builds are of different distributions, {before.name} and {after.name}{rest}."
    for which, build in (("old", old), ("new", new)):
        facts = {
            "packages": build.packages,
            "files of no package": build.unpackaged,
            "sizes by directory": build.directories,
        }
        missing = [name for name, values in facts.items() if not values]
        if missing and old.image.sha256 != new.image.sha256:
            why = "is of an image from elsewhere" if build.adopted else "is of an older version"
            what = enumeration(missing, "or")
            yield f"The {which} manifest {why} and does not tell {what}."
        if not build.valid_evidence():
            yield f"The {which} build has not been checked: outcomes are not compared."
        elif not boots(build):
            yield f"The {which} build has not been booted: kernel and boot times are not compared."
        elif not _kernel(build):
            yield f"The {which} build's boots do not tell the kernel, nor its command line."
