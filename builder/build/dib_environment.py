"""The environment of diskimage-builder: what a build sets, and what it would set. Pure."""

import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from builder.build.apt_sources import host_mirrors
from builder.build.elements import elements_paths
from builder.build.mmdebstrap import mmdebstrap_arguments
from builder.build.package_cache import PackageCache
from builder.build.setting import BUILDER, OF_CALLER, OF_HOST, OF_PLAN, Setting
from builder.build.snapshot_mirrors import snapshot_mirrors
from builder.build.source_date import asked
from builder.distribution import DISTRIBUTIONS, Distribution
from builder.errors import InputError
from builder.feature.source_file import is_address
from builder.features.registry import Registry
from builder.plan.model import Plan
from builder.profile.forms import MIRROR_ADDRESS, SNAPSHOT_ADDRESS
from builder.profile.mirrors import IMAGE_MIRRORS
from builder.profile.snapshot import SNAPSHOT_MIRRORS
from builder.redaction import Secrets, private_part, redacted

ROOT_LABEL = "cloudimg-rootfs"

PASSED_ON = (
    "http_proxy", "https_proxy", "no_proxy", "DIB_DISTRIBUTION_MIRROR",
    "DIB_DEBIAN_SECURITY_MIRROR", "DIB_DEBUG_TRACE", *SNAPSHOT_MIRRORS.values(),
)  # fmt: skip
"""Variables of the caller that reach diskimage-builder; every other one is kept out."""

MIRRORS = {
    name for distribution in DISTRIBUTIONS.values() for name in distribution.mirrors.values()
}

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

AS_ROOT = Path(__file__).parent / "as_root"
"""Has what takes sudo's place: root is there already, and sudo works in no user namespace."""

PROXIES = ("http_proxy", "https_proxy", "no_proxy")

_PLAIN_PROXY = re.compile(r"[A-Za-z0-9._~:/%+\[\]@,*-]*")


def _require_plain(variables: Mapping[str, str]) -> None:
    """Refuse what a shell would read more into: diskimage-builder quotes no mirror and no proxy."""
    forms = {
        **dict.fromkeys(sorted(MIRRORS), MIRROR_ADDRESS),
        **dict.fromkeys(SNAPSHOT_MIRRORS.values(), SNAPSHOT_ADDRESS),
    }
    bad = [
        f"{name}={redacted(variables[name])}"
        for name, form in forms.items()
        if name in variables and not re.fullmatch(form, variables[name])
    ]
    if bad:
        raise InputError(
            "A mirror must be a plain http or https address.",
            details=bad,
            hint="Use letters, digits and -._~:/%+[] only; a password does not belong there.",
        )
    bad = [
        f"{name}={redacted(variables[name])}"
        for name in PROXIES
        if name in variables and not _PLAIN_PROXY.fullmatch(variables[name])
    ]
    if bad:
        raise InputError(
            "A proxy must be a plain address.",
            details=bad,
            hint="Use letters, digits and -._~:/%+[]@,* only, other characters as %XX.",
        )


def _require_public(distribution: Distribution, settings: Mapping[str, Setting]) -> None:
    """Refuse a mirror that would stand in every guest's sources and is not for everybody."""
    reasons = {
        kind: reason
        for kind, variable in distribution.mirrors.items()
        if variable in settings
        and IMAGE_MIRRORS[kind] not in settings
        and (reason := private_part(settings[variable].value))
    }
    if reasons:
        raise InputError(
            "The image's package sources would name a mirror that is not for everybody.",
            details=[
                f"{distribution.mirrors[kind]}={redacted(settings[distribution.mirrors[kind]].value)}"
                f" (of {settings[distribution.mirrors[kind]].origin}): {reason}."
                for kind, reason in reasons.items()
            ],
            hint="Name what the image gets instead in the profile: "
            + " and ".join(f"mirrors.in_image.{kind}" for kind in reasons)
            + ". The build still uses the mirror above.",
        )


def _require_build_mirror(distribution: Distribution, settings: Mapping[str, Setting]) -> None:
    """Refuse a mirror for the image that would take no mirror's place."""
    nameless = [
        kind
        for kind, variable in distribution.mirrors.items()
        if IMAGE_MIRRORS[kind] in settings and variable not in settings
    ]
    if nameless:
        raise InputError(
            "The profile names the image's mirror, and nobody names the one to build from.",
            details=[f"mirrors.in_image.{kind} would take no mirror's place." for kind in nameless],
            hint="Name it: " + " and ".join(f"mirrors.{kind}" for kind in nameless) + ".",
        )


