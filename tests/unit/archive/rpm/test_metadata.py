import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.archive.rpm.metadata import INDEX_LIMIT, Index, indexes_of

KINDS = frozenset({"primary", "updateinfo"})
DIGEST = "ab" * 32
DATA = (
    '<data type="{kind}"><checksum type="sha256">{digest}</checksum>'
    '<open-checksum type="sha256">00</open-checksum>'
    '<location href="{location}"/><size>{size}</size><open-size>9</open-size></data>'
)


def entry(**said: object) -> str:
    usual = {"kind": "primary", "digest": DIGEST, "location": "repodata/p.xml.gz", "size": 12}
    return DATA.format_map({**usual, **said})


def repomd(*entries: str) -> bytes:
    listed = "".join(entries)
    return f'<repomd xmlns="http://linux.duke.edu/metadata/repo">{listed}</repomd>'.encode()


def test_the_indexes_that_matter_are_found() -> None:
    found = indexes_of(
        repomd(
            entry(),
            entry(kind="other", location="../other.xml"),
            entry(kind="updateinfo", location="repodata/u.xml.zst"),
        ),
        KINDS,
    )
    assert found == {
        "primary": Index("repodata/p.xml.gz", "sha256", DIGEST, 12),
        "updateinfo": Index("repodata/u.xml.zst", "sha256", DIGEST, 12),
    }
    assert [index.form for index in found.values()] == [".xml.gz", ".xml.zst"]


@pytest.mark.parametrize(
    ("document", "why"),
    [
        pytest.param(b"", "not XML", id="empty"),
        pytest.param(b"<html><body>Not found</body></html>", "<html>", id="a page"),
        pytest.param(repomd()[:-3], "not XML", id="truncated"),
        pytest.param(repomd(), "no index of packages", id="no packages"),
        pytest.param(
            b'<!DOCTYPE repomd [<!ENTITY a "aaaa">]><repomd>&a;</repomd>',
            "document type",
            id="entities",
        ),
        pytest.param(repomd(entry(location="../../etc/p.xml")), "does not lie below", id="above"),
        pytest.param(repomd(entry(location="/etc/p.xml")), "does not lie below", id="absolute"),
        pytest.param(
            repomd(entry(location="http://elsewhere/p.xml")), "does not lie below", id="elsewhere"
        ),
        pytest.param(
            repomd(entry().replace("<location ", '<location xml:base="http://elsewhere" ')),
            "does not lie below",
            id="a base elsewhere",
        ),
        pytest.param(repomd(entry(location="repodata/p.exe")), "does not lie below", id="form"),
        pytest.param(repomd(entry(digest="ab")), "no checksum", id="short checksum"),
        pytest.param(repomd(entry().replace("sha256", "md5")), "no checksum", id="weak checksum"),
        pytest.param(repomd(entry(size="many")), "no size", id="no size"),
        pytest.param(repomd(entry(size=INDEX_LIMIT + 1)), "no size", id="huge"),
    ],
)
def test_a_list_that_cannot_be_believed_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        indexes_of(document, KINDS)


@given(st.binary() | st.text().map(str.encode))
def test_no_document_does_more_than_be_refused(document: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is
        indexes_of(document, KINDS)


@given(st.text(), st.text(), st.text())
def test_whatever_an_entry_says_no_index_lies_elsewhere(
    location: str, digest: str, size: str
) -> None:
    def quoted(text: str) -> str:
        return text.replace("&", "").replace("<", "").replace('"', "").replace("\0", "")

    said = entry(location=quoted(location), digest=quoted(digest), size=quoted(size))
    try:
        found = indexes_of(repomd(entry(), said), KINDS)
    except ValueError:
        return
    assert not found["primary"].location.startswith("/")
    assert ".." not in found["primary"].location.split("/")
