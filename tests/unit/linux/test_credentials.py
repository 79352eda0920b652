"""Logins that a build has left are told by their lines, and never themselves."""

import pytest
from fakes import FakeFilesystem

from builder.linux.credentials import credentials

LOGIN = "https://me:canary@index.example.org/simple"


@pytest.mark.parametrize(
    ("path", "content", "line"),
    [
        ("/root/.netrc", "machine example.org\n  login me password canary\n", 2),
        ("/home/debian/.netrc", "machine a login me\npassword canary\n", 2),
        ("/root/.config/openstack/clouds.yaml", "clouds:\n  a:\n    password: canary\n", 3),
        ("/etc/openstack/secure.yaml", "clouds: {a: {auth: {password: 'canary'}}}\n", 1),
        ("/etc/apt/auth.conf", "# a\nmachine example.org login me password canary\n", 2),
        ("/etc/apt/auth.conf.d/ours.conf", "machine a login me password canary\n", 1),
        ("/etc/apt/sources.list.d/a.list", f"deb {LOGIN} bookworm main\n", 1),
        ("/etc/yum.repos.d/a.repo", "[a]\nusername=me\npassword=canary\n", 2),
        ("/etc/yum.repos.d/b.repo", f"[b]\nbaseurl={LOGIN}\n", 2),
        ("/etc/pip.conf", f"[global]\nindex-url = {LOGIN}\n", 2),
        ("/root/.config/pip/pip.conf", f"[global]\nextra-index-url={LOGIN}\n", 2),
        ("/root/.npmrc", "//r.example.org/:_authToken=canary\n", 1),
        ("/root/.git-credentials", f"{LOGIN}\n", 1),
        ("/root/.docker/config.json", '{"auths": {"a": {"auth": "canary"}}}\n', 1),
        ("/root/.aws/credentials", "[default]\naws_secret_access_key = canary\n", 2),
        ("/root/admin-openrc.sh", "export OS_USERNAME=a\nexport OS_PASSWORD='canary'\n", 2),
        ("/etc/environment", "OS_TOKEN=canary\n", 1),
        ("/etc/skel/.my.cnf", "[client]\npassword=canary\n", 2),
        ("/root/.vault-token", "canary", 1),
        ("/etc/fstab", "//nas/a /a cifs username=me,password=canary 0 0\n", 1),
    ],
)
def test_a_login_is_told_without_itself(path: str, content: str, line: int) -> None:
    (said,) = credentials(FakeFilesystem({path: content}))
    assert said == f"{path}:{line}: has a login or a token of whoever built the image"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/root/.netrc", "# machine a login me password canary\nmachine a login anonymous\n"),
        ("/etc/openstack/clouds-public.yaml", "public-clouds:\n  a:\n    auth_url: https://a/v3\n"),
        ("/etc/apt/auth.conf.d/README", "# machine example.org login me password secret\n"),
        ("/etc/apt/sources.list", "deb https://mirror.example.org/debian bookworm main\n"),
        ("/etc/yum.repos.d/a.repo", "[a]\nbaseurl=https://a.example.org/$releasever\nusername=\n"),
        ("/etc/pip.conf", "[global]\nindex-url = https://index.example.org/simple\n"),
        ("/root/.npmrc", "//r.example.org/:_authToken=${NPM_TOKEN}\n"),
        ("/root/.gitconfig", "[user]\n\temail = me@example.org\n"),
        ("/root/.docker/config.json", '{"credsStore": "secretservice"}\n'),
        (
            "/root/admin-openrc.sh",
            'read -sr OS_PASSWORD_INPUT\nexport OS_PASSWORD="$OS_PASSWORD_INPUT"\n',
        ),
        ("/etc/fstab", "//nas/a /a cifs credentials=/etc/nas 0 0\n"),
        ("/etc/profile.d/a.sh", "export PATH=/opt/bin:$PATH\n"),
        ("/usr/share/doc/netrc/.netrc", "machine a login me password canary\n"),
    ],
)
def test_what_only_looks_like_one_is_not_told(path: str, content: str) -> None:
    assert list(credentials(FakeFilesystem({path: content}))) == []
