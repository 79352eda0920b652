"""The pages of ``docs/reference``, rendered from the code that they describe."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

import click
import markdown as md
from choices import choices_of
from cloud_docs import cloud_half, cloud_page
from nova_docs import properties_page
from pydantic import TypeAdapter

from builder import feature
from builder.build.dib_environment import PASSED_ON
from builder.cli.program import INTERNAL_ERROR
from builder.cli.verbs import cli
from builder.distribution import DISTRIBUTIONS, Distribution
from builder.due.judgement import NOT_DUE
from builder.errors import BuilderError
from builder.feature import Claim, Probe
from builder.features.registry import FOUNDATION, SHIPPED, AnyFeature, shipped
from builder.host.paths import elements_path
from builder.plan import model as plan
from builder.plan.merge import AnyCheck, check_id
from builder.profile import model as profile
from builder.profile.load import load, shipped_profiles
from builder.profile.yaml import Value, merge, parse
from builder.store import manifest, sections

WIDTH = 98
FEATURES: tuple[AnyFeature, ...] = (FOUNDATION, *SHIPPED)

MERGES = (
    ("mappings merge, key by key", "disk: {format: raw}", "disk: {size_gib: 8}"),
    ("lists add up, without repetition", "packages: [vim]", "packages: [vim, htop]"),
    ("any other value gives way", "description: one", "description: two"),
    (
        "a key without a value takes the inherited one away",
        "disk: {format: raw, size_gib: 8}",
        "disk: {size_gib: }",
    ),
    (
        "a feature without a value has its defaults",
        "features: {watchdog: {action: pause}}",
        "features: {watchdog: }",
    ),
    (
        "`false` removes a feature",
        "features: {watchdog: {action: pause}, discard: }",
        "features: {watchdog: false}",
    ),
)
"""A rule, what the extended profile says, and what the profile says."""

VARIABLES = {
    "GUEST_IMAGE_CACHE": "Where downloaded packages and bootstrapped systems are kept; by"
    " default `guest-image-builder` in `$XDG_CACHE_HOME`, or in `~/.cache`.",
    "GUEST_IMAGE_DEBUG": "`1` shows the traceback of an internal error.",
    "GUEST_IMAGE_LOG_FORMAT": "`json`: progress and errors as JSON lines, like `--log-format`.",
    "GUEST_IMAGE_MINISIGN_KEY": "Signs `SHA256SUMS`, like `--minisign-key`: the path of a secret"
    " key of minisign, or the key itself.",
    "GUEST_IMAGE_MINISIGN_PASSPHRASE": "Decrypts that key, where it is encrypted.",
    "GUEST_IMAGE_SIGNING_KEY": "Signs what is made, like `--attest-key`: the path of a private key"
    " in PEM, or the key itself.",
    "GUEST_IMAGE_SIGNING_PASSPHRASE": "Decrypts that key, where it is encrypted.",
    "LIBGUESTFS_PATH": "libguestfs' own: a ready-made appliance, in place of one that is made of a"
    " kernel in `/boot`.",
    "NO_COLOR": "Any text: no colours, not even on a terminal.",
    "SOURCE_DATE_EPOCH": "The time that a build gives the files that it makes, in seconds since"
    " 1970; by default that of the newest package.",
    "SUPERMIN_KERNEL": "libguestfs' own: the kernel of the appliance.",
}


def profile_page() -> str:
    """Every key of a profile, the rules of ``extends``, distributions, shipped profiles."""
    schema = profile.Document.model_json_schema()
    definitions = schema["$defs"]
    distributions = [asdict(distribution) for distribution in DISTRIBUTIONS.values()]
    registry = shipped()
    profiles = [load(name, registry) for name in shipped_profiles()]
    return md.page(
        "Profile reference",
        "How to write a profile is told in [profile.md](../profile.md). Editors complete one by\n"
        "[profile.schema.json](../../profiles/profile.schema.json).",
        "## Keys",
        "Either `distribution` or `extends` is needed; the parameters of the features are in\n"
        "[features.md](features.md).",
        md.keys_to_write(schema, definitions),
        *md.sections(definitions, "##", lambda _, model: md.keys_to_write(model, definitions)),
        "## What `extends` does",
        md.table(
            ("rule", "the profile that is extended", "the profile", "together"),
            [
                (rule, *(f"`{text}`" for text in (parent, child, _merged(parent, child))))
                for rule, parent, child in MERGES
            ],
        ),
        "## Distributions",
        md.prose(Distribution.__doc__),
        md.table(
            tuple(distributions[0]),
            [[f"`{value}`" for value in row.values()] for row in distributions],
        ),
        "## Shipped profiles",
        md.table(
            ("profile", "distribution", "description", "features"),
            [
                (f"`{profile.name}`", f"`{profile.distribution.name}`", profile.description,
                 ", ".join(profile.features))
                for profile in profiles
            ],
        ),
    )  # fmt: skip


def _merged(parent: str, child: str) -> str:
    document = merge(parse(parent.encode(), "parent"), parse(child.encode(), "child"))
    return _flow(document).removeprefix("{").removesuffix("}")


def _flow(value: Value) -> str:
    match value.content:
        case dict() as children:
            return f"{{{', '.join(f'{key}: {_flow(child)}' for key, child in children.items())}}}"
        case list() as items:
            return f"[{', '.join(map(_flow, items))}]"
        case content:
            return md.scalar(content)


def features_page() -> str:
    """Every feature in a line, then every image property."""
    return md.page(
        "Feature reference",
        md.bullets(f"{_link(feature)}: {feature.summary}" for feature in FEATURES),
        "## Image properties",
        WHEN,
        md.table(
            ("property", "value", "when", "feature"),
            [
                (f"`{claim.property}`", f"`{claim.value}`", when, _link(feature))
                for feature in FEATURES
                for claim, when in _claims_of(feature)
            ],
        ),
    )


WHEN = (
    "What a feature says may depend on the distribution and on its parameters. *When* names\n"
    "the lines of a profile on which it says so, and is empty where it always does. What\n"
    "follows from free text or from a number is shown for its default or for an example."
)


def _link(feature: AnyFeature) -> str:
    return f"[{feature.name}](features/{feature.name}.md)"


def why(feature: AnyFeature) -> str:
    """What the module of a feature says below its first line, by hand."""
    module = import_module(f"builder.features.{feature.name.replace('-', '_')}")
    return "\n\n".join((module.__doc__ or "").strip().split("\n\n")[1:])


def conditions(
    feature: AnyFeature, facts: Callable[[Any], Iterable[Any]]
) -> dict[Any, str]:  # Any: the feature's parameters; what ``facts`` gives, hashable
    """Whatever a feature may say, each with the lines of a profile on which it says so.

    The distribution and each parameter with few values are varied, one at a time.
    """
    choices = choices_of(feature)
    said: dict[Any, dict[str, list[str]]] = {}
    for name, variants in choices.items():
        for value, parameters in variants:
            for fact in facts(parameters):
                line = f"`{name}: {md.scalar(value)}`"
                said.setdefault(fact, {}).setdefault(name, []).append(line)
    return {
        fact: "; ".join(
            " or ".join(lines) for name, lines in by_name.items() if len(lines) < len(choices[name])
        )
        for fact, by_name in said.items()
    }


def _feature(feature: AnyFeature) -> Iterable[str]:
    """One feature's page: why it is there, then what the code says."""
    yield f"*{feature.summary}*"
    yield md.prose(why(feature))
    yield "## What it promises and checks"
    yield WHEN
    if feature is FOUNDATION:
        yield "It is part of every image; a profile does not name it."
    else:
        yield _parameters(feature)
    if claims := _claims_of(feature):
        yield _claims(claims)
    if feature.inspections or feature.probes:
        yield _checks(feature)
    if feature.no_probe_reason:
        yield f"It has no probe. {feature.no_probe_reason}"
    if found := conditions(feature, lambda parameters: _pairs(feature.environment(parameters))):
        items = (f"{fact} ({when})" if when else fact for fact, when in found.items())
        yield f"Its elements read:\n\n{md.bullets(items)}"
    if feature.elements:
        yield f"Its elements are {', '.join(map(_element, feature.elements))}."
    yield from cloud_half(conditions(feature, feature.needs))


