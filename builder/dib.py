"""diskimage-builder: a plan becomes a directory tree.

It runs in a clean environment (only the variables named here) and in a sandbox. Its output goes to
the build's log, line by line, and is read for the phase it is in and for the hook that failed.
"""

import os
import re
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from builder.aptsources import host_mirrors
from builder.distribution import DISTRIBUTIONS, Distribution
from builder.errors import BuilderError, InputError
from builder.packagecache import PackageCache
from builder.plan import Plan
from builder.process import follow
from builder.profile import MIRROR_ADDRESS
from builder.progress import Progress
from builder.sandbox import Sandbox

BUILD_LIMIT = 3600.0
TAIL_LINES = 12
ROOT_LABEL = "cloudimg-rootfs"

PASSED_ON = (
    "http_proxy", "https_proxy", "no_proxy", "DIB_DISTRIBUTION_MIRROR",
    "DIB_DEBIAN_SECURITY_MIRROR", "DIB_DEBUG_TRACE",
)  # fmt: skip
"""Variables of the caller that reach diskimage-builder; every other one is kept out."""

BOOTSTRAP_PACKAGES = (
    "busybox", "ca-certificates", "gnupg", "gnupg2", "lsb-release", "python3", "python3-yaml",
    "sudo", "systemd-sysv",
)  # fmt: skip
"""What diskimage-builder's elements for Debian and Ubuntu install one by one, before ours."""

PHASES = {
    "root.d": "bootstrap",
    "extra-data.d": "prepare",
    "pre-install.d": "prepare",
    "install.d": "install packages",
    "post-install.d": "configure",
    "post-root.d": "configure",
    "block-device.d": "configure",
    "pre-finalise.d": "configure",
    "finalise.d": "initrd and boot loader",
    "cleanup.d": "clean up",
}
"""diskimage-builder's hook directories, in its order, as a reader of the progress calls them."""

MIRRORS = {name for known in DISTRIBUTIONS.values() for name in known.mirrors.values()}
PROXIES = ("http_proxy", "https_proxy", "no_proxy")
_PLAIN_PROXY = re.compile(r"[A-Za-z0-9._~:/%+\[\]@,*-]*")

_RUNNING = re.compile(r"^dib-run-parts Running \S*/(?P<directory>[a-z-]+\.d)/(?P<hook>\S+)$")
_COMPLETED = re.compile(r"dib-run-parts (?P<hook>\S+) completed$")
"""Not always a line of its own: a hook's last line may have no end."""
_CHATTER = re.compile(r"^(Unmount /|INFO diskimage_builder\.|dib-run-parts( |$))")
"""What diskimage-builder says between hooks, and when it cleans up after one that failed."""
_TIMING = re.compile(r"^dib-run-parts (?P<hook>\d\d-\S+)\s+(?P<seconds>\d+\.\d+)$")


@dataclass(frozen=True)
class Setting:
    """The value of a variable, and where it comes from."""

    value: str
    origin: str


BUILDER = "guest-image"
OF_HOST = "the host's apt sources"
OF_CALLER = "the environment"
OF_PLAN = "the profile"


@dataclass
class HookTrace:
    """Reads diskimage-builder's output for the hook that runs, and for how long each one took."""

    directory: str = ""
    hook: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))

    def read(self, line: str) -> None:
        """Take one line of output."""
        if running := _RUNNING.match(line):
            self.directory, self.hook = running["directory"], running["hook"]
            self.tail.clear()
        elif completed := _COMPLETED.search(line):
            if completed["hook"] == self.hook:
                self.hook = ""
                self.tail.clear()
        elif timing := _TIMING.match(line):
            self.seconds[f"{self.directory}/{timing['hook']}"] = float(timing["seconds"])
        elif line.strip() and not _CHATTER.match(line):
            self.tail.append(line)

    @property
    def phase(self) -> str:
        """What a reader of the progress calls the present hook's directory."""
        return PHASES.get(self.directory, "start")


def element_of(directory: str, hook: str, elements: Sequence[Path]) -> str:
    """Which element a hook comes from: one of these, or diskimage-builder's own by its name."""
    found = [path for home in elements for path in sorted(home.glob(f"*/{directory}/{hook}"))]
    if not found:
        import diskimage_builder  # noqa: PLC0415 - slow, and needed for a failed build only

        own = Path(diskimage_builder.__file__).parent / "elements"
        found = sorted(own.glob(f"*/{directory}/{hook}"))
    return found[0].parent.parent.name if found else "unknown"


def _require_plain(variables: Mapping[str, str]) -> None:
    """Refuse what a shell would read more into: diskimage-builder quotes no mirror and no proxy."""
    bad = [
        f"{name}={variables[name]}"
        for name in sorted(MIRRORS)
        if name in variables and not re.fullmatch(MIRROR_ADDRESS, variables[name])
    ]
    if bad:
        raise InputError(
            "A mirror must be a plain http or https address.",
            details=bad,
            hint="Use letters, digits and -._~:/%+[] only; a password does not belong there.",
        )
    bad = [
        f"{name}={variables[name]}"
        for name in PROXIES
        if name in variables and not _PLAIN_PROXY.fullmatch(variables[name])
    ]
    if bad:
        raise InputError(
            "A proxy must be a plain address.",
            details=bad,
            hint="Use letters, digits and -._~:/%+[]@,* only, other characters as %XX.",
        )


