"""The definitions for GitLab and Zuul, run like that for GitHub: a night with work, one without."""

from collections.abc import Callable

import gitlab_runner
import pytest
import zuul_executor
from github_runner import Night
from localcloud import LocalCloud
from night_host import DUE, NOT_DUE, SECRET, UNKNOWN, Host, new_key
from publishing import NAME, Command, current, images

from builder.ci import gitlab

pytestmark = [pytest.mark.openstack, pytest.mark.program("sudo")]

Run = Callable[[Host], Night]


def by_gitlab(host: Host) -> Night:
    file = host.home / "a-variable-of-type-file"
    file.write_text(host.clouds)
    variables = {**host.overrides, "OS_CLIENT_CONFIG_FILE": str(file)}
    return gitlab_runner.run(host.repository / gitlab.FILE, f"guest-image:{NAME}", variables)


def by_zuul(host: Host, **keys: str) -> Night:
    secrets = {"guest_image_clouds": {"clouds_yaml": host.clouds}}
    secrets |= {"guest_image_keys": keys} if keys else {}
    night = zuul_executor.run(
        host.repository, f"guest-image-{NAME}", host.overrides, secrets, host.home
    )
    assert not (host.home / "guest-image-clouds.yaml").exists()
    logs = host.home / "logs" / "guest-image"
    assert {path.name for path in logs.iterdir()} >= set(host.results())
    return night


@pytest.mark.parametrize(("system", "run"), [("gitlab", by_gitlab), ("zuul", by_zuul)])
def test_a_night_with_work_ends_in_production_and_one_without_at_once(
    system: str, run: Run, host: Host, guest_image: Command, prod: LocalCloud
) -> None:
    words = ("--for", system, "--staging", "local", "--production", "prod", NAME)
    assert guest_image("ci", "render", *words).status == 0
    host.tell(DUE)
    night = run(host)
    assert night.failed == "", night.log
    assert host.verbs == ["due", "image", "publish", "cloud prove", "publish", "promote"]
    for cloud in ("local", "prod"):
        assert current(prod, cloud).guest_image_build == host.latest
    assert {"due.txt", "junit.xml", "manifest.json"} <= set(host.results())
    assert SECRET not in "".join([night.log, *host.results().values()])
    before = {cloud: images(prod, cloud) for cloud in ("local", "prod")}
    host.tell(NOT_DUE)
    night = run(host)
    assert (night.failed, host.verbs) == ("", ["due"])
    assert set(host.results()) == {"due.txt"}
    host.tell(UNKNOWN)
    assert run(host).failed
    assert host.verbs == ["due"]
    assert {cloud: images(prod, cloud) for cloud in before} == before


def test_zuul_signs_with_a_key_that_is_gone_afterwards(
    host: Host, guest_image: Command, prod: LocalCloud
) -> None:
    public = host.repository / "build.pub"
    pem = new_key(public)
    words = ("--for", "zuul", "--staging", "local", "--production", "prod", NAME)
    assert guest_image("ci", "render", *words, "--signed-by", public).status == 0
    host.tell(DUE)
    night = by_zuul(host, signing_key=pem)
    assert night.failed == "", night.log
    assert current(prod, "prod").guest_image_build == host.latest
    assert guest_image("verify", host.dist / NAME / host.latest, "--key", public).status == 0
    assert pem.splitlines()[1] not in "".join([night.log, *host.results().values()])
    assert not [path for path in host.home.glob("guest-image*") if path.name != "guest-image"]
