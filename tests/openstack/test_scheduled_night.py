"""The rendered definition for GitHub, run script by script against a real Glance."""

import pytest
from github_runner import Night, Runner
from localcloud import LocalCloud
from night_host import DUE, NOT_DUE, SECRET, UNKNOWN, Host, new_key
from publishing import NAME, Command, current, images

from builder.ci.github import FILE
from builder.store.manifest import read

pytestmark = [pytest.mark.openstack, pytest.mark.program("sudo")]

WORK = [
    "Remove images of earlier builds",
    "Build the image and prove it",
    "Publish it in staging",
    "Prove it on staging's Nova",
    "Promote it to production",
]


class Nights:
    """The nights of a host, by GitHub."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._runner = Runner(host.repository, host.overrides)

    def __call__(
        self, verdict: int, fails: str = "", clouds: str | None = None, **keys: str
    ) -> Night:
        """Run a night on which ``due`` answers so, and perhaps a verb fails."""
        self.host.tell(verdict, fails)
        secrets = {"CLOUDS_YAML": self.host.clouds if clouds is None else clouds, **keys}
        return self._runner.run(self.host.repository / FILE, "image", secrets)


@pytest.fixture
def nights(host: Host, guest_image: Command) -> Nights:
    words = ("--for", "github", "--staging", "local", "--production", "prod", NAME)
    assert guest_image("ci", "render", *words).status == 0
    return Nights(host)


def test_a_first_night_ends_in_production_and_a_second_has_nothing_to_do(
    nights: Nights, prod: LocalCloud
) -> None:
    first = nights(DUE)
    assert first.failed == "", first.log
    assert [title for title in first.ran if title in WORK] == WORK
    assert nights.host.verbs == ["due", "image", "publish", "cloud prove", "publish", "promote"]
    for cloud in ("local", "prod"):
        assert current(prod, cloud).guest_image_build == nights.host.latest
    build = nights.host.dist / NAME / nights.host.latest
    assert [record.cloud for record in read(build).published] == ["local", "prod"]
    assert {"due.txt", "junit.xml", "manifest.json"} <= set(nights.host.results())
    assert not [name for name in nights.host.results() if name.startswith("image.")]
    before = {cloud: images(prod, cloud) for cloud in ("local", "prod")}
    second = nights(NOT_DUE)
    assert (second.failed, nights.host.verbs) == ("", ["due"])
    assert not set(WORK) & set(second.ran)
    assert {cloud: images(prod, cloud) for cloud in before} == before
    assert set(nights.host.results()) == {"due.txt"}


def test_a_disk_has_two_images_at_most_where_night_after_night_fails(nights: Nights) -> None:
    builds = []
    for _ in range(3):
        assert nights(DUE, "image").failed == WORK[1]
        builds.append(nights.host.latest)
    home = nights.host.dist / NAME
    assert {path.parent.name for path in home.glob("[!l]*/image.*")} == set(builds[1:])
    assert all((home / build / "manifest.json").exists() for build in builds)


@pytest.mark.parametrize(
    ("fails", "title", "there"),
    [
        ("image", WORK[1], (0, 0)),
        ("publish", WORK[2], (1, 0)),
        ("cloud prove", WORK[3], (1, 0)),
        ("promote", WORK[4], (1, 1)),
    ],
)
def test_a_step_that_fails_ends_the_night_and_the_next_night_completes_it(
    fails: str, title: str, there: tuple[int, int], nights: Nights, prod: LocalCloud
) -> None:
    broken = nights(DUE, fails)
    assert broken.failed == title
    assert [step for step in broken.ran if step in WORK][-1] == title
    assert "manifest.json" in nights.host.results(), "the artefacts tell what failed"
    assert (len(images(prod)), len(images(prod, "prod"))) == there
    assert nights(DUE).failed == ""
    for cloud in ("local", "prod"):
        assert current(prod, cloud).guest_image_build == nights.host.latest


def test_a_cloud_that_is_down_all_night_fails_the_job_and_is_served_the_next(
    nights: Nights, prod: LocalCloud
) -> None:
    prod.prod_glance.stop()
    night = nights(DUE)
    assert night.failed == WORK[4]
    prod.prod_glance.start()
    assert nights(DUE).failed == ""
    assert current(prod, "prod").guest_image_build == nights.host.latest


def test_where_it_is_unknown_whether_a_build_is_due_the_job_fails(nights: Nights) -> None:
    night = nights(UNKNOWN)
    assert night.failed == "Ask whether a build is due"
    assert not set(WORK) & set(night.ran)
    assert nights.host.verbs == ["due"]


def test_a_secret_that_is_not_set_is_told(nights: Nights) -> None:
    night = nights(DUE, clouds="")
    assert night.failed == "Log in to the clouds"
    assert "the secret CLOUDS_YAML has no clouds.yaml" in night.log
    assert not (nights.host.told / "verbs").exists()


def test_a_night_with_a_key_publishes_what_it_signs_and_nothing_else(
    nights: Nights, guest_image: Command, prod: LocalCloud
) -> None:
    keys = nights.host.repository / "keys"
    keys.mkdir()
    public = keys / "build.pub"
    pem = new_key(public)
    words = ("--for", "github", "--staging", "local", "--production", "prod", NAME)
    assert guest_image("ci", "render", *words, "--signed-by", public).status == 0
    without = nights(DUE)
    assert without.failed == "Build the image and prove it"
    assert "among the secrets is no key to sign with" in without.log
    assert nights.host.verbs == ["due"]
    others = nights(DUE, GUEST_IMAGE_SIGNING_KEY=new_key(keys / "other.pub"))
    assert others.failed == "Publish it in staging", others.log
    assert "not signed" in others.log
    assert images(prod) == []
    night = nights(DUE, GUEST_IMAGE_SIGNING_KEY=pem)
    assert night.failed == "", night.log
    for cloud in ("local", "prod"):
        assert current(prod, cloud).guest_image_build == nights.host.latest
    build = nights.host.dist / NAME / nights.host.latest
    assert guest_image("verify", build, "--key", public).status == 0
    everything = "".join([night.log, others.log, *nights.host.results().values()])
    assert pem.splitlines()[1] not in everything


@pytest.mark.parametrize("fails", ["", "promote"])
def test_no_secret_is_printed_or_left(fails: str, nights: Nights) -> None:
    night = nights(DUE, fails)
    everything = "".join([night.log, *nights.host.results().values()])
    assert "built " in everything
    assert SECRET not in everything
    for path in [*nights.host.repository.rglob("*"), *nights.host.dist.rglob("*.json")]:
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()
