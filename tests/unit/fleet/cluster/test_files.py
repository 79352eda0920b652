"""Where a store may lie, and what of its address is not shown."""

import pytest

from builder.errors import InputError
from builder.fleet.cluster.files import files_at


@pytest.mark.parametrize("address", ["s3://AKIAQQQQQQQQQQQQ:verysecretword@images/x", "s3:///x"])
def test_keys_in_an_address_are_refused_and_not_shown(address: str) -> None:
    with pytest.raises(InputError, match="is not the address of a store") as caught:
        files_at(address)
    told = f"{caught.value} {caught.value.details} {caught.value.hint}"
    assert "verysecretword" not in told
    assert "AKIAQQQQQQQQQQQQ" not in told


@pytest.mark.parametrize("address", ["gopher://somewhere/x", "memory://x"])
def test_an_address_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="is not the address of a store"):
        files_at(address)
