"""Every message that a user can meet has a golden text, of an error that a test has really raised.

While tests run, each error that is made is noted with its site (``raised.py``). At the end of a run
every site is judged whose home, the tests that raise it, has run as a whole: one of its texts must
be the one in ``tests/golden/messages``, which ``--regenerate`` writes. So the run fails when a text
has changed, and when no test comes to a new site.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

import click
import pytest
from raised import ROOT, Recorder, Seen, Site, sites

from builder.errors import BuilderError
from builder.feature.check import CheckFailed, CheckSkipped
from builder.profile.yaml import Problem

GOLDEN = Path(__file__).parent / "golden" / "messages"
HOME = "tests/unit"

PROGRAMS_MISSING = "make host"
"""What conftest.py says of a test that it skips for want of a program."""

_FILES = "tests/integration/test_imagefile.py"
_PARSING = "tests/hostile/test_disk_parsing.py"
_DUE = "tests/integration/test_due_faults.py"
_DUE_RPM = "tests/integration/test_due_rpm_faults.py"
_CLOUDS = "tests/hostile/test_cloud_answers.py"
_DISKS = "tests/integration/test_disk.py"
_CLUSTER = "tests/integration/test_fleet_cluster.py"
_PUBLISHING = "tests/openstack/test_publish.py"
_NOVA = "tests/hostile/test_nova_answers.py"
_NO_NOVA = "tests/hostile/test_nova_unreachable.py"
_CONVERTED = "tests/hostile/test_converted_images.py"
_RACES = "tests/openstack/test_publish_races.py"
_REFUSED = "tests/openstack/test_publish_refused.py"
_PUBLISHED = "tests/openstack/test_published.py"

ELSEWHERE = {
    "cloud/api/client.py CloudApi._answering 1": _NO_NOVA,
    "cloud/api/client.py CloudApi._answering 2": _NO_NOVA,
    "cloud/api/client.py CloudApi._answering 3": _NO_NOVA,
    "cloud/api/client.py CloudApi._answering 4": _NO_NOVA,
    "cloud/api/client.py CloudApi._validated 1": _NOVA,
    "cloud/api/client.py CloudApi.newest 1": _NO_NOVA,
    "cloud/api/client.py CloudApi.pages 1": _NO_NOVA,
    "cloud/apply/apply.py apply 1": _NOVA,
    "archive/apt_root.py AptRoot._apt 1": _DUE,
    "archive/apt_root.py AptRoot.release 1": _DUE,
    "archive/apt_root.py AptRoot.release 2": "tests/integration/test_snapshot.py",
    "archive/apt_root.py apt_root 1": _DUE,
    "archive/index_directory.py writing 1": _DUE,
    "archive/indexes.py verified_indexes 1": _DUE,
    "archive/pins.py pins 1": "tests/integration/test_pins.py",
    "archive/rpm/archive.py _require_credible 1": _DUE_RPM,
    "archive/rpm/archive.py _require_credible 2": _DUE_RPM,
    "archive/rpm/indexes.py KeptRepository._download 1": _DUE_RPM,
    "archive/rpm/indexes.py KeptRepository._index 1": _DUE_RPM,
    "archive/rpm/indexes.py KeptRepository.indexes 1": _DUE_RPM,
    "archive/rpm/resolver.py resolve 1": _DUE_RPM,
    "fleet/cluster/executor.py ClusterExecutor._gone 1": _CLUSTER,
    "fleet/cluster/executor.py connected 1": _CLUSTER,
    "fleet/cluster/files.py S3Files.create 1": "tests/integration/test_fleet_s3.py",
    "host/confined.py _listen 1": _PARSING,
    "host/confined.py _listen 2": _PARSING,
    "host/confined.py run_confined 1": _PARSING,
    "image/filesystem.py Disk._read 1": _PARSING,
    "proof/inspection.py _Reading.take 2": _PARSING,
    "proof/inspection.py examine 1": _PARSING,
    "image/held.py _require_regular 1": _FILES,
    "image/held.py _require_regular 2": _FILES,
    "image/held.py held 1": _FILES,
    "image/held.py held 2": _FILES,
    "image/held.py held 3": _FILES,
    "image/held.py held 4": "tests/hostile/test_host_limits.py",
    "image/safety.py _require_safe 1": _FILES,
    "image/safety.py _safe_inspector 1": _FILES,
    "image/safety.py _safe_inspector 2": _FILES,
    "proof/checks.py _parameters 1": "tests/hostile/test_manifest_shapes.py",
    "proof/checks.py checks_of 2": "tests/hostile/test_manifest_shapes.py",
    "publish/cloud/answers.py Answers._read 1": _CLOUDS,
    "publish/cloud/answers.py Answers._refuse_closed_discovery 1": _CLOUDS,
    "publish/cloud/answers.py Answers._refuse_other_origin 1": _CLOUDS,
    "publish/cloud/answers.py Answers.require_time 1": _CLOUDS,
    "publish/cloud/glance.py Glance.download 2": _CLOUDS,
    "vm/guest_agent.py Agent.command 3": "tests/hostile/test_guest_answers.py",
    "image/appliance.py _Session._failure 1": _DISKS,
    "image/appliance.py _Session._failure 2": _DISKS,
    "image/mounts.py _no_single_system 1": _DISKS,
    "publish/cloud/glance.py Glance.import_data 1": _PUBLISHING,
    "publish/cloud/survey.py _refuse_strangers 1": _REFUSED,
    "publish/promote.py promotable 2": _PUBLISHED,
    "publish/publish.py _require_content 1": _PUBLISHED,
    "publish/rollout/conversion.py _received 1": _CONVERTED,
    "publish/rollout/conversion.py _require_room 1": _CONVERTED,
    "publish/rollout/conversion.py require_same_disk 1": _CONVERTED,
    "publish/rollout/conversion.py require_same_disk 2": _CONVERTED,
    "publish/rollout/draft.py _busy 1": _RACES,
    "publish/rollout/draft.py _read_back 1": _PUBLISHING,
}
"""Homes of sites that unit tests do not come to: a file of tests, or a folder."""

_NEEDS_A_CLOUD = "a cloud that changes meanwhile, or that breaks its word"

NOT_RAISED = {
    "report/view.py problems 1": "a row of a report, which is called Problem as well",
    "publish/cloud/glance.py Glance.download 1": _NEEDS_A_CLOUD,
    "publish/cloud/glance.py Glance.images 1": _NEEDS_A_CLOUD,
    "publish/cloud/glance.py Glance.import_data 2": _NEEDS_A_CLOUD,
    "publish/cloud/survey.py name_of 1": _NEEDS_A_CLOUD,
    "publish/promote.py promotable 1": _NEEDS_A_CLOUD,
    "publish/promote.py promotable 3": _NEEDS_A_CLOUD,
    "publish/publish.py _overtaken 1": _NEEDS_A_CLOUD,
    "publish/publish.py _require_published 1": _NEEDS_A_CLOUD,
    "publish/publish.py _require_published 2": _NEEDS_A_CLOUD,
    "publish/rollout/draft.py _create 1": _NEEDS_A_CLOUD,
    "publish/rollout/rollback.py rollback 1": _NEEDS_A_CLOUD,
    "publish/rollout/rollback.py rollback 2": _NEEDS_A_CLOUD,
}
"""Sites, or all of a module, that no test in this process comes to, and why."""

Golden = Mapping[Site, str]


def complaints(
    sites: set[Site], golden: Golden, seen: Seen, ran: Callable[[str], bool]
) -> Iterator[str]:
    """What is wrong with the golden messages, as far as the tests that ran can tell."""
    listed = {str(site) for site in sites} | {site.module for site in sites}
    for name in [*ELSEWHERE, *NOT_RAISED]:
        if name not in listed:
            yield f"{name}: listed in {Path(__file__).name}, and there is no such site"
    for site in sorted(sites):
        name = str(site)
        home = ELSEWHERE.get(name, HOME)
        if NOT_RAISED.keys() & {name, site.module}:
            if site in seen:
                yield f"{name}: a test comes to it; take it out of NOT_RAISED"
        elif not ran(home):
            continue
        elif site not in seen:
            yield f"{name}: no test of {home} comes to it"
        elif golden.get(site) not in seen[site]:
            yield f"{name}: its golden message is not what it says now: make golden"
    for site in sorted(golden.keys() - sites):
        yield f"{site}: has a golden message and is not there any more: make golden"


def renewed(sites: set[Site], golden: Golden, seen: Seen) -> Golden:
    """The golden messages after a run: kept where they were seen again at home, or could not be."""

    def text(site: Site) -> str:
        home = ELSEWHERE.get(str(site), HOME)
        anywhere = seen.get(site, {})
        at_home = {text: test for text, test in anywhere.items() if test.startswith(home)}
        texts = at_home or anywhere
        if not texts or golden.get(site) in texts:
            return golden.get(site, "")
        return min(texts, key=lambda text: (texts[text], text))

    return {site: text(site) for site in sorted(sites) if text(site)}


def read(directory: Path) -> Golden:
    """The golden messages, a file for each room: a line for the site, the message indented."""
    golden = {}
    for path in sorted(directory.glob("*.txt")):
        for entry in path.read_text(encoding="utf-8").split("\n\n# ")[1:]:
            head, *lines = entry.rstrip("\n").split("\n")
            module, function, number = head.split(" ")
            site = Site(module, function, int(number))
            golden[site] = "\n".join(line.removeprefix("    ") for line in lines)
    return golden


def write(directory: Path, golden: Golden) -> None:
    """Write them, and nothing else."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in directory.glob("*.txt"):
        path.unlink()
    for room, group in groupby(sorted(golden), key=lambda site: site.room):
        text = f"What users are told by builder/{room}, as tests have raised it.\n"
        for site in group:
            lines = (f"    {line}".rstrip() for line in golden[site].split("\n"))
            text += "\n".join([f"\n# {site}", *lines, ""])
        (directory / f"{room}.txt").write_text(text, encoding="utf-8")


