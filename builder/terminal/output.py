"""What people read, by rich: coloured and wrapped on a terminal, plain lines elsewhere.

No text is read as markup, and none brings control characters along: much of it comes from images,
guests and clouds.
"""

import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

import click
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from builder.errors import HostError
from builder.words import one_line, printable

Line = Text
Part = Table | Line
"""What stands below one another: tables, and lines."""

STRONG = "bold"
GOOD = "green"
DOUBT = "yellow"
BAD = "red"

UNLIMITED = 1_000_000
"""The width of what is no terminal: there a row is one line, as grep wants it."""

LONGEST_WORD = 36
"""A UUID's length: on no terminal, however narrow, is a word up to that broken."""

_APART = 2
_SOBER = Theme(
    {
        "bar.complete": GOOD,
        "bar.finished": GOOD,
        "progress.download": "none",
        "progress.data.speed": "none",
        "progress.remaining": "none",
    }
)


class _Rows(Table):
    """A table that sticks out of a terminal too narrow for it: rich would leave columns out."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        needed = sum((column.min_width or 0) + _APART for column in self.columns)
        return super().__rich_console__(
            console, options.update(max_width=max(options.max_width, needed))
        )


def line(text: str, style: str = "") -> Line:
    """One line, which is not wrapped, so that it can be copied; or a cell of a table."""
    return Text(printable(text), style)


def items(texts: Iterable[str]) -> list[Part]:
    """Lines that stand below a heading."""
    return [line(f"  {text}") for text in texts]


def table(
    rows: Iterable[Sequence[str | Line]], *, heading: Sequence[str] = (), level: int = 1
) -> list[Part]:
    """A table of aligned columns, two spaces apart; of those only the last is wrapped.

    ``level`` says how far it is indented, in steps of two spaces. Without rows there is none.
    """
    outer = ("",) * (level - 1)
    cells = [[_cell(cell) for cell in (*outer, *row)] for row in rows]
    if not cells:
        return []
    names = [_cell(cell) for cell in (*outer, *heading)] if heading else [Text()] * len(cells[0])
    grid = _Rows(box=None, show_header=bool(heading), padding=(0, 0, 0, _APART), pad_edge=level > 0)
    *fixed, last = zip(names, *cells, strict=True)
    for column in fixed:
        width = max(cell_len(cell.plain) for cell in column)
        grid.add_column(column[0], no_wrap=True, min_width=width)
    words = [cell_len(word) for cell in last for word in cell.plain.split()]
    width = min(max(words, default=0), LONGEST_WORD)
    grid.add_column(last[0], overflow="fold", min_width=width)
    for row in cells:
        grid.add_row(*row)
    return [grid]


def prose(text: str, style: str = "") -> list[Part]:
    """Sentences, which are wrapped on a terminal."""
    return table([(line(text, style),)], level=0)


def section(heading: str, parts: Sequence[Part]) -> list[Part]:
    """Parts below their heading, if they have one, apart from what stands before; or nothing."""
    return [line(""), *([line(heading, STRONG)] if heading else []), *parts] if parts else []


def console_of(stream: TextIO | None) -> Console:
    """The console that writes to a stream, which is none where the caller has closed it."""
    file = stream or io.StringIO()
    terminal = file.isatty()
    width = None if terminal else UNLIMITED
    return Console(file=file, force_terminal=terminal, width=width, theme=_SOBER)


def rendered(parts: Iterable[Part], stream: TextIO | None) -> str:
    """The parts as text for a stream."""
    console = console_of(stream)
    with console.capture() as captured:
        for part in parts:
            console.print(part, soft_wrap=True)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def show(parts: Iterable[Part]) -> None:
    """Print the parts, as ``say`` does."""
    with _writing():  # rich writes, too
        click.echo(rendered(parts, sys.stdout), nl=False)


def say(text: str) -> None:
    """Print text. A reader that goes away is no error: what was to be found out has been.

    Raises ``HostError`` where it cannot be written.
    """
    with _writing():
        click.echo(text, nl=False)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        _write_nowhere()
    except OSError as error:
        _write_nowhere()
        raise HostError(
            "The output could not be written.",
            details=[error.strerror or str(error)],
            hint="Make room, or write it elsewhere.",
        ) from error


def _write_nowhere() -> None:
    """What is still to be flushed must not fail once more when the program ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _cell(content: str | Line) -> Line:
    return content if isinstance(content, Text) else Text(one_line(content))
