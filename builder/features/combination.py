"""What the features of a profile say together, and where they contradict each other or Nova. Pure.

A feature knows nothing of the others. What only shows when they are laid side by side is found
here: two that set one thing differently, one that excludes another, and what Nova would refuse or
ignore of the whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from builder.distribution import Distribution
from builder.feature import (
    ConfigOption,
    ModuleOption,
    Necessity,
    Need,
    Parameters,
    Surroundings,
)
from builder.feature.needs import flavor_of
from builder.feature.nova_release import NEWEST
from builder.features.registry import FOUNDATION, SHIPPED, AnyFeature, Registry
from builder.nova.conflicts import nova_conflicts
from builder.words import enumeration

OWN = frozenset(feature.name for feature in (FOUNDATION, *SHIPPED))

Used = tuple[tuple[AnyFeature, Parameters], ...]
"""Features with their parameters, foundation first."""


@dataclass(frozen=True)
class AttributedConflict:
    """What cannot be in one image."""

    owners: tuple[str, ...]
    """Features, and whatever else sets values; the first one is to blame."""
    message: str
    """A sentence but for its subject."""
    remedy: str
    parameter: str = ""
    """That of the first owner which is meant."""

    @property
    def subject(self) -> str:
        """What the message speaks of."""
        return f"{self.owners[0]}.{self.parameter}" if self.parameter else self.owners[0]


@dataclass(frozen=True, kw_only=True)
class MergedFeatures:
    """The merged values, sorted by name, and every conflict between those who set them."""

    environment: Mapping[str, str]
    properties: Mapping[str, str]
    flavor: Mapping[str, str]
    conflicts: tuple[AttributedConflict, ...]


def used_features(
    distribution: Distribution, chosen: Mapping[str, Parameters], registry: Registry
) -> Used:
    """The chosen features in the registry's order, after the foundation."""
    foundation = FOUNDATION.parameters.model_validate(FOUNDATION.defaults(distribution))
    return (
        (FOUNDATION, foundation),
        *(
            (registered.feature, chosen[name])
            for name, registered in registry.items()
            if name in chosen
        ),
    )


def merge_features(
    distribution: Distribution, mirrors: Mapping[str, str], used: Used, *, more: bool
) -> MergedFeatures:
    """Merge what the distribution, the profile's mirrors and the features say.

    ``more`` says whether the profile has packages, or anything else that nothing is known of.
    """
    environment = _Owned("environment variable")
    environment.add_all(distribution.variables(), f"distribution {distribution.name}")
    environment.add_all(mirrors, "the profile's mirrors")
    properties = _Owned("image property")
    flavor = _Owned("flavor extra spec")
    settings = _Owned("setting of the cloud")
    files = _Owned("file")
    for feature, parameters in used:
        environment.add_all(feature.environment(parameters), feature.name)
        needs = feature.needs(parameters)
        flavor.add_all(flavor_of(needs, NEWEST), feature.name)
        for name, value in _settings(needs):
            settings.add(name, value, feature.name)
        for file in feature.files(parameters):
            files.add(file.name, file.sha256, feature.name)
        for claim in feature.claims(parameters):
            properties.add(claim.property, claim.value, feature.name)
    surroundings = Surroundings(
        distribution=distribution,
        flavor=flavor.sorted(),
        complete=not more and {feature.name for feature, _ in used} <= OWN,
    )
    owned = (properties, environment, flavor, settings, files)
    return MergedFeatures(
        environment=environment.sorted(),
        properties=properties.sorted(),
        flavor=flavor.sorted(),
        conflicts=(
            *(conflict for values in owned for conflict in values.conflicts),
            *exclusions({feature.name: feature for feature, _ in used}),
            *_of_other_architectures(used, distribution),
            *_conflicts_with_nova(properties, flavor),
            *_conflicts_of_features(used, surroundings),
        ),
    )


def exclusions(features: Mapping[str, AnyFeature]) -> Iterator[AttributedConflict]:
    """Features that no image can have beside another one, whatever their parameters are."""
    for feature in features.values():
        for name, reason in feature.excludes.items():
            if name in features:
                yield AttributedConflict(
                    (feature.name, name), f"excludes {name}: {reason}.", "Remove one of the two."
                )


def _of_other_architectures(used: Used, distribution: Distribution) -> Iterator[AttributedConflict]:
    """Features that no image for these processors can have, or of which none has been proven."""
    for feature, _ in used:
        if feature.architectures and distribution.architecture not in feature.architectures:
            names = enumeration(feature.architectures, "and")
            yield AttributedConflict(
                (feature.name,),
                f"is made for {names} only, and the image is for {distribution.architecture}.",
                "Remove it, or make the image for another architecture.",
            )


def _settings(needs: Iterable[Need]) -> Iterator[tuple[str, str]]:
    """What has one value in a whole cloud, with the newest Nova."""
    for need in needs:
        if need.necessity is Necessity.REQUIRED and need.applies_to(NEWEST):
            match need.what:
                case ConfigOption(per_host=None) as option:
                    yield f"{option.file} [{option.section}] {option.option}", option.value
                case ModuleOption(module=module, option=option, value=value):
                    yield f"{module} {option}", value


class _Owned:
    """Values by name, each with its owner, and the conflicts between owners."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.values: dict[str, tuple[str, str]] = {}
        self.conflicts: list[AttributedConflict] = []

    def add(self, name: str, value: str, owner: str) -> None:
        value_of_first, first = self.values.setdefault(name, (value, owner))
        if value_of_first != value:
            self.conflicts.append(
                AttributedConflict(
                    (owner, first),
                    f"sets the {self.kind} {name} to '{value}', {first} to '{value_of_first}'.",
                    "Change the parameters of one, or remove it.",
                )
            )

    def add_all(self, values: Mapping[str, str], owner: str) -> None:
        for name, value in values.items():
            self.add(name, value, owner)

    def owners(self, name: str) -> tuple[str, ...]:
        return (self.values[name][1],) if name in self.values else ()

    def sorted(self) -> dict[str, str]:
        return {name: value for name, (value, _) in sorted(self.values.items())}


def _conflicts_with_nova(properties: _Owned, flavor: _Owned) -> Iterator[AttributedConflict]:
    for conflict in nova_conflicts(properties.sorted(), flavor.sorted()):
        yield AttributedConflict(
            properties.owners(conflict.name) or flavor.owners(conflict.name),
            f"asks for {conflict.name}: {conflict.reason}.",
            conflict.remedy,
        )


def _conflicts_of_features(used: Used, surroundings: Surroundings) -> Iterator[AttributedConflict]:
    for feature, parameters in used:
        for conflict in feature.conflicts(parameters, surroundings):
            yield AttributedConflict(
                (feature.name,), f"{conflict.reason}.", conflict.remedy, conflict.name
            )
