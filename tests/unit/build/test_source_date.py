import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.build.source_date import EARLIEST, LATEST, asked, settle, source_date
from builder.errors import InputError

NEW, OLD, NOW = 1_700_000_000, 1_600_000_000, 1_800_000_000


def file(path: Path, time: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    os.utime(path, (time, time))
    return path


def changed(path: Path) -> float:
    return path.lstat().st_mtime


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    file(tree / "usr/share/doc/bash/copyright", OLD)
    file(tree / "usr/share/doc/linux/changelog.Debian.gz", NEW)
    file(tree / "usr/bin/of-old-package", OLD)
    file(tree / "usr/bin/of-package-and-edited", NOW)
    file(tree / "etc/made", OLD - 1)
    (tree / "usr/bin/link").symlink_to("/nowhere")
    return tree


def test_the_date_is_that_of_the_newest_package(tree: Path) -> None:
    assert source_date(tree) == NEW


def test_a_link_and_a_directory_of_the_documentation_tell_no_date(tree: Path) -> None:
    (tree / "usr/share/doc/libc6").symlink_to("bash")
    (tree / "usr/share/doc/new").mkdir()
    assert source_date(tree) == NEW


def test_a_tree_without_documentation_has_the_earliest_date(tmp_path: Path) -> None:
    assert source_date(tmp_path) == EARLIEST


def test_an_empty_date_asks_for_none() -> None:
    assert asked({"SOURCE_DATE_EPOCH": ""}) is None


@pytest.mark.parametrize("text", ["today", "-1", "0", str(EARLIEST - 1), str(LATEST + 1), "1.5e9"])
def test_what_is_no_date_of_a_file_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(InputError, match="SOURCE_DATE_EPOCH") as caught:
        asked({"SOURCE_DATE_EPOCH": text})
    assert str(EARLIEST) in caught.value.hint


def test_packages_files_keep_their_times_and_all_others_get_the_date(tree: Path) -> None:
    packaged = {"usr/bin/of-old-package", "usr/bin/of-package-and-edited", "usr/bin", "usr"}
    settle(tree, packaged, NEW)
    assert changed(tree / "usr/bin/of-old-package") == OLD
    for path in ("usr/bin/of-package-and-edited", "usr/bin/link", "etc/made", "etc", "usr", "."):
        assert changed(tree / path) == NEW, path


def test_a_link_out_of_the_tree_is_not_followed(tree: Path, tmp_path: Path) -> None:
    outside = file(tmp_path / "outside/file", OLD)
    (tree / "etc/outside").symlink_to(outside)
    (tree / "etc/directory").symlink_to(outside.parent)
    settle(tree, (), NEW)
    assert changed(outside) == OLD


def test_the_element_s_hook_is_told_the_date(tree: Path) -> None:
    program = [sys.executable, "-m", "builder.build.source_date", str(tree)]
    assert subprocess.check_output(program, text=True) == f"{NEW}\n"
