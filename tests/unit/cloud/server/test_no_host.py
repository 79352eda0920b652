from collections.abc import Mapping

from guest_lines import FLAVOR

from builder.cloud.server.no_host import reasons, resources

FLOATING = FLAVOR.model_copy(update={"extra_specs": {}})


def test_a_pinned_guest_takes_dedicated_processors() -> None:
    assert resources(FLAVOR) == {"PCPU": 1, "MEMORY_MB": 1024, "DISK_GB": 6}
    assert resources(FLOATING) == {"VCPU": 1, "MEMORY_MB": 1024, "DISK_GB": 6}


def test_the_resource_that_is_short_is_named() -> None:
    def hosts_for(wanted: Mapping[str, int]) -> int:
        return 0 if "PCPU" in wanted else 1

    assert reasons(FLAVOR, hosts_for) == ["Placement has no host with PCPU:1 left."]


def test_resources_that_no_host_has_together() -> None:
    def hosts_for(wanted: Mapping[str, int]) -> int:
        return int(len(wanted) == 1)

    (reason,) = reasons(FLOATING, hosts_for)
    assert reason == "Placement has no host with all of VCPU:1, MEMORY_MB:1024, DISK_GB:6 left."


def test_a_filter_is_to_blame_where_placement_has_hosts() -> None:
    (reason,) = reasons(FLOATING, lambda _: 2)
    assert reason.startswith("Placement has 2 hosts with VCPU:1")
    assert "nova-scheduler" in reason


def test_a_user_is_told_who_knows_more() -> None:
    (reason,) = reasons(FLOATING, lambda _: None)
    assert "administrators" in reason
