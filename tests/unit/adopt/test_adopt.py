"""What decides, before any boot, whether and how an image can be adopted."""

from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeFilesystem, Link
from samples import evidence, manifest, plan
from terminals import plain

from builder.adopt.adopt import _not_up, _require_one_boot, name_of
from builder.adopt.disk_facts import obstacles
from builder.adopt.distribution import with_user
from builder.distribution import DISTRIBUTIONS
from builder.errors import BuilderError, InputError
from builder.feature import Outcome
from builder.profile.model import NAME_PATTERN
from builder.report.text import verdict_text
from builder.store.sections import Adopted, UnprovenClaim

FILE = Path("some.qcow2")
DEBIAN = DISTRIBUTIONS["debian-12"]
UNIT = "/usr/lib/systemd/system/cloud-init.service"
WANTED = "/etc/systemd/system/cloud-init.target.wants/cloud-init.service"
STARTS = {UNIT: "[Install]\nWantedBy=cloud-init.target\n", WANTED: Link("x")}
FEDORA = FakeFilesystem(
    {**STARTS, "/etc/cloud/cloud.cfg": "system_info: {default_user: {name: fedora}}\n"}
)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("debian-12-genericcloud-amd64.qcow2", "adopted-debian-12-genericcloud-amd64"),
        ("/srv/Windows Server (2022).raw", "adopted-windows-server-2022"),
        ("…", "adopted-image"),
        (".hidden", "adopted-hidden"),
        ("x" * 200, f"adopted-{'x' * 56}"),
    ],
)
def test_an_image_is_named_after_its_file_as_far_as_a_directory_can_be(
    file: str, name: str
) -> None:
    assert name_of(Path(file)) == name
    assert NAME_PATTERN.fullmatch(name)


def test_the_user_is_the_wanted_one_else_the_disk_s_and_never_a_guess() -> None:
    empty = FakeFilesystem(STARTS)
    assert with_user(DEBIAN, empty, None, FILE).default_user == ""
    assert with_user(DEBIAN, empty, "admin", FILE).default_user == "admin"
    assert with_user(DEBIAN, FEDORA, None, FILE).default_user == "fedora"
    assert with_user(DEBIAN, FEDORA, "fedora", FILE).default_user == "fedora"


def test_another_user_than_the_disk_s_is_refused_before_any_boot() -> None:
    with pytest.raises(InputError, match="makes the user 'fedora', not 'debian'") as caught:
        with_user(DEBIAN, FEDORA, "debian", FILE)
    assert caught.value.hint == "Call it with --admin-user fedora."


@pytest.mark.parametrize("name", ["-oProxyCommand=touch /tmp/x", "a b", "root@elsewhere"])
def test_a_user_that_a_disk_makes_up_is_no_option_of_ssh_s(name: str) -> None:
    configured = f"system_info: {{default_user: {{name: '{name}'}}}}\n"
    disk = FakeFilesystem({"/etc/cloud/cloud.cfg": configured})
    with pytest.raises(InputError, match="is not the name of a user"):
        with_user(DEBIAN, disk, None, FILE)
    with pytest.raises(InputError, match="is not the name of a user"):
        with_user(DEBIAN, FakeFilesystem({}), name, FILE)


def test_an_image_that_lets_no_proof_in_says_why() -> None:
    assert [*obstacles(FakeFilesystem(STARTS), DEBIAN)] == []
    (why,) = obstacles(FakeFilesystem({}), DEBIAN)
    assert "cloud-init is not installed or not enabled" in why
    (why,) = obstacles(
        FakeFilesystem({**STARTS, "/etc/cloud/cloud.cfg": "datasource_list: [Ec2]"}), DEBIAN
    )
    assert "does not look for a config drive" in why


def not_up(boot: str) -> tuple[object, ...]:
    seen = "Timed out after 300 s waiting for an SSH server\n  the console's last line"
    return (evidence("foundation/root-has-grown", Outcome.FAILED, boot=boot, seen=seen),)


def test_a_boot_that_does_not_come_up_is_a_limit_with_its_cause() -> None:
    build = manifest(evidence=not_up("uefi"))
    assert _not_up(build) == (
        "It does not come up in the boot uefi: Timed out after 300 s waiting for an SSH server",
    )


def test_an_image_that_comes_up_nowhere_is_refused_with_its_console() -> None:
    build = manifest(evidence=(*not_up("bios"), *not_up("uefi")))
    with pytest.raises(BuilderError, match="does not come up under any firmware") as caught:
        _require_one_boot(build, plan("base"))
    assert "  the console's last line" in caught.value.details
    assert "'debian' in by SSH" in caught.value.hint


def test_the_report_of_an_adopted_image_says_what_is_missing_and_why() -> None:
    lacks = UnprovenClaim(
        property="hw_watchdog_action", value="reset", owner="watchdog",
        reason="'every kernel has it' failed: kernel 6 has none", checks=("watchdog/x",),
    )  # fmt: skip
    faulty = replace(plan("base"), boots=plan("base").boots[:1])
    build = manifest(
        faulty,
        adopted=Adopted(source="some.qcow2", lacking=(lacks,), limits=("It is old.",)),
        evidence=(
            evidence("watchdog/x", Outcome.FAILED, seen="of a claim"),
            evidence("foundation/has-no-leftovers", Outcome.FAILED, seen="a cache"),
            evidence("foundation/root-has-grown", Outcome.FAILED, boot="uefi", seen="not up"),
        ),
    )
    text = plain(verdict_text(build))
    heading, _, rest = text.partition("\n")
    assert heading.endswith("300 MiB, adopted")
    assert "hw_watchdog_action=reset  watchdog  'every kernel has it' failed" in rest
    _, _, faults = rest.partition("not passed, and of no claim\n")
    assert "has-no-leftovers" in faults
    assert "a cache" in faults
    assert "of a claim" not in faults
    assert "not up" not in faults
    assert "limits\n  It is old." in faults
