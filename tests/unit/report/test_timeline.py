"""Timelines of boots, from consoles as guests write them."""

from datetime import timedelta

from samples import SHA256, WHEN, evidence

from builder.feature import Outcome
from builder.report.timeline import Timeline, timeline
from builder.store.sections import BootRecord, Evidence

POWER_ON = WHEN

# The kernel sets its clock 5.5 s after its start to WHEN + 15 s, which stands for half a second
# later: the kernel began 10 s after power-on.
KERNEL = f"""\
[    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)
[    5.500000] rtc_cmos 00:04: setting system clock to {WHEN + timedelta(seconds=15):%FT%T} UTC (1)
[    6.000000] Run /init as init process
"""
SYSTEMD = "[   16.000000] systemd[1]: systemd 252.39-1~deb12u2 running in system mode (+PAM)\n"
CLOUD_INIT = """\
[   53.4] cloud-init[363]: Cloud-init v. 22.4.2 running 'init-local' at Mon. Up 53.00 seconds.
proof login: [   98.6] cloud-init[570]: Cloud-init v. 22.4.2 finished at Mon. Up 98.50 seconds
"""
CONSOLE = f"SeaBIOS\r\nGRUB loading..\x1b[2J\n{KERNEL}{SYSTEMD}{CLOUD_INIT}"


def record(*, dated: bool = True) -> BootRecord:
    return BootRecord(
        name="bios", accelerator="tcg", until_ssh=80, probes=40, image_sha256=SHA256,
        at=POWER_ON if dated else None,
    )  # fmt: skip


def probe(after: float, *, boot: str = "bios", outcome: Outcome = Outcome.PASSED) -> Evidence:
    result = evidence("watchdog/device", outcome, boot=boot, seen="/dev/watchdog")
    return result.model_copy(update={"at": POWER_ON + timedelta(seconds=after), "seconds": 2.0})


def stages(line: Timeline) -> list[tuple[str, float, float]]:
    return [(stage.name, stage.start, stage.end) for stage in line.stages]


def test_each_stage_ends_where_the_next_begins() -> None:
    assert stages(timeline(record(), [], CONSOLE)) == [
        ("firmware and boot loader", 0, 10),
        ("kernel", 10, 16),
        ("initrd", 16, 26),
        ("systemd", 26, 80),
    ]


def test_cloud_init_runs_beside_the_rest() -> None:
    (span,) = timeline(record(), [], CONSOLE).beside
    assert (span.name, span.start, span.end) == ("cloud-init", 63, 108.5)


def test_dracuts_systemd_belongs_to_the_initrd() -> None:
    in_initrd = SYSTEMD.replace("16.0", "7.0")
    line = timeline(record(), [], CONSOLE.replace(SYSTEMD, in_initrd + SYSTEMD))
    assert ("initrd", 16, 26) in stages(line)


def test_a_probe_stands_where_its_evidence_says() -> None:
    (span,) = timeline(record(), [probe(90, outcome=Outcome.FAILED)], "").probes
    assert (span.start, span.end, span.outcome) == (90, 92, Outcome.FAILED)
    assert span.detail == "/dev/watchdog"


def test_evidence_of_another_boot_or_of_an_earlier_run_has_no_place() -> None:
    others = [probe(90, boot="uefi"), probe(-3600), probe(3600), evidence("a/inspection")]
    assert timeline(record(), others, CONSOLE).probes == ()


def test_the_whole_takes_until_the_last_of_it_is_over() -> None:
    assert timeline(record(), [probe(115)], "").seconds == 117
    assert timeline(record(), [], "").seconds == 80


def test_where_nobody_logs_in_the_start_lasts_as_long_as_the_boot() -> None:
    boot = record().model_copy(update={"until_ssh": 2.0, "probes": 90.0})
    line = timeline(boot, [probe(2)], CONSOLE, login=False)
    assert stages(line)[-1] == ("systemd", 26, 92)
    assert stages(timeline(boot, [], "", login=False)) == [("the guest's start", 0, 92)]


def test_without_a_console_or_a_time_the_start_is_one_stage() -> None:
    whole = [("the guest's start", 0, 80)]
    assert stages(timeline(record(), [], "")) == whole
    assert stages(timeline(record(dated=False), [probe(90)], CONSOLE)) == whole
    assert stages(timeline(record(), [], "[    0.000000] Linux version 6.1\n")) == whole


def test_a_clock_that_cannot_be_right_is_not_believed() -> None:
    for wrong in ("1970-01-01T00:00:00", "2099-99-99T99:99:99"):
        console = CONSOLE.replace(f"{WHEN + timedelta(seconds=15):%FT%T}", wrong)
        assert len(timeline(record(), [], console).stages) == 1


def test_a_guest_that_was_reset_shows_when_it_began_again() -> None:
    again = KERNEL.replace(
        f"{WHEN + timedelta(seconds=15):%FT%T}", f"{WHEN + timedelta(seconds=105):%FT%T}"
    )
    line = timeline(record(), [], CONSOLE + again)
    assert line.restarts == (100,)
    assert stages(line) == stages(timeline(record(), [], CONSOLE))
