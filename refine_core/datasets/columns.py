"""What the columns of a table are for a program: guesses, each with its reason. A person may say otherwise.

    product, Target audience, price, notes  --suggest_columns-->  product input, audience input, price reward only, notes reward only

Rule 1: a name that is the same, but for case and spaces, is the same field.
Rule 2: what is no input goes to the reward, unless it is empty or only numbers the rows.
"""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from refine_core.datasets.dataset import AS_IT_IS, JSON, NUMBER, TEXT, TRUTH, Column
from refine_core.datasets.table import Table
from refine_core.datasets.values import as_number, is_empty
from refine_core.errors import SignatureError
from refine_core.formatting import clip
from refine_core.python_parser import parse_module
from refine_core.refine.build import list_program_inputs
from refine_core.rows.guessing import ALIASES
from refine_core.rows.mapping import as_text
from refine_core.signatures import Field
from refine_core.signatures.types import format_type
from refine_core.spec import ProgramSpec

_LOOKED_AT: Final = 2_000
_FIRST_CHARS: Final = 200
_METHODS: Final = frozenset(("get", "items", "keys", "values", "inputs", "labels", "toDict", "copy"))
_MOST: Final = 0.8  # of the values are numbers: the others are more likely wrong than the column is text
_PARTS: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """A column of a table with what it may be. reason: why: "same name". first: its first value, as text, cut."""

    column: Column
    reason: str
    first: str = ""


def list_inputs(spec: ProgramSpec) -> Mapping[str, Field]:
    """The inputs that every row must have; none as long as a signature does not parse."""
    try:
        return list_program_inputs(spec)
    except SignatureError:
        return {}


def list_reward_fields(spec: ProgramSpec) -> tuple[str, ...]:
    """What the reward reads of a row that is no input: the names in args["price"], args.get("price") and example.price."""
    try:
        tree = parse_module(spec.reward)
    except (SyntaxError, ValueError):
        return ()
    rewards = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    reward = next((one for one in rewards if one.name == spec.reward_name), rewards[-1] if rewards else None)
    if reward is None or not reward.args.args:
        return ()
    first, inputs = reward.args.args[0].arg, list_inputs(spec)
    names = (_read_name(node, first) for node in ast.walk(reward))
    return tuple(dict.fromkeys(name for name in names if name and name not in inputs))


def _read_name(node: ast.AST, row: str) -> str:
    """The name of the row's field that this node reads; "" if it reads none."""
    match node:
        case ast.Subscript(ast.Name(id=of), ast.Constant(str(name))) if of == row:
            return name
        case ast.Call(ast.Attribute(ast.Name(id=of), "get"), [ast.Constant(str(name)), *_]) if of == row:
            return name
        case ast.Attribute(ast.Name(id=of), name) if of == row and name not in _METHODS:
            return name
    return ""


def suggest_columns(table: Table, spec: ProgramSpec) -> tuple[ColumnGuess, ...]:
    """What each column may be, in the order of the table."""
    sample = _sample(table)
    inputs = list_inputs(spec)
    read = [name for name in table.columns if _reads(spec.reward, name)]
    fields = _match(table, inputs, sample, read)
    taken = {field for field, _ in fields.values()} | set(inputs)
    guesses = []
    for name in table.columns:
        first = clip(
            next((as_text(value) for value in sample[name] if not is_empty(value)), ""), _FIRST_CHARS
        )
        if name in fields:
            field, reason = fields[name]
            guesses.append(ColumnGuess(input_column(name, inputs[field]), reason, first))
        else:
            kind = guess_type(sample[name], is_text=table.is_text)
            column = reward_column(name, spec.reward, taken, kind)
            taken.add(column.field)
            guesses.append(_guess(table, column, first, spec.reward))
    return tuple(guesses)


def fit_columns(table: Table, columns: Sequence[Column], spec: ProgramSpec) -> tuple[Column, ...]:
    """The columns as they suit this program: as they are, where they do; else guessed anew, keeping what a person may have said of others."""
    inputs = list_inputs(spec)
    served = {column.field: column.type for column in columns if column.role == "input"}
    if served == {name: format_type(field.type) for name, field in inputs.items()}:
        return tuple(columns)
    said = {column.name: column for column in columns if column.role != "input"}
    return tuple(
        guess.column if guess.column.role == "input" else said.get(guess.column.name, guess.column)
        for guess in suggest_columns(table, spec)
    )


def input_column(name: str, field: Field) -> Column:
    """A column that is this input."""
    return Column(name, "input", field.name, format_type(field.type))


def reward_column(name: str, reward: str = "", taken: Iterable[str] = (), type: str = AS_IT_IS) -> Column:  # noqa: A002  # the word for it
    """A column that only the reward sees, under a name that Python can write, unless the reward itself has another.

    taken: names that other columns have. type: of REWARD_TYPES.
    """
    field = (
        name if name.isidentifier() or f'"{name}"' in reward or f"'{name}'" in reward else _identifier(name)
    )
    new, number = field, 1
    while new in taken:
        number += 1
        new = f"{field}_{number}"
    return Column(name, "reward only", new, type)


