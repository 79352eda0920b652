from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from builder.archive.rpm.advisories import Fix
from builder.archive.rpm.answer import Rpm, dated, installed_rpms, newest, paired
from builder.archive.update import Step, Update
from builder.store.sections import Package


def rpm(name: str, version: str, architecture: str = "x86_64") -> Rpm:
    return Rpm(name, version, architecture)


def newer(first: str, second: str) -> bool:
    """The order of the versions that are used here."""
    return first > second


def told(gone: list[Rpm], new: list[Rpm]) -> list[tuple[str, str, str]]:
    return [(step.name, step.old, step.new) for step in paired(gone, new)]


def test_what_takes_the_place_of_what_is_found_by_name_and_architecture() -> None:
    gone = [rpm("glibc", "1", "i686"), rpm("glibc", "1"), rpm("old", "1"), rpm("tool", "1")]
    new = [
        rpm("glibc", "2"),
        rpm("glibc", "3", "i686"),
        rpm("lib", "1"),
        rpm("tool", "2", "noarch"),
    ]
    assert told(gone, new) == [
        ("glibc", "1", "2"),
        ("glibc", "1", "3"),
        ("lib", "", "1"),
        ("tool", "1", "2"),
        ("old", "1", ""),
    ]


def test_another_build_of_the_same_version_is_passed_over() -> None:
    assert told([rpm("tool", "1")], [rpm("tool", "1")]) == []


rpms = st.lists(
    st.builds(
        Rpm, st.sampled_from("abc"), st.sampled_from("123"), st.sampled_from(["x", "noarch"])
    ),
    unique=True,
)


@given(rpms, rpms)
def test_nothing_is_lost_and_nothing_told_twice(gone: list[Rpm], new: list[Rpm]) -> None:
    steps = list(paired(gone, new))
    unsaid = sum(1 for step in paired(gone, new) if step.old == step.new)
    assert unsaid == 0
    olds = [(step.name, step.old) for step in steps if step.old]
    news = [(step.name, step.new) for step in steps if step.new]
    kept = len(gone) - len(olds)
    assert kept == len(new) - len(news) >= 0


def test_of_several_versions_the_newest_is_the_one_that_an_update_replaces() -> None:
    kernels = [
        rpm("kernel", "2"),
        rpm("kernel", "3"),
        rpm("kernel", "1"),
        rpm("glibc", "1", "i686"),
    ]
    assert newest([*kernels, rpm("glibc", "1")], newer) == (
        rpm("kernel", "3"),
        rpm("glibc", "1", "i686"),
        rpm("glibc", "1"),
    )


def test_keys_are_no_packages_and_an_epoch_of_zero_is_none() -> None:
    packages = [
        Package(name="gpg-pubkey", version="1-2", architecture="(none)", installed_size=0),
        Package(name="tool", version="0:1-2", architecture="noarch", installed_size=0),
        Package(name="epoch", version="10:1-2", architecture="noarch", installed_size=0),
    ]
    assert [each.version for each in installed_rpms(packages)] == ["1-2", "10:1-2"]


STEP = Step("install", "tool", "3", "6", "x86_64")
MAY, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6))


def fix(version: str, issued: datetime | None = JUNE, architecture: str = "x86_64") -> Fix:
    return Fix("tool", version, architecture, issued)


def test_a_security_update_is_as_old_as_the_first_fix_that_the_image_lacks() -> None:
    fixes = [fix("3", datetime(2020, 1, 1, tzinfo=UTC)), fix("5"), fix("4", MAY), fix("7", MAY)]
    update = dated(STEP, fixes, newer)
    assert (update.step.is_security, update.since, update.dated) == (True, MAY, True)
    update = dated(STEP, [fix("5", None)], newer)
    assert (update.step.is_security, update.since, update.dated) == (True, None, False)


def test_fixes_of_others_make_no_security_update() -> None:
    others = [
        fix("3"),  # the image has it
        fix("7"),  # the archive has not
        fix("5", architecture="i686"),
        Fix("library", "5", "x86_64", MAY),
    ]
    assert dated(STEP, others, newer) == Update(STEP)
    brought = Step("install", "tool", "", "6", "x86_64")
    assert dated(brought, [fix("5")], newer) == Update(brought)
    gone = Step("remove", "tool", "3", "", "x86_64")
    assert dated(gone, [fix("5")], newer) == Update(gone)
