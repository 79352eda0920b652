"""What an image's own files tell of its distribution, and that no value is made up for the rest."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes import FakeFilesystem, Link
from hypothesis import given
from hypothesis import strategies as st
from programs import MACHINES, program
from samples import WHEN, evidence, manifest

from builder.adopt.adopt import _foreign_image
from builder.adopt.disk_facts import disk_facts
from builder.adopt.distribution import distribution_of, unknown, with_user
from builder.adopt.plan import (
    ForeignImage,
    inspections,
    lacking,
    plan_of_evidence,
    plan_to_probe,
)
from builder.distribution import DISTRIBUTIONS
from builder.feature import Outcome
from builder.features.registry import shipped
from builder.linux import osrelease
from builder.plan.model import Plan, from_json, to_json
from builder.profile.publication import Publication
from builder.publish.candidate.admission import Waivers, admit
from builder.publish.candidate.properties import wanted
from builder.store.sections import Evidence

FILE = Path("some.qcow2")
DEBIAN = "ID=debian\nVERSION_ID=12\n"
CLOUD_INIT = {
    "/usr/lib/systemd/system/cloud-init.service": "[Install]\nWantedBy=cloud-init.target\n",
    "/etc/systemd/system/cloud-init.target.wants/cloud-init.service": Link("x"),
}


def disk(os_release: str, architecture: str = "x86_64", **files: str) -> FakeFilesystem:
    more = {"/etc/cloud/cloud.cfg": files["cloud"]} if "cloud" in files else {}
    started: dict[str, Any] = dict(CLOUD_INIT) if "cloud" in files else {}
    tree: dict[str, Any] = {"/etc/os-release": os_release, "/bin/sh": program(architecture)}
    accounts = {"/etc/passwd": files["accounts"]} if "accounts" in files else {}
    return FakeFilesystem({**tree, **started, **more, **accounts})


def user(name: str) -> str:
    return f"system_info: {{default_user: {{name: {name}}}}}\n"


def foreign(of: FakeFilesystem, file: Path = FILE, admin_user: str | None = None) -> ForeignImage:
    info: Any = SimpleNamespace(path=file, format="qcow2")
    return _foreign_image(disk_facts(of, admin_user, file), info, shipped())


def adopted(image: ForeignImage) -> tuple[Plan, tuple[Evidence, ...]]:
    """The plan of an image of which every check passes."""
    seen = tuple(evidence(check.id) for check in inspections(image.used))
    plan = plan_to_probe(image, seen)
    seen += tuple(evidence(name, boot=boot.name) for boot in plan.boots for name in boot.probes)
    return plan_of_evidence(plan, seen, [boot.name for boot in plan.boots]), seen


def claims(image: ForeignImage) -> dict[str, str]:
    return {claim.property: claim.value for claim in adopted(image)[0].claims}


def reasons(image: ForeignImage) -> dict[str, str]:
    plan, seen = adopted(image)
    return {unproven.property: unproven.reason for unproven in lacking(image, plan, seen)}


# ---- one mapping for built and adopted images


@pytest.mark.parametrize(
    ("os_release", "os_distro", "os_version"),
    [
        ('ID="opensuse-leap"\nVERSION_ID="15.6"\n', "opensuse", "15.6"),
        ('ID="opensuse-tumbleweed"\nVERSION_ID="20260101"\n', "opensuse", "20260101"),
        ('ID="centos"\nVERSION_ID="9"\nNAME="CentOS Stream"\n', "centos", "9"),
        ('ID="ol"\nVERSION_ID="9.4"\n', "ol", "9.4"),
        ('ID="rocky"\nVERSION_ID="9.4"\n', "rocky", "9.4"),
        ("ID=arch\nBUILD_ID=rolling\n", "arch", ""),
        ('ID="sles"\nVERSION_ID="15.6"\n', "sles", "15.6"),
        ("ID=Debian\nVERSION_ID=12\n", "", "12"),
        ('ID=debian\nVERSION_ID="12 (bookworm)"\n', "debian", ""),
        ("ID=my linux\nVERSION_ID='12' '1'\n", "", ""),
        ('ID="debian\nVERSION_ID=12 # stable\n', "", ""),
        ("ID=de'bi'an\nVERSION_ID=\"1\"2\n", "debian", "12"),
    ],
)
def test_a_distribution_is_called_what_glance_calls_it(
    os_release: str, os_distro: str, os_version: str
) -> None:
    seen = distribution_of(disk(os_release))
    assert (seen.os_distro, seen.os_version) == (os_distro, os_version)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_an_image_that_is_built_here_is_called_the_same_when_it_is_adopted(name: str) -> None:
    built = DISTRIBUTIONS[name]
    own = {"opensuse": "opensuse-leap"}.get(built.os_distro, built.os_distro)
    assert osrelease.os_distro({"ID": own}) == built.os_distro
    assert osrelease.is_of(
        {"ID": own, "VERSION_ID": built.os_version}, built.os_distro, built.os_version
    )


# ---- what no file tells


def test_a_rolling_release_has_no_version_to_claim_and_says_why() -> None:
    image = foreign(disk("ID=arch\n", cloud=user("arch")))
    assert image.limits == ()
    assert "os_version" not in claims(image)
    assert claims(image)["os_distro"] == "arch"
    assert reasons(image)["os_version"] == "os-release has no VERSION_ID"


def test_a_disk_without_os_release_claims_neither_name_nor_version() -> None:
    image = foreign(FakeFilesystem({"/bin/sh": program()}))
    assert image.distribution.name == "unknown"
    assert not {"os_distro", "os_version"} & set(claims(image))
    assert reasons(image)["os_distro"] == "os-release has no ID"


@pytest.mark.parametrize("written", ["V1.0", "1 2", '"12'])
def test_what_os_release_must_not_have_is_no_version(written: str) -> None:
    image = foreign(disk(f"ID=debian\nVERSION_ID={written}\n", cloud=user("debian")))
    assert reasons(image)["os_version"] == (
        f"os-release has VERSION_ID={written}, which os-release(5) does not allow"
    )


@pytest.mark.parametrize(
    ("of", "admin_user", "name"),
    [
        (disk(DEBIAN), None, ""),
        (disk(DEBIAN), "debian", ""),
        (disk(DEBIAN, accounts="root:x:0:0::/root:/bin/sh\n"), "debian", ""),
        (disk(DEBIAN, accounts="root:x:0:0::/:/x\nadmin:x:1000:1000::/:/x\n"), "admin", "admin"),
        (disk('ID="centos"\nVERSION_ID="9"\n', cloud=user("cloud-user")), None, "cloud-user"),
        (disk("ID=ol\nVERSION_ID=9\n", cloud="users: []\n"), None, ""),
        (disk("ID=ol\nVERSION_ID=9\n", cloud="users: []\n"), "opc", "opc"),
    ],
    ids=["nothing", "no cloud-init", "no such user", "its own user", "CentOS", "none", "told"],
)
def test_no_user_is_guessed_from_the_distribution_s_name(
    of: FakeFilesystem, admin_user: str | None, name: str
) -> None:
    distribution = with_user(distribution_of(of), of, admin_user, FILE)
    assert distribution.default_user == name
    assert ("os_admin_user" in unknown(distribution, of)) is not bool(name)
    image = foreign(of, admin_user=admin_user)
    assert claims(image).get("os_admin_user", "") == name
    assert bool(reasons(image).get("os_admin_user")) is not bool(name)


def test_cloud_init_without_a_default_user_is_not_waited_for() -> None:
    (limit,) = foreign(disk(DEBIAN, cloud="users: []\n")).limits
    assert "names no default user" in limit
    assert foreign(disk(DEBIAN, cloud="users: []\n"), admin_user="debian").limits == ()


def test_a_user_whom_the_agent_cannot_be_given_is_not_claimed() -> None:
    image = foreign(disk(DEBIAN, cloud=user("Admin.User")))
    assert image.distribution.default_user == "Admin.User"
    assert "os_admin_user" not in claims(image)
    assert claims(image)["hw_qemu_guest_agent"] == "yes"
    assert reasons(image)["os_admin_user"] == "'Admin.User' is not a name that useradd takes"


# ---- other architectures


@pytest.mark.parametrize("architecture", MACHINES)
def test_the_architecture_is_that_of_the_programs(architecture: str) -> None:
    seen = distribution_of(disk(DEBIAN, architecture))
    assert seen.architecture == architecture
    assert seen.name == "debian-12"


def test_an_image_of_aarch64_is_booted_on_its_own_machine_by_uefi_alone() -> None:
    image = foreign(disk(DEBIAN, "aarch64", cloud=user("debian")))
    assert image.limits == ()
    plan, _ = adopted(image)
    machines = {(boot.machine.architecture, boot.machine.firmware) for boot in plan.boots}
    assert machines == {("aarch64", "uefi")}
    features = {feature.name for feature, _ in image.used}
    assert "uefi" in features
    assert not {"secure-boot", "nested-virtualisation"} & features


@pytest.mark.parametrize("architecture", ["riscv64", "s390x", "ppc64le"])
def test_an_image_of_another_architecture_is_not_booted_and_says_why(architecture: str) -> None:
    image = foreign(disk(DEBIAN, architecture, cloud=user("debian")))
    (limit,) = image.limits
    assert f"it is built for {architecture}" in limit
    plan, _ = adopted(image)
    assert plan.boots == ()
    features = {feature.name for feature, _ in image.used}
    assert not {"uefi", "secure-boot", "nested-virtualisation"} & features
    assert {"virtio-scsi", "guest-agent", "watchdog"} <= features


def test_an_architecture_that_publish_knows_is_claimed_by_the_disk() -> None:
    assert claims(foreign(disk(DEBIAN, "aarch64")))["architecture"] == "aarch64"
    image = foreign(disk(DEBIAN, "riscv64"))
    assert "architecture" not in claims(image)
    assert "'riscv64' is not" in reasons(image)["architecture"]


def test_a_disk_whose_programs_tell_nothing_has_no_architecture() -> None:
    image = foreign(FakeFilesystem({"/etc/os-release": DEBIAN, "/bin/sh": b"#!/bin/true\n"}))
    assert "architecture" not in claims(image)
    assert "none of /bin/sh" in reasons(image)["architecture"]


def test_programs_for_others_on_the_disk_do_not_change_its_architecture() -> None:
    of = disk(DEBIAN)
    of.tree["/usr/bin/qemu-aarch64-static"] = program("aarch64")
    of.tree["/usr/bin/env"] = program("aarch64")
    assert distribution_of(of).architecture == "x86_64"


# ---- whatever adopt claims, publish takes

TEXTS = st.text(max_size=40).filter(lambda text: "\n" not in text)
LINES = st.lists(
    st.tuples(st.sampled_from(["ID", "VERSION_ID", "VERSION_CODENAME", "NAME", "# ID"]), TEXTS),
    max_size=6,
)
FILES = st.text(min_size=1, max_size=60).filter(
    lambda name: not {"/", "\0"} & set(name) and name.strip(".")
)


@given(
    lines=LINES,
    architecture=st.sampled_from([*MACHINES]),
    name=st.sampled_from(["debian", "Admin", "x" * 32, None]),
    file=FILES,
)
def test_whatever_adopt_claims_publish_takes(
    lines: list[tuple[str, str]], architecture: str, name: str | None, file: str
) -> None:
    text = "".join(f"{variable}={value}\n" for variable, value in lines)
    of = disk(text, architecture, cloud=user(name) if name else "users: []\n")
    plan, seen = adopted(foreign(of, Path(file)))
    assert from_json(to_json(plan)) == plan
    build = manifest(plan, evidence=seen)
    admission = admit(build, Waivers(), now=WHEN, max_age=timedelta(days=1))
    properties = wanted(build, admission, Publication()).properties
    assert {claim.property: claim.value for claim in plan.claims}.items() <= properties.items()
    assert all(result.outcome is Outcome.PASSED for result in seen)
