"""A unit and its drop-ins are read as systemd reads them."""

from fakes import FakeFilesystem, Link, Tree

from builder.linux import unitfile

VENDOR = "/usr/lib/systemd/system"
LOCAL = "/etc/systemd/system"
UNIT = "my-own-daemon.service"


def names(tree: Tree) -> list[str]:
    """The values of ``ExecStart`` that count."""
    found = unitfile.settings(FakeFilesystem(tree), UNIT)
    return [setting.value for setting in unitfile.values(found, "Service", "ExecStart")]


def run(command: str) -> str:
    return f"[Service]\nExecStart={command}\n"


def test_drop_ins_of_every_owner_count_by_their_names() -> None:
    tree: Tree = {
        f"{VENDOR}/{UNIT}": run("unit"),
        f"{VENDOR}/{UNIT}.d/50.conf": run("50"),
        f"{LOCAL}/my-.service.d/40.conf": run("40 of my-"),
        f"{LOCAL}/my-own-.service.d/60.conf": run("60 of my-own-"),
        f"{LOCAL}/service.d/10.conf": run("10 of every service"),
        f"{LOCAL}/other-.service.d/20.conf": run("another's"),
        f"{LOCAL}/{UNIT}.d/70.conf.disabled": run("no drop-in"),
    }
    assert names(tree) == ["unit", "10 of every service", "40 of my-", "50", "60 of my-own-"]


def test_a_drop_in_hides_those_of_its_name() -> None:
    tree: Tree = {
        f"{VENDOR}/{UNIT}": run("unit"),
        f"{VENDOR}/{UNIT}.d/a.conf": run("vendor's"),
        f"{LOCAL}/{UNIT}.d/a.conf": Link("/dev/null"),
        f"{VENDOR}/service.d/b.conf": run("of every service"),
        f"{VENDOR}/{UNIT}.d/b.conf": run("of this one"),
    }
    assert names(tree) == ["unit", "of this one"]


def test_the_drop_ins_of_an_alias_count() -> None:
    tree: Tree = {
        f"{VENDOR}/{UNIT}": run("unit"),
        f"{LOCAL}/short.service": Link(f"{VENDOR}/{UNIT}"),
        f"{LOCAL}/short.service.d/a.conf": run("by its alias"),
    }
    assert names(tree) == ["unit", "by its alias"]


def test_the_drop_ins_of_its_template_are_an_instance_s() -> None:
    tree: Tree = {
        f"{VENDOR}/getty@.service": run("template"),
        f"{LOCAL}/getty@.service.d/a.conf": run("of each"),
        f"{LOCAL}/getty@tty2.service.d/b.conf": run("of this one"),
        f"{LOCAL}/getty@tty3.service.d/c.conf": run("of another"),
    }
    found = unitfile.settings(FakeFilesystem(tree), "getty@tty2.service")
    assert [setting.value for setting in found] == ["template", "of each", "of this one"]


def test_an_empty_assignment_takes_back_those_before_it() -> None:
    tree: Tree = {
        f"{VENDOR}/{UNIT}": "[Service]\nExecStart=a\n[Install]\nExecStart=of another section\n",
        f"{LOCAL}/{UNIT}.d/a.conf": "[Service]\nExecStart=\nExecStart=b\n",
    }
    assert names(tree) == ["b"]


def test_a_line_is_continued_past_comments_and_has_the_number_of_its_first() -> None:
    unit = f"{VENDOR}/{UNIT}"
    content = "# a\n[Service]\n\nExecStart = a \\\n  # amid\n  b \\\n;c\n c\nUser=x\n"
    found = list(unitfile.parsed(FakeFilesystem({unit: content}), unit))
    assert [(setting.place, setting.name, setting.value) for setting in found] == [
        (f"{unit}:4", "ExecStart", "a b c"),
        (f"{unit}:9", "User", "x"),
    ]


def test_a_masked_or_missing_unit_has_no_settings() -> None:
    masked = {f"{LOCAL}/{UNIT}": Link("/dev/null"), f"{VENDOR}/{UNIT}": run("unit")}
    assert unitfile.settings(FakeFilesystem(masked), UNIT) == ()
    assert unitfile.settings(FakeFilesystem({f"{LOCAL}/{UNIT}.d/a.conf": run("a")}), UNIT) == ()
