"""What a cloud plan would set is what a real Nova takes: options, filters, extra specs, traits."""

import configparser
import json
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from cloud_plans import demanding
from cloudtemplate import CACHE, require_installed
from novaquestions import Nova

from builder.cloud.plan.fragments import Names, fragment
from builder.cloud.plan.settings import FILTERS
from builder.feature import ExtraSpec, HostFact, NovaRelease, ProviderTrait
from builder.feature.nova_release import NEWEST

pytestmark = pytest.mark.openstack

PROGRAMS = CACHE / "nova" / "bin"
READER = Path(__file__).with_name("nova_options.py")
NAMES = Names("demanding", "pinned-hosts")
FACTS = {
    HostFact.HOST_CPUS: "0-3",
    HostFact.DEDICATED_CPUS: "8-19,28-39",
    HostFact.SHARED_CPUS: "4-7",
    HostFact.HOST_MEMORY: "4096",
    HostFact.MDEV_TYPES: "nvidia-35",
}


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    require_installed("installed-nova")


def written(directory: Path, text: str) -> Path:
    path = directory / "nova.conf"
    path.write_text(text)
    return path


def validated(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """What oslo's validator says of a file, by the options that the installed Nova has."""
    return subprocess.run(
        [
            PROGRAMS / "oslo-config-validator", "--namespace", "nova.conf",
            "--input-file", path, *options,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("facts", [{}, FACTS], ids=["no host", "a host"])
def test_every_option_is_one_of_the_newest_nova(facts: dict[HostFact, str], tmp_path: Path) -> None:
    text = fragment(demanding(), "nova.conf", NAMES, facts)
    done = validated(written(tmp_path, text), "--fatal-warnings")
    assert done.returncode == 0, done.stderr


def test_an_older_ones_options_are_known_or_were(tmp_path: Path) -> None:
    """This Nova still takes them, and calls some deprecated."""
    text = fragment(demanding(NovaRelease.STEIN), "nova.conf", NAMES, FACTS)
    done = validated(written(tmp_path, text))
    assert done.returncode == 0, done.stderr
    assert "enabled_vgpu_types" in done.stderr


def test_a_mistyped_option_is_found(tmp_path: Path) -> None:
    done = validated(written(tmp_path, "[compute]\ncpu_dedicated_sets = 1\n"))
    assert done.returncode != 0
    assert "compute/cpu_dedicated_sets is not part of the sample config" in done.stderr


def read(path: Path) -> dict[str, Any]:
    parser = configparser.ConfigParser(interpolation=None, default_section="none")
    parser.read(path)
    names = [f"{section}/{name}" for section in parser.sections() for name in parser[section]]
    done = subprocess.run(
        [PROGRAMS / "python", "-W", "ignore", READER, path, *names],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_every_value_is_read_as_it_is_meant(tmp_path: Path) -> None:
    answer = read(written(tmp_path, fragment(demanding(), "nova.conf", NAMES, FACTS)))
    filters = answer["values"].pop("filter_scheduler/enabled_filters")
    assert answer["values"] == {
        "DEFAULT/reclaim_instance_interval": 604800,
        "DEFAULT/reserved_host_memory_mb": 4096,
        "compute/cpu_dedicated_set": "8-19,28-39",
        "compute/cpu_shared_set": "4-7",
        "devices/enabled_mdev_types": ["nvidia-35"],
        "libvirt/cpu_mode": "host-passthrough",
        "libvirt/hw_disk_discard": "unmap",
        "libvirt/num_pcie_ports": 16,
        "libvirt/swtpm_enabled": True,
        "libvirt/virt_type": "kvm",
        "serial_console/enabled": True,
    }
    assert answer["default_filters"] == list(FILTERS)
    assert set(filters) <= set(answer["known_filters"])


@pytest.fixture(scope="module")
def nova() -> Generator[Nova]:
    with Nova() as answering:
        yield answering


@pytest.mark.parametrize("release", [NovaRelease.STEIN, NEWEST], ids=str)
def test_every_extra_spec_passes_novas_own_validators(nova: Nova, release: NovaRelease) -> None:
    specs = [what for _, what in demanding(release).of_kind(ExtraSpec)]
    assert len(specs) > 10
    refused = {str(spec): nova.extra_spec(spec.name, spec.value) for spec in specs}
    assert {name: reason for name, reason in refused.items() if reason} == {}


def test_a_trait_that_nova_sets_is_a_standard_one(nova: Nova) -> None:
    traits = [what for _, what in demanding().of_kind(ProviderTrait)]
    by_nova = {trait.name for trait in traits if trait.by_nova}
    assert by_nova <= set(nova.traits())
    assert {trait.name for trait in traits} - by_nova == {"CUSTOM_VGPU_SMALL"}
