"""From a profile's name or file to a valid profile, or to everything that is wrong with it."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from builder.diagnosis import diagnose, unknown
from builder.distribution import DISTRIBUTIONS, Distribution
from builder.errors import InputError
from builder.feature import Parameters
from builder.features import FOUNDATION, AnyFeature, Registry
from builder.profile import NAME_PATTERN, SUFFIXES, Document, Profile
from builder.resources import profiles_path
from builder.sourcefile import DIRECTORIES
from builder.together import Conflict, exclusions, together, used_features
from builder.words import did_you_mean, enumeration, nearest, printable, shown
from builder.yamlsource import Position, Problem, SourceError, Value, merge, read


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
    return _Checker(root, registry, problems).profile(path.stem)


def parameters_of(
    feature: AnyFeature,
    given: Mapping[str, object],
    distribution: Distribution,
    directories: Mapping[str, Path] | None = None,
) -> Parameters:
    """A feature's parameters: the given ones, and its own defaults for this distribution.

    Types are strict, as in JSON. Paths are relative to the parameter's own among ``directories``.
    Raises pydantic's ``ValidationError``.
    """
    everything = {**feature.defaults(distribution), **given}
    parameters: Parameters = feature.parameters.model_validate_json(
        json.dumps(everything), strict=True, context={DIRECTORIES: directories or {}}
    )
    return parameters


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
    known = {
        name: f"the shipped profile '{name}'? It is named without path and suffix."
        for name in shipped_profiles()
    }
    with suppress(OSError, ValueError):  # a directory that cannot be read, a name with a NUL byte
        if path.exists():
            return ""
        files = (one for one in path.parent.iterdir() if one.suffix in SUFFIXES)
        known |= {one.stem: f"'{printable(_display(one))}'?" for one in files}
    close = nearest(path.stem, known)
    return f"Did you mean {known[close]}" if close else ""


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
        message = f"a profile is a mapping of keys such as 'distribution:', not {_kind(value)}."
        raise SourceError([Problem(value.position, message)])
    reference = value.content.get("extends")
    if reference is None or not isinstance(reference.content, str):
        return value  # text is demanded when the whole document is checked
    chain = (*children, path)
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
    if any(_same(parent, one) for one in chain):
        circle = " -> ".join(one.name for one in (*chain, parent))
        itself = "a profile cannot extend itself."
        raise SourceError([Problem(reference.position, itself, "extends", (circle,))])
    return parent


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _display(path: Path) -> str:
    """The path as messages show it: relative where it lies below the current directory."""
    if not path.is_absolute():
        return str(path)
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):  # the current directory is gone, or elsewhere
        return str(path)


def _kind(value: Value) -> str:
    return shown(value.content)


def _directories(value: Value) -> dict[str, Path]:
    """Where the file lies that each key of a mapping has its value from."""
    if not isinstance(value.content, dict):
        return {}
    return {key: Path(one.position.file).parent for key, one in value.content.items()}


class _Checker:
    """Validates one merged document and collects its problems."""

    def __init__(self, root: Value, registry: Registry, inherited: list[Problem]) -> None:
        assert isinstance(root.content, dict)
        self.root = root
        self.registry = registry
        self.problems = inherited
        self.whole = not inherited
        features = root.content.get("features")
        self.section: Mapping[str, Value] = {}
        self.keys: Mapping[str, Position] = {}
        if features and isinstance(features.content, dict):  # or the document reports its type
            self.section, self.keys = features.content, features.keys

    def profile(self, name: str) -> Profile:
        plain = self.root.plain()
        document = self._document(plain)
        known = DISTRIBUTIONS.get(str(plain.get("distribution")))
        features = self._features(known or next(iter(DISTRIBUTIONS.values())))
        if not self.whole:
            raise SourceError(self.problems)  # what is missing may stand where nobody could read it
        more = bool(plain.get("packages")) or not self.section.keys() <= self.registry.keys()
        self.problems += self._conflicts(document, known, features, more=more)
        if self.problems or document is None:
            raise SourceError(self.problems)
        return Profile(
            name=name,
            description=document.description,
            distribution=document.resolved(),
            disk=document.disk,
            mirrors=document.mirrors,
            packages=document.packages,
            features=features,
            publish=document.publish,
        )

    def _document(self, plain: dict[str, Any]) -> Document | None:  # Any: what the YAML says
        try:
            return Document.model_validate_json(json.dumps(plain), strict=True)
        except ValidationError as error:
            self.problems += diagnose(error, Document, self.root, whole=self.whole)
            return None

    def _features(self, distribution: Distribution) -> dict[str, Parameters]:
        chosen = {}
        for name, value in self.section.items():
            parameters = self._feature(name, value, self.keys[name], distribution)
            if parameters is not None:
                chosen[name] = parameters
        return chosen

    def _feature(
        self, name: str, value: Value, key: Position, distribution: Distribution
    ) -> Parameters | None:
        path = f"features.{name}"
        if name == FOUNDATION.name:
            message = "it is part of every image and has no parameters."
            self.problems.append(Problem(key, message, path, ("Remove it.",)))
            return None
        if name not in self.registry:
            self.problems.append(unknown("feature", name, tuple(self.registry), key, path))
            return None
        if value.content is False:
            return None
        if not isinstance(value.content, dict) and value.content is not None:
            message = (
                f"expected parameters, nothing (for the defaults) or false, not {_kind(value)}."
            )
            self.problems.append(Problem(value.position, message, path))
            return None
        feature = self.registry[name].feature
        try:
            return parameters_of(feature, value.plain() or {}, distribution, _directories(value))
        except ValidationError as error:
            location = ("features", name)
            self.problems += diagnose(
                error, feature.parameters, self.root, location, whole=self.whole
            )
            return None

    def _conflicts(
        self,
        document: Document | None,
        distribution: Distribution | None,
        features: Mapping[str, Parameters],
        *,
        more: bool,
    ) -> list[Problem]:
        """What is wrong with the valid features together, whatever the rest comes to be.

        A feature or a distribution that is wrong will be another one once it is corrected. So only
        those conflicts count that are there with every distribution that could be meant, and with
        the doubtful features at their defaults as well as without them.
        """
        found = []
        for one in (distribution,) if distribution else DISTRIBUTIONS.values():
            mirrors = document.mirrors.environment(one) if document else {}
            for guessed in ({}, self._guessed(features, one)):
                used = used_features(one, {**guessed, **features}, self.registry)
                found.append(together(one, mirrors, used, more=more).conflicts)
        named = {
            name: self.registry[name].feature
            for name, value in self.section.items()
            if name in self.registry and value.content is not False
        }
        certain = set(found[0]).intersection(*found[1:]) | set(exclusions(named))
        return [self._placed(conflict) for conflict in certain]

    def _guessed(
        self, valid: Mapping[str, Parameters], distribution: Distribution
    ) -> dict[str, Parameters]:
        """The features that are named and not valid, at their defaults, so far as these are."""
        found = {}
        for word, value in self.section.items():
            name = word if word in self.registry else nearest(word, self.registry)
            if name and name not in valid and value.content is not False:
                with suppress(ValidationError):
                    found[name] = parameters_of(self.registry[name].feature, {}, distribution)
        return found

    def _placed(self, conflict: Conflict) -> Problem:
        """The conflict at the key of the feature that is to blame, with the others' places."""
        blamed, *others = dict.fromkeys(name for name in conflict.owners if name in self.keys)
        places = (f"{name} stands in {self.keys[name]}." for name in others)
        value = self.section[blamed].content
        given = value.get(conflict.parameter) if isinstance(value, dict) else None
        position = given.position if given else self.keys[blamed]
        details = (*places, conflict.remedy)
        return Problem(position, conflict.message, f"features.{conflict.subject}", details)
