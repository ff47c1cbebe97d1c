"""The parts of the scores in the story, as columns: what each attempt got for each, and whether that moved.

A part's meter is filled against the largest value seen in the run, as a Score does not say how much there is to get.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from typing import Literal

from refine_core.formatting import format_score
from refine_core.log.timeline import Timeline
from refine_core.python_parser import parse_module

MAX_COLUMNS = 7
Direction = Literal["up", "down", ""]


@dataclass(frozen=True, slots=True)
class PartColumn:
    """name: the part's. caption: what its meter is filled against, "best 0.25"; "" before there is one other than 0."""

    name: str
    caption: str
    largest: float


@dataclass(frozen=True, slots=True)
class PartCell:
    """One part of one score. share: of the meter, 0 to 1. moved: against the attempt before. text: "" where it has none."""

    text: str
    share: float = 0.0
    moved: Direction = ""
    is_negative: bool = False


def part_columns(timeline: Timeline) -> list[PartColumn]:
    """The parts of all scores, in the order in which they came; before the first score, those that the reward's code names.

    Of more than MAX_COLUMNS, those with the largest values have a column, and one more says how many have none.
    """
    seen: dict[str, list[float]] = {}
    for attempt in timeline.attempts:
        for name, value in (attempt.score.parts if attempt.score is not None else {}).items():
            seen.setdefault(name, []).append(value)
    if not seen and timeline.end is None:
        return [PartColumn(name, "", 0.0) for name in named_parts(timeline.spec.reward)]
    largest = {name: max(map(abs, values)) for name, values in seen.items()}
    chosen = set(nlargest(MAX_COLUMNS, largest, key=largest.__getitem__))
    columns = [
        PartColumn(name, f"best {_number(max(values))}" if any(values) else "", largest[name])
        for name, values in seen.items()
        if name in chosen
    ]
    rest = len(seen) - len(columns)
    return [*columns, PartColumn(f"{rest:,} more", "see Reward", 0.0)] if rest else columns


def part_cells(
    columns: Iterable[PartColumn], parts: Mapping[str, float], before: Mapping[str, float] | None
) -> list[PartCell]:
    """A cell for each column. before: the parts of the attempt that is compared with."""
    return [
        _cell(parts[column.name], (before or {}).get(column.name), column.largest)
        if column.name in parts
        else PartCell("")
        for column in columns
    ]


def _cell(value: float, before: float | None, largest: float) -> PartCell:
    moved: Direction = "" if before is None or value == before else "up" if value > before else "down"
    share = abs(value) / largest if largest else 0.0
    return PartCell(_number(value), round(share, 3), moved, is_negative=value < 0)


def _number(value: float) -> str:
    return "0" if value == 0 else format_score(value)


@lru_cache(maxsize=32)
def named_parts(source: str) -> tuple[str, ...]:
    """Names of the parts that a reward's code writes down: the keys of what it passes to Score as `parts`.

    A guess from the text alone, to keep their columns free before the first score.
    """
    try:
        nodes = list(ast.walk(parse_module(source)))
    except (SyntaxError, ValueError, RecursionError):
        return ()
    literals = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("Score"):
            continue
        given = next((k.value for k in node.keywords if k.arg == "parts"), None)
        given = given or (node.args[2] if len(node.args) > 2 else None)  # noqa: PLR2004 - Score(value, feedback, parts)
        held = literals.get(given.id) if isinstance(given, ast.Name) else given
        if isinstance(held, ast.Dict):
            return tuple(
                k.value for k in held.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)
            )
    return ()
