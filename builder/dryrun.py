"""What a build would set for diskimage-builder, as far as it is known before there is one."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from builder.dib import PROXIES, Setting, environment
from builder.elements import elements_paths
from builder.features import Registry
from builder.packagecache import PackageCache
from builder.plan import Plan


def expected_environment(
    plan: Plan, registry: Registry, caller: Mapping[str, str]
) -> dict[str, Setting]:
    """The variables that a build on this machine, called now, would set, sorted by name.

    What only the build itself knows stands in angle brackets, and so does what logs in to a
    proxy: a plan is there to be shown. Raises ``InputError`` for what a build would refuse.
    """
    scratch = Path("<scratch>")
    settings = environment(
        plan,
        caller,
        elements=elements_paths(plan, registry),
        scratch=scratch,
        packages=PackageCache(Path("<packages>"), plan.distribution.os_distro),
        tree=scratch / "tree",
        root_uuid="<uuid>",
        files=Path("<files>"),
    )
    logins = {
        caller[name].rpartition("@")[0].rpartition("/")[2] + "@"
        for name in PROXIES
        if "@" in caller.get(name, "")
    }
    for name, one in settings.items():
        value = one.value
        for login in sorted(logins, key=len, reverse=True):  # one may end as another does
            value = value.replace(login, "<login>@")
        settings[name] = replace(one, value=value)
    return dict(sorted(settings.items()))