def mmdebstrap_arguments(
    packages: PackageCache, distribution: Distribution, variables: Mapping[str, str]
) -> str:
    """Options for mmdebstrap that save diskimage-builder from doing its work twice.

    The packages that its elements want next come with the bootstrap, in the versions that the
    updates and security archives have, and from the cache where it has them. ``variables`` name
    the mirrors, and the proxy for https: diskimage-builder gives mmdebstrap only the one for http.
    Read by ``sudo sh -c "…"`` in diskimage-builder's element debootstrap, hence the quotes.
    """
    archives, lists = '"$1"/var/cache/apt/archives', '"$1"/etc/apt/sources.list.d'
    hooks = [
        f"mkdir -p {archives} && cp -t {archives} {packages.archives}/*.deb || true",
    ]
    for mirror, suite in (
        ("DIB_DISTRIBUTION_MIRROR", "updates"),
        ("DIB_DEBIAN_SECURITY_MIRROR", "security"),
    ):
        if mirror in variables:
            source = f"deb {variables[mirror]} {distribution.release}-{suite} main"
            hooks.append(f"mkdir -p {lists} && echo {source} > {lists}/{suite}.list")
    proxy = '"$1"/etc/apt/apt.conf.d/80https-proxy'
    if variables.get("https_proxy"):
        hooks.append(
            f"mkdir -p $(dirname {proxy}) && "
            f'echo "Acquire::https::Proxy \\"{variables["https_proxy"]}\\";" > {proxy}'
        )
    options = [f"--setup-hook='{hook}'" for hook in hooks]
    # Renamed when it is complete: what a build that is stopped has copied in part is no package.
    kept = f"{packages.archives}/$deb"
    options.append(
        f"--customize-hook='cd {archives} && for deb in *.deb; do test -e {kept} || "
        f"{{ cp $deb {kept}.part && mv {kept}.part {kept}; }} || exit 1; done'"
    )
    if variables.get("https_proxy"):
        options.append(f"--customize-hook='rm {proxy}'")
    options.append("--skip=essential/unlink,download/empty")
    options.append(f"--include={','.join(BOOTSTRAP_PACKAGES)}")
    return " ".join(options)


def environment(
    plan: Plan,
    caller: Mapping[str, str],
    *,
    elements: Sequence[Path],
    scratch: Path,
    packages: PackageCache,
    tree: Path,
    root_uuid: str,
    files: Path,
) -> dict[str, Setting]:
    """The whole environment of disk-image-create.

    Mirrors: the profile's, else the caller's variables, else those of the host's apt sources.
    """
    own = plan.distribution
    passed = {name: caller[name] for name in PASSED_ON if name in caller}
    found = {
        **_settings(host_mirrors(own.os_distro, own.release), OF_HOST),
        **_settings(passed, OF_CALLER),
        **_settings(plan.environment, OF_PLAN),
    }
    of_others = MIRRORS - set(own.mirrors.values())
    given = {name: one for name, one in found.items() if name not in of_others}
    variables = {name: one.value for name, one in given.items()}
    _require_plain(variables)
    fixed = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
        ":/sbin:/bin",
        "HOME": str(scratch),
        "LANG": "C.UTF-8",
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
        "DIB_ROOT_UUID": root_uuid,
        "ROOT_LABEL": ROOT_LABEL,
    }
    return {**_settings(fixed, BUILDER), **given}


def _settings(variables: Mapping[str, str], origin: str) -> dict[str, Setting]:
    return {name: Setting(value, origin) for name, value in variables.items()}


def build_tree(
    plan: Plan,
    sandbox: Sandbox,
    *,
    elements: Sequence[Path],
    packages: PackageCache,
    root_uuid: str,
    files: Path,
    log: Callable[[str], None],
    progress: Progress,
) -> tuple[Path, Mapping[str, float]]:
    """Run disk-image-create; return the tree (a path of the sandbox) and the seconds per hook.

    ``files`` is where the elements find the plan's files.
    ``log`` gets every line, ``progress`` the phases and the last line. Raises ``BuilderError`` that
    names the element, the hook, its exit code and its last lines.
    """
    tree = sandbox.scratch / "tree"
    trace = HookTrace()

    def on_line(line: str) -> None:
        log(line)
        trace.read(line)
        progress.phase(trace.phase)
        progress.line(line)

    settings = environment(
        plan,
        os.environ,
        elements=elements,
        scratch=sandbox.scratch,
        packages=packages,
        tree=tree,
        root_uuid=root_uuid,
        files=files,
    )
    try:
        status = follow(
            sandbox.command(plan.argv),
            env={name: one.value for name, one in settings.items()},
            timeout=BUILD_LIMIT,
            on_line=on_line,
        )
    except TimeoutError as error:
        raise BuilderError(
            f"diskimage-builder was still running after {BUILD_LIMIT:.0f} s.",
            details=[f"hook: {trace.directory}/{trace.hook}", *trace.tail],
        ) from error
    if status != 0:
        raise _failure(status, trace, elements, plan.argv)
    return tree, trace.seconds


def _failure(
    status: int, trace: HookTrace, elements: Sequence[Path], argv: Sequence[str]
) -> BuilderError:
    if not trace.hook:
        return BuilderError(
            f"diskimage-builder ended with exit code {status}.",
            details=[f"command: {' '.join(argv)}", *trace.tail],
        )
    element = element_of(trace.directory, trace.hook, elements)
    return BuilderError(
        f"The hook {trace.directory}/{trace.hook} of the element '{element}' ended with exit code "
        f"{status}.",
        details=trace.tail,
    )
