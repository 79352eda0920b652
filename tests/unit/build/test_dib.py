import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import diskimage_builder
import pytest
from dib_output import BUILD, CLEANING_UP, FAILING_HOOK
from hypothesis import given
from hypothesis import strategies as st
from samples import plan

from builder.build import dib, dib_environment
from builder.build.dib import element_of
from builder.build.dib_environment import PASSED_ON, environment
from builder.build.order import Order
from builder.build.package_cache import PackageCache
from builder.build.sandbox import Sandbox
from builder.build.setting import Setting
from builder.distribution import DISTRIBUTIONS
from builder.errors import BuilderError, InputError
from builder.host.paths import elements_path
from builder.profile.snapshot import SNAPSHOT_MIRRORS
from builder.redaction import Secrets
from builder.terminal.progress import Progress

PLAN = plan("pinned-scsi")
DIB = Path(diskimage_builder.__file__).parent


# ---- whose hook it is


@pytest.mark.parametrize(
    ("directory", "hook", "element"),
    [
        ("install.d", "50-guest-initrd", "guest-initrd"),
        ("root.d", "08-debootstrap", "debootstrap"),
        ("install.d", "50-nobody", "unknown"),
    ],
    ids=["ours", "diskimage-builder's", "nobody's"],
)
def test_a_hook_s_element_is_found(directory: str, hook: str, element: str) -> None:
    assert element_of(directory, hook, [elements_path()]) == element


# ---- the environment


@pytest.fixture
def host_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *_: {})


def settings_of(caller: Mapping[str, str], **changes: Any) -> dict[str, Setting]:
    return environment(
        replace(PLAN, **changes),
        caller,
        elements=[Path("/elements"), Path("/others")],
        scratch=Path("/scratch"),
        packages=PackageCache(Path("/cache"), "debian", Path("/store")),
        tree=Path("/scratch/tree"),
        root_uuid="6f1b7a52-0f3e-4b64-9d51-3a8c7a1d2e90",
        date=None,
        files=Path("/build/files"),
    )


def environment_of(caller: Mapping[str, str], **changes: Any) -> dict[str, str]:
    return {name: setting.value for name, setting in settings_of(caller, **changes).items()}


VARIABLES = st.dictionaries(
    st.one_of(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True),
        st.sampled_from(["DIB_RELEASE", "PYTHONPATH", "TMPDIR", "BASH_ENV", "LD_PRELOAD", "PATH"]),
        st.sampled_from(PASSED_ON),
    ),
    st.text(max_size=10),
)


@given(VARIABLES)
def test_of_the_caller_s_variables_only_the_named_ones_pass(caller: dict[str, str]) -> None:
    plain = (*dib_environment.MIRRORS, *SNAPSHOT_MIRRORS.values(), *dib_environment.PROXIES)
    caller |= {name: "http://mirror.example/debian" for name in plain if name in caller}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dib_environment, "host_mirrors", lambda *_: {})
        without, seen = environment_of({}), environment_of(caller)
    added = {name for name in seen if name not in without}
    changed = {name for name in without if seen[name] != without[name]}
    mirrors_in_options = {"DIB_MMDEBSTRAP_EXTRA_ARGS"}
    assert added == {name for name in caller if name in PASSED_ON}
    assert changed <= mirrors_in_options
    assert all(seen[name] == caller[name] for name in added)


@pytest.mark.usefixtures("host_mirrors")
def test_a_mirror_of_another_distribution_s_kind_is_kept_out() -> None:
    caller = {"DIB_DEBIAN_SECURITY_MIRROR": "http://one.example.org/debian-security"}
    assert "DIB_DEBIAN_SECURITY_MIRROR" in environment_of(caller)
    ubuntu = environment_of(caller, distribution=DISTRIBUTIONS["ubuntu-24.04"])
    assert "one.example.org" not in str(ubuntu)


@pytest.mark.usefixtures("host_mirrors")
def test_the_plan_s_variables_are_in_the_environment() -> None:
    assert environment_of({}).items() >= PLAN.environment.items()


@pytest.mark.usefixtures("host_mirrors")
def test_elements_of_other_packages_are_found_too() -> None:
    assert environment_of({})["ELEMENTS_PATH"] == "/elements:/others"


