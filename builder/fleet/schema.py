"""The JSON Schema of ``images.yaml``, with which editors complete and check it."""

from typing import Any

from pydantic import BaseModel

from builder.features.registry import Registry
from builder.fleet.model import Cloud, Document, Entry, Way
from builder.profile.model import NAME_PATTERN
from builder.profile.schema import SCHEMA_DIALECT, accept_no_value, profile_schema

JsonObject = dict[str, Any]  # Any: JSON


def fleet_schema(registry: Registry) -> JsonObject:
    """The schema of files whose images use the features of this registry."""
    of_profile = profile_schema(registry)
    definitions: JsonObject = of_profile["$defs"]
    members = {
        "clouds": _member(Cloud, definitions),
        "ways": _member(Way, definitions),
        "images": _member(Entry, definitions),
    }
    sets = definitions["Variants"]["properties"]["features"]["anyOf"][0]
    sets["additionalProperties"] = {
        "anyOf": [of_profile["properties"]["features"], {"type": "null"}]
    }
    schema = Document.model_json_schema()
    for name, member in members.items():
        section = schema["properties"][name]
        section["additionalProperties"] = {"anyOf": [member, {"type": "null"}]}
        if name != "clouds":
            section["propertyNames"] = {"pattern": f"^{NAME_PATTERN.pattern}$"}
    accept_no_value(schema)
    schema["properties"]["images"] = {
        **schema["properties"]["images"]["anyOf"][0],
        "description": schema["properties"]["images"]["description"],
        "minProperties": 1,
    }
    return {
        "$schema": SCHEMA_DIALECT,
        "title": "Images of a fleet",
        **{key: value for key, value in schema.items() if key != "title"},
        "$defs": definitions,
    }


def _member(model: type[BaseModel], definitions: JsonObject) -> JsonObject:
    """The schema of one member of a section; what it refers to goes to the definitions."""
    schema = model.model_json_schema()
    inner = schema.pop("$defs", {})
    for each in (schema, *inner.values()):
        accept_no_value(each)
    definitions |= inner
    return schema
