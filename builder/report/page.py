"""A page of HTML that needs nothing else: no network, no other file.

Whatever was seen in a guest may be hostile. The templates escape all of it, control characters are
taken out, and a page's content security policy lets no script run but its own.
"""

import shlex
from importlib.metadata import version

import jinja2

from builder.report.adopted import unproven_text
from builder.report.units import duration, short_duration, size
from builder.words import printable_lines


def page(template: str, **content: object) -> str:
    """A template's page of this content, with the style sheet and this program's version."""
    return _ENVIRONMENT.get_template(template).render(
        **content,
        program_version=version("guest-image-builder"),
        style=source("report.css"),
    )


def source(name: str) -> str:
    """A file beside the templates, as it is."""
    assert _ENVIRONMENT.loader is not None
    return _ENVIRONMENT.loader.get_source(_ENVIRONMENT, name)[0]


def _harmless(value: object) -> object:
    """What is written of a value: of a text nothing that a reader obeys, such as its direction."""
    return printable_lines(value) if type(value) is str else value


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("builder.report"),
    autoescape=True,
    finalize=_harmless,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    duration=duration,
    shell=shlex.quote,
    short=short_duration,
    size=size,
    unproven=unproven_text,
)
