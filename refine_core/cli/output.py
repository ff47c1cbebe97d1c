"""How a command speaks: text for people, JSON on standard output, and the ways in which it may end."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from refine_core.errors import Problem

DONE: Final = 0
CHECK_FAILED: Final = 1
BAD_INPUT: Final = 2
_CONTROLS: Final = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_OUTSIDE_DESCRIPTIONS: Final = frozenset({"run", "attempt", "program_file", "document"})


class CheckFailed(click.ClickException):
    """What was checked did not hold; everything has been printed. message: a sentence for people."""

    exit_code = CHECK_FAILED


class BadInput(click.ClickException):
    """A file that was given cannot be used; message: a sentence that names it."""

    exit_code = BAD_INPUT


class Question(click.ClickException):
    """Something that the command does not guess. ask: the question as JSON data; message: the same for people."""

    exit_code = BAD_INPUT

    def __init__(self, message: str, *, ask: Mapping[str, object], as_json: bool) -> None:
        self.ask, self.as_json = ask, as_json
        super().__init__(message)


def describe_problem(problem: Problem) -> str:
    """A problem with the field of the description that it concerns, and its line, where it concerns one."""
    if problem.field in _OUTSIDE_DESCRIPTIONS:
        return problem.message
    line = f", line {problem.line}" if problem.line is not None else ""
    return f"{problem.field}{line}: {problem.message}"


def print_text(text: str, *, err: bool = False) -> None:
    """Print text for people, which may hold what a file or a reward says: nothing in it controls the terminal."""
    click.echo("".join(one if one.isprintable() or one == "\n" else " " for one in text), err=err)


@contextmanager
def quiet_log() -> Iterator[None]:
    """Keep the log of refine_core off the terminal: what it says of a run, the run says too."""
    logger, handler = logging.getLogger("refine_core"), logging.NullHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def counting_rows() -> Iterator[Callable[[int], None]]:
    """A context that gives what to call with the number of rows so far; it is shown where somebody watches standard error."""
    width = 0

    def show(count: int) -> None:
        nonlocal width
        if sys.stderr.isatty():
            line = f"{count:,} rows read"
            width = len(line)
            click.echo(f"\r{line}", err=True, nl=False)

    try:
        yield show
    finally:
        if width:
            click.echo(f"\r{' ' * width}\r", err=True, nl=False)


def print_question(question: Question) -> None:
    """Print what is asked: as JSON on standard output, or for people."""
    if question.as_json:
        print_json({"ask": question.ask})
    else:
        print_text(question.message, err=True)


def to_json(value: object, *, indent: int | None = None) -> str:
    """JSON text that every parser reads: a number that is not finite is null; a half of a surrogate pair is escaped.

    So is what would control a terminal, or turn its reading direction.
    """
    text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, indent=indent)
    text = escape_controls(text)
    return text if _is_unicode(text) else json.dumps(_finite(value), allow_nan=False, indent=indent)


def escape_controls(json_text: str) -> str:
    """The same JSON, without characters that control a terminal or turn its reading direction: they stand in its texts only."""
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", json_text)


def print_json(value: object, *, indent: int | None = None) -> None:
    """Print a value as a line of JSON, in UTF-8 whatever the terminal's encoding is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(to_json(value, indent=indent).encode() + b"\n")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
