"""From a profile's name or file to a valid profile, or to everything that is wrong with it."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from builder.errors import InputError
from builder.features.registry import Registry
from builder.host.paths import profiles_path
from builder.profile.messages import unknown
from builder.profile.model import NAME_PATTERN, SUFFIXES, Profile
from builder.profile.validate import Checker
from builder.profile.yaml import Problem, SourceError, Value, merge, read
from builder.words import did_you_mean, enumeration, nearest, printable, shown


def shipped_profiles() -> tuple[str, ...]:
    """The names of the profiles that come with the program, sorted."""
    return tuple(sorted(path.stem for path in profiles_path().glob("*.yaml")))


def load(argument: str, registry: Registry) -> Profile:
    """Load a shipped profile by its name, or a profile file by its path.

    Raises ``SourceError`` (an ``InputError``) with every problem of the profile and of those that
    it extends, and ``InputError`` where there is no such profile.
    """
    path = _find(argument)
    problems: list[Problem] = []
    root = _extended(path, (), problems)
    return Checker(root, registry, problems).profile(path.stem)


def load_overlay(overlay: Value, name: str, registry: Registry) -> Profile:
    """The profile of this name that a mapping in another file makes of the one that it ``extends``.

    Raises ``SourceError`` with every problem, each at its place in that file or in a profile's.
    """
    problems: list[Problem] = []
    root = _laid_over(overlay, (Path(overlay.position.file),), problems)
    return Checker(root, registry, problems).profile(name)


def load_shipped(registry: Registry) -> tuple[Profile, ...]:
    """Every profile that comes with the program, by name."""
    return tuple(load(name, registry) for name in shipped_profiles())


def files_of(argument: str) -> Iterator[Path]:
    """The file of a profile that is valid, and those of the profiles that it extends."""
    chain: tuple[Path, ...] = (_find(argument),)
    while True:
        yield chain[-1]
        content = read(chain[-1], _display(chain[-1])).content
        reference = content.get("extends") if isinstance(content, dict) else None
        if reference is None:
            return
        chain = (*chain, _parent(reference, chain))


def _is_path(text: str) -> bool:
    return "/" in text or text.endswith(SUFFIXES)


def _find(argument: str) -> Path:
    if _is_path(argument):
        path = Path(argument)
        if not NAME_PATTERN.fullmatch(path.stem):
            raise InputError(
                f"The file name {shown(path.name)} cannot name an image.",
                details=["The name of a profile's file becomes the name of the image."],
                hint="Use lower-case letters, digits, '-', '_' and '.'; begin with a letter or"
                " digit.",
            )
        return path
    names = shipped_profiles()
    if argument not in names:
        raise InputError(
            f"No profile is called {shown(argument)}.",
            details=[
                f"Shipped profiles are {enumeration(names, 'and')}.",
                "A profile of your own is named by its path, such as ./mine.yaml.",
            ],
            hint=did_you_mean(argument, names),
        )
    return profiles_path() / f"{argument}.yaml"


def _nearest_to(path: Path) -> str:
    """The question that names the profile which is most like a path that leads nowhere."""
    candidates = {
        name: f"the shipped profile '{name}'? It is named without path and suffix."
        for name in shipped_profiles()
    }
    with suppress(OSError, ValueError):  # a directory that cannot be read, a name with a NUL byte
        if path.exists():
            return ""
        files = (file for file in path.parent.iterdir() if file.suffix in SUFFIXES)
        candidates |= {file.stem: f"'{printable(_display(file))}'?" for file in files}
    close = nearest(path.stem, candidates)
    return f"Did you mean {candidates[close]}" if close else ""


def _extended(
    path: Path,
    children: tuple[Path, ...],
    problems: list[Problem],
    named_in: Value | None = None,
) -> Value:
    """A profile's values laid over those of the profile that it extends, and so on.

    ``named_in`` is the value of the ``extends`` that has led to it. What is wrong with the profiles
    that are extended is added to ``problems``.
    """
    try:
        value = read(path, _display(path))
    except OSError as error:
        subject = f"'{printable(_display(path))}' cannot be read"
        if named_in is None:
            hint = _nearest_to(path) or "Name a file that you may read."
            raise InputError(f"{subject}.", details=[f"{error.strerror}."], hint=hint) from error
        problem = Problem(named_in.position, f"{subject}: {error.strerror}.", "extends")
        raise SourceError([problem]) from error
    if not isinstance(value.content, dict):
        # Its text is not repeated: extends may name any file that the caller can read.
        found = shown(value.content) if isinstance(value.content, list) else "a single value"
        message = f"a profile is a mapping of keys such as 'distribution:', not {found}."
        raise SourceError([Problem(value.position, message)])
    return _laid_over(value, (*children, path), problems)


def _laid_over(value: Value, chain: tuple[Path, ...], problems: list[Problem]) -> Value:
    """The values of a mapping in the last file of ``chain``, laid over those that it extends."""
    assert isinstance(value.content, dict)
    reference = value.content.get("extends")
    if reference is None or not isinstance(reference.content, str):
        return value  # text is demanded when the whole document is checked
    try:
        inherited = _extended(_parent(reference, chain), chain, problems, reference)
    except SourceError as error:
        problems += error.problems
        return value
    return merge(inherited, value)


def _parent(reference: Value, chain: tuple[Path, ...]) -> Path:
    word = str(reference.content)
    if not _is_path(word):
        names = shipped_profiles()
        if word not in names:
            raise SourceError([unknown("profile", word, names, reference.position, "extends")])
        return profiles_path() / f"{word}.yaml"
    if not word.endswith(SUFFIXES):
        message = f"{shown(word)} is not a profile: the name of its file ends in .yaml."
        raise SourceError([Problem(reference.position, message, "extends")])
    parent = chain[-1].parent / word
    try:
        exists = parent.exists()
    except (OSError, ValueError):  # a name that is too long, or has a NUL byte
        exists = False
    if not exists:
        message = f"there is no file {shown(_display(parent))}."
        rule = "A path is relative to the file that it stands in."
        details = tuple(filter(None, (rule, _nearest_to(parent))))
        raise SourceError([Problem(reference.position, message, "extends", details)])
    if any(_same(parent, profile) for profile in chain):
        circle = " -> ".join(profile.name for profile in (*chain, parent))
        itself = "a profile cannot extend itself."
        raise SourceError([Problem(reference.position, itself, "extends", (circle,))])
    return parent


def _same(profile: Path, other: Path) -> bool:
    return profile.resolve() == other.resolve()


def _display(path: Path) -> str:
    """The path as messages show it: relative where it lies below the current directory."""
    if not path.is_absolute():
        return str(path)
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):  # the current directory is gone, or elsewhere
        return str(path)
