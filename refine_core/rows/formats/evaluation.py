"""Outputs that evaluation tools write: lm-eval samples (made with 0.4.13), LangSmith's to_pandas (0.15.1), Phoenix spans (20.26.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from refine_core.rows.formats.base import (
    Format,
    NoOutputError,
    Values,
    as_object,
    describe_expected,
    find_scores,
    name_of,
    numbers_of,
    parsed,
    single,
    split_expected,
    without_total,
)
from refine_core.rows.mapping import as_text, number_of
from refine_core.rows.row import Row

_LM_EVAL_OWN: Final = frozenset({"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "doc_hash", "prompt_hash", "target_hash"})  # fmt: skip


def _lm_eval_rows(values: Values, number: int, place: str) -> Iterator[Row]:
    answers = values.get("filtered_resps")
    answer = answers[0] if isinstance(answers, list) and len(answers) == 1 else answers
    if answer is None:
        raise ValueError("“filtered_resps” is missing")
    named = values.get("metrics")
    listed = named if isinstance(named, list) else [name for name in values if name not in _LM_EVAL_OWN]
    metrics = {name: values.get(name) for name in listed if isinstance(name, str)}
    reward, parts = single(numbers_of(metrics), metrics)
    raw = values.get("resps")
    while isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    yield Row(
        id=name_of(values.get("doc_id"), values.get("filter")) or str(number),
        group=name_of(values.get("doc_id")),
        inputs=as_object(values.get("doc"), "doc"),
        prediction={
            "response": answer,
            **({"unfiltered": raw} if raw != answer and isinstance(raw, str) else {}),
        },
        expected={"target": values["target"]} if values.get("target") is not None else {},
        reward=reward,
        parts=parts,
        source=place,
    )


def _prefixed(values: Values, prefix: str) -> dict[str, Any]:
    return {name.removeprefix(prefix): parsed(v) for name, v in values.items() if name.startswith(prefix)}


def _is_langsmith(names: frozenset[str], _: Values) -> bool:
    return any(name.startswith("inputs.") for name in names) and any(
        name.startswith("outputs.") for name in names
    )


def _fit_langsmith(sample: Sequence[Values]) -> Format:
    scores = find_scores(sample, _langsmith_scores)
    return replace(
        LANGSMITH, rows=lambda values, number, place: _langsmith_rows(values, number, place, scores)
    )


def _langsmith_scores(values: Values) -> dict[str, float]:
    return {
        name: score
        for name, value in _prefixed(values, "feedback.").items()
        if _is_score(value) and (score := number_of(value, name)) is not None
    }


def _langsmith_rows(
    values: Values, number: int, place: str, scores: frozenset[str] = frozenset()
) -> Iterator[Row]:
    outputs = {name: value for name, value in _prefixed(values, "outputs.").items() if value is not None}
    if not outputs:
        raise NoOutputError(f"it has no output: {values.get('error') or 'all outputs are empty'}"[:300])
    reward, parts = single(_langsmith_scores(values), scores)
    expected = {
        name: v
        for name, v in {**_prefixed(values, "reference."), **_prefixed(values, "reference_outputs.")}.items()
        if v is not None
    }
    yield Row(
        id=as_text(values.get("id")) or str(number),
        group=name_of(values.get("example_id")),
        inputs=_prefixed(values, "inputs."),
        prediction=outputs,
        expected=expected,
        reward=reward,
        parts=parts,
        source=place,
    )


def _is_score(value: object) -> bool:
    try:
        number_of(value, "")
    except ValueError:
        return False
    return True


def _fit_phoenix(sample: Sequence[Values]) -> Format:
    scores = find_scores(sample, _phoenix_scores)
    return replace(PHOENIX, rows=lambda values, number, place: _phoenix_rows(values, number, place, scores))


def _phoenix_scores(values: Values) -> dict[str, float]:
    """Evaluations beside a span, as columns of their own or as the frame of annotations joined to it."""
    scores = {
        name.removesuffix(".score").removeprefix("eval.").removeprefix("annotations."): value
        for name, value in values.items()
        if name.endswith(".score") and name.startswith(("eval.", "annotations."))
    }
    if isinstance(name := values.get("annotation_name"), str):
        scores[name] = values.get("result.score")
    return numbers_of(scores)


def _phoenix_rows(
    values: Values, number: int, place: str, scores: frozenset[str] = frozenset()
) -> Iterator[Row]:
    output = parsed(values.get("attributes.output.value"))
    if output is None:
        raise NoOutputError("it has no output: “attributes.output.value” is empty")
    inputs, expected = split_expected(as_object(parsed(values.get("attributes.input.value")), "input"))
    reward, parts = single(_phoenix_scores(values), scores)
    yield Row(
        id=as_text(values.get("context.span_id")) or str(number),
        group=name_of(values.get("context.trace_id")),
        inputs=inputs,
        prediction=as_object(output, "output"),
        expected=expected,
        reward=reward,
        parts=parts,
        source=place,
        feedback=as_text(values.get("result.explanation")),
    )


LM_EVAL: Final = Format(
    "lm-eval samples",
    lambda names, _: {"doc_id", "doc", "filtered_resps"} <= names,
    _lm_eval_rows,
    without_total,
)
LANGSMITH: Final = Format("LangSmith results", _is_langsmith, _langsmith_rows, without_total, _fit_langsmith)
PHOENIX: Final = Format(
    "Phoenix spans",
    lambda names, _: {"attributes.input.value", "attributes.output.value"} <= names,
    _phoenix_rows,
    lambda row: " ".join(filter(None, (describe_expected(row), without_total(row)))),
    _fit_phoenix,
)
