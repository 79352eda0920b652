"""A cloud plan as what an operator runs and copies: commands, fragments, a playbook. Pure.

Each is a template that people can read. What differs from host to host is filled in where a host's
facts are known, and stands as a comment, with an example, where they are not.
"""

import json
import shlex
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

import jinja2

from builder.cloud.plan.plan import CloudPlan, OwnedNeed
from builder.cloud.plan.settings import Facts, kernel_arguments, sections, why
from builder.feature import (
    AggregateMetadata,
    ExtraSpec,
    ModuleOption,
    Necessity,
    ProviderTrait,
)
from builder.words import one_line

WIDTH = 96
"""Of a comment's lines, in characters."""

TEMPLATES: Mapping[str, str] = {
    "openstack": "openstack.sh",
    "nova.conf": "nova.conf",
    "cinder.conf": "cinder.conf",
    "modprobe": "modprobe.conf",
    "kernel-arguments": "kernel-arguments",
    "ansible": "ansible.yaml",
}
"""The formats, and the template of each."""


@dataclass(frozen=True)
class Names:
    """What is made for a profile is called so in the cloud."""

    flavor: str
    aggregate: str


def fragment(plan: CloudPlan, form: str, names: Names, facts: Facts) -> str:
    """The plan in one of the formats of ``TEMPLATES``, for hosts of these facts."""
    return _ENVIRONMENT.get_template(f"{TEMPLATES[form]}.j2").render(
        plan=plan,
        names=names,
        advice=_advice(plan),
        metadata=[what for _, what in plan.of_kind(AggregateMetadata)],
        traits=[what.name for _, what in plan.of_kind(ProviderTrait) if not what.by_nova],
        modules=[owned for owned, _ in plan.of_kind(ModuleOption)],
        arguments=kernel_arguments(plan, facts),
        sections={file: sections(plan, file, facts) for file in ("nova.conf", "cinder.conf")},
        fragment=lambda other: fragment(plan, other, names, facts),
    )


def _advice(plan: CloudPlan) -> list[OwnedNeed]:
    """Extra specs that nobody has to set."""
    return [
        owned for owned, _ in plan.of_kind(ExtraSpec) if owned.need.necessity is Necessity.ADVISED
    ]


def _comment(text: str) -> str:
    """Text as a comment of a shell, of an INI file or of YAML."""
    mark = "# "
    return textwrap.fill(
        one_line(text), WIDTH, initial_indent=mark, subsequent_indent=mark, break_long_words=False
    )


def _quoted(text: object) -> str:
    """A text as a scalar of YAML, which takes JSON's."""
    return json.dumps(str(text), ensure_ascii=False)


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("builder.cloud.plan"),
    autoescape=False,  # noqa: S701 - no HTML: each template quotes as its own language does
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters.update(comment=_comment, quoted=_quoted, shell=shlex.quote, why=why)
