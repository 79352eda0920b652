"""Works that share pools: what simulated fleets are made of."""

import pytest
from fluid import Fluid, Pool, Work, even
from hypothesis import given
from hypothesis import strategies as st

LIMITS = st.lists(st.floats(0.1, 100), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("limits", "rates"),
    [
        ([9, 9], [5, 5]),
        ([2, 9], [2, 8]),
        ([9, 2, 9], [4, 2, 4]),
        ([1, 2], [1, 2]),
    ],
)
def test_what_one_cannot_use_is_the_others(limits: list[float], rates: list[float]) -> None:
    assert even(10, limits) == pytest.approx(rates)


@given(LIMITS, st.floats(0.1, 1000))
def test_nothing_is_given_twice_and_nothing_that_is_wanted_is_left(
    limits: list[float], capacity: float
) -> None:
    rates = even(capacity, limits)
    assert all(0 < rate <= limit * 1.000001 for rate, limit in zip(rates, limits, strict=True))
    assert sum(rates) == pytest.approx(min(capacity, sum(limits)))


def test_works_that_share_a_pool_take_longer() -> None:
    cores = Pool(2)
    fluid = Fluid()
    fluid.start("short", Work(10, cores, 2))
    fluid.start("long", Work(30, cores, 2))
    assert [fluid.next(), fluid.now] == ["short", 10]  # at one core each
    assert [fluid.next(), fluid.now] == ["long", 20]  # the rest at two
    assert cores.used == pytest.approx(40)


def test_works_of_other_pools_do_not() -> None:
    fluid = Fluid()
    for name in ("one", "other"):
        fluid.start(name, Work(10, Pool(1)))
    assert [fluid.next(), fluid.next(), fluid.now] == ["one", "other", 10]


@given(st.lists(st.tuples(st.floats(1, 1e9), st.floats(0.1, 1e9)), min_size=1, max_size=12))
def test_all_that_is_begun_ends_and_is_done_wholly(works: list[tuple[float, float]]) -> None:
    pool, fluid = Pool(7), Fluid()
    for number, (amount, limit) in enumerate(works):
        fluid.start(str(number), Work(amount, pool, limit))
    ended = [fluid.next() for _ in works]
    assert sorted(ended) == sorted(map(str, range(len(works))))
    total = sum(amount for amount, _ in works)
    assert pool.used == pytest.approx(total)
    assert fluid.now >= total / pool.capacity * 0.999999
    with pytest.raises(IndexError):
        fluid.next()
