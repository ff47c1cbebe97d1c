"""What the commands that take a file with a reward share: its options, text and functions, and the question about arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from refine_core.cli.numbers import read_number
from refine_core.cli.output import BadInput, Question
from refine_core.errors import RewardError
from refine_core.rewards.shapes import (
    SHAPES,
    ArgumentQuestion,
    Recognized,
    Shape,
    list_function_names,
    recognize,
)
from refine_core.rewards.source import find_reward

_LINE_CHARS: Final = 360
_Command = TypeVar("_Command", bound=Callable[..., Any])
_OPTIONS: Final = (
    click.option(
        "--function",
        "functions",
        multiple=True,
        metavar="NAME[=WEIGHT]",
        help="Score with this function of the file; several are parts of one value. Default: all that are recognised.",
    ),
    click.option(
        "--shape", type=click.Choice(list(SHAPES)), help="Which framework the functions were written for."
    ),
    click.option(
        "--arg",
        "arguments",
        multiple=True,
        metavar="NAME=ROLE",
        help="What an argument is: output, expected, input, inputs, outputs, nothing, or column:NAME.",
    ),
)


def reward_options(command: _Command) -> _Command:
    """Give a command --function, --shape and --arg, as functions, shape and arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_source(path: Path) -> str:
    """The text of a reward's file. Raises BadParameter for one that is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise click.BadParameter(f"{path} is not UTF-8 text") from None


def read_functions(options: Sequence[str]) -> dict[str, float | None]:
    """NAME[=WEIGHT] as name -> weight, None where the file decides. Raises BadParameter."""
    functions: dict[str, float | None] = {}
    for option in options:
        name, equals, weight = option.partition("=")
        if not name.strip():
            raise click.BadParameter(f"--function {option}: write NAME or NAME=WEIGHT")
        try:
            functions[name.strip()] = read_number(weight) if equals else None
        except ValueError:
            raise click.BadParameter(f"--function {option}: the weight must be a finite number") from None
    return functions


def read_arguments(options: Iterable[str]) -> dict[str, str]:
    """NAME=ROLE as parameter -> role. Raises BadParameter."""
    pairs = {}
    for option in options:
        name, equals, role = option.partition("=")
        if not (name and equals and role):
            raise click.BadParameter(f"--arg {option}: write NAME=ROLE")
        pairs[name.strip()] = role.strip()
    return pairs


def recognize_file(
    source: str,
    functions: Mapping[str, float | None],
    shape: Shape | None,
    arguments: Mapping[str, str],
    columns: Collection[str] | None,
    *,
    as_json: bool,
) -> Recognized:
    """How the functions of a reward's file are called.

    Raises Question; BadParameter for a --function that is not there and a --arg that fits none; RewardError.
    """
    _check_names(source, functions)
    try:
        found = recognize(source, functions or None, shape, arguments=arguments, columns=columns)
    except ValueError as error:
        raise click.BadParameter(f"--arg: {error}") from None
    if isinstance(found, ArgumentQuestion):
        raise Question(describe_question(found), ask=question_to_json(found), as_json=as_json)
    taken = dict.fromkeys(name for one in found.functions for name in one.parameters)
    for name, role in arguments.items():
        if name not in taken:
            raise click.BadParameter(
                f"--arg {name}={role}: no function takes {name}; they take {', '.join(taken)}"
            )
        column = role.removeprefix("column:")
        if columns is not None and column != role and column not in columns:
            raise click.BadParameter(
                f"--arg {name}={role}: the rows have no such column; they have {', '.join(sorted(columns))}"
            )
    return found


def _check_names(source: str, functions: Iterable[str]) -> None:
    """Raises BadParameter for a name that the source does not bind, and says which it has. Raises RewardError."""
    for name in functions:
        try:
            find_reward(source, name.partition(".")[0])
        except RewardError as error:
            if error.type_name != "NoReward":
                raise
            names = ", ".join(one for one in list_function_names(source) if not one.startswith("_"))
            has = f"it has {names}" if names else "it has none"
            raise click.BadParameter(f"--function {name}: the file has no such function; {has}") from None


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """A context in which an error of a reward names its file, "reward.py, line 3: …", or the module beside it that has to come along."""
    try:
        yield
    except RewardError as error:
        if error.type_name == "ModuleNotFoundError":
            ask_for_sibling(error.message, path)
        raise BadInput(f"{path.name}{str(error).removeprefix('reward')}") from error


def ask_for_sibling(message: str, path: Path) -> None:
    """Raise UsageError where a reward imports in vain what lies beside it. message: of the error, which names the module."""
    missing = re.search(r"No module named '(\w+)'", message)
    sibling = None if missing is None else path.with_name(f"{missing[1]}.py")
    if sibling is not None and sibling.is_file():
        raise click.UsageError(
            f"{path.name} imports {sibling.stem}, which lies beside it. Add --with {sibling}"
        )


def question_to_json(question: ArgumentQuestion) -> dict[str, object]:
    """What is asked about a reward's arguments, as JSON data."""
    return {
        "function": question.function,
        "parameters": list(question.parameters),
        "choices": list(question.choices),
        "suggestions": dict(question.suggestions),
        "line": question.line,
        "candidates": list(question.candidates),
        "message": question.message,
    }


def describe_question(question: ArgumentQuestion) -> str:
    """The same for people, with the options that answer it."""
    example = " ".join(
        f"--arg {name}={question.suggestions.get(name, 'ROLE')}" for name in question.parameters
    )
    return (
        f"{printable(question.message)}\nAnswer with {printable(example)}\n"
        f"ROLE is one of: {printable(', '.join(question.choices))}; or choose a form with --shape."
    )


def printable(text: str) -> str:
    """Text for a terminal: one line, of a bearable length, and without the sequences that would control it."""
    line = "".join(one if one.isprintable() else " " for one in text)
    return line if len(line) <= _LINE_CHARS else f"{line[:_LINE_CHARS]}…"
