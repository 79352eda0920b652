"""What a feature may say, whatever a profile chooses."""

from collections.abc import Mapping, Sequence
from typing import Any

from builder.distribution import DISTRIBUTIONS
from builder.feature import Parameters
from builder.features.registry import AnyFeature, parameters_of


def choices_of(feature: AnyFeature) -> dict[str, Sequence[tuple[object, Parameters]]]:
    """By the name of what can be chosen: each value of it, and the parameters it leads to.

    The distribution and each parameter with few values are varied, one at a time.
    """
    default = next(iter(DISTRIBUTIONS.values()))
    properties = feature.parameters.model_json_schema().get("properties", {})
    return {
        "distribution": [
            (name, parameters_of(feature, {}, distribution))
            for name, distribution in DISTRIBUTIONS.items()
        ],
        **{
            name: [(value, parameters_of(feature, {name: value}, default)) for value in values]
            for name, schema in properties.items()
            if (values := _values(schema))
        },
    }


def _values(schema: Mapping[str, Any]) -> list[Any]:  # Any: JSON
    """Every value that a schema admits, or its examples; none where there are too many to tell."""
    match schema:
        case {"examples": values, "default": default}:
            return [*values, default]
        case {"anyOf": parts}:
            lists = [_values(part) for part in parts]
            return [value for part in lists for value in part] if all(lists) else []
        case {"enum": values}:
            return list(values)
        case {"type": "boolean"}:
            return [False, True]
        case {"type": "null"}:
            return [None]
        case _:
            return []
