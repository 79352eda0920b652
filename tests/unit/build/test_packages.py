import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from builder.build.packages import packages, sizes, sizes_by_directory

BLOCK = 4096


def file(path: Path, blocks: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(blocks * BLOCK))
    return path


def no_program(argv: Sequence[str | Path], _purpose: str) -> str:
    pytest.fail(f"ran {argv}")


def test_files_of_no_package_count_by_their_directory(tmp_path: Path) -> None:
    file(tmp_path / "boot/initrd.img", 3)
    file(tmp_path / "usr/lib/python3/dist-packages/a/b.pyc")
    file(tmp_path / "usr/lib/python3/dist-packages/c.pyc")
    file(tmp_path / "usr/bin/true")
    found = sizes_by_directory(tmp_path, ["/.", "/usr", "/usr/bin", "/usr/bin/true"])
    assert found.unpackaged == {"/boot": 3 * BLOCK, "/usr/lib/python3": 2 * BLOCK}
    assert found.directories == {**found.unpackaged, "/usr/bin": BLOCK}


def test_the_largest_comes_first_and_what_takes_no_space_is_left_out(tmp_path: Path) -> None:
    file(tmp_path / "a/x")
    file(tmp_path / "b/x", 2)
    (tmp_path / "c").mkdir()
    (tmp_path / "c/empty").touch()
    (tmp_path / "c/link").symlink_to("/etc/passwd")
    assert list(sizes_by_directory(tmp_path, []).directories) == ["/b", "/a"]


def test_a_file_in_the_root_belongs_to_the_root(tmp_path: Path) -> None:
    file(tmp_path / "swapfile")
    assert sizes_by_directory(tmp_path, []).unpackaged == {"/": BLOCK}


def test_a_list_from_before_usr_was_merged_owns_its_files(tmp_path: Path) -> None:
    file(tmp_path / "usr/lib/modules/6.1/kernel/a.ko")
    (tmp_path / "lib").symlink_to("usr/lib")
    assert sizes_by_directory(tmp_path, ["/lib/modules/6.1/kernel/a.ko"]).unpackaged == {}


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    first = file(tmp_path / "a/x")
    (tmp_path / "a/y").hardlink_to(first)
    assert sizes_by_directory(tmp_path, []).unpackaged == {"/a": BLOCK}


def test_debians_lists_are_read_without_a_program(tmp_path: Path) -> None:
    file(tmp_path / "var/lib/dpkg/status")
    (tmp_path / "var/lib/dpkg/info").mkdir()
    (tmp_path / "var/lib/dpkg/info/a.list").write_text("/.\n/usr/bin/a\n")
    (tmp_path / "var/lib/dpkg/info/b:amd64.list").write_text("/.\n/usr/bin/b\n")
    for name in ("a", "b", "c"):
        file(tmp_path / "usr/bin" / name)
    found = sizes(no_program, tmp_path, Path("/tree")).unpackaged
    assert found["/usr/bin"] == BLOCK
    assert found["/var/lib/dpkg"] >= BLOCK


def test_rpms_lists_are_asked_for_in_the_tree(tmp_path: Path) -> None:
    file(tmp_path / "usr/bin/a")
    file(tmp_path / "usr/bin/b")

    def rpm(argv: Sequence[str | Path], _purpose: str) -> str:
        assert [*argv][:3] == ["chroot", Path("/tree"), "rpm"]
        return "/usr/bin/a\n(contains no files)\n"

    assert sizes(rpm, tmp_path, Path("/tree")).unpackaged == {"/usr/bin": BLOCK}


def test_sizes_of_packages_are_kib_whoever_tells_them(tmp_path: Path) -> None:
    (rpm,) = packages(lambda *_: "bash\t5.2-1\tx86_64\t2048\n", tmp_path, Path("/tree"))
    file(tmp_path / "var/lib/dpkg/status")
    (deb,) = packages(lambda *_: "bash\t5.2-1\tamd64\t2\n", tmp_path, Path("/tree"))
    assert rpm.installed_size == deb.installed_size == 2


def test_rpm_is_asked_for_the_epoch_which_orders_versions_before_all_else(tmp_path: Path) -> None:
    def rpm(argv: Sequence[str | Path], _purpose: str) -> str:
        assert "%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}" in str(argv[-1])
        return "bind\t32:9.16.23-1\tx86_64\t0\n"

    (bind,) = packages(rpm, tmp_path, Path("/tree"))
    assert bind.version == "32:9.16.23-1"