def _pairs(values: Mapping[str, str]) -> list[str]:
    return [f"`{name}={value}`" for name, value in values.items()]


def _parameters(feature: AnyFeature) -> str:
    schema = feature.parameters.model_json_schema()
    properties = schema.get("properties", {})
    if not properties:
        return md.prose(feature.parameters.__doc__)
    for distribution in DISTRIBUTIONS.values():
        for name, value in feature.defaults(distribution).items():
            properties[name]["default"] = value
            schema["required"] = [key for key in schema.get("required", ()) if key != name]
    return md.keys_to_write(schema, schema.get("$defs", {}))


def _claims_of(feature: AnyFeature) -> list[tuple[Claim, str]]:
    """Every claim that a feature may make, and when; those of one property stand together."""
    claims = conditions(feature, feature.claims)
    order = list(dict.fromkeys(claim.property for claim in claims))
    return sorted(claims.items(), key=lambda item: order.index(item[0].property))


def _claims(claims: Iterable[tuple[Claim, str]]) -> str:
    return md.table(
        ("claim", "when", "promise", "proof", "proven when"),
        [
            (
                f"`{claim.property}={claim.value}`",
                when,
                claim.promise,
                ", ".join(f"`{check.name}`" for check in claim.proof),
                "exercised"
                if any(isinstance(check, Probe) for check in claim.proof)
                else "present",
            )
            for claim, when in claims
        ],
    )


