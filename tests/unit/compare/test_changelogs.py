"""Which entries of changelogs came and went."""

from hypothesis import given
from hypothesis import strategies as st

from builder.compare.changelogs import (
    SHOWN,
    ChangelogChange,
    changelog_changes,
    without_changelog,
)
from builder.linux.changelogs import Changelog

V1, V2, V3 = (f"a ({version}) x; y\n\n  * Text." for version in (1, 2, 3))


def log(packages: str, *entries: str) -> Changelog:
    return Changelog(tuple(packages.split()), entries)


def test_what_is_above_the_newest_common_entry_came() -> None:
    (change,) = changelog_changes([log("a", V1)], [log("a", V3, V2, V1)])
    assert change == ChangelogChange(("a",), (V3, V2), ())


def test_what_is_below_it_was_known_though_it_was_cut_off() -> None:
    assert changelog_changes([log("a", V2)], [log("a", V2, V1)]) == ()


def test_of_an_older_version_entries_are_gone() -> None:
    (change,) = changelog_changes([log("a", V2, V1)], [log("a", V1)])
    assert (change.come, change.gone) == ((), (V2,))


def test_mended_words_make_no_other_entry() -> None:
    mended = V1.replace("Text", "Better text")
    (change,) = changelog_changes([log("a", V1)], [log("a", V2, mended)])
    assert change.come == (V2,)


def test_packages_of_equal_changes_are_told_together() -> None:
    old = [log("a b c", V1)]
    new = [log("a c", V2, V1), log("b", V3, V1), log("d", V3)]
    assert changelog_changes(old, new) == (
        ChangelogChange(("a", "c"), (V2,), ()),
        ChangelogChange(("b",), (V3,), ()),
    )


def test_packages_of_which_one_image_has_no_changelog_are_named() -> None:
    old, new = [log("a b", V1)], [log("a c", V1)]
    assert [*without_changelog(["a"], old, new)] == []
    assert [*without_changelog(["a", "b", "c"], old, new)] == [
        "Not in both images, or too long, are the changelogs of b and c."
    ]
    many = [f"p{number}" for number in range(SHOWN + 2)]
    (told,) = without_changelog(many, old, new)
    assert told.endswith("p5 and 2 more.")


ENTRIES = st.lists(st.sampled_from([V1, V2, V3, ""]), max_size=4)
LOGS = st.lists(
    st.builds(lambda name, entries: log(name, *entries), st.sampled_from("ab"), ENTRIES), max_size=3
)


@given(LOGS, LOGS)
def test_what_came_one_way_is_gone_the_other(old: list[Changelog], new: list[Changelog]) -> None:
    there = {(change.packages, change.come, change.gone) for change in changelog_changes(old, new)}
    back = {(change.packages, change.gone, change.come) for change in changelog_changes(new, old)}
    assert there == back
    assert changelog_changes(old, old) == ()
