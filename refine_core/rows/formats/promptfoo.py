"""promptfoo: its results as JSON, JSONL and CSV (made with 0.121.20)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from refine_core.rows.formats.base import (
    Format,
    NoOutputError,
    Values,
    describe_expected,
    name_of,
    split_expected,
)
from refine_core.rows.mapping import number_of
from refine_core.rows.row import Row, describe_json

_GOLD: Final = (
    "equals", "contains", "icontains", "starts-with", "is-json", "similar", "factuality", "model-graded-factuality",
    "contains-all", "contains-any", "icontains-all", "icontains-any", "levenshtein", "rouge-n", "bleu",
)  # fmt: skip
"""Assertions whose value is a right answer, not code and not a rule."""


def results_of(document: object) -> list[Any] | None:
    """The results in a document that promptfoo has written, in version 3 or 2; None for another document."""
    results = document.get("results") if isinstance(document, Mapping) else None
    if not isinstance(results, Mapping) or results.get("version") not in (2, 3):
        return None
    found = results.get("results")
    return found if isinstance(found, list) else None


def _is_result(names: frozenset[str], values: Values) -> bool:
    return (
        {"vars", "success"} <= names
        and isinstance(values["vars"], Mapping)
        and bool(names & {"gradingResult", "promptIdx", "testCase", "namedScores"})
    )


def _rows(values: Values, number: int, place: str) -> Iterator[Row]:
    response = values.get("response")
    output = response.get("output") if isinstance(response, Mapping) else None
    if output is None:
        raise NoOutputError(f"it has no output: {values.get('error') or 'the model gave no answer'}"[:300])
    grading = values.get("gradingResult") if isinstance(values.get("gradingResult"), Mapping) else {}
    inputs, expected = split_expected(_object(values.get("vars"), "vars"))
    case = values.get("testCase")
    golds = _golds(case.get("assert") if isinstance(case, Mapping) else None)
    prompt, provider = values.get("prompt"), values.get("provider")
    label = prompt.get("label") if isinstance(prompt, Mapping) else None
    which = provider.get("label") or provider.get("id") if isinstance(provider, Mapping) else None
    yield Row(
        id=str(values.get("id") or number),
        group=name_of(values.get("testIdx")) or name_of(inputs),
        inputs=inputs,
        prediction={"output": output},
        expected=expected or golds,
        reward=number_of(values.get("score"), "score"),
        parts=_numbers(values.get("namedScores")),
        source=f"{place}, {name_of(which, label)}" if which or label else place,
        feedback=str(grading.get("reason") or "") if grading else "",
    )


def _golds(assertions: object) -> dict[str, Any]:
    """What the assertions call right: {"expected": …} for the first one whose value is an answer."""
    for one in assertions if isinstance(assertions, list) else ():
        if isinstance(one, Mapping) and one.get("type") in _GOLD and one.get("value") not in (None, ""):
            return {"expected": one["value"]}
    return {}


def _object(value: object, name: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise ValueError(f"“{name}” is {describe_json(value)}, not an object")


def _numbers(value: object) -> dict[str, float]:
    parts = {name: number_of(one, name) for name, one in value.items()} if isinstance(value, Mapping) else {}
    return {name: number for name, number in parts.items() if number is not None}


def is_table(columns: Sequence[str]) -> bool:
    """Whether a header is promptfoo's: "[provider] prompt", Status, Score, … for each prompt."""
    return bool(_prompts(columns))


def _prompts(columns: Sequence[str]) -> list[int]:
    """Positions of the columns that hold outputs; the columns behind each are told by where they stand."""
    return [
        i
        for i in range(len(columns) - 2)
        if columns[i].startswith("[")
        and columns[i + 1].startswith("Status")
        and columns[i + 2].startswith("Score")
    ]


def _table_rows(values: Values, number: int, place: str) -> Iterator[Row]:
    columns = list(values)
    starts = _prompts(columns)
    inputs, expected = split_expected({name: values[name] for name in columns[: starts[0]]})
    for which, start in enumerate(starts, 1):
        end = starts[which] if which < len(starts) else len(columns)
        block = {name.partition(" (")[0]: values[name] for name in columns[start + 1 : end]}
        named = block.get("Named Scores")
        yield Row(
            id=f"{number}.{which}",
            group=str(number),
            inputs=inputs,
            prediction={"output": values[columns[start]]},
            expected=expected,
            reward=number_of(block.get("Score"), "Score"),
            parts=_numbers(json.loads(named)) if named else {},
            source=f"{place}, {columns[start]}",
            feedback=str(block.get("Grader Reason") or ""),
        )


def _note(row: Row) -> str:
    if set(row.expected) == {"expected"}:
        return (
            "Taken as the right answer: the test's own “expected”, or else the value of its first assertion."
        )
    return describe_expected(row)


RESULT: Final = Format("promptfoo results", _is_result, _rows, _note)
TABLE: Final = Format("promptfoo results", lambda names, values: is_table(list(values)), _table_rows)  # noqa: ARG005
