"""The text, as Prometheus, node_exporter and their tools read it."""

import re
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import yaml
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_parser,
)
from prometheus_client.parser import text_string_to_metric_families as text_parser
from reports import hostile, proven, publication
from waiting import wait_until

from builder.metrics import metric
from builder.metrics.metric import METRICS, Sample
from builder.metrics.of_builds import Builds, samples_of
from builder.metrics.openmetrics import openmetrics

ROOT = Path(__file__).parents[3]
RULES = ROOT / "docs" / "alert-rules.yaml"
FIRING = Path(__file__).with_name("alerts.yaml")


def text() -> str:
    """The metrics of a build, published, and of a cloud."""
    build = proven().model_copy(update={"published": (publication(),), "timings": {"disk": 1.5}})
    return openmetrics(
        [
            Sample(metric.WRITTEN, (), 1.5e9),
            *samples_of(Builds("base", [build], failed=False)),
            *(
                Sample(each, ("prod", "base")[: len(each.labels)], 1)
                for each in METRICS
                if each.labels[:1] == ("cloud",)
            ),
        ]
    )


@pytest.mark.parametrize("parse", [openmetrics_parser, text_parser])
def test_both_formats_parse_it_and_every_metric_is_in_it(
    parse: Callable[[str], Iterable[Metric]],
) -> None:
    families = {family.name: family for family in parse(text())}
    assert set(families) == {each.name for each in METRICS}
    assert {family.type for family in families.values()} == {"gauge"}
    assert [sample.value for sample in families["guest_image_proven"].samples] == [1.0]


def test_a_name_ends_with_its_unit_and_is_said_in_the_page() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for each in METRICS:
        assert each.name.endswith(each.unit)
        labels = f"{{{','.join(each.labels)}}}" if each.labels else ""
        assert f"`{each.name}{labels}`" in page


def test_hostile_names_stay_labels() -> None:
    build = hostile().model_copy(update={"build": 'x"} 1\nevil{a="\\'})
    found = openmetrics(samples_of(Builds('p"\n# EOF\n', [build], failed=False)))
    families = {family.name: family for family in openmetrics_parser(found)}
    assert families["guest_image_build_info"].samples[0].labels == {
        "profile": 'p"\n# EOF\n',
        "build": 'x"} 1\nevil{a="\\',
    }
    assert set(families) <= {each.name for each in METRICS}


@pytest.mark.program("promtool")
def test_promtool_finds_nothing_to_complain_about() -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.program("prometheus-node-exporter")
def test_node_exporter_hands_every_metric_on(tmp_path: Path) -> None:
    (tmp_path / "guest_image.prom").write_text(text(), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    words = [
        *("prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile"),
        *(f"--collector.textfile.directory={tmp_path}", f"--web.listen-address={address}"),
    ]
    exporter = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: bool(_page(address)), "node_exporter answers", 30)
        page = _page(address)
    finally:
        exporter.terminate()
        exporter.wait(10)
    assert "node_textfile_scrape_error 0" in page
    names = set(re.findall(r"^(guest_image_\w+)", page, re.MULTILINE))
    assert names == {each.name for each in METRICS}


def _page(address: str) -> str:
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{address}/metrics", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def expressions() -> dict[str, str]:
    """The alerts' expressions by their names."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def test_alerts_are_on_metrics_that_are_written() -> None:
    names = {name for text in expressions().values() for name in re.findall(r"guest_\w+", text)}
    assert names <= {each.name for each in METRICS}


def test_every_alert_is_shown_to_fire_and_to_be_silent() -> None:
    good, bad = (
        {rule["alertname"]: rule.get("exp_alerts", []) for rule in test["alert_rule_test"]}
        for test in yaml.safe_load(FIRING.read_text(encoding="utf-8"))["tests"]
    )
    assert set(good) == set(bad) == set(expressions())
    assert not any(good.values())
    assert all(bad.values())


@pytest.mark.program("promtool")
def test_prometheus_reads_the_rules_and_the_alerts_fire(tmp_path: Path) -> None:
    for path in (RULES, FIRING):
        shutil.copy(path, tmp_path)
    for words in (["check", "rules", RULES.name], ["test", "rules", FIRING.name]):
        done = subprocess.run(
            ["promtool", *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.program("promtool")
@pytest.mark.parametrize(
    ("written", "broken", "said"),
    [("> 26 * 3600", "> 26 * * 3600", "parse error"), ("_up == 0", "_up == 1", "FAILED")],
)
def test_promtool_refuses_rules_that_are_wrong(
    tmp_path: Path, written: str, broken: str, said: str
) -> None:
    shutil.copy(FIRING, tmp_path)
    rules = RULES.read_text(encoding="utf-8")
    assert written in rules
    (tmp_path / RULES.name).write_text(rules.replace(written, broken), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", FIRING.name],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