class MessagesPlugin:
    """Collects in each process what was raised, and judges it in the one that started them."""

    def __init__(self, config: pytest.Config) -> None:
        places = sites()
        self._config = config
        self._known = set(places.values())
        self._recorder = Recorder(places)
        self._files: set[str] = set()
        self._incomplete: set[str] = set()
        self._complaints: list[str] = []
        self._recorder.watch(BuilderError)
        self._recorder.watch(CheckFailed)
        self._recorder.watch(CheckSkipped)
        self._recorder.watch(Problem)
        self._recorder.watch(click.UsageError, lambda error: error.message)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        random = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        self._recorder.test = "" if random else item.nodeid
        yield
        self._recorder.test = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        path = report.nodeid.partition("::")[0]
        self._files.add(path)
        if report.failed or (report.skipped and PROGRAMS_MISSING in str(report.longrepr)):
            self._incomplete.add(path)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        told = getattr(node, "workeroutput", {}).get("messages", [])
        for (module, function, number), texts in told:
            of_site = self._recorder.seen.setdefault(Site(module, function, number), {})
            for text, test in texts.items():
                of_site[text] = max(of_site.get(text, test), test)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        seen = self._recorder.seen
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["messages"] = [
                ((site.module, site.function, site.number), texts) for site, texts in seen.items()
            ]
            return
        golden = read(GOLDEN)
        if self._config.getoption("--regenerate"):
            golden = renewed(self._known, golden, seen)
            write(GOLDEN, golden)
        self._complaints = list(complaints(self._known, golden, seen, self._ran))
        if self._complaints and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for complaint in self._complaints:
            terminalreporter.write_line(f"golden messages: {complaint}", red=True)

    def _ran(self, home: str) -> bool:
        """Whether all tests of a folder or file have run, and passed."""
        if self._config.option.keyword or any("::" in argument for argument in self._config.args):
            return False
        path = ROOT / home
        files = path.rglob("test_*.py") if path.is_dir() else [path]
        wanted = {file.relative_to(ROOT).as_posix() for file in files}
        return wanted <= self._files and not wanted & self._incomplete
