"""The mirrors and the keyring that the element guest-package-sources leaves in an image."""

import os
import subprocess
from pathlib import Path

import pytest
from element_files import OURS


def replace_mirrors(root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    script = OURS / "guest-package-sources/cleanup.d/99-guest-package-sources"
    return subprocess.run(
        [script],
        env={"TARGET_ROOT": str(root), "PATH": os.defpath, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def write_file(root: Path, path: str, text: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (
            "apt/sources.list.d/default.list",
            """deb [signed-by=/k] http://10.0.0.1:3142/debian bookworm main
deb http://10.0.0.1:3142/debian/security bookworm-security main
deb http://10.0.0.1:3142/debian-ports sid main
""",
            """deb [signed-by=/k] https://a.example/debian bookworm main
deb https://s.example/security bookworm-security main
deb http://10.0.0.1:3142/debian-ports sid main
""",
        ),
        (
            "apt/sources.list.d/debian.sources",
            "Types: deb\nURIs: http://10.0.0.1:3142/debian/\nSuites: bookworm\n",
            "Types: deb\nURIs: https://a.example/debian/\nSuites: bookworm\n",
        ),
        (
            "yum.repos.d/rocky.repo",
            "[baseos]\nbaseurl=http://10.0.0.1:3142/debian/$releasever/BaseOS\n",
            "[baseos]\nbaseurl=https://a.example/debian/$releasever/BaseOS\n",
        ),
        (
            "apt/sources.list",
            "deb http://10a0.0.1:3142/debian bookworm main\n",
            "deb http://10a0.0.1:3142/debian bookworm main\n",
        ),
    ],
)
def test_the_image_s_mirrors_take_the_place_of_the_build_s(
    tmp_path: Path, path: str, before: str, after: str
) -> None:
    file = write_file(tmp_path, f"etc/{path}", before)
    done = replace_mirrors(
        tmp_path,
        DIB_DISTRIBUTION_MIRROR="http://10.0.0.1:3142/debian",
        DIB_DEBIAN_SECURITY_MIRROR="http://10.0.0.1:3142/debian/security/",
        DIB_IMAGE_MIRROR_ARCHIVE="https://a.example/debian/",
        DIB_IMAGE_MIRROR_SECURITY="https://s.example/security",
    )
    assert done.returncode == 0, done.stderr
    assert file.read_text() == after


def test_what_apt_was_told_for_the_time_of_the_build_goes_and_nothing_else(tmp_path: Path) -> None:
    told = write_file(tmp_path, "settings/preferences", "Package: *\n").parent
    kept = write_file(tmp_path, "image/etc/apt/preferences.d/mine", "Package: *\n")
    gone = write_file(tmp_path, "image/etc/apt/preferences", "Package: *\n")
    done = replace_mirrors(tmp_path / "image", DIB_GUEST_APT=str(told))
    assert (done.returncode, kept.exists(), gone.exists()) == (0, True, False), done.stderr


def test_without_anything_told_for_its_time_all_stays(tmp_path: Path) -> None:
    (tmp_path / "settings").mkdir()
    kept = write_file(tmp_path, "image/etc/apt/preferences", "Package: *\n")
    done = replace_mirrors(tmp_path / "image", DIB_GUEST_APT=str(tmp_path / "settings"))
    assert (done.returncode, kept.exists()) == (0, True), done.stderr


def test_without_mirrors_of_the_image_the_build_s_stay(tmp_path: Path) -> None:
    source = "deb http://mirror.example/debian bookworm main\n"
    file = write_file(tmp_path, "etc/apt/sources.list", source)
    mirror = "http://mirror.example/debian"
    assert replace_mirrors(tmp_path, DIB_DISTRIBUTION_MIRROR=mirror).returncode == 0
    assert file.read_text() == source


def test_a_mirror_that_stands_elsewhere_too_ends_the_build(tmp_path: Path) -> None:
    write_file(tmp_path, "etc/apt/sources.list", "deb http://[fd00::1]/a+b/debian x main\n")
    write_file(tmp_path, "etc/cloud/cloud.cfg", "primary: http://[fd00::1]/a+b/debian\n")
    done = replace_mirrors(
        tmp_path,
        DIB_DISTRIBUTION_MIRROR="http://[fd00::1]/a+b/debian",
        DIB_IMAGE_MIRROR_ARCHIVE="https://a.example/debian",
    )
    assert done.returncode == 1
    assert done.stderr == "A mirror that the image is not to name still stands in its /etc\n"


def name_keyring(root: Path, keyring: str) -> subprocess.CompletedProcess[str]:
    """Run the hook, which works in the chroot, on a directory."""
    hook = OURS / "guest-package-sources/pre-install.d/00-guest-package-sources"
    text = hook.read_text().replace("/etc/apt", f"{root}/etc/apt")
    return subprocess.run(
        ["bash", "-c", text],
        env={"PATH": os.defpath, "DIB_GUEST_KEYRING": keyring},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_source_of_apt_names_the_keyring(tmp_path: Path) -> None:
    keys = write_file(tmp_path, "keys.gpg", "keys")
    line = write_file(
        tmp_path,
        "etc/apt/sources.list",
        "# deb is a word\ndeb http://a.example x main\ndeb [arch=amd64] http://b.example x main\n",
    )
    stanza = write_file(tmp_path, "etc/apt/sources.list.d/a.sources", "Types: deb\nSuites: x\n")
    signed = write_file(
        tmp_path, "etc/apt/sources.list.d/b.sources", "Types: deb\nSigned-By: /other.gpg\n"
    )
    assert name_keyring(tmp_path, str(keys)).returncode == 0
    assert line.read_text() == (
        f"# deb is a word\ndeb [signed-by={keys}] http://a.example x main\n"
        "deb [arch=amd64] http://b.example x main\n"
    )
    assert stanza.read_text() == f"Signed-By: {keys}\nTypes: deb\nSuites: x\n"
    assert signed.read_text() == "Types: deb\nSigned-By: /other.gpg\n"


def test_an_image_without_the_keyring_ends_the_build_and_one_without_apt_needs_none(
    tmp_path: Path,
) -> None:
    done = name_keyring(tmp_path, str(tmp_path / "none.gpg"))
    assert done.returncode == 1
    assert "The image has no keyring" in done.stderr
    assert name_keyring(tmp_path, "").returncode == 0
