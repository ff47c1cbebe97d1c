"""Which values a case of a reward has: to be filled in by somebody who has no rows yet.

list_fields(recognized, like) -> CaseField("question", "inputs"), CaseField("answer", "prediction"), …
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from refine_core.cases.case import Case
from refine_core.cases.labels import case_from_row
from refine_core.cases.wants import Want
from refine_core.errors import RewardError
from refine_core.rewards.shapes import Recognized
from refine_core.rewards.shapes.binding import is_provided
from refine_core.rewards.source import parse_reward
from refine_core.rows import Row

Role = Literal["inputs", "prediction", "expected"]
MAX_FIELDS: Final = 12
_ROLES: Final[tuple[Role, ...]] = ("inputs", "expected", "prediction")
_BY_POSITION: Final = frozenset(("refine", "dspy", "gepa"))


@dataclass(frozen=True, slots=True)
class CaseField:
    """One value of a case. is_text: whether what is typed is text as it stands; else JSON is read where it is JSON."""

    name: str
    role: Role
    is_text: bool = True


def list_fields(recognized: Recognized | None, like: Case | Row | None) -> tuple[CaseField, ...]:
    """The values of a case, the output last. like: a case or a row whose names it has, beside those that the reward reads."""
    inputs, outputs = _names_read(recognized) if recognized is not None else ([], [])
    by_position = recognized is not None and recognized.shape in _BY_POSITION
    if like is not None:
        known = {
            role: [
                CaseField(name, role, isinstance(value, str) or value is None)
                for name, value in _values(like, role).items()
            ]
            for role in _ROLES
        }
        given = {*like.inputs, *like.expected}
        known["inputs"] += [CaseField(name, "inputs", is_text=False) for name in inputs if name not in given]
        more = [name for name in outputs if name not in like.prediction]
        known["prediction"] += [CaseField(name, "prediction", is_text=False) for name in more]
        return tuple(field for role in _ROLES for field in known[role][:MAX_FIELDS])
    columns = tuple(CaseField(name, "inputs", is_text=False) for name in inputs[:MAX_FIELDS])
    if not by_position:
        return (*columns, CaseField("expected", "expected"), CaseField("output", "prediction"))
    names = outputs[:MAX_FIELDS] or ["output"]
    return (*columns, *(CaseField(name, "prediction", is_text=False) for name in names))


def fill_case(name: str, fields: Mapping[CaseField, str], want: Want) -> Case:
    """The case of these typed values. Empty inputs and expected values are left out; an empty output is an output.

    name: by default it is called after its output.
    """
    values: dict[Role, dict[str, object]] = {"inputs": {}, "prediction": {}, "expected": {}}
    for field, text in fields.items():
        if text or field.role == "prediction":
            values[field.role][field.name] = text if field.is_text else _read(text)
    row = Row("", values["inputs"], values["prediction"], values["expected"])
    return case_from_row(row, want, name)


def _values(one: Case | Row, role: Role) -> Mapping[str, object]:
    values: Mapping[str, object] = getattr(one, role)
    return values


def _read(text: str) -> object:
    """A number, a list or an object where it is one in JSON; else the text."""
    if not text.strip()[:1] or text.strip()[0] not in "-0123456789[{tfn":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _names_read(recognized: Recognized) -> tuple[list[str], list[str]]:
    """Names that the functions read of what they are given first and second; of other shapes, columns that they take."""
    inputs: dict[str, None] = {}
    outputs: dict[str, None] = {}
    try:
        tree = parse_reward(recognized.source)
    except RewardError:
        return [], []
    for function in recognized.functions:
        if function.shape in _BY_POSITION:
            for found, parameter in zip((inputs, outputs), function.parameters, strict=False):
                found.update(dict.fromkeys(_names_of(tree, parameter)))
        else:
            inputs.update(
                (name, None)
                for name in function.parameters
                if name in function.required and not is_provided(function.shape, function.parameters, name)
            )
    return list(inputs), list(outputs)


def _names_of(tree: ast.AST, variable: str) -> list[str]:
    """X in variable.x, variable["x"] and variable.get("x"), in the order of the source."""
    names = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get"),
                args=[ast.Constant(value=str(key)), *_],
            ):
                if name == variable:
                    names.append((node.lineno, node.col_offset, key))
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))):
                if name == variable:
                    names.append((node.lineno, node.col_offset, key))
            case ast.Attribute(value=ast.Name(id=name), attr=key):
                if name == variable and key not in ("get", "toDict", "items", "keys", "values", "copy"):
                    names.append((node.lineno, node.col_offset, key))
    return [key for _, _, key in sorted(names)]