@pytest.mark.usefixtures("host_mirrors")
def test_programs_of_this_very_installation_are_found_first() -> None:
    """But for what takes sudo's place."""
    first = environment_of({})["PATH"].split(":")[:2]
    assert first == [str(dib_environment.AS_ROOT), str(Path(sys.executable).parent)]


@pytest.mark.usefixtures("host_mirrors")
def test_diskimage_builder_works_below_the_scratch_directory_only() -> None:
    seen = environment_of({})
    for name in ("HOME", "TMP_DIR", "DIB_LOCKFILES", "DIB_GUEST_TREE"):
        assert Path(seen[name]).is_relative_to("/scratch")


def test_a_mirror_is_the_profile_s_else_the_caller_s_else_the_host_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "DIB_DISTRIBUTION_MIRROR"
    of_host = {name: "http://host.example.org/debian"}
    of_caller = {name: "http://caller.example.org/debian"}
    of_profile = {name: "http://profile.example.org/debian"}
    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *_: of_host)
    assert settings_of({})[name] == Setting(of_host[name], "the host's apt sources")
    assert settings_of(of_caller)[name] == Setting(of_caller[name], "the environment")
    chosen = settings_of(of_caller, environment=of_profile)[name]
    assert chosen == Setting(of_profile[name], "the profile")


@pytest.mark.usefixtures("host_mirrors")
def test_the_bootstrap_works_on_the_build_s_own_packages_and_leaves_them() -> None:
    options = environment_of({})["DIB_MMDEBSTRAP_EXTRA_ARGS"]
    archives = '"$1"/var/cache/apt/archives'
    assert f"mount --bind /cache/apt/debian {archives}'" in options
    assert f"--customize-hook='umount {archives}'" in options


@pytest.mark.usefixtures("host_mirrors")
def test_the_bootstrap_has_the_proxy_for_https_and_leaves_it_in_no_image(tmp_path: Path) -> None:
    """The options' words go through a shell in diskimage-builder, and the hooks through another."""
    proxy = "http://user:p%20w@proxy.example:3128"
    options = environment_of({"https_proxy": proxy})["DIB_MMDEBSTRAP_EXTRA_ARGS"]
    hooks = [word.partition("-hook=") for word in shlex.split(options) if "https-proxy" in word]
    configuration = tmp_path / "etc/apt/apt.conf.d/80https-proxy"
    assert [kind for kind, _, _ in hooks] == ["--setup", "--customize"]
    for _, _, hook in hooks[:1]:
        subprocess.run(["sh", "-c", hook, "exec", tmp_path], check=True)
    assert configuration.read_text() == f'Acquire::https::Proxy "{proxy}";\n'
    subprocess.run(["sh", "-c", hooks[1][2], "exec", tmp_path], check=True)
    assert not configuration.exists()
    assert "https-proxy" not in environment_of({})["DIB_MMDEBSTRAP_EXTRA_ARGS"]


@pytest.mark.usefixtures("host_mirrors")
@pytest.mark.parametrize("name", dib_environment.PROXIES)
@pytest.mark.parametrize("value", ["http://$(reboot)", "http://a b", "http://a;b", 'http://"'])
def test_a_proxy_that_a_shell_would_run_is_refused(name: str, value: str) -> None:
    with pytest.raises(InputError, match="A proxy must be a plain address") as caught:
        environment_of({name: value})
    assert caught.value.details == (f"{name}={value}",)


@pytest.mark.usefixtures("host_mirrors")
@pytest.mark.parametrize(
    "value", ["http://me:s3cret@a b", "me:s3cret@$(x)", "HTTP://me:s3cret@[a;b", "x://a:s3c/r@t@;"]
)
def test_what_is_refused_is_repeated_without_its_login(value: str) -> None:
    for name in ("http_proxy", "DIB_DISTRIBUTION_MIRROR"):
        with pytest.raises(InputError) as caught:
            environment_of({name: value})
        assert "<login>@" in str(caught.value)
        assert not re.search(r"s3c|me:", str(caught.value))


# ---- a build that fails


