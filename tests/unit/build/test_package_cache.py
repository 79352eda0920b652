import os
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from builder.build import verified_packages
from builder.build.package_cache import PackageCache, package_cache
from builder.errors import HostError
from builder.host.files import sha256_of

MIRRORS = {"DIB_DISTRIBUTION_MIRROR": "http://a.test/debian"}


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    return tmp_path / "shared"


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()} if directory.exists() else set()


def store(shared: Path) -> Path:
    (found,) = (shared / "packages").glob("debian-bookworm-*")
    return found


def bookworm(
    shared: Path, mirrors: dict[str, str] = MIRRORS
) -> AbstractContextManager[PackageCache]:
    return package_cache(shared, distro="debian", release="bookworm", mirrors=mirrors)


def take(cache: PackageCache) -> set[str]:
    """Take everything, as from an archive that has signed what the store has."""
    signed = {
        path.name: {(path.stat().st_size, sha256_of(path))} for path in cache.store.glob("*.deb")
    }
    taken = verified_packages.take(cache.store, cache.archives, signed)
    cache.taken.write_text("\n".join(taken))
    return {*taken}


def download(cache: PackageCache, name: str, content: str = "a package") -> None:
    (cache.archives / name).write_text(content)


def test_a_build_finds_what_an_earlier_one_downloaded(shared: Path, tmp_path: Path) -> None:
    with bookworm(shared) as cache:
        assert names(cache.archives) == set()
        download(cache, "zstd_1_amd64.deb")
    with bookworm(shared) as cache:
        assert names(cache.archives) == set()
        assert take(cache) == {"zstd_1_amd64.deb"}
        assert (cache.archives / "zstd_1_amd64.deb").read_text() == "a package"


def test_the_directory_is_laid_out_as_diskimage_builder_s_cache(
    shared: Path, tmp_path: Path
) -> None:
    with bookworm(shared) as cache:
        assert cache.archives == cache.directory / "apt/debian"
        assert cache.archives.is_dir()


def test_no_build_can_write_into_the_store(shared: Path) -> None:
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
    with bookworm(shared) as cache:
        take(cache)
        with (cache.archives / "zstd_1_amd64.deb").open("r+") as file:
            file.write("poison")
    assert (store(shared) / "zstd_1_amd64.deb").read_text() == "a package"


def test_what_was_not_taken_is_replaced_by_what_was_fetched_instead(shared: Path) -> None:
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb", "poisoned")
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
    assert (store(shared) / "zstd_1_amd64.deb").read_text() == "a package"


def test_mirrors_do_not_share_packages(shared: Path) -> None:
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
    with bookworm(shared, {"DIB_DISTRIBUTION_MIRROR": "http://b.test/debian"}) as cache:
        assert take(cache) == set()
    with bookworm(shared) as cache:
        assert take(cache) == {"zstd_1_amd64.deb"}


def test_only_packages_are_kept(shared: Path, tmp_path: Path) -> None:
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
        download(cache, "lock")
        (cache.archives / "partial").mkdir()
        download(cache, "partial/half_1_amd64.deb")
    assert names(store(shared)) == {"zstd_1_amd64.deb"}


def test_distributions_do_not_share_packages(shared: Path, tmp_path: Path) -> None:
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
    with package_cache(shared, distro="ubuntu", release="noble", mirrors={}) as cache:
        assert take(cache) == set()


def test_releases_do_not_share_packages(shared: Path) -> None:
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
    with package_cache(shared, distro="debian", release="trixie", mirrors={}) as cache:
        assert take(cache) == set()


def age(package: Path, days: float) -> None:
    then = time.time() - days * 24 * 3600
    os.utime(package, (then, then))


def test_what_no_image_has_had_for_a_month_is_removed(shared: Path) -> None:
    with bookworm(shared) as cache:
        download(cache, "old_1_amd64.deb")
        download(cache, "used_1%3a2-3_amd64.deb")
    for package in store(shared).iterdir():
        age(package, 31)
    age(store(shared) / "used_1%3a2-3_amd64.deb", 29)
    with bookworm(shared) as cache:
        assert take(cache) == {"used_1%3a2-3_amd64.deb"}
        cache.note_used([("used:amd64", "1:2-3", "amd64"), ("gone", "1", "all")])
    assert time.time() - (store(shared) / "used_1%3a2-3_amd64.deb").stat().st_mtime < 60


def test_what_was_used_in_the_future_is_as_old_as_what_is_used_now(shared: Path) -> None:
    """The clock has been set back since: else it would stay until the clock is there again."""
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
    package = store(shared) / "zstd_1_amd64.deb"
    age(package, -1000)
    with bookworm(shared):
        pass
    assert abs(time.time() - package.stat().st_mtime) < 60


def test_a_package_is_as_old_as_its_download_and_not_as_its_file_on_the_mirror(
    shared: Path,
) -> None:
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
        age(cache.archives / "zstd_1_amd64.deb", 1000)
    with bookworm(shared) as cache:
        assert take(cache) == {"zstd_1_amd64.deb"}


def test_a_failed_build_keeps_what_it_downloaded(shared: Path, tmp_path: Path) -> None:
    def fail() -> None:
        with bookworm(shared) as cache:
            download(cache, "zstd_1_amd64.deb")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert names(store(shared)) == {"zstd_1_amd64.deb"}


def test_two_builds_at_once_do_not_see_each_other_s_downloads(shared: Path, tmp_path: Path) -> None:
    with (
        bookworm(shared) as first,
        bookworm(shared) as second,
    ):
        download(first, "zstd_1_amd64.deb")
        download(second, "zstd_1_amd64.deb")
        download(second, "sudo_1_amd64.deb")
        assert names(first.archives) == {"zstd_1_amd64.deb"}
    assert names(store(shared)) == {"zstd_1_amd64.deb", "sudo_1_amd64.deb"}


def test_a_package_that_is_removed_from_one_build_stays_in_the_store(
    shared: Path, tmp_path: Path
) -> None:
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
    with bookworm(shared) as cache:
        take(cache)
        (cache.archives / "zstd_1_amd64.deb").unlink()
    assert names(store(shared)) == {"zstd_1_amd64.deb"}


def test_a_store_that_cannot_be_written_is_no_error_of_the_build(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
    assert names(store(shared)) == set()


def test_a_build_s_own_directory_is_gone_when_the_build_is_over(shared: Path) -> None:
    with bookworm(shared) as cache:
        download(cache, "zstd_1_amd64.deb")
    assert names(shared / "builds") == set()


def test_the_directory_of_a_killed_build_is_removed_by_the_next_one(shared: Path) -> None:
    (shared / "builds/killed/apt/debian").mkdir(parents=True)
    with bookworm(shared) as cache:
        assert names(shared / "builds") == {cache.directory.name}


def test_the_directory_of_a_build_that_runs_is_not_removed(shared: Path) -> None:
    with (
        bookworm(shared) as running,
        bookworm(shared),
    ):
        assert running.archives.is_dir()


def test_a_cache_that_cannot_be_made_is_named_with_the_variable_that_moves_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    cache = bookworm(tmp_path / "file/cache")
    with pytest.raises(HostError, match="package cache") as caught:
        cache.__enter__()
    assert "GUEST_IMAGE_CACHE" in caught.value.hint
