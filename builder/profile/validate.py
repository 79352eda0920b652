"""Whether the content of a profile is valid: everything that is wrong with it, at once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from builder.architecture import ARCHITECTURES, X86_64
from builder.distribution import DISTRIBUTIONS, Distribution
from builder.feature import Parameters
from builder.features.combination import (
    AttributedConflict,
    exclusions,
    merge_features,
    used_features,
)
from builder.features.registry import FOUNDATION, Registry, parameters_of
from builder.profile.messages import diagnose, unknown
from builder.profile.model import Document, Profile
from builder.profile.packages import element_directories, package_conflicts
from builder.profile.snapshot import moment
from builder.profile.yaml import Position, Problem, SourceError, Value
from builder.words import nearest, shown


def _meant(plain: Mapping[str, Any]) -> tuple[Distribution, ...]:  # Any: what the YAML says
    """Every distribution, for each architecture, that could be meant by what is wrong so far."""
    named = DISTRIBUTIONS.get(str(plain.get("distribution")))
    architecture = plain.get("architecture") or X86_64.name
    return tuple(
        replace(distribution, architecture=name)
        for distribution in ((named,) if named else DISTRIBUTIONS.values())
        for name in ((architecture,) if architecture in ARCHITECTURES else ARCHITECTURES)
    )


def _directories(value: Value) -> dict[str, Path]:
    """Where the file lies that each key of a mapping has its value from."""
    if not isinstance(value.content, dict):
        return {}
    return {key: Path(entry.position.file).parent for key, entry in value.content.items()}


class Checker:
    """Validates one merged document and collects its problems, after those that it inherits."""

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
        packages = root.content.get("packages")
        self.packages: Sequence[Value] = ()
        if packages and isinstance(packages.content, list):
            self.packages = packages.content

    def profile(self, name: str) -> Profile:
        """The valid profile. Raises ``SourceError`` with every problem."""
        plain = self.root.plain()
        document = self._document(plain)
        meant = _meant(plain)
        features = self._features(meant[0])
        if not self.whole:
            raise SourceError(self.problems)  # what is missing may stand where nobody could read it
        more = bool(plain.get("packages")) or not self.section.keys() <= self.registry.keys()
        self.problems += self._conflicts(document, meant, features, more=more)
        if document is not None:
            self.problems += self._package_conflicts(document, features)
        if self.problems or document is None:
            raise SourceError(self.problems)
        return Profile(
            name=name,
            description=document.description,
            distribution=document.resolved(),
            initrd_drivers=document.initrd_drivers,
            disk=document.disk,
            mirrors=document.mirrors,
            snapshot=moment(document.snapshot) if document.snapshot else None,
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
            given = shown(value.content)
            message = f"expected parameters, nothing (for the defaults) or false, not {given}."
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
        meant: Sequence[Distribution],
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
        for candidate in meant:
            mirrors = document.mirrors.environment(candidate) if document else {}
            for guessed in ({}, self._guessed(features, candidate)):
                used = used_features(candidate, {**guessed, **features}, self.registry)
                found.append(merge_features(candidate, mirrors, used, more=more).conflicts)
        named = {
            name: self.registry[name].feature
            for name, value in self.section.items()
            if name in self.registry and value.content is not False
        }
        certain = set(found[0]).intersection(*found[1:]) | set(exclusions(named))
        return [self._placed(conflict) for conflict in certain]

    def _package_conflicts(
        self, document: Document, features: Mapping[str, Parameters]
    ) -> Iterator[Problem]:
        """The packages that take away what an element of the valid features stands on."""
        distribution = document.resolved()
        used = used_features(distribution, features, self.registry)
        mirrors = document.mirrors.environment(distribution)
        environment = merge_features(distribution, mirrors, used, more=True).environment
        conflicts = package_conflicts(element_directories(used), distribution.family, environment)
        for index, name in enumerate(document.packages):
            if name in conflicts:
                message = f"'{name}' takes away {conflicts[name].takes}."
                position = self.packages[index].position
                yield Problem(position, message, f"packages.{index}", (conflicts[name].remedy,))

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

    def _placed(self, conflict: AttributedConflict) -> Problem:
        """The conflict at the key of the feature that is to blame, with the others' places."""
        blamed, *others = dict.fromkeys(name for name in conflict.owners if name in self.keys)
        places = (f"{name} stands in {self.keys[name]}." for name in others)
        value = self.section[blamed].content
        given = value.get(conflict.parameter) if isinstance(value, dict) else None
        position = given.position if given else self.keys[blamed]
        details = (*places, conflict.remedy)
        return Problem(position, conflict.message, f"features.{conflict.subject}", details)
