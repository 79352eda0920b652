"""The treemap, whatever the sizes: in proportion, apart from each other, inside the frame."""

from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from builder.report.treemap import SMALLEST_SHARE, Item, Rectangle, places, treemap

FRAME = Rectangle(0, 0, 1000, 500)
TOLERANCE = 1e-6

SIZES = st.lists(st.integers(min_value=1, max_value=1 << 40), min_size=1, max_size=60).map(
    lambda sizes: sorted(sizes, reverse=True)
)
FRAMES = st.builds(
    Rectangle,
    x=st.floats(-100, 100),
    y=st.floats(-100, 100),
    width=st.floats(1, 5000),
    height=st.floats(1, 5000),
)


def area(place: Rectangle) -> float:
    return place.width * place.height


def overlap(first: Rectangle, second: Rectangle) -> float:
    width = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
    height = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
    return max(width, 0) * max(height, 0)


@given(SIZES, FRAMES)
def test_areas_are_in_proportion_to_the_sizes_and_fill_the_frame(
    sizes: list[int], frame: Rectangle
) -> None:
    for size, place in zip(sizes, places(sizes, frame), strict=True):
        share = size / sum(sizes)
        assert area(place) / area(frame) == pytest.approx(share, rel=TOLERANCE, abs=TOLERANCE)


@given(SIZES, FRAMES)
def test_no_rectangle_lies_on_another(sizes: list[int], frame: Rectangle) -> None:
    for first, second in combinations(places(sizes, frame), 2):
        assert overlap(first, second) <= TOLERANCE * area(frame)


@example([38788163618, 1], Rectangle(0, 0, 1, 1))
@given(SIZES, FRAMES)
def test_every_rectangle_lies_in_the_frame(sizes: list[int], frame: Rectangle) -> None:
    slack = TOLERANCE * max(frame.width, frame.height)
    for place in places(sizes, frame):
        assert place.width >= 0
        assert place.height >= 0
        assert place.x >= frame.x - slack
        assert place.y >= frame.y - slack
        assert place.x + place.width <= frame.x + frame.width + slack
        assert place.y + place.height <= frame.y + frame.height + slack


def test_equal_sizes_in_a_square_become_squares() -> None:
    for place in places([1] * 4, Rectangle(0, 0, 100, 100)):
        assert (place.width, place.height) == (50, 50)


def test_rectangles_are_nearer_to_squares_than_slices_are() -> None:
    laid = places([6, 6, 4, 3, 2, 2, 1], Rectangle(0, 0, 6, 4))  # the paper's own example
    worst = max(max(cell.width / cell.height, cell.height / cell.width) for cell in laid)
    assert worst < 3


def test_nothing_takes_no_place() -> None:
    assert places([], FRAME) == ()
    assert treemap([], FRAME) == ()
    assert treemap([Item("empty", "package", 0)], FRAME) == ()


@given(st.lists(st.tuples(st.sampled_from(["package", "other"]), st.integers(0, 1 << 30))))
def test_no_byte_is_lost_when_small_ones_are_drawn_together(
    rows: list[tuple[str, int]],
) -> None:
    items = [
        Item(f"item{n}", "package" if k == "package" else "other", s)
        for n, (k, s) in enumerate(rows)
    ]
    shown = [cell.item for cell in treemap(items, FRAME)]
    total = sum(item.size for item in items)
    assert sum(item.size for item in shown) == total
    assert all(item.size >= SMALLEST_SHARE * total for item in shown if item.kind != "rest")
    assert sum(item.kind == "rest" for item in shown) <= 2


def test_small_ones_are_counted_by_what_they_are() -> None:
    items = [Item("kernel", "package", 10_000), *(Item(f"p{n}", "package", 1) for n in range(3))]
    assert [cell.item.name for cell in treemap(items, FRAME)] == ["kernel", "3 smaller packages"]


def test_a_cell_shows_its_name_and_size_where_they_fit() -> None:
    large, narrow = treemap(
        [
            Item("kernel", "package", 996 << 20),
            Item("a-long-name-of-a-package", "package", 4 << 20),
        ],
        FRAME,
    )
    assert large.lines == ("kernel", "996 MiB")
    assert narrow.lines == ()
