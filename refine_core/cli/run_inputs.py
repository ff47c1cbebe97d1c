"""The values of a program's inputs on the command line, and the question about those that are missing.

--input question="What is …?"        text, a number, a date …: by the type that the signature names
--input minutes=@minutes.txt         the text of a file            --input year:=2026    JSON, whatever the type
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from refine_core.cli.output import Question
from refine_core.cli.terminal import one_line

if TYPE_CHECKING:
    from refine_core.programs.value_inputs import FormInput


def read_inputs(options: Sequence[str], wanted: Iterable[FormInput]) -> dict[str, object]:
    """The options as name -> value. Raises BadParameter for one that is no value of its input's type."""
    by_name = {one.name: one for one in wanted}
    return dict(_read(option, by_name) for option in options)


def _read(option: str, by_name: Mapping[str, FormInput]) -> tuple[str, object]:
    from refine_core.programs.value_inputs import read_json, read_text

    name, equals, text = option.partition("=")
    as_json, name = name.endswith(":"), name.removesuffix(":").strip()
    if not equals or not name:
        raise click.BadParameter(f"--input {one_line(option)}: write NAME=VALUE, NAME=@FILE or NAME:=JSON")
    if text.startswith("@"):
        text = text[1:] if text.startswith("@@") else _read_file(name, text[1:])
    if as_json:
        value, problem = read_json(text, name, "with := it must be JSON")
    elif name in by_name:
        value, problem = read_text(by_name[name], text, name)
    else:
        value, problem = text, None
    if problem is not None:
        raise click.BadParameter(f"--input {one_line(name)}: {one_line(problem.message)}")
    return name, value


def _read_file(name: str, path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8-sig")
    except OSError as error:
        raise click.BadParameter(
            f"--input {name}=@{path}: the file cannot be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise click.BadParameter(f"--input {name}=@{path}: the file is not UTF-8 text") from None


def require_inputs(values: Mapping[str, object], wanted: Sequence[FormInput], *, as_json: bool) -> None:
    """Raise Question for inputs that have no value, with their types and what a value looks like."""
    missing = [one for one in wanted if one.name not in values and not one.optional]
    if not missing:
        return
    width = max(len(one.name) for one in missing)
    lines = [f"  {one.name:<{width}}  {_describe(one)}" for one in missing]
    example = " ".join(f"--input {one.name}={_sample(one)}" for one in missing)
    what = "1 input has" if len(missing) == 1 else f"{len(missing)} inputs have"
    raise Question(
        "\n".join(
            [
                f"{what} no value:",
                *lines,
                f"Add {example}",
                "A long text can stand in a file: --input NAME=@FILE",
            ]
        ),
        ask={
            "inputs": [
                {"name": one.name, "type": one.type, "description": one.description} for one in missing
            ]
        },
        as_json=as_json,
    )


def _describe(one: FormInput) -> str:
    told = one_line(one.description)
    return f"{one.type}{f': {told}' if told and told != f'${{{one.name}}}' else ''}"


def _sample(one: FormInput) -> str:
    if one.choices:
        return f"'{one.choices[0]}'"
    return {"int": "3", "float": "0.5", "bool": "true"}.get(
        one.kind
    ) or f"'{'…' if one.kind in ('text', 'lines') else one.sample}'"
