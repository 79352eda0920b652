import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from builder.build.packages import loose_files, packaged, packaged_paths, sizes, software

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
    found = sizes(tmp_path, {"usr", "usr/bin", "usr/bin/true"})
    assert found.unpackaged == {"/boot": 3 * BLOCK, "/usr/lib/python3": 2 * BLOCK}
    assert found.directories == {**found.unpackaged, "/usr/bin": BLOCK}


def test_the_largest_comes_first_and_what_takes_no_space_is_left_out(tmp_path: Path) -> None:
    file(tmp_path / "a/x")
    file(tmp_path / "b/x", 2)
    (tmp_path / "c").mkdir()
    (tmp_path / "c/empty").touch()
    (tmp_path / "c/link").symlink_to("/etc/passwd")
    assert list(sizes(tmp_path, ()).directories) == ["/b", "/a"]


def test_the_total_has_every_block_of_the_images_file_system(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory/small").write_bytes(b"a")
    (tmp_path / "link").symlink_to("directory")
    assert sizes(tmp_path, ()).total == BLOCK + 2 * BLOCK


def test_a_file_in_the_root_belongs_to_the_root(tmp_path: Path) -> None:
    file(tmp_path / "swapfile")
    assert sizes(tmp_path, ()).unpackaged == {"/": BLOCK}


def test_a_list_from_before_usr_was_merged_owns_its_files(tmp_path: Path) -> None:
    file(tmp_path / "usr/lib/modules/6.1/kernel/a.ko")
    (tmp_path / "lib").symlink_to("usr/lib")
    owned = packaged_paths(tmp_path, ["/lib/modules/6.1/kernel/a.ko"])
    assert sizes(tmp_path, owned).unpackaged == {}


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    first = file(tmp_path / "a/x")
    (tmp_path / "a/y").hardlink_to(first)
    assert sizes(tmp_path, ()).unpackaged == {"/a": BLOCK}


def test_debians_lists_are_read_without_a_program(tmp_path: Path) -> None:
    file(tmp_path / "var/lib/dpkg/status")
    (tmp_path / "var/lib/dpkg/info").mkdir()
    (tmp_path / "var/lib/dpkg/info/a.list").write_text("/.\n/usr/bin/a\n")
    (tmp_path / "var/lib/dpkg/info/b:amd64.list").write_text("/.\n/usr/bin/b\n")
    found = packaged(no_program, tmp_path, Path("/tree"))
    assert {"usr/bin/a", "usr/bin/b"} <= found
    assert "usr/bin/c" not in found


def test_rpms_lists_are_asked_for_in_the_tree(tmp_path: Path) -> None:
    def rpm(argv: Sequence[str | Path], _purpose: str) -> str:
        assert [*argv][:3] == ["chroot", Path("/tree"), "rpm"]
        return "/usr/bin/a\n(contains no files)\n"

    assert "usr/bin/a" in packaged(rpm, tmp_path, Path("/tree"))


def test_a_regular_file_of_no_package_is_told_by_its_digests(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/motd").write_bytes(b"abc")
    (tmp_path / "etc/link").symlink_to("motd")
    (tmp_path / "etc/of-package").write_bytes(b"abc")
    os.mkfifo(tmp_path / "etc/pipe")
    loose = sizes(tmp_path, {"etc", "etc/of-package"}).loose
    assert loose == ("/etc/motd",)
    (file,) = loose_files(tmp_path, loose)
    assert file.path == "/etc/motd"
    assert file.sha1 == "a9993e364706816aba3e25717850c26c9cd0d89d"
    assert file.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_name_that_is_not_utf_8_can_be_written(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).write_bytes(b"")
    (file,) = loose_files(tmp_path, sizes(tmp_path, ()).loose)
    assert file.path == "/caf\\xe9"


DPKG = """\
libc6:amd64\t2.36-9\tamd64\t12\tglibc\t2.36-9\tGNU Libc Maintainers <libc@example.org>
ntp\t1:4.2\tall\t\tntpsec\t1.2.2\tA\tB <b@example.org>
"""
GREP = """\
/usr/share/doc/libc6/copyright:Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
/usr/share/doc/libc6/copyright:
/usr/share/doc/libc6/copyright:Files: *
/usr/share/doc/libc6/copyright:License: LGPL-2.1+
/usr/share/doc/libc6/copyright:
/usr/share/doc/libc6/copyright:Files: a:b
/usr/share/doc/libc6/copyright:License: GPL-2
"""


def test_dpkg_tells_sources_and_maintainers_and_grep_the_licences(tmp_path: Path) -> None:
    file(tmp_path / "var/lib/dpkg/status")

    def run(argv: Sequence[str | Path], _purpose: str) -> str:
        assert [*argv][:2] == ["chroot", Path("/tree")]
        return DPKG if argv[2] == "dpkg-query" else GREP

    libc, ntp = software(run, tmp_path, Path("/tree"))
    assert (libc.plain_name, libc.source, libc.licences) == (
        "libc6",
        "glibc",
        ("GPL-2", "LGPL-2.1+"),
    )
    assert libc.supplier == "GNU Libc Maintainers <libc@example.org>"
    assert (ntp.source, ntp.source_version, ntp.licences) == ("ntpsec", "1.2.2", ())
    assert ntp.supplier == "A\tB <b@example.org>"
    assert libc.name == "libc6:amd64", "as dpkg and the manifest have it"


def test_the_real_grep_finds_licences_and_passes_over_what_is_gone(tmp_path: Path) -> None:
    file(tmp_path / "var/lib/dpkg/status")
    doc = tmp_path / "usr/share/doc"
    for name in ("a", "nothing", "broken"):
        (doc / name).mkdir(parents=True)
    (doc / "a/copyright").write_text("Format: x\nLicense: MIT\n\nFiles: *\nLicense: ISC\n")
    (doc / "nothing/copyright").write_text("All rights are somebody's.\n")
    (doc / "broken/copyright").symlink_to("/nowhere")

    def run(argv: Sequence[str | Path], _purpose: str) -> str:
        if argv[2] == "dpkg-query":
            return "\n".join(
                f"{name}\t1\tall\t1\t{name}\t1\tx" for name in ("a", "broken", "nothing")
            )
        command = str(argv[-1]).replace("/usr/share/doc", str(doc))
        return subprocess.run(
            ["sh", "-c", command], check=True, capture_output=True, text=True
        ).stdout

    found = software(run, tmp_path, Path("/tree"))
    assert [each.licences for each in found] == [("ISC", "MIT"), (), ()]


def test_rpm_tells_source_vendor_and_licence(tmp_path: Path) -> None:
    rows = (
        "bash\t5.1.8-6.el9\tx86_64\t2048\tbash-5.1.8-6.el9.src.rpm\tRocky\tGPLv3+\n"
        "gpg-pubkey\t350d275d-6279464b\t(none)\t0\t(none)\t(none)\tpubkey\n"
    )
    bash, key = software(lambda *_: rows, tmp_path, Path("/tree"))
    assert (bash.source, bash.source_version) == ("bash", "5.1.8-6.el9")
    assert (bash.supplier, bash.licences) == ("Rocky", ("GPLv3+",))
    assert (key.source, key.supplier) == ("", "")


def test_sizes_of_packages_are_kib_whoever_tells_them(tmp_path: Path) -> None:
    (rpm,) = software(lambda *_: "bash\t5.2-1\tx86_64\t2048\t\t\t\n", tmp_path, Path("/tree"))
    file(tmp_path / "var/lib/dpkg/status")

    def run(argv: Sequence[str | Path], _purpose: str) -> str:
        return "bash\t5.2-1\tamd64\t2\tbash\t5.2-1\t\n" if argv[2] == "dpkg-query" else ""

    (deb,) = software(run, tmp_path, Path("/tree"))
    assert rpm.installed_size == deb.installed_size == 2


def test_rpm_is_asked_for_the_epoch_which_orders_versions_before_all_else(tmp_path: Path) -> None:
    def rpm(argv: Sequence[str | Path], _purpose: str) -> str:
        assert "%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}" in str(argv[-1])
        return "bind\t32:9.16.23-1\tx86_64\t0\t\t\t\n"

    (bind,) = software(rpm, tmp_path, Path("/tree"))
    assert bind.version == "32:9.16.23-1"
