"""Completions that trainers write: TRL (Parquet), verifiers up to 0.3 (results.jsonl) and verl ({step}.jsonl), as their source has them.

Read in TRL 1.16.0, GRPOTrainer.log, and verl 0.9.1, RayPPOTrainer._write_generations. verifiers 0.4 is in verifiers_traces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from refine_core.rows.formats.base import (
    Format,
    Values,
    completion_of,
    describe_expected,
    find_scores,
    name_of,
    numbers_of,
    single,
    split_expected,
    without_total,
)
from refine_core.rows.mapping import number_of
from refine_core.rows.row import Row

_TRL_OWN: Final = frozenset({"step", "prompt", "completion", "advantage"})
_GOLD: Final = ("answer",)
"""In TRL and verifiers `answer` is the right answer: both give it to the reward under this name."""


def _fit_trl(sample: Sequence[Values]) -> Format:
    """TRL's completions with the scores that the file has: a column that is empty in one row has numbers in another."""
    scores = find_scores(sample, _trl_scores)
    return replace(TRL, rows=lambda values, number, place: _trl_rows(values, number, place, scores))


def _trl_scores(values: Values) -> dict[str, float]:
    return numbers_of({name: value for name, value in values.items() if name not in _TRL_OWN})


def _trl_rows(values: Values, number: int, place: str, scores: frozenset[str] = frozenset()) -> Iterator[Row]:
    reward, parts = single(_trl_scores(values), scores)
    columns, expected = split_expected(
        {
            name: value
            for name, value in values.items()
            if name not in _TRL_OWN | scores and not isinstance(value, bool | int | float)
        }
    )
    columns, gold = _golds(columns)
    yield Row(
        id=str(number),
        group=name_of(values.get("step"), values.get("prompt")),
        inputs={"prompt": values.get("prompt"), **columns},
        prediction=completion_of(values.get("completion")),
        expected={**expected, **gold},
        reward=reward,
        parts=parts,
        source=place,
    )


def _verifiers_rows(values: Values, number: int, place: str) -> Iterator[Row]:
    info = values.get("info")
    inputs = {"prompt": values.get("prompt"), **({"info": info} if info else {}), **_some(values, "task")}
    metrics = values.get("metrics")
    yield Row(
        id=str(number),
        group=name_of(values.get("example_id")),
        inputs=inputs,
        prediction=completion_of(values.get("completion")),
        expected=_some(values, "answer"),
        reward=number_of(values.get("reward"), "reward"),
        parts=numbers_of(metrics) if isinstance(metrics, Mapping) else {},
        source=place,
    )


def _verl_rows(values: Values, number: int, place: str) -> Iterator[Row]:
    own = {"input", "output", "gts", "score", "step"}
    if values.get("output") is None:
        raise ValueError("“output” is missing")
    yield Row(
        id=str(number),
        group=name_of(values.get("step"), values.get("input")),
        inputs={"input": values.get("input")},
        prediction={"output": values["output"]},
        expected={"ground_truth": values["gts"]} if values.get("gts") is not None else {},
        reward=number_of(values.get("score"), "score"),
        parts=numbers_of({name: value for name, value in values.items() if name not in own}),
        source=place,
    )


def _golds(values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    gold = {name: value for name, value in values.items() if name in _GOLD}
    return {name: value for name, value in values.items() if name not in gold}, gold


def _some(values: Values, name: str) -> dict[str, Any]:
    return {name: values[name]} if values.get(name) not in (None, "") else {}


TRL: Final = Format(
    "TRL completions",
    lambda names, _: names >= _TRL_OWN,
    _trl_rows,
    lambda row: " ".join(filter(None, (describe_expected(row), without_total(row)))),
    _fit_trl,
)
VERIFIERS: Final = Format(
    "verifiers results",
    lambda names, _: {"example_id", "prompt", "completion", "reward"} <= names,
    _verifiers_rows,
    lambda row: "",  # noqa: ARG005
)
VERL: Final = Format(
    "verl rollouts",
    lambda names, _: {"input", "output", "gts", "score", "step"} <= names,
    _verl_rows,
    lambda row: "",  # noqa: ARG005
)
