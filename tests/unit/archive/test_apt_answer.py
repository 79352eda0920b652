from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st

from builder.archive.apt_answer import fields, index_digests, steps
from builder.archive.update import Step

# By apt 2.6.1 of Debian 12.
ANSWER = """\
Reading package lists...
Calculating upgrade...
The following packages will be upgraded:
  openssl zstd
Remv libfoo1 [1.2-3] [bar:amd64 ]
Inst libc6 [2.36-9] (2.36-9+deb12u1 Debian:12.15/oldstable [amd64]) []
Inst linux-image-6.1.0-57-amd64 (6.1.192-3 Debian-Security:12/oldstable-security [amd64])
Inst openssl [3.0.1] (3.0.22 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64])
Inst libc6:i386 [2.36-9] (2.36-9+deb12u1 Debian:12.15/oldstable [i386])
Inst tzdata [2024a] (2026a Ubuntu:24.04/noble-security [all])
Conf openssl (3.0.22 Debian:12.15/oldstable [amd64])
1 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.
"""


def test_every_step_of_a_simulation_is_read() -> None:
    told = [(step.verb, step.name, step.old, step.new) for step in steps(ANSWER)]
    assert told == [
        ("remove", "libfoo1", "1.2-3", ""),
        ("install", "libc6", "2.36-9", "2.36-9+deb12u1"),
        ("install", "linux-image-6.1.0-57-amd64", "", "6.1.192-3"),
        ("install", "openssl", "3.0.1", "3.0.22"),
        ("install", "libc6", "2.36-9", "2.36-9+deb12u1"),
        ("install", "tzdata", "2024a", "2026a"),
    ]
    assert [step.name for step in steps(ANSWER) if step.is_security] == [
        "linux-image-6.1.0-57-amd64",
        "openssl",
        "tzdata",
    ]


names = st.from_regex(r"[a-z0-9][a-z0-9+.-]+", fullmatch=True)
versions = st.from_regex(r"([0-9]:)?[0-9][A-Za-z0-9.+~-]*", fullmatch=True)
architectures = st.sampled_from(["amd64", "i386", "all"])
origins = st.sampled_from(
    ["Debian:12.15/oldstable", "Ubuntu:24.04/noble-updates, Ubuntu:24.04/noble-security", "x:1/a b"]
)


@given(names, st.none() | versions, versions, architectures, origins, st.sampled_from(["", " []"]))
def test_what_apt_writes_is_read_as_it_was_meant(
    name: str, old: str | None, new: str, architecture: str, origin: str, rest: str
) -> None:
    before = f" [{old}]" if old else ""
    line = f"Inst {name}{before} ({new} {origin} [{architecture}]){rest}"
    expected = Step("install", name, old or "", new, architecture, "security" in origin)
    assert steps(line) == (expected,)


@given(st.text())
def test_no_text_disturbs_the_reading(text: str) -> None:
    for step in steps(text):
        assert step.name
    fields(text)
    index_digests(text)


RELEASE = dedent("""\
    -----BEGIN PGP SIGNED MESSAGE-----
    Hash: SHA256

    Origin: Debian
    Suite: oldstable
    Codename: bookworm
    Date: Sat, 28 Nov 2026 02:53:00 UTC
    MD5Sum:
     00000000000000000000000000000000 12 main/binary-amd64/Packages
    SHA256:
     1111 12 main/binary-amd64/Packages
     2222 12 contrib/binary-amd64/Packages
    -----BEGIN PGP SIGNATURE-----

    Codename: trixie
    """)


def test_a_release_file_is_read_through_its_signature() -> None:
    said = fields(RELEASE)
    assert (said["Suite"], said["Codename"]) == ("oldstable", "bookworm")
    assert said["Date"] == "Sat, 28 Nov 2026 02:53:00 UTC"
    assert index_digests(RELEASE) == {
        "main/binary-amd64/Packages": "1111",
        "contrib/binary-amd64/Packages": "2222",
    }
