"""The JSON Schema of a profile, with which editors complete and check it while it is written."""

from typing import Any

from builder.features.registry import AnyFeature, Registry
from builder.profile.model import Document

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

JsonObject = dict[str, Any]  # Any: JSON


def profile_schema(registry: Registry) -> JsonObject:
    """The schema of profiles that use the features of this registry."""
    schema = Document.model_json_schema()
    schema.pop("required")
    definitions = schema["$defs"]
    schema["properties"]["features"] = {
        "description": schema["properties"]["features"]["description"],
        "type": "object",
        "properties": {
            name: _feature_schema(registered.feature, definitions)
            for name, registered in registry.items()
        },
        "additionalProperties": False,
    }
    for model in (schema, *definitions.values()):
        accept_no_value(model)
    return {
        "$schema": SCHEMA_DIALECT,
        "title": "Profile of a guest image",
        **{key: value for key, value in schema.items() if key != "title"},
        "anyOf": [{"required": ["distribution"]}, {"required": ["extends"]}],
    }


def _feature_schema(feature: AnyFeature, definitions: JsonObject) -> JsonObject:
    """Parameters, or nothing for the defaults, or false to remove an inherited feature."""
    parameters = feature.parameters.model_json_schema(
        ref_template=f"#/$defs/{feature.name}.{{model}}"
    )
    for name, definition in parameters.pop("$defs", {}).items():
        definitions[f"{feature.name}.{name}"] = definition
    parameters.pop("required", None)  # an extended profile may have given them
    accept_no_value(parameters)
    return {
        "description": feature.summary,
        "anyOf": [parameters, {"type": "null"}, {"const": False}],
    }


def accept_no_value(model: JsonObject) -> None:
    """Let each key of an object stand without a value: that means its default."""
    model.pop("title", None)
    for key, schema in model.get("properties", {}).items():
        schema.pop("title", None)
        description = {"description": schema.pop("description")} if "description" in schema else {}
        if schema.get("default", ...) is None:
            del schema["default"]
        nullable = {"type": "null"} in schema.get("anyOf", ())
        wrapped = schema if nullable else {"anyOf": [schema, {"type": "null"}]}
        model["properties"][key] = description | wrapped