class FakeSandbox(Sandbox):
    def __init__(self) -> None:
        super().__init__(Path("/scratch"), in_memory=False)

    def command(self, argv: Sequence[str | Path]) -> list[str | Path]:
        return ["inside", *argv]


def build_tree(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    output: str,
    status: int | None,
    log: Callable[[str], None],
) -> tuple[Path, Mapping[str, float]]:
    """Have diskimage-builder print this, and end with this status; without one it never ends."""

    def stream(argv: list[str], *, on_line: Callable[[str], None], **_: object) -> int:
        assert argv[:2] == ["inside", "disk-image-create"]
        for line in output.splitlines():
            on_line(line)
        if status is None:
            raise TimeoutError
        return status

    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *_: {})
    monkeypatch.setattr(dib, "stream", stream)
    with (tmp_path / "progress").open("w") as terminal:
        return dib.build_tree(
            Order(
                plan=PLAN,
                elements=[elements_path()],
                caller={},
                hidden=Secrets(["http://me:s3cret@proxy"]),
                parts={},
                inputs="",
                content="",
                indexes="",
                root_uuid="",
                snapshot=None,
                apt={},
                date=None,
            ),
            FakeSandbox(),
            packages=PackageCache(tmp_path, "debian", Path("/store")),
            files=Path(),
            log=log,
            progress=Progress(terminal),
        )


def failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output: str, status: int | None
) -> BuilderError:
    logged: list[str] = []
    with pytest.raises(BuilderError) as caught:
        build_tree(monkeypatch, tmp_path, output, status, logged.append)
    assert logged == output.splitlines()
    return caught.value


def test_a_failing_hook_is_named_with_element_exit_code_and_last_lines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error = failure(monkeypatch, tmp_path, FAILING_HOOK + CLEANING_UP, 1)
    assert error.message == (
        "The hook install.d/50-guest-initrd of the element 'guest-initrd' ended with exit code 1."
    )
    assert error.details == ("guest-initrd: found neither initramfs-tools, dracut nor mkinitrd",)
    assert error.exit_code == 1


def test_a_failure_outside_any_hook_names_the_command_and_no_hook(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error = failure(monkeypatch, tmp_path, BUILD + CLEANING_UP, 2)
    assert error.message == "diskimage-builder ended with exit code 2."
    assert "disk-image-create" in error.details[0]


def test_a_failure_between_hooks_shows_what_was_said_since_the_last_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before, _, _ = BUILD.partition("dib-run-parts Running /srv/dib_build.SzBcl6eq/hooks/block-dev")
    unknown = "E: Unable to locate package no-such-package"
    error = failure(monkeypatch, tmp_path, f"{before}{unknown}\n{CLEANING_UP}", 100)
    assert error.message == "diskimage-builder ended with exit code 100."
    assert error.details[1:] == (unknown,)


def test_a_failure_before_any_hook_shows_what_was_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = "diskimage-builder version 3.43.0\nERROR: element 'nothing' not found\n"
    error = failure(monkeypatch, tmp_path, output, 1)
    assert "ERROR: element 'nothing' not found" in error.details


def test_a_build_that_was_stopped_at_its_limit_says_so_and_where_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error = failure(monkeypatch, tmp_path, FAILING_HOOK, None)
    assert "still running after 3600 s" in error.message
    assert error.details[0] == "hook: install.d/50-guest-initrd"


def test_a_build_that_succeeds_has_its_tree_and_its_hooks_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tree, seconds = build_tree(monkeypatch, tmp_path, BUILD, 0, log=lambda _: None)
    assert tree == Path("/scratch/tree")
    assert seconds["root.d/08-debootstrap"] == 24.821


@pytest.mark.parametrize(
    "mirror", ["http://x.example/$(id)", "http://x.example/debian;id", "ftp://x.example", "x'y"]
)
def test_a_mirror_that_a_shell_would_read_more_into_is_refused(mirror: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="plain http or https address"):
        environment(
            PLAN,
            {"DIB_DISTRIBUTION_MIRROR": mirror},
            elements=[tmp_path],
            scratch=tmp_path,
            packages=PackageCache(tmp_path, "debian", Path("/store")),
            tree=tmp_path,
            root_uuid="x",
            date=None,
            files=Path(),
        )
