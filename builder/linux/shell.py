"""Which commands a line of a shell may run: POSIX.1-2024, XCU 2.9, as far as a line alone tells."""

import itertools
import re
import shlex
from collections.abc import Iterator

_OPERATORS = ";&|()"
_REDIRECTION = re.compile(r"(?:(?<=\s)\d{1,2})?(?:&?>{1,2}\|?|<)\s*(?:&[\d-]+|[^\s;&|()]+)?")
_RESERVED = frozenset(
    ("if", "then", "else", "elif", "fi", "do", "done", "while", "until", "for",
     "case", "esac", "!", "{", "}")
)  # fmt: skip
_PREFIXES = frozenset({"exec", "command", "nohup", "time", "sudo", "env"})
_ASSIGNMENT = re.compile(r"\w+=")
_STATUS = {"true": True, ":": True, "echo": True, "printf": True, "false": False}
_SHELL = re.compile(r"(?:ba|da|z|k)?sh")
_LIMIT = 1 << 16
"""Characters: shlex takes time with the square of a word's length. No sound line is so long."""
_DEPTH = 8
"""How deep the lines of shells within shells are looked at."""


def commands(line: str, depth: int = _DEPTH) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command that may be run; those of ``sh -c LINE`` are the line's.

    What stands behind ``exit``, ``false &&`` or ``true ||`` never is.
    """
    succeeded: bool | None = None  # None where only a run tells
    reached: bool | None = True
    conditional = False
    for words, operator in _simple_commands(line):
        conditional = conditional or not _RESERVED.isdisjoint(words)
        if reached is not False:
            command = tuple(itertools.dropwhile(_precedes, words))
            if depth and (inner := _inner(command)):
                yield from commands(inner, depth - 1)
            elif command:
                yield command
            if reached and not conditional and program(command) == "exit":
                return
            succeeded = None if conditional else _STATUS.get(program(command))
        needed = {"&&": True, "||": False}.get(operator)
        if needed is None:
            reached = True
        elif succeeded is None:
            reached = None
        else:
            reached = succeeded is needed


def program(command: tuple[str, ...]) -> str:
    """The name of the program that a command runs, without its directory."""
    return command[0].rpartition("/")[2] if command else ""


def _simple_commands(line: str) -> Iterator[tuple[list[str], str]]:
    """The words between operators, each with the operator that follows."""
    words: list[str] = []
    for token in _tokens(line):
        if token.startswith("#"):
            break
        if set(token) <= set(_OPERATORS):
            if words:
                yield words, token
            words = []
        else:
            words.append(token)
    if words:
        yield words, ""


def _tokens(line: str) -> list[str]:
    if len(line) > _LIMIT:
        return []
    lexer = shlex.shlex(_REDIRECTION.sub(" ", line), posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace_split = True
    lexer.commenters = ""  # to shlex a "#" within a word, too, begins a comment
    try:
        return list(lexer)
    except ValueError:  # an open quote
        return line.split()


def _precedes(word: str) -> bool:
    """Whether the command that is run comes after it."""
    return word in _RESERVED | _PREFIXES or bool(_ASSIGNMENT.match(word))


def _inner(command: tuple[str, ...]) -> str:
    """The line that a command hands to a shell; empty where it does not."""
    match command:
        case [_, option, line, *_] if (
            _SHELL.fullmatch(program(command)) and option[:1] == "-" and option[-1:] == "c"
        ):
            return line
    return ""
