import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.archive.rpm.answer import Rpm
from builder.archive.rpm.modules import Stream, Visible, streams

# As libmodulemd writes them, shortened.
MODULES = b"""\
---
document: modulemd
version: 2
data:
  name: nginx
  stream: "1.22"
  artifacts:
    rpms:
    - nginx-1:1.22.1-3.module+el9.x86_64
    - nginx-filesystem-0:1.22.1-3.module+el9.noarch
    - no artifact
...
---
document: modulemd
version: 2
data:
  name: nginx
  stream: 1.22
  artifacts: {rpms: ["nginx-1:1.22.1-4.module+el9.x86_64"]}
...
---
document: modulemd-defaults
version: 1
data: {module: php, stream: "8.1"}
...
---
document: modulemd
data: {name: php, stream: "8.1"}
...
"""


def rpm(name: str, version: str) -> Rpm:
    return Rpm(name, version, "x86_64")


def newer(first: str, second: str) -> bool:
    """The order of the versions that are used here."""
    return first > second


def test_the_packages_of_all_builds_of_a_stream_are_found() -> None:
    nginx, php = streams(io.BytesIO(MODULES))
    assert (nginx.module, nginx.name, nginx.is_default) == ("nginx", "1.22", False)
    assert nginx.packages == {
        rpm("nginx", "1:1.22.1-3.module+el9"),
        rpm("nginx", "1:1.22.1-4.module+el9"),
        Rpm("nginx-filesystem", "1.22.1-3.module+el9", "noarch"),
    }
    assert (php.module, php.is_default) == ("php", True)


@pytest.mark.parametrize("document", [b"a: b: c", b"- a list", b"data: 1", b"\xff\xfe\0"])
def test_what_is_no_index_of_modules_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"YAML|validation error"):
        streams(io.BytesIO(document))


@given(st.text())
def test_no_document_does_more_than_be_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert streams(io.BytesIO(text.encode())) == ()


OLD = Stream("nginx", "1", frozenset({rpm("nginx", "1.4.module")}))
NEW = Stream("nginx", "2", frozenset({rpm("nginx", "2.4.module")}))
PLAIN = rpm("nginx", "3.0")


def seen(*installed: Rpm, by: tuple[Stream, ...] = (OLD, NEW)) -> list[str]:
    visible = Visible(by, installed, newer)
    versions = [rpm("nginx", "1.4.module"), rpm("nginx", "2.4.module"), PLAIN]
    assert visible.names == {"nginx"}
    return [each.version for each in versions if visible(each)]


def test_no_package_of_a_stream_that_is_not_enabled_is_seen() -> None:
    assert seen() == seen(PLAIN) == seen(rpm("tool", "1.module")) == ["3.0"]


def test_of_an_enabled_stream_all_packages_are_seen_and_no_others_of_their_names() -> None:
    assert seen(rpm("nginx", "1.4.module")) == ["1.4.module"]
    assert seen(rpm("nginx", "2.4.module")) == ["2.4.module"]


def test_a_build_that_is_not_listed_any_more_is_of_the_stream_nearest_above() -> None:
    assert seen(rpm("nginx", "1.3.module")) == ["1.4.module"]
    assert seen(rpm("nginx", "2.0.module")) == ["2.4.module"]
    assert seen(rpm("nginx", "9.0.module")) == ["3.0"]


def test_a_default_stream_is_enabled_unless_another_one_is() -> None:
    default = Stream("nginx", "2", NEW.packages, is_default=True)
    assert seen(by=(OLD, default)) == ["2.4.module"]
    assert seen(rpm("nginx", "1.4.module"), by=(OLD, default)) == ["1.4.module"]
