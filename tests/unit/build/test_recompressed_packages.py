"""Packages as dpkg unpacks them quickly: the same in other clothes, and never anybody else's."""

import os
import subprocess
from pathlib import Path

import pytest

from builder.build import recompressed_packages
from builder.build.recompressed_packages import APT_SETTING, DIRECTORY, keep, take
from builder.host.files import sha256_of


def package(directory: Path, *, compression: str = "xz", content: bytes = b"a program\n") -> Path:
    """A real one."""
    tree = directory / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        "Package: hello\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <a@b.test>\n"
        "Description: says hello\n"
    )
    (tree / "usr/bin").mkdir(parents=True)
    (tree / "usr/bin/hello").write_bytes(content)
    deb = directory / "hello_1_all.deb"
    words = ("dpkg-deb", f"-Z{compression}", "--root-owner-group", "--build", tree, deb)
    subprocess.run(words, check=True, capture_output=True)
    return deb


def told(option: str, deb: Path) -> bytes:
    return subprocess.run(["dpkg-deb", option, deb], check=True, capture_output=True).stdout


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    return tmp_path / "cache" / DIRECTORY


@pytest.fixture
def deb(tmp_path: Path, pool: Path) -> Path:
    pool.parent.mkdir()
    return package(tmp_path)


def test_what_is_kept_has_the_same_files_and_the_same_control(deb: Path, pool: Path) -> None:
    keep(pool, [deb])
    (kept,) = pool.iterdir()
    assert kept.name == f"{sha256_of(deb)}.deb"
    for option in ("--fsys-tarfile", "--ctrl-tarfile", "--info"):
        same = [told(option, each).replace(b"data.tar.xz", b"") for each in (deb, kept)]
        assert same[0].partition(b" size ")[0] == same[1].partition(b" size ")[0]
    members = subprocess.run(["ar", "t", kept], check=True, capture_output=True, text=True).stdout
    assert members.split() == ["debian-binary", "control.tar.xz", "data.tar.zst"]


@pytest.mark.parametrize("length", range(6))
def test_members_begin_at_even_places(tmp_path: Path, pool: Path, length: int) -> None:
    pool.parent.mkdir()
    deb = package(tmp_path, content=os.urandom(length))
    keep(pool, [deb])
    assert next(pool.iterdir()).stat().st_size % 2 == 0
    assert told("--fsys-tarfile", next(pool.iterdir())) == told("--fsys-tarfile", deb)


@pytest.mark.parametrize("compression", ["gzip", "none", "zstd"])
def test_what_is_quick_already_is_not_kept(tmp_path: Path, pool: Path, compression: str) -> None:
    pool.parent.mkdir()
    keep(pool, [package(tmp_path, compression=compression)])
    assert [*pool.iterdir()] == []


@pytest.mark.parametrize("content", [b"", b"!<arch>\n", b"!<arch>\n" + b"x" * 60, b"no package"])
def test_what_is_no_package_is_not_kept(pool: Path, tmp_path: Path, content: bytes) -> None:
    pool.parent.mkdir()
    (tmp_path / "no.deb").write_bytes(content)
    keep(pool, [tmp_path / "no.deb"])
    assert [*pool.iterdir()] == []


def test_a_damaged_one_leaves_nothing(deb: Path, pool: Path) -> None:
    content = bytearray(deb.read_bytes())
    content[-40] ^= 0xFF
    deb.write_bytes(content)
    with pytest.raises(OSError, match="dpkg-deb ended with exit code 2"):
        keep(pool, [deb])
    assert [*pool.iterdir()] == []


def test_a_build_gets_what_was_made_of_the_package_that_it_has_verified(
    deb: Path, pool: Path, tmp_path: Path
) -> None:
    keep(pool, [deb])
    take(pool, tmp_path, {"hello_1_all.deb": sha256_of(deb), "other_1_all.deb": "0" * 64})
    assert [path.name for path in (tmp_path / DIRECTORY).iterdir()] == ["hello_1_all.deb"]
    assert told("--fsys-tarfile", tmp_path / DIRECTORY / deb.name) == told("--fsys-tarfile", deb)


@pytest.mark.parametrize("opened", ["the package", "its directory", "the cache"])
def test_what_others_could_have_written_is_not_taken(
    deb: Path, pool: Path, tmp_path: Path, opened: str
) -> None:
    keep(pool, [deb])
    place = {"the package": next(pool.iterdir()), "its directory": pool, "the cache": pool.parent}
    place[opened].chmod(0o777)
    take(pool, tmp_path, {"hello_1_all.deb": sha256_of(deb)})
    assert not (tmp_path / DIRECTORY).exists()


def test_what_others_could_have_written_is_made_anew(deb: Path, pool: Path) -> None:
    keep(pool, [deb])
    (kept,) = pool.iterdir()
    kept.write_bytes(b"poison")
    kept.chmod(0o666)
    keep(pool, [deb])
    assert told("--fsys-tarfile", kept) == told("--fsys-tarfile", deb)


def hook(tmp_path: Path) -> str:
    """What apt reads in the setting."""
    (tmp_path / "apt.conf").write_text(APT_SETTING)
    settings = {"PATH": os.defpath, "APT_CONFIG": str(tmp_path / "apt.conf")}
    words = ("apt-config", "dump", "--format", "%f %v%n", "DPkg::Pre-Install-Pkgs")
    printed = subprocess.run(words, env=settings, capture_output=True, text=True, check=True).stdout
    (line,) = (line for line in printed.splitlines() if "recompressed" in line)
    return line.removeprefix("DPkg::Pre-Install-Pkgs:: ")


@pytest.mark.parametrize("seen_as", ["where it is", "outside of the new root"])
def test_apt_s_hook_puts_it_in_the_place_of_what_was_signed(tmp_path: Path, seen_as: str) -> None:
    program = hook(tmp_path)
    assert program == recompressed_packages.APT_SETTING.split('"')[1]
    archives = tmp_path / "archives"
    (archives / DIRECTORY).mkdir(parents=True)
    for name in ("a_1%3a2~b+c_all.deb", "b_1_all.deb"):
        (archives / name).write_text("signed")
    (archives / DIRECTORY / "a_1%3a2~b+c_all.deb").write_text("quick")
    named = archives if seen_as == "where it is" else Path("/nowhere/var/cache/apt/archives")
    subprocess.run(
        ["sh", "-c", program.replace("/var/cache/apt/archives", str(archives))],
        input="".join(f"{named}/{path.name}\n" for path in sorted(archives.glob("*.deb"))),
        text=True, check=True,
    )  # fmt: skip
    assert {path.name: path.read_text() for path in archives.glob("*.deb")} == {
        "a_1%3a2~b+c_all.deb": "quick", "b_1_all.deb": "signed",
    }  # fmt: skip
    assert [*(archives / DIRECTORY).iterdir()] == []
