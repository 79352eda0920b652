"""What the documentation shows is true: examples work, errors exist, links lead somewhere."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import pytest
import yaml
from fake_guest import FakeGuest
from fakes import FakeFilesystem

from builder.cli.verbs import VERBS, cli
from builder.feature import CheckFailed, Grade
from builder.features.registry import Registry, installed
from builder.host.paths import elements_path
from builder.plan.merge import make_plan
from builder.plan.model import Plan
from builder.profile.load import load
from builder.profile.packages import FILE_NAME as CONFLICTS
from builder.proof.checks import Check, checks_of
from builder.words import enumeration

ROOT = Path(__file__).parents[3]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
GUIDE = ROOT / "docs" / "profile.md"
PUBLISHING = ROOT / "docs" / "publish.md"
DATASOURCES = "/etc/cloud/cloud.cfg.d/91-dib-cloud-init-datasources.cfg"


@dataclass(frozen=True)
class Block:
    """A fenced block; ``name`` is the file that it shows, where it shows one."""

    page: Path
    language: str
    name: str
    text: str

    def __str__(self) -> str:
        first = next((line for line in self.text.splitlines() if line != "…"), "")
        return f"{self.page.name}: {self.name or first}"


def blocks(page: Path, language: str) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in re.finditer(r"^```(\S*)(?: (\S+))?\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        if match[1] == language:
            yield Block(page, language, match[2] or "", match[3])


PROCESSORS = ROOT / "docs" / "processors.md"

YAML = [
    block
    for page in (ROOT / "README.md", GUIDE, PROCESSORS, PUBLISHING)
    for block in blocks(page, "yaml")
]
CONSOLE = [block for page in PAGES for block in blocks(page, "console")]
QUOTED = [*blocks(ROOT / "docs" / "troubleshooting.md", "text")]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The features of a program beside which the guide's package is installed."""
    (source,) = blocks(GUIDE, "python")
    (configuration,) = blocks(GUIDE, "toml")
    project = tomllib.loads(configuration.text)["project"]
    (tmp_path / source.name).write_text(source.text, encoding="utf-8")
    installation = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    installation.mkdir()
    (installation / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in project["entry-points"].items()
    ]
    (installation / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    return installed()


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    """A directory with every profile that the guide names."""
    for block in YAML:
        if block.name:
            (tmp_path / block.name).write_text(block.text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def configured(registry: Registry, profiles: Path) -> Plan:
    """The plan of the profile that uses the guide's feature."""
    return make_plan(load(str(profiles / "configured.yaml"), registry), registry)


def check_of(plan: Plan, registry: Registry, name: str) -> Check:
    return checks_of(plan, registry)[f"config-drive/{name}"]


@pytest.mark.parametrize("block", YAML, ids=str)
def test_a_profile_that_is_shown_has_a_plan(
    block: Block, registry: Registry, profiles: Path
) -> None:
    path = profiles / (block.name or "example.yaml")
    path.write_text(block.text, encoding="utf-8")
    assert make_plan(load(str(path), registry), registry).claims


def test_the_guides_feature_says_which_package_it_is_from(registry: Registry) -> None:
    assert registry["config-drive"].origin.startswith("guest-image-config-drive 1.0 (")


def test_the_guides_feature_joins_the_plan(configured: Plan) -> None:
    claim = configured.claims[-1]
    assert (claim.property, claim.value) == ("img_config_drive", "mandatory")
    assert claim.grade is Grade.EXERCISED
    assert claim.proof == (
        "config-drive/looks-for-config-drive",
        "config-drive/has-read-config-drive",
    )
    assert claim.proof[0] in {check.id for check in configured.inspections}
    usual = [boot for boot in configured.boots if boot.name in ("bios", "uefi")]
    assert all(claim.proof[1] in boot.probes for boot in usual)
    assert configured.elements[-1] == "cloud-init-datasources"
    assert configured.environment["DIB_CLOUD_INIT_DATASOURCES"] == "ConfigDrive"


def test_the_guides_inspection_passes(configured: Plan, registry: Registry) -> None:
    disk = FakeFilesystem({DATASOURCES: "datasource_list: [  ConfigDrive, None ]\n"})
    seen = check_of(configured, registry, "looks-for-config-drive").call(disk)
    assert seen == f"{DATASOURCES}: datasource_list: [  ConfigDrive, None ]"


@pytest.mark.parametrize(
    ("tree", "cause"),
    [
        ({}, "lists no config drive: it has nothing"),
        ({DATASOURCES: "datasource_list: [ Ec2, None ]"}, "lists no config drive"),
        ({DATASOURCES: "datasource_list: [ ConfigDrive, OpenStack ]"}, "the metadata service"),
    ],
)
def test_the_guides_inspection_fails(
    tree: Mapping[str, str], cause: str, configured: Plan, registry: Registry
) -> None:
    with pytest.raises(CheckFailed, match=cause):
        check_of(configured, registry, "looks-for-config-drive").call(FakeFilesystem(tree))


def guest_that_read(source: str | None) -> FakeGuest:
    return FakeGuest({"cat /run/cloud-init": json.dumps({"v1": {"datasource": source}})})


def test_the_guides_probe_passes(configured: Plan, registry: Registry) -> None:
    guest = guest_that_read("DataSourceConfigDrive [net,ver=2][source=/dev/sr0]")
    seen = check_of(configured, registry, "has-read-config-drive").call(guest)
    assert seen == "cloud-init has read DataSourceConfigDrive [net,ver=2][source=/dev/sr0]"


@pytest.mark.parametrize("source", ["DataSourceOpenStackLocal", None])
def test_the_guides_probe_fails(source: str | None, configured: Plan, registry: Registry) -> None:
    with pytest.raises(CheckFailed, match=f"cloud-init has read {source}"):
        check_of(configured, registry, "has-read-config-drive").call(guest_that_read(source))


@pytest.mark.parametrize("block", CONSOLE, ids=str)
def test_a_command_that_is_shown_has_a_verb_and_options_of_the_program(block: Block) -> None:
    for words in re.findall(r"guest-image (?!-)([^#\n]+)", block.text):
        verb, *rest = words.split()
        options = [word for word in rest if word.startswith("-")]
        command = cli.get_command(click.Context(cli), verb)
        if isinstance(command, click.Group) and rest:
            command = command.get_command(click.Context(command), rest[0])
        assert command is not None
        accepted = {option for parameter in command.params for option in parameter.opts}
        assert set(options) <= accepted, f"{verb} has {enumeration(sorted(accepted))}"


def test_the_readme_shows_every_verb() -> None:
    text = "".join(block.text for block in blocks(ROOT / "README.md", "console"))
    assert set(re.findall(r"guest-image ([a-z]+)", text)) == set(VERBS)


FILLED = "\0"
WHOLE, PART = 10, 25
"""Characters of its own by which a message is recognised as a whole line, and within one."""


def messages() -> set[str]:
    """Every line of a text in the program or its elements; what is filled in is a NUL character."""
    found: set[str] = set()
    for path in (ROOT / "builder").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            text = "".join(
                part.value if isinstance(part, ast.Constant) and isinstance(part.value, str)
                else FILLED
                for part in parts
            )  # fmt: skip
            found.update(line.strip() for line in text.splitlines())
    for path in elements_path().glob(f"*/{CONFLICTS}"):
        for entries in yaml.safe_load(path.read_text(encoding="utf-8")).values():
            for entry in entries:
                found |= {f"takes away {entry['takes']}.", entry["remedy"]}
    return found


@cache
def patterns(least: int) -> list[re.Pattern[str]]:
    return [
        re.compile(re.escape(text).replace(re.escape(FILLED), ".+"))
        for text in messages()
        if len(text.replace(FILLED, "")) >= least
    ]


def said(line: str) -> bool:
    whole = line.rstrip(".:")
    return any(
        pattern.fullmatch(text) for pattern in patterns(WHOLE) for text in (line, whole)
    ) or any(pattern.search(line) for pattern in patterns(PART))


def test_there_are_errors_to_compare() -> None:
    assert len(QUOTED) > 20
    assert not said("This machine can build an image.")


@pytest.mark.parametrize("block", QUOTED, ids=str)
def test_an_error_that_is_quoted_is_one_of_the_programs(block: Block) -> None:
    lines = [line.strip() for line in block.text.splitlines()]
    assert [line for line in lines if line != "…" and not said(line)] == []


def _anchor_of(heading: str) -> str:
    """As GitHub and GitLab make it: without punctuation."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", text):
        name, _, anchor = target.partition("#")
        path = (page.parent / name) if name else page
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {_anchor_of(heading) for heading in headings}, target
