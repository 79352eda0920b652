"""A page of HTML that needs nothing else: no network, no other file.

Every page extends ``base.html`` and has its style sheet. Whatever was seen in a guest may be
hostile. The templates escape all of it, control characters are taken out, and a page's content
security policy lets no script run but its own.
"""

import base64
import hashlib
import shlex
from functools import cache
from importlib.metadata import version

import jinja2

from builder.report.adopted import unproven_text
from builder.report.units import duration, short_duration, size
from builder.words import printable_lines

_ROOM = "builder.report"


def page(template: str, *, room: str = _ROOM, script: str = "", **content: object) -> str:
    """A template's page of this content, with the style sheet and this program's version.

    ``room`` is the package whose ``templates`` have it, ``script`` a file of these: the only one
    that the page lets run.
    """
    environment = _environment(room)
    return environment.get_template(template).render(
        **content,
        program_version=version("guest-image-builder"),
        script=_source(environment, script) if script else "",
        style=_source(environment, "page.css"),
    )


def _source(environment: jinja2.Environment, name: str) -> str:
    """A file beside the templates, as it is."""
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _harmless(value: object) -> object:
    """What is written of a value: of a text nothing that a reader obeys, such as its direction."""
    return printable_lines(value) if type(value) is str else value


def _policy_hash(script: str) -> str:
    """How a content security policy names a script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _environment(room: str) -> jinja2.Environment:
    """The templates of a room, and those that all pages share."""
    packages = dict.fromkeys((room, _ROOM))
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in packages]),
        autoescape=True,
        finalize=_harmless,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=duration,
        policy_hash=_policy_hash,
        shell=shlex.quote,
        short=short_duration,
        size=size,
        unproven=unproven_text,
    )
    return environment
