"""Outputs that evaluation tools write: lm-eval samples, LangSmith's to_pandas, Phoenix spans; by their documented field names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from refine_core.rows.formats.base import (
    Format,
    NoOutputError,
    Values,
    as_object,
    describe_expected,
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
    metrics = named if isinstance(named, list) else [name for name in values if name not in _LM_EVAL_OWN]
    reward, parts = single(numbers_of({name: values.get(name) for name in metrics if isinstance(name, str)}))
    yield Row(
        id=name_of(values.get("doc_id"), values.get("filter")) or str(number),
        group=name_of(values.get("doc_id")),
        inputs=as_object(values.get("doc"), "doc"),
        prediction={"response": answer},
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


def _langsmith_rows(values: Values, number: int, place: str) -> Iterator[Row]:
    outputs = {name: value for name, value in _prefixed(values, "outputs.").items() if value is not None}
    if not outputs:
        raise NoOutputError(f"it has no output: {values.get('error') or 'all outputs are empty'}"[:300])
    scores = {
        n: number_of(v, f"feedback.{n}") for n, v in _prefixed(values, "feedback.").items() if _is_score(v)
    }
    reward, parts = single({name: score for name, score in scores.items() if score is not None})
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


def _phoenix_rows(values: Values, number: int, place: str) -> Iterator[Row]:
    output = parsed(values.get("attributes.output.value"))
    if output is None:
        raise ValueError("“attributes.output.value” is missing")
    inputs, expected = split_expected(as_object(parsed(values.get("attributes.input.value")), "input"))
    scores = {
        name.removesuffix(".score").removeprefix("eval.").removeprefix("annotations."): value
        for name, value in values.items()
        if name.endswith(".score") and name.startswith(("eval.", "annotations."))
    }
    reward, parts = single(numbers_of(scores))
    yield Row(
        id=as_text(values.get("context.span_id")) or str(number),
        group=name_of(values.get("context.trace_id")),
        inputs=inputs,
        prediction=as_object(output, "output"),
        expected=expected,
        reward=reward,
        parts=parts,
        source=place,
    )


LM_EVAL: Final = Format(
    "lm-eval samples",
    lambda names, _: {"doc_id", "doc", "filtered_resps"} <= names,
    _lm_eval_rows,
    without_total,
)
LANGSMITH: Final = Format("LangSmith results", _is_langsmith, _langsmith_rows, without_total)
PHOENIX: Final = Format(
    "Phoenix spans",
    lambda names, _: {"attributes.input.value", "attributes.output.value"} <= names,
    _phoenix_rows,
    lambda row: " ".join(filter(None, (describe_expected(row), without_total(row)))),
)
