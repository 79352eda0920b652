"""What may be the work of a cloud that converts. What it has is compared in tests/hostile."""

import pytest

from builder.publish.cloud.difference import Difference
from builder.publish.rollout.conversion import is_conversion


@pytest.mark.parametrize(
    ("differing", "converted"),
    [
        (("disk_format", "size", "hash"), True),
        (("disk_format", "hash"), True),
        (("size", "hash"), False),
        (("hash",), False),
        (("disk_format", "size", "hash", "hw_disk_bus"), False),
        (("disk_format", "container_format"), False),
        (("status",), False),
        ((), False),
    ],
)
def test_only_an_image_in_another_format_may_be_converted(
    differing: tuple[str, ...], *, converted: bool
) -> None:
    assert is_conversion([Difference(name, "x", "y") for name in differing]) is converted
