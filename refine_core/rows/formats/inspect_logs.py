"""Inspect's logs: .eval, a zip archive with a file for each sample, and .json (made with 0.3.285)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from refine_core.rows.formats.base import (
    Format,
    NoOutputError,
    Values,
    as_object,
    name_of,
    single,
    text_of,
    without_total,
)
from refine_core.rows.row import Row, read_number

_GRADES: Final = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
_ATTACHMENT: Final = "attachment://"


def samples_of(document: object) -> list[Any] | None:
    """The samples in a .json log; None for another document."""
    if isinstance(document, Mapping) and {"eval", "samples"} <= set(document) and "version" in document:
        samples = document["samples"]
        return samples if isinstance(samples, list) else []
    return None


def sample_names(names: tuple[str, ...]) -> list[str] | None:
    """The members of an archive that are samples, in order; None for another archive."""
    if "header.json" not in names and "_journal/start.json" not in names:
        return None
    return sorted(name for name in names if name.startswith("samples/") and name.endswith(".json"))


def _is_sample(names: frozenset[str], _: Values) -> bool:
    return {"epoch", "input", "target", "output"} <= names and bool(names & {"scores", "messages"})


def _rows(values: Values, number: int, place: str) -> Iterator[Row]:
    attachments = values.get("attachments") if isinstance(values.get("attachments"), Mapping) else {}
    if attachments:
        values = {
            name: _attached(value, attachments, 0)
            if name in ("input", "target", "output", "metadata")
            else value
            for name, value in values.items()
        }
    output = as_object(values.get("output"), "completion")
    choices = output.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else {}
    content = text_of(as_object(choice.get("message"), "content").get("content"))
    if content is None or (content == "" and values.get("error")):
        error = as_object(values.get("error"), "message").get("message")
        raise NoOutputError(f"it has no output: {error or 'the model gave no answer'}"[:300])
    scores = {n: s for n, s in as_object(values.get("scores"), "score").items() if isinstance(s, Mapping)}
    if not scores and isinstance(values.get("score"), Mapping):
        scores = {"score": values["score"]}
    reward, parts = _rewards(scores)
    reasons = {name: str(score["explanation"]) for name, score in scores.items() if score.get("explanation")}
    yield Row(
        id=f"{values.get('id') if values.get('id') is not None else number}, epoch {values.get('epoch')}",
        group=name_of(values.get("id")),
        inputs={"input": values.get("input"), **as_object(values.get("metadata"), "metadata")},
        prediction={"output": content},
        expected={"target": values["target"]} if values.get("target") not in (None, "") else {},
        reward=reward,
        parts=parts,
        source=place,
        feedback=next(iter(reasons.values()))
        if len(reasons) == 1
        else "\n".join(f"{n}: {r}" for n, r in reasons.items()),
    )


def _rewards(scores: Mapping[str, Mapping[str, Any]]) -> tuple[float | None, dict[str, float]]:
    """A lone scorer's value is the reward; several are parts without a total. A value may itself have several numbers."""
    parts: dict[str, float] = {}
    for name, score in scores.items():
        value = score.get("value")
        several = value.items() if isinstance(value, Mapping) else ((None, value),)
        for inner, one in several:
            number = _grade(one)
            if number is not None:
                parts[name if inner is None else f"{name}.{inner}"] = number
    return single(parts) if len(scores) == 1 else (None, parts)


def _grade(value: object) -> float | None:
    """A score as Inspect counts it: C, I, P and N are 1, 0, 0.5 and 0; NaN is unscored; other text has no number."""
    if isinstance(value, str):
        return _GRADES.get(value)
    if isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return read_number(value, "a score")
    return None


def _attached(value: object, attachments: Mapping[str, Any], depth: int) -> object:
    if isinstance(value, str) and value.startswith(_ATTACHMENT):
        return attachments.get(value.removeprefix(_ATTACHMENT), value)
    if depth > 20:  # noqa: PLR2004  # a message has few levels
        return value
    if isinstance(value, list):
        return [_attached(one, attachments, depth + 1) for one in value]
    if isinstance(value, Mapping):
        return {key: _attached(one, attachments, depth + 1) for key, one in value.items()}
    return value


SAMPLE: Final = Format("Inspect log", _is_sample, _rows, without_total)
