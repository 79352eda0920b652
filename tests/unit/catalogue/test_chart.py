"""Pictures of numbers, and what they say in words."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from samples import WHEN

from builder.catalogue.chart import HEIGHT, MARGIN, WIDTH, Chart, Point, chart


def drawn(*values: float, name: str = "") -> Chart | None:
    points = [
        Point(f"b{day}", WHEN + timedelta(days=day), value) for day, value in enumerate(values)
    ]
    return chart("Size", {name: points}, lambda value: f"{value:g} MiB")


def test_the_least_is_at_the_bottom_the_first_at_the_left() -> None:
    found = drawn(300, 310, 305)
    assert found is not None
    (line,) = found.lines
    assert line.points == f"{MARGIN},{HEIGHT - MARGIN} {WIDTH / 2:g},{MARGIN} {WIDTH - MARGIN},45"
    assert [mark.told for mark in line.marks] == ["b0: 300 MiB", "b1: 310 MiB", "b2: 305 MiB"]
    assert found.summary == "Size: 305 MiB in the newest build, 300 MiB to 310 MiB"


def test_what_never_changes_is_a_line_in_the_middle() -> None:
    found = drawn(5, 5)
    assert found is not None
    assert {mark.y for mark in found.lines[0].marks} == {HEIGHT / 2}
    assert found.summary.endswith("always 5 MiB")


def test_one_build_is_no_change() -> None:
    assert drawn(5) is None
    assert drawn() is None


def test_series_have_one_scale_and_tell_their_names() -> None:
    first, second = Point("a", WHEN, 60), Point("b", WHEN + timedelta(1), 20)
    found = chart("Boot", {"tcg": [first], "kvm": [second]}, str)
    assert found is not None
    assert [(line.name, line.marks[0].told) for line in found.lines] == [
        ("tcg", "a: 60 (tcg)"),
        ("kvm", "b: 20 (kvm)"),
    ]
    assert found.lines[0].marks[0].y == MARGIN
    assert found.newest == "20"


@given(st.lists(st.floats(0, 1e18), max_size=20))
def test_every_mark_is_in_the_picture(values: list[float]) -> None:
    found = drawn(*values)
    for line in found.lines if found else ():
        for mark in line.marks:
            assert MARGIN <= mark.x <= WIDTH - MARGIN
            assert MARGIN <= mark.y <= HEIGHT - MARGIN
