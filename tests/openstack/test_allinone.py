"""The processes of the whole OpenStack are found and ended, whatever became of who started them."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from allinone import process, record
from allinone.nova import Cpus
from allinone.process import Service, Started
from allinone.site import Ports, Site, prepared

from builder.errors import BuilderError, HostError

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="processes are found in /proc"
)


@pytest.fixture
def site(tmp_path: Path) -> Generator[Site]:
    # pytest's paths are too long for the sockets that an OpenStack has.
    site = Site(Ports(1, 2, 3, 4, 5, 6), "secret", time.time(), tmp_path)
    for directory in (site.kept, site.run, site.temporary, site.logs):
        directory.mkdir(parents=True, exist_ok=True)
    yield site
    process.end(site.root, patience=0)


def service(site: Site, name: str, script: str, ready: Callable[[], bool]) -> Service:
    return Service(name, ("sh", "-c", script), site.run, ready)


def always() -> bool:
    return True


def never() -> bool:
    return False


def test_what_a_service_has_started_is_found_and_ended_with_it(site: Site) -> None:
    said = site.run / "said"
    script = f"setsid sh -c 'echo $$ > {said}; exec sleep 300' & exit 0"
    Started(site, service(site, "short", script, always))
    while not said.exists() or not said.read_text():
        time.sleep(0.05)
    daemon = int(said.read_text())
    assert process.running(site.root) == {daemon: "short"}
    process.end(site.root, patience=5)
    assert process.running(site.root) == {}


def test_what_has_no_name_but_our_directory_is_found_too(site: Site) -> None:
    """As libvirt starts QEMU: with an environment of its own, to which TMPDIR is passed."""
    script = f"exec env -i TMPDIR={site.temporary} sleep 300"
    with subprocess.Popen(["sh", "-c", script]) as guest:
        while guest.pid not in process.running(site.root):
            time.sleep(0.05)
        assert process.running(site.root) == {guest.pid: ""}
        process.end(site.root, patience=5)


@pytest.mark.parametrize("place", ["{}2", "{}/of-another", "/elsewhere"])
def test_a_process_that_works_elsewhere_is_left_alone(site: Site, place: str) -> None:
    environment = {
        "TMPDIR": place.format(site.temporary),
        "OS_CLIENT_CONFIG_FILE": str(site.clouds_yaml),
    }
    with subprocess.Popen(["/bin/sleep", "300"], env=environment, cwd=site.run) as other:
        assert process.running(site.root) == {}
        process.end(site.root, patience=0)
        assert other.poll() is None
        other.kill()


def test_a_service_that_does_not_stop_is_killed(site: Site) -> None:
    ready = site.run / "ready"
    script = f"trap '' TERM; touch {ready}; while :; do sleep 1; done"
    Started(site, service(site, "deaf", script, ready.exists)).wait()
    began = time.monotonic()
    process.end(site.root, patience=0.5)
    assert process.running(site.root) == {}
    assert time.monotonic() - began > 0.5


def test_the_last_service_ends_after_the_others(site: Site) -> None:
    ready = site.run / "ready"
    script = (
        f"trap 'date +%s.%N > {site.run}/{{0}}.end; exit' TERM; touch {ready}-{{0}};"
        " while :; do sleep 0.1; done"
    )
    for name in ("database", "client"):
        is_ready = ready.with_name(f"ready-{name}").exists
        Started(site, service(site, name, script.format(name), is_ready)).wait()
    process.end(site.root, patience=5, last="database")
    ends = {name: float((site.run / f"{name}.end").read_text()) for name in ("database", "client")}
    assert ends["client"] < ends["database"]


def test_a_service_that_ends_shows_its_last_lines(site: Site) -> None:
    script = "for i in $(seq 100); do echo line $i; done; exit 3"
    broken = Started(site, service(site, "broken", script, never))
    with pytest.raises(BuilderError, match=r"^broken: ended with exit code 3") as caught:
        broken.wait()
    assert caught.value.details[-1] == "line 100"
    assert "broken.log" in caught.value.hint


def test_a_wait_sees_when_another_service_ends(site: Site) -> None:
    other = Started(site, service(site, "other", "echo I go; exit 1", never))
    patient = Started(site, service(site, "patient", "sleep 300", never))
    with pytest.raises(BuilderError, match=r"^other: ended"):
        patient.wait([other])


def test_a_wait_has_a_limit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "START_LIMIT", 0.3)
    slow = Started(site, service(site, "slow", "echo loading; sleep 300", never))
    with pytest.raises(BuilderError, match=r"^slow: timed out") as caught:
        slow.wait()
    assert caught.value.details == ("loading",)


def test_a_program_that_is_not_installed_is_named(site: Site) -> None:
    missing = Service("missing", ("no-such-program",), site.run, never)
    with pytest.raises(HostError, match="'no-such-program' is not installed"):
        Started(site, missing)


def test_what_runs_is_found_again(site: Site) -> None:
    Started(site, service(site, "one", "sleep 300", always))
    Started(site, service(site, "two", "exec sleep 300", always))
    (site.kept / "password").write_text(site.password)
    cpus = Cpus(shared="0", dedicated="1")
    assert record.running(site.root, cpus) is None
    record.write(site, cpus, ["one", "two"])
    deadline = time.monotonic() + 30
    # A program that is just being started has no environment yet.
    while record.running(site.root, cpus) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert record.running(site.root, cpus) == site
    assert record.running(site.root, Cpus()) is None
    (pid,) = (pid for pid, name in process.running(site.root).items() if name == "two")
    os.kill(pid, signal.SIGKILL)
    while pid in process.running(site.root):
        time.sleep(0.05)
    assert record.running(site.root, cpus) is None


def test_a_path_that_leaves_no_room_for_sockets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="too long"), prepared(tmp_path / ("d" * 70)):
        pass
