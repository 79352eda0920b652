"""``docs/scale.md`` and its picture are what the measurements and the simulation give."""

import json
from xml.etree import ElementTree as ET

import pytest
import scale_docs
from scale_chart import chart


def test_the_page_and_its_picture_are_those_of_the_measurements(
    request: pytest.FixtureRequest,
) -> None:
    pages = scale_docs.pages()
    for path, text in pages.items():
        if request.config.getoption("--regenerate"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} is outdated; 'make golden'"


def test_the_simulation_is_near_what_was_measured() -> None:
    measured = json.loads(scale_docs.MEASURED.read_text(encoding="utf-8"))
    if "runs" not in measured:
        pytest.skip("not measured yet: make bench-fleet")
    for run in measured["runs"]:
        guessed = scale_docs.repeated(measured, run).seconds
        assert guessed == pytest.approx(run["seconds"], rel=0.25)


def test_a_chart_shows_each_series_and_writes_no_name_over_another() -> None:
    svg = ET.fromstring(chart("A & B", {"a": [(1, 10), (2, 20)], "b": [(1, 10), (2, 20.1)]}))  # noqa: S314 - our own
    name = "{http://www.w3.org/2000/svg}"
    assert svg.findtext(f"{name}title") == "A & B"
    assert len(svg.findall(f"{name}polyline")) == 2
    places = [
        float(each.get("y", "")) for each in svg.iter(f"{name}text") if each.text in {"a", "b"}
    ]
    assert abs(places[0] - places[1]) > 15
    assert len(list(svg.iter(f"{name}circle"))) == 4
