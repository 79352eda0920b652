"""``cloud check`` and ``apply`` against clouds that refuse, lack something, or do not answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_nova import Nova, flavor, serving

from builder.cli.program import main
from builder.cloud.apply.desired_state import TAG

PINNED = {"hw:cpu_policy": "dedicated"}

DOWN = {"host": "one", "state": "down", "status": "enabled"}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a verb of ``cloud`` for pinned-scsi against a Nova: exit code, output, errors."""

    def run_verb(nova: Nova, verb: str, *options: str) -> tuple[int, str, str]:
        with serving(nova, tmp_path) as configuration:
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(configuration))
            with pytest.raises(SystemExit) as left:
                main(["cloud", verb, "pinned-scsi", "--cloud", "mine", *options])
        out, err = capsys.readouterr()
        assert "secret" not in out + err
        assert "Traceback" not in out + err
        return int(left.value.code or 0), out, err

    return run_verb


def lines(run: Run, nova: Nova) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(nova, "check", "--json")
    return code, {line["needed"]: line for line in json.loads(out)["lines"]}


# ---- check


def test_a_cloud_that_has_everything_honours_the_image(run: Run) -> None:
    code, found = lines(run, Nova(flavors=[flavor("small", **PINNED)], soft_deleted=True))
    assert code == 0
    right = {name for name, line in found.items() if line["verdict"] == "right"}
    assert {
        "a flavor", "quota", "compute hosts", "2 PCPU on one host", "COMPUTE_STORAGE_BUS_SCSI",
        "all of that on one host", "soft delete",
    } <= right  # fmt: skip