def _checks(feature: AnyFeature) -> str:
    checks: list[AnyCheck] = [*feature.inspections, *feature.probes]
    return md.table(
        ("check", "kind", "what holds", "why, or how"),
        [
            (
                f"`{check_id(feature, check)}`",
                "probe" if isinstance(check, Probe) else "inspection",
                check.title,
                md.prose(check.function.__doc__),
            )
            for check in checks
        ],
    )


def _element(name: str) -> str:
    readme = elements_path() / name / "README.rst"
    return f"[{name}](../../../elements/{name}/README.rst)" if readme.exists() else f"`{name}`"


def commands_page() -> str:
    """The help of every verb, exit codes, environment variables."""
    top = cli.make_context("guest-image", [], resilient_parsing=True, terminal_width=WIDTH)
    codes = {
        0: "All is well; of `image`, `prove`, `adopt` and `report`: every claim is proven, or "
        "inspected where the image cannot be booted.",
        BuilderError.exit_code: "The build failed, or a check did not pass; of `inspect FILE`: a"
        " check of the foundation, or one that could not be made; of `diff`: the builds differ;"
        " of `security`: a security update is lacking, or a vulnerability known;"
        " of `check scs`: an image is not as it must be; of `verify`: something was changed, is"
        " missing, or is not signed.",
        NOT_DUE: "No build is due (of `due`).",
        **{error.exit_code: md.first_sentence(error.__doc__) for error in _errors()},
        INTERNAL_ERROR: "An internal error.",
    }
    return md.page(
        "Command reference",
        "## guest-image",
        md.block(top.get_help()),
        *(
            part
            for verb in _below(top)
            for part in (f"## {verb.command_path}", md.block(verb.get_help()))
        ),
        "## Exit codes",
        md.table(("code", "meaning"), [(str(code), codes[code]) for code in sorted(codes)]),
        "## Environment variables",
        md.table(
            ("variable", "meaning"), [(f"`{name}`", text) for name, text in VARIABLES.items()]
        ),
        f"Of the caller's variables diskimage-builder gets {md.codes(PASSED_ON)}, and no other.\n"
        "sudo passes none on by itself.",
    )


def _below(context: click.Context) -> Iterable[click.Context]:
    """The verbs of a group, and those of each group among them."""
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            if command := group.get_command(context, name):
                verb = command.make_context(name, [], parent=context, resilient_parsing=True)
                yield verb
                yield from _below(verb)


def _errors() -> list[type[BuilderError]]:
    """The errors with an exit code of their own."""
    return [
        error
        for error in BuilderError.__subclasses__()
        if error.exit_code != BuilderError.exit_code
    ]


def manifest_page() -> str:
    """The sections of ``manifest.json``, and those of the plan in it."""
    return md.page(
        "Manifest reference",
        md.prose(manifest.__doc__),
        "## manifest.json",
        *_read_by_programs(manifest.Manifest.model_json_schema(), manifest, "Manifest", "##"),
        "## The plan",
        f"{md.prose(plan.Plan.__doc__)} `guest-image plan --json` prints the same.\n"
        f"Before these keys stands `digest`. {md.prose(plan.Plan.digest.__doc__)}",
        *_read_by_programs(TypeAdapter(plan.Plan).json_schema(), plan, "Plan", "###"),
    )


def _read_by_programs(
    schema: md.JsonObject, module: ModuleType, name: str, level: str
) -> Iterable[str]:
    definitions, classes = schema["$defs"], vars(feature) | vars(sections) | vars(module)
    yield md.keys_to_read(schema, definitions, classes[name])
    yield from md.sections(
        definitions, level, lambda name, model: md.keys_to_read(model, definitions, classes[name])
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "profile.md": profile_page,
    "features.md": features_page,
    **{
        f"features/{feature.name}.md": partial(
            lambda feature: md.page(feature.name, *_feature(feature)), feature
        )
        for feature in FEATURES
    },
    "cloud.md": lambda: cloud_page(
        {feature.name: conditions(feature, feature.needs) for feature in FEATURES}
    ),
    "image-properties.md": properties_page,
    "commands.md": commands_page,
    "manifest.md": manifest_page,
}
"""What renders each page, by the name of its file."""
