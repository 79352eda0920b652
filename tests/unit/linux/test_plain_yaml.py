"""What is not read of a stranger's YAML."""

import pytest

from builder.errors import ImageError
from builder.linux import plain_yaml


def test_a_text_that_is_too_long_is_not_read() -> None:
    with pytest.raises(ImageError, match="too long to be read"):
        plain_yaml.PlainLoader("/etc/cloud/cloud.cfg", "#" * (plain_yaml.LIMIT + 1))
    plain_yaml.PlainLoader("/etc/cloud/cloud.cfg", "#" * plain_yaml.LIMIT)