def environment(
    plan: Plan,
    caller: Mapping[str, str],
    *,
    elements: Sequence[Path],
    scratch: Path,
    packages: PackageCache,
    tree: Path,
    root_uuid: str,
    date: int | None,
    files: Path,
    indexes: str = "",
) -> dict[str, Setting]:
    """The whole environment of disk-image-create.

    ``date`` is the time that files get, where it is not to be that of the newest package;
    ``indexes`` are the archive's, where a bootstrapped system that was kept may serve.
    Mirrors: the profile's, else the caller's variables, else those of the host's apt sources.
    """
    own = plan.distribution
    given = _given(plan, caller)
    variables = {name: setting.value for name, setting in given.items()}
    fixed = {
        "PATH": f"{AS_ROOT}:{Path(sys.executable).parent}:{SYSTEM_PATH}",
        "HOME": str(scratch),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",  # diskimage-builder installs in the order of sets
        "TMP_DIR": str(scratch),
        "DIB_NO_TMPFS": "1",  # the sandbox has its own
        "DIB_NO_TIMESTAMP": "1",  # the log has its own
        "DIB_IMAGE_CACHE": str(packages.directory),
        "DIB_LOCKFILES": str(scratch / "locks"),
        "DIB_APT_LOCAL_CACHE": "0",  # the element guest-tree binds it, when nobody empties it
        "DIB_DISABLE_APT_CLEANUP": "1",  # it would empty the package cache, not the image
        "DIB_PYTHON_EXEC": sys.executable,
        "DIB_PYTHON_VERSION": "3",  # its default for Debian is still 2
        "ELEMENTS_PATH": ":".join(map(str, elements)),
        "DIB_MMDEBSTRAP_EXTRA_ARGS": mmdebstrap_arguments(packages, own, variables),
        "DIB_GUEST_TREE": str(tree),
        "DIB_GUEST_FILES": str(files),
        "DIB_GUEST_APT": str(packages.settings),
        "DIB_GUEST_PACKAGES": packages.told,
        "DIB_GUEST_LAYERS": str(packages.layers),
        "DIB_GUEST_INDEXES": indexes,
        "DIB_GUEST_DATE": "" if date is None else str(date),
        "DIB_ROOT_UUID": root_uuid,
        "ROOT_LABEL": ROOT_LABEL,
    }
    return {**_settings(fixed, BUILDER), **given}


def mirrors(plan: Plan, caller: Mapping[str, str]) -> dict[str, str]:
    """The addresses that packages come from, by variable."""
    return {
        name: setting.value for name, setting in _given(plan, caller).items() if name in MIRRORS
    }


def usual_mirrors(plan: Plan, caller: Mapping[str, str]) -> dict[str, str]:
    """Those that packages would come from without a snapshot."""
    found = _found(plan.distribution, plan.environment, caller)
    return {name: setting.value for name, setting in found.items() if name in MIRRORS}


def proxies(plan: Plan, caller: Mapping[str, str]) -> dict[str, str]:
    """The proxies that they are asked through, by variable."""
    return {
        name: setting.value for name, setting in _given(plan, caller).items() if name in PROXIES
    }


def secrets(plan: Plan, caller: Mapping[str, str]) -> Secrets:
    """What of the addresses that a build is given nobody else shall read.

    Raises ``InputError`` for those that it cannot work with.
    """
    return _secrets(plan, _given(plan, caller))


def _secrets(plan: Plan, given: Mapping[str, Setting]) -> Secrets:
    names = sorted({*MIRRORS, *SNAPSHOT_MIRRORS.values(), *PROXIES})
    named = (given[name].value for name in names if name in given)
    return Secrets((*named, *(file.source for file in plan.files if is_address(file.source))))


def archive_addresses(
    distribution: Distribution, environment: Mapping[str, str], caller: Mapping[str, str]
) -> dict[str, str]:
    """Mirrors and proxies to ask for what became of an image, which need not be for everybody.

    ``environment`` is that of the image's plan. Raises ``InputError`` for what is no address.
    """
    found = _found(distribution, environment, caller)
    return {
        name: setting.value for name, setting in found.items() if name in MIRRORS | set(PROXIES)
    }


def _given(plan: Plan, caller: Mapping[str, str]) -> dict[str, Setting]:
    given = _found(plan.distribution, plan.environment, caller)
    _require_public(plan.distribution, given)
    if plan.snapshot is not None:
        return snapshot_mirrors(plan.distribution, plan.snapshot, given)
    _require_build_mirror(plan.distribution, given)
    return given


def _found(
    own: Distribution, environment: Mapping[str, str], caller: Mapping[str, str]
) -> dict[str, Setting]:
    passed = {name: caller[name] for name in PASSED_ON if name in caller}
    found = {
        **_settings(host_mirrors(own.os_distro, own.release), OF_HOST),
        **_settings(passed, OF_CALLER),
        **_settings(environment, OF_PLAN),
    }
    of_others = MIRRORS - set(own.mirrors.values())
    given = {name: setting for name, setting in found.items() if name not in of_others}
    _require_plain({name: setting.value for name, setting in given.items()})
    return given


def _settings(variables: Mapping[str, str], origin: str) -> dict[str, Setting]:
    return {name: Setting(value, origin) for name, value in variables.items()}


def unnamed_mirrors(distribution: Distribution, settings: Collection[str]) -> list[str]:
    """A sentence for each kind of mirror that nobody names: a default is asked, wherever it is."""
    return [
        f"Nobody names a mirror of kind '{kind}': diskimage-builder's default is asked. Name one"
        f" with mirrors.{kind} in the profile, with {variable} in the environment, or in the host's"
        " apt sources."
        for kind, variable in distribution.mirrors.items()
        if variable not in settings
    ]


def expected_environment(
    plan: Plan, registry: Registry, caller: Mapping[str, str]
) -> dict[str, Setting]:
    """The variables that a build on this machine, called now, would set, sorted by name.

    What only the build itself knows stands in angle brackets, and so does what is secret: a plan
    is there to be shown. Raises ``InputError`` for what a build would refuse.
    """
    scratch = Path("<scratch>")
    settings = environment(
        plan,
        caller,
        elements=elements_paths(plan, registry),
        scratch=scratch,
        packages=PackageCache(Path("<packages>"), plan.distribution.os_distro, Path("<store>")),
        tree=scratch / "tree",
        root_uuid="<uuid>",
        date=asked(caller),
        files=Path("<files>"),
    )
    hidden = _secrets(plan, settings)  # not asking the host's apt again, which takes longest here
    return {
        name: replace(setting, value=hidden.redact(setting.value))
        for name, setting in sorted(settings.items())
    }
