"""The table of drivers has every device that Nova knows of."""

import pytest

from builder.linux import device_drivers
from builder.nova.vocabulary.device import DEVICE


@pytest.mark.parametrize("name", device_drivers.BY_PROPERTY)
def test_each_value_that_nova_takes_has_its_drivers_or_none(name: str) -> None:
    assert set(device_drivers.BY_PROPERTY[name]) == set(DEVICE[name].kind.words)


def test_modules_are_named_as_the_kernel_names_them() -> None:
    assert not [name for name in device_drivers.drivers() if "-" in name]
    assert device_drivers.loadable_anywhere() < device_drivers.drivers()