@pytest.mark.parametrize(
    ("nova", "subject", "seen"),
    [
        (Nova(flavors=[]), "a flavor", "the cloud has none"),
        (Nova(flavors=[flavor()]), "a flavor", "small lacks hw:cpu_policy=dedicated"),
        (
            Nova(flavors=[flavor(**PINNED)], limits={**Nova().limits, "totalCoresUsed": 19}),
            "quota",
            "vCPUs: 1 left, small takes 2",
        ),
        (
            Nova(flavors=[flavor(**PINNED)], services=[DOWN]),
            "compute hosts",
            "none of 1 nova-compute",
        ),
        (
            Nova(flavors=[flavor(**PINNED)], resources={"VCPU": 4}),
            "2 PCPU on one host",
            "none has any",
        ),
        (
            Nova(flavors=[flavor(**PINNED)], resources={"PCPU": 1}),
            "2 PCPU on one host",
            "all together have 1",
        ),
        (
            Nova(flavors=[flavor(**PINNED)], traits=set()),
            "COMPUTE_STORAGE_BUS_SCSI",
            "no resource provider has this trait",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_ends_in_1_with_what_was_seen(
    run: Run, nova: Nova, subject: str, seen: str
) -> None:
    code, found = lines(run, nova)
    assert code == 1
    assert found[subject]["verdict"] == "wrong"
    assert seen in found[subject]["seen"]
    assert found[subject]["remedy"]
    _, out, _ = run(nova, "check")
    assert found[subject]["remedy"] in out


def test_what_a_role_does_not_see_is_unknowable(run: Run) -> None:
    hidden = flavor("small")
    del hidden["extra_specs"]
    refused = dict.fromkeys(["os-aggregates", "os-services", "placement", "servers"], 403)
    code, found = lines(run, Nova(flavors=[hidden], refused=refused))
    assert code == 0
    for subject in ("a flavor", "compute hosts", "2 PCPU on one host", "soft delete"):
        assert found[subject]["verdict"] == "unknowable"
    assert found["compute hosts"]["seen"] == "this role may not see it"


def test_a_placement_that_does_not_answer_is_told(run: Run) -> None:
    code, found = lines(run, Nova(flavors=[flavor(**PINNED)], refused={"placement": 500}))
    assert code == 0
    assert found["2 PCPU on one host"]["verdict"] == "unknowable"
    assert "HTTP 500" in found["2 PCPU on one host"]["seen"]


def test_without_a_login_nothing_is_judged(run: Run) -> None:
    code, _, err = run(Nova(refused={"flavors": 401}), "check")
    assert code == 5
    assert "Check the credentials" in err


def test_extra_specs_of_an_old_nova_are_asked_for_one_by_one(run: Run) -> None:
    old = flavor(**PINNED, **{"aggregate_instance_extra_specs:pinned": "true"})
    aggregate = {"id": 1, "name": "a", "hosts": ["one"], "metadata": {"pinned": "true"}}
    code, found = lines(run, Nova(newest="2.60", flavors=[old], aggregates=[aggregate]))
    assert code == 0
    assert found["a flavor"]["verdict"] == "right"
    assert found["an aggregate with pinned=true"]["seen"] == "a of one"
    assert "2 VCPU on one host" in found


@pytest.mark.parametrize(("hosts", "seen"), [([], "a has no hosts"), (None, "there is none")])
def test_an_old_nova_needs_an_aggregate_with_hosts(
    run: Run, hosts: list[str] | None, seen: str
) -> None:
    aggregate = {"id": 1, "name": "a", "hosts": hosts, "metadata": {"pinned": "true"}}
    nova = Nova(newest="2.72", aggregates=[] if hosts is None else [aggregate])
    code, found = lines(run, nova)
    assert (code, found["an aggregate with pinned=true"]["seen"]) == (1, seen)


def test_a_nova_of_which_nothing_is_known_is_refused(run: Run) -> None:
    for verb in ("check", "apply"):
        code, _, err = run(Nova(newest="2.53"), verb)
        assert code == 5
        assert "older than Queens: its newest microversion is 2.53" in err


def test_pages_of_something_else_are_refused(run: Run) -> None:
    code, _, err = run(Nova(flavors=[{"id": 1}]), "check")
    assert code == 5
    assert "/flavors/detail: flavors.0.id" in err


# ---- apply


def test_it_is_made_once_and_removed_wholly(run: Run) -> None:
    strange = flavor("other")
    nova = Nova(flavors=[strange])
    code, out, _ = run(nova, "apply", "--dry-run")
    assert (code, nova.changes) == (0, [])
    assert "+ flavor pinned-scsi: 2 vCPUs, 2048 MiB, 10 GiB\n  + hw:cpu_policy=dedicated" in out
    assert run(nova, "apply")[1] == out
    pinned = nova.flavors[1]
    assert pinned["extra_specs"] == {**PINNED, TAG: "pinned-scsi"}
    assert run(nova, "apply")[1] == "mine: nothing to change\n"
    assert run(nova, "check")[0] == 0
    assert run(nova, "apply", "--remove")[0] == 0
    assert nova.flavors == [strange]
    assert run(nova, "apply", "--remove")[1] == "mine: nothing to change\n"


def test_what_differs_is_corrected(run: Run) -> None:
    nova = Nova()
    run(nova, "apply")
    nova.flavors[0]["extra_specs"] |= {"hw:cpu_policy": "shared", "hw:numa_nodes": "2"}
    _, out, _ = run(nova, "apply")
    assert out.splitlines()[1:] == [
        "  - hw:numa_nodes", "  ~ hw:cpu_policy=dedicated (was shared)"
    ]  # fmt: skip
    assert nova.flavors[0]["extra_specs"] == {**PINNED, TAG: "pinned-scsi"}


def test_a_flavor_of_another_size_is_made_anew(run: Run) -> None:
    nova = Nova()
    run(nova, "apply")
    _, out, _ = run(nova, "apply", "--memory", "4096", "--disk", "0")
    assert out.startswith("- flavor pinned-scsi: 2 vCPUs, 2048 MiB, 10 GiB")
    assert [(flavor["ram"], flavor["disk"]) for flavor in nova.flavors] == [(4096, 0)]


def test_an_aggregate_is_made_where_the_release_needs_one(run: Run) -> None:
    nova = Nova()
    run(nova, "apply", "--nova", "stein")
    _, out, _ = run(nova, "apply", "--nova", "stein", "--host", "one")
    assert out == "~ aggregate pinned-scsi\n  + host one\n"
    assert nova.aggregates[0]["metadata"] == {"pinned": "true", TAG: "pinned-scsi"}
    assert nova.aggregates[0]["hosts"] == ["one"]
    run(nova, "apply", "--remove")
    assert (nova.flavors, nova.aggregates) == ([], [])


def test_what_a_killed_run_has_left_is_taken_up(run: Run) -> None:
    nova = Nova(refused={})
    run(nova, "apply")
    nova.flavors[0]["extra_specs"] = {}
    assert run(nova, "apply")[0] == 0
    assert nova.flavors[0]["extra_specs"] == {**PINNED, TAG: "pinned-scsi"}


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_somebody_elses_flavor_is_not_touched(run: Run, dry_run: tuple[str, ...]) -> None:
    nova = Nova(flavors=[flavor("pinned-scsi")])
    code, _, err = run(nova, "apply", *dry_run)
    assert (code, nova.changes) == (5, [])
    assert "was not made for pinned-scsi by this program" in err
    assert run(nova, "apply", "--flavor", "another")[0] == 0
    assert [flavor["name"] for flavor in nova.flavors] == ["pinned-scsi", "another"]


def test_somebody_elses_aggregate_is_not_touched(run: Run) -> None:
    nova = Nova(aggregates=[{"id": 1, "name": "pinned-scsi", "hosts": ["a"], "metadata": {}}])
    code, _, err = run(nova, "apply", "--nova", "stein")
    assert (code, nova.changes) == (5, [])
    assert "The aggregate pinned-scsi is there" in err


def test_a_role_without_the_right_is_told_so(run: Run) -> None:
    code, _, err = run(Nova(refused={"POST flavors": 403}), "apply")
    assert code == 5
    assert "could not answer POST /flavors" in err
    assert "HTTP 403: Policy does not allow it" in err
    assert "administrator's credentials" in err


def test_a_cloud_that_accepts_and_forgets_is_told(run: Run) -> None:
    nova = Nova()
    nova._extra_specs = lambda *_: {"extra_specs": {}}  # type: ignore[method-assign] # noqa: SLF001
    code, _, err = run(nova, "apply")
    assert code == 5
    assert "is not as it was to be" in err
    assert "+ hw:cpu_policy=dedicated" in err
