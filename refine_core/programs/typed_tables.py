"""Values that are typed into tables: what only the reward sees, and demos. Text in, JSON data and problems by row and column out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from refine_core.adapters.field_values import to_json_text
from refine_core.errors import Problem
from refine_core.programs.value_inputs import as_form_input, read_json, read_text, write_text
from refine_core.signatures import Field

TEXT, JSON = "Text", "JSON"
VALUE_KINDS: Final = (TEXT, JSON)
"""How the value in a row of the reference values is read."""


def read_reference_values(
    rows: Iterable[Mapping[str, str]], inputs: Collection[str]
) -> tuple[dict[str, object], list[Problem]]:
    """The values that only the reward sees, and what is wrong with them, each problem at "extra.ROW".

    rows: "name", "kind" and "value" of each; one without a name and a value is left out. inputs: names that are taken.
    """
    values: dict[str, object] = {}
    problems: list[Problem] = []
    for i, row in enumerate(rows):
        name, text, where = row["name"].strip(), row["value"], f"extra.{i}"
        if not name and not text.strip():
            continue
        if not name:
            problems.append(
                Problem(where, f"row {i + 1} has a value but no name; give it one, such as answer")
            )
        elif name in inputs:
            problems.append(
                Problem(
                    where,
                    f"the program has an input {name} already, which the reward sees, too; choose another name",
                )
            )
        elif name in values:
            problems.append(
                Problem(where, f"two values are called {name}; choose another name for one of them")
            )
        else:
            values[name], problem = (
                read_json(text, where, "or choose Text, to have it as it stands")
                if row["kind"] == JSON
                else (text, None)
            )
            problems += [problem] if problem else []
    return values, problems


def write_reference_values(values: Mapping[str, object]) -> list[dict[str, str]]:
    """The inverse of `read_reference_values`."""
    return [
        {"name": name, "kind": TEXT, "value": value}
        if isinstance(value, str)
        else {"name": name, "kind": JSON, "value": to_json_text(value)}
        for name, value in values.items()
    ]


def read_demos(
    fields: Sequence[Field], rows: Iterable[Mapping[str, str]], where: str
) -> tuple[tuple[Mapping[str, object], ...], list[Problem]]:
    """Demos as JSON data, and what is wrong with their cells, by row and column.

    rows: field name -> text. An empty cell is left out of its demo, and a demo with nothing in it is left out, too.
    """
    demos: list[Mapping[str, object]] = []
    problems: list[Problem] = []
    for i, row in enumerate(rows, 1):
        demo: dict[str, object] = {}
        for field in fields:
            if not (text := row.get(field.name, "")).strip():
                continue
            demo[field.name], problem = read_text(as_form_input(field), text, where)
            if problem is not None:
                problems.append(
                    Problem(where, f"demo {i}, {field.name}: {problem.message}", problem.line, problem.column)
                )
        demos += [demo] if demo else []
    return tuple(demos), problems


def write_demo(fields: Sequence[Field], demo: Mapping[str, object]) -> dict[str, str]:
    """A demo as cells: field name -> text. Of a name that is no field's, the value is written as it stands, or as JSON."""
    known = {field.name: as_form_input(field) for field in fields}
    return {
        name: write_text(known[name], value)
        if name in known
        else value
        if isinstance(value, str)
        else to_json_text(value)
        for name, value in demo.items()
    }
