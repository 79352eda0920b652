from collections.abc import Sequence

from comparisons import package

from builder.compare.packages import package_changes
from builder.compare.versions import PackageFormat
from builder.store.sections import Package


def changed(
    old: Sequence[Package], new: Sequence[Package], package_format: PackageFormat | None = "deb"
) -> list[tuple[str, str, str | None, str | None]]:
    return [
        (
            change.kind,
            change.name,
            change.old.version if change.old else None,
            change.new.version if change.new else None,
        )
        for change in package_changes(old, new, package_format)
    ]


def test_packages_go_up_and_down_come_and_go() -> None:
    old = [package("a", "1"), package("b", "2"), package("c", "1"), package("same", "1")]
    new = [package("a", "2"), package("b", "1"), package("d", "1"), package("same", "1")]
    assert changed(old, new) == [
        ("up", "a", "1", "2"),
        ("down", "b", "2", "1"),
        ("removed", "c", "1", None),
        ("added", "d", None, "1"),
    ]


def test_an_epoch_orders_before_all_else() -> None:
    assert changed([package("a", "9")], [package("a", "1:1")]) == [("up", "a", "9", "1:1")]


def test_another_size_alone_is_no_change_of_a_package() -> None:
    assert changed([package("a", "1", size=1)], [package("a", "1", size=2)]) == []


def test_another_architecture_is_a_change_but_neither_up_nor_down() -> None:
    old, new = [package("a", "1", "all")], [package("a", "1", "amd64")]
    assert changed(old, new) == [("changed", "a", "1", "1")]


def test_without_a_common_format_a_version_is_neither_up_nor_down() -> None:
    old, new = [package("bash", "5.2-1")], [package("bash", "5.1-9.el9", "x86_64")]
    assert changed(old, new, None) == [("changed", "bash", "5.2-1", "5.1-9.el9")]


def test_what_is_no_version_is_neither_up_nor_down() -> None:
    old, new = [package("a", "one")], [package("a", "two")]
    assert changed(old, new) == [("changed", "a", "one", "two")]


def test_dpkgs_addition_of_the_architecture_is_no_other_name() -> None:
    """dpkg adds it where a package may be installed for several architectures at once."""
    assert changed([package("libc6", "2")], [package("libc6:amd64", "2")]) == []
    assert changed([package("libc6", "2")], [package("libc6:amd64", "3")]) == [
        ("up", "libc6:amd64", "2", "3")
    ]


def test_two_architectures_of_a_package_are_told_apart() -> None:
    old = [package("libc6:amd64", "1"), package("libc6:i386", "1", "i386")]
    new = [package("libc6:amd64", "2"), package("libc6:i386", "3", "i386")]
    assert changed(old, new) == [
        ("up", "libc6:amd64", "1", "2"),
        ("up", "libc6:i386", "1", "3"),
    ]


def test_of_a_package_in_several_versions_each_comes_and_goes_by_itself() -> None:
    old = [package("kernel", "5.14-1"), package("kernel", "5.14-2")]
    new = [package("kernel", "5.14-2"), package("kernel", "5.14-3"), package("kernel", "5.14-4")]
    assert changed(old, new, "rpm") == [
        ("removed", "kernel", "5.14-1", None),
        ("added", "kernel", None, "5.14-3"),
        ("added", "kernel", None, "5.14-4"),
    ]


def test_of_two_versions_the_one_that_stays_leaves_the_other_to_be_compared() -> None:
    old = [package("kernel", "5.14-1"), package("kernel", "5.14-2")]
    new = [package("kernel", "5.14-2"), package("kernel", "5.14-3")]
    assert changed(old, new, "rpm") == [("up", "kernel", "5.14-1", "5.14-3")]
