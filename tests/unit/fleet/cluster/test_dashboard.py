"""Where a dashboard is served, and how it is found from elsewhere."""

import pytest

from builder.errors import InputError
from builder.fleet.cluster.dashboard import Address, address_of, link_to


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8787", ("127.0.0.1", 8787)),
        ("0", ("127.0.0.1", 0)),
        ("10.0.0.5:8787", ("10.0.0.5", 8787)),
        ("build-1.example:80", ("build-1.example", 80)),
        ("[::1]:8787", ("::1", 8787)),
    ],
)
def test_a_port_alone_is_one_of_loopback(text: str, address: Address) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize(
    "text", ["", "host", "host:", ":8787", "host:65536", "http://host:8787", "::1:80", "a b:1", "٣"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not an address for a dashboard") as caught:
        address_of(text)
    assert "HOST:PORT" in caught.value.hint


@pytest.mark.parametrize(
    ("served", "scheduler", "link"),
    [
        (("127.0.0.1", 8787), "tcp://127.0.0.1:8786", "http://127.0.0.1:8787/status"),
        (
            ("127.0.0.1", 8787),
            "tls://10.0.0.5:8786",
            "http://127.0.0.1:8787/status on the scheduler's machine",
        ),
        (("10.0.0.5", 8787), "tls://10.0.0.5:8786", "http://10.0.0.5:8787/status"),
        (("0.0.0.0", 8787), "tls://build-1:1", "http://build-1:8787/status"),  # noqa: S104
        (("::", 8787), "tls://[fd00::5]:8786", "http://[fd00::5]:8787/status"),
    ],
)
def test_the_link_leads_there_from_another_machine(
    served: Address, scheduler: str, link: str
) -> None:
    assert link_to(served, scheduler) == link
