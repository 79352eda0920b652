"""diskimage-builder: a plan becomes a directory tree.

It runs in a clean environment (only the variables named here) and in a sandbox. Its output goes to
the build's log, line by line, and is read for the phase it is in and for the hook that failed.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from builder.build.dib_environment import environment, unnamed_mirrors
from builder.build.dib_log import HookTrace
from builder.build.order import Order
from builder.build.package_cache import PackageCache
from builder.build.sandbox import Sandbox
from builder.errors import BuilderError
from builder.host.process import stream
from builder.terminal.progress import Progress

BUILD_LIMIT = 3600.0


def element_of(directory: str, hook: str, elements: Sequence[Path]) -> str:
    """Which element a hook comes from: one of these, or diskimage-builder's own by its name."""
    found = [path for home in elements for path in sorted(home.glob(f"*/{directory}/{hook}"))]
    if not found:
        found = sorted(_own_elements().glob(f"*/{directory}/{hook}"))
    return found[0].parent.parent.name if found else "unknown"


def _own_elements() -> Path:
    """Those of diskimage-builder, which is slow to import and need not be."""
    package = find_spec("diskimage_builder")
    assert package is not None  # it is a dependency
    return Path(str(package.origin)).parent / "elements"


def build_tree(
    order: Order,
    sandbox: Sandbox,
    *,
    packages: PackageCache,
    files: Path,
    log: Callable[[str], None],
    progress: Progress,
) -> tuple[Path, Mapping[str, float]]:
    """Run disk-image-create; return the tree (a path of the sandbox) and the seconds per hook.

    ``files`` is where the elements find the plan's files. ``log`` gets every line without its
    secrets, ``progress`` the phases and the last line. Raises ``BuilderError`` that names the
    element, the hook, its exit code and its last lines.
    """
    plan = order.plan
    tree = sandbox.scratch / "tree"
    trace = HookTrace()

    def on_line(said: str) -> None:
        line = order.hidden.redact(said)
        log(line)
        trace.read(line)
        progress.phase(trace.phase)
        progress.line(line)

    settings = environment(
        plan,
        order.caller,
        elements=order.elements,
        scratch=sandbox.scratch,
        packages=packages,
        tree=tree,
        root_uuid=order.root_uuid,
        date=order.date,
        indexes=order.indexes,
        files=files,
    )
    for note in unnamed_mirrors(plan.distribution, settings):
        progress.event(note)
    try:
        status = stream(
            sandbox.command(plan.argv),
            env={name: setting.value for name, setting in settings.items()},
            timeout=BUILD_LIMIT,
            on_line=on_line,
        )
    except TimeoutError as error:
        raise BuilderError(
            f"diskimage-builder was still running after {BUILD_LIMIT:.0f} s.",
            details=[f"hook: {trace.directory}/{trace.hook}", *trace.last_words],
            hint="That hook hangs, or what it waits for (a mirror, this machine) is too slow.",
        ) from error
    if status != 0:
        raise _failure(status, trace, order.elements, plan.argv)
    return tree, trace.seconds


def _failure(
    status: int, trace: HookTrace, elements: Sequence[Path], argv: Sequence[str]
) -> BuilderError:
    if not trace.hook:
        return BuilderError(
            f"diskimage-builder ended with exit code {status}.",
            details=[f"command: {' '.join(argv)}", *trace.last_words],
        )
    element = element_of(trace.directory, trace.hook, elements)
    return BuilderError(
        f"The hook {trace.directory}/{trace.hook} of the element '{element}' ended with exit code "
        f"{status}.",
        details=trace.last_words,
    )
