"""A JSON text as an experiment; or every problem that it has, each with its place."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, NoReturn

from refine_core.errors import Problem, SpecError
from refine_core.experiments.document import Budget, RateLimit
from refine_core.experiments.json_document.arms import read_arms, read_program
from refine_core.experiments.json_document.notes import Notes, kind_of, show_value
from refine_core.experiments.json_document.parts import ExperimentDocument
from refine_core.experiments.json_document.table import read_table

MAX_CHARACTERS: Final = 50_000_000
_FIELDS: Final = (
    "$schema", "name", "dataset", "base", "arms", "rows", "repeats", "seed", "budget", "rate_limits", "result",
)  # fmt: skip


def is_experiment(text: str) -> bool:
    """Whether a JSON text is an experiment rather than one program: it has arms."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and "arms" in data


def read_experiment(text: str, folder: Path) -> ExperimentDocument:
    """The experiment in a JSON text. folder: where its paths begin.

    Raises SpecError with every problem that was found, each with its place: "arms[1].spec.N". Places count from 0, as in JSON.
    """
    data = _parse(text)
    notes = Notes()
    found = _read(notes, folder, data)
    if notes.problems:
        raise SpecError(list(dict.fromkeys(notes.problems)))
    return found


def _parse(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARACTERS:
        _refuse(
            f"it has more than {MAX_CHARACTERS:,} characters; keep the rows in a file of their own and name it"
        )
    try:
        data = json.loads(text)
    except json.JSONDecodeError as why:
        said = f"{why.msg[:1].lower()}{why.msg[1:]}"
        _refuse(f"not valid JSON: {said} at line {why.lineno}, column {why.colno}")
    except (ValueError, RecursionError):
        _refuse("this JSON is nested too deeply, or has a number too long")
    if not isinstance(data, dict):
        _refuse(f"it must be a JSON object with arms and a dataset, not {kind_of(data)}")
    return data


def _refuse(message: str) -> NoReturn:
    raise SpecError([Problem("document", message)])


def _read(notes: Notes, folder: Path, data: Mapping[str, Any]) -> ExperimentDocument:
    notes.check_names("", data, _FIELDS)
    base = None
    if "base" in data:
        base = read_program(notes, folder, "base", data["base"])
    elif any(isinstance(one, str) for one in data.get("arms", ()) or ()):
        notes.add("base", "arms in a word, such as best_of_5, need a program to begin from; add base")
    return ExperimentDocument(
        notes.read_text("name", data.get("name", "")),
        tuple(read_arms(notes, folder, data, base)),
        read_table(notes, folder, data["dataset"]) if "dataset" in data else None,
        notes.read_whole("rows", data.get("rows"), 1, optional=True),
        notes.read_whole("repeats", data.get("repeats", 1), 1) or 1,
        notes.read_whole("seed", data.get("seed", 0), None) or 0,
        _read_budget(notes, data.get("budget")),
        _read_rate_limits(notes, data.get("rate_limits")),
    )


def _read_budget(notes: Notes, data: object) -> Budget:
    if data is None:
        return Budget()
    if not isinstance(data, dict):
        notes.add("budget", f'write an object such as {{"usd": 2}}, not {kind_of(data)}')
        return Budget()
    notes.check_names("budget.", data, ("calls", "tokens", "usd"))
    usd = data.get("usd")
    if usd is not None and (
        isinstance(usd, bool) or not isinstance(usd, int | float) or not 0 < usd <= sys.float_info.max
    ):
        notes.add("budget.usd", f"write a number of US dollars above 0, not {show_value(usd)}")
        usd = None
    return Budget(
        notes.read_whole("budget.calls", data.get("calls"), 1, optional=True),
        notes.read_whole("budget.tokens", data.get("tokens"), 1, optional=True),
        usd if usd is None else float(usd),
    )


def _read_rate_limits(notes: Notes, data: object) -> dict[str, RateLimit]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        notes.add("rate_limits", "write an object: the name of a model, then its limits")
        return {}
    limits: dict[str, RateLimit] = {}
    names = [one.name for one in fields(RateLimit)]
    for label, one in data.items():
        where = f"rate_limits.{label}"
        if not isinstance(one, dict):
            notes.add(where, f"write an object with {', '.join(names)}, not {kind_of(one)}")
            continue
        notes.check_names(f"{where}.", one, names)
        at_once = notes.read_whole(f"{where}.at_once", one.get("at_once", RateLimit().at_once), 1)
        limits[label] = RateLimit(
            at_once or RateLimit().at_once,
            notes.read_whole(
                f"{where}.requests_per_minute", one.get("requests_per_minute"), 1, optional=True
            ),
            notes.read_whole(f"{where}.tokens_per_minute", one.get("tokens_per_minute"), 1, optional=True),
        )
    return limits