def guess_type(values: Sequence[object], *, is_text: bool) -> str:
    """How values that only the reward sees are best read. is_text: whether they come out of a file that has only texts."""
    filled = [value for value in values if not is_empty(value)]
    if not filled:
        return AS_IT_IS
    if not is_text:
        typed = [value for value in filled if not isinstance(value, str)]
        numbers = sum(as_number(value) is not None for value in typed)
        return NUMBER if numbers < len(filled) and numbers >= _MOST * len(filled) else AS_IT_IS
    texts = [str(value).strip() for value in filled]
    if any(
        len(text) > 1 and text.lstrip("+-")[:1] == "0" and text.lstrip("+-")[1:2].isdigit() for text in texts
    ):
        return TEXT  # 00417 is a name
    if sum(as_number(text) is not None for text in texts) >= _MOST * len(texts):
        return NUMBER
    if all(text.lower() in ("true", "false") for text in texts):
        return TRUTH
    return JSON if all(text[:1] in "[{" and _is_json(text) for text in texts) else TEXT


def _sample(table: Table) -> Mapping[str, list[object]]:
    values: dict[str, list[object]] = {name: [] for name in table.columns}
    for record in table.records[:_LOOKED_AT]:
        for name, value in record.values.items():
            values[name].append(value)
    return values


def _match(
    table: Table, inputs: Mapping[str, Field], sample: Mapping[str, list[object]], read: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Name of a column -> the input that it is, and why. read: columns that the reward reads: an input only by the same name."""
    found: dict[str, tuple[str, str]] = {}
    for how in (_same, _same_letters, _same_words, _usual, _only):
        columns = [
            name
            for name in table.columns
            if name not in found
            and name not in table.renamed
            and (how is _same or any(not is_empty(v) for v in sample[name]))
            and (how in (_same, _same_letters) or name not in read)
        ]
        left = [field for field in inputs if field not in {field for field, _ in found.values()}]
        for name, field, reason in how(columns, left):
            found[name] = (field, reason)
    return found


def _reads(reward: str, name: str) -> bool:
    """Whether the source of a reward names this."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", reward) is not None


_Match = Iterator[tuple[str, str, str]]


def _same(columns: Sequence[str], fields: Sequence[str]) -> _Match:
    return ((name, name, "same name") for name in columns if name in fields)


def _same_letters(columns: Sequence[str], fields: Sequence[str]) -> _Match:
    for field in fields:
        equal = [name for name in columns if _letters(name) == _letters(field)]
        if equal:
            yield equal[0], field, "same name, but for case and spaces"


def _same_words(columns: Sequence[str], fields: Sequence[str]) -> _Match:
    for field in fields:
        near = [name for name in columns if set(_words(field)) & set(_words(name))]
        rivals = [other for other in fields if near and set(_words(other)) & set(_words(near[0]))]
        if len(near) == 1 and len(rivals) == 1:
            yield near[0], field, f"guessed: its name is like {field}"


def _usual(columns: Sequence[str], fields: Sequence[str]) -> _Match:
    usual = [name for name in columns if "_".join(_words(name)) in ALIASES["input"]]
    if len(fields) == len(usual) == 1:
        yield usual[0], fields[0], "guessed: a usual name of an input"


def _only(columns: Sequence[str], fields: Sequence[str]) -> _Match:
    others = [name for role, names in ALIASES.items() if role != "input" for name in names]
    free = [name for name in columns if "_".join(_words(name)) not in others]
    if len(fields) == len(free) == 1:
        yield free[0], fields[0], "guessed: no other column is left"


def _guess(table: Table, column: Column, first: str, reward: str) -> ColumnGuess:
    """column: what it would be for the reward."""
    left_out = replace(column, role="left out")
    if column.name in table.renamed:
        return ColumnGuess(left_out, f"another column is called {table.renamed[column.name]}, too", first)
    if not first:
        return ColumnGuess(left_out, "it is empty", first)
    if _reads(reward, column.field):
        return ColumnGuess(column, "the reward reads it", first)
    if "_".join(_words(column.name)) in ALIASES["id"]:
        return ColumnGuess(left_out, "guessed: it names the rows", first)
    return ColumnGuess(column, "no input of the program", first)


def _letters(name: str) -> str:
    return "".join(_words(name))


def _words(name: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name))
    return [word.casefold() for word in _PARTS.findall(apart)]


def _identifier(name: str) -> str:
    """A name that Python can write: "price (€)" -> "price"."""
    field = "_".join(_words(name)) or "column"
    field = field if field.isidentifier() else f"column_{field}"
    return field if field.isidentifier() else "column"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
