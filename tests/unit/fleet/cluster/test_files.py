"""Where a store may lie, and what of its address is not shown."""

from pathlib import Path

import pytest

from builder.errors import InputError
from builder.fleet.cluster.files import address_for_all, files_at


@pytest.mark.parametrize("address", ["s3://AKIAQQQQQQQQQQQQ:verysecretword@images/x", "s3:///x"])
def test_keys_in_an_address_are_refused_and_not_shown(address: str) -> None:
    with pytest.raises(InputError, match="is not the address of a store") as caught:
        files_at(address)
    told = f"{caught.value} {caught.value.details} {caught.value.hint}"
    assert "verysecretword" not in told
    assert "AKIAQQQQQQQQQQQQ" not in told


@pytest.mark.parametrize("address", ["gopher://somewhere/x", "memory://x"])
def test_an_address_of_another_kind_is_refused(address: str) -> None:
    for opened in (files_at, address_for_all):
        with pytest.raises(InputError, match="is not the address of a store"):
            opened(address)


def test_a_store_is_the_same_one_wherever_its_workers_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert address_for_all("store") == str(tmp_path / "store")
    for address in ("/srv/images", "file:///srv/images", "s3://bucket", "sftp://host/x"):
        assert address_for_all(address) == address
