"""What a function returned, as (value, feedback, parts). The value is None where the function gave no score.

    None, NaN                  unscored, never 0
    bool, number, NumPy scalar the value
    text                       by the shape: "true", "C"; text is no score in the shape refine
    dict or object             `score` or `value`, a reason, and other numbers as parts
    (number, text)             the value and its reason
    list of these              several scores of one row, where the shape knows them: parts, and their mean
    one list for many rows     split by scoring.py before it comes here

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from refine_core.rewards.limits import NAME_CHARS, PARTS
from refine_core.rewards.score_conversion import (
    NotAScore,
    check_parts,
    convert_score,
    is_scalar,
    to_finite_float,
)

Result = tuple[float | None, str, dict[str, float]]

_SUBJECT = "the reward returned"
_REASONS = ("feedback", "reason", "comment", "explanation", "rationale")
_VALUES = ("score", "value")
_PARTS = ("namedScores", "named_scores", "metrics", "parts", "scores")
_NO_PARTS = frozenset(
    ("score", "value", "pass", "pass_", "weight", "threshold", "name", "key", "tokensUsed", "id", "timestamp", "step")
)  # fmt: skip
_SEVERAL = frozenset(("langsmith", "langfuse", "mlflow", "braintrust", "by_name", "inspect"))
_WORDS = {"true": 1.0, "false": 0.0}
_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
_YES = {"yes": 1.0, "no": 0.0}
_DEPTH = 3  # of scores inside scores


def convert_return(shape: str, result: Any) -> Result:
    """The result of one row. Raises: NotAScore; and whatever the result's own attributes raise."""
    if type(result) is float and math.isfinite(result):  # as nearly every reward returns
        return result, "", {}
    if shape == "refine":
        return _convert_refine(result)
    value, feedback, parts = _convert(shape, result, 0)
    check_parts(parts)
    return value, feedback, parts


def is_unscored(value: Any) -> bool:
    """Whether it is None or a NaN."""
    if value is None:
        return True
    if is_scalar(value):
        value = value.item()
    return isinstance(value, float) and math.isnan(float.__float__(value))


def _convert_refine(result: Any) -> Result:
    if is_unscored(result):
        return None, "", {}
    if not isinstance(result, (int, float, str, dict, list, tuple, type)) and not is_scalar(result):
        value = getattr(result, "value", getattr(result, "score", 0.0))
        if is_unscored(value):
            feedback = getattr(result, "feedback", "") or ""
            return None, feedback if isinstance(feedback, str) else "", {}
    value, feedback, parts = convert_score(result)
    check_parts(parts)
    return value, feedback, parts


def _convert(shape: str, result: Any, depth: int) -> Result:
    if is_unscored(result):
        return None, "", {}
    if isinstance(result, (bool, int, float)) or is_scalar(result):
        return to_finite_float(result, _SUBJECT), "", {}
    if isinstance(result, str):
        return _convert_text(shape, str.__str__(result), depth)
    if depth < _DEPTH and not isinstance(result, type):
        if isinstance(result, dict) or (hasattr(result, "keys") and hasattr(result, "__getitem__")):
            return _convert_mapping(shape, {str(key): result[key] for key in result.keys()}, depth)  # noqa: SIM118  # any mapping has them
        if isinstance(result, (list, tuple)):
            return _convert_sequence(shape, result, depth)
        if hasattr(result, "score") or hasattr(result, "value"):
            return _convert_object(shape, result, depth)
    return to_finite_float(result, _SUBJECT), "", {}


def _convert_text(shape: str, text: str, depth: int) -> Result:
    word = text.strip()
    if shape == "promptfoo" and word[:1] in "{[" and depth < _DEPTH:
        try:
            return _convert(shape, json.loads(word), depth + 1)
        except (ValueError, RecursionError):
            pass
    value = _WORDS.get(word.lower(), _LETTERS.get(word))
    if value is None and shape in {"inspect", "mlflow"}:
        value = _YES.get(word.lower())
    if value is None and shape in {"inspect", "promptfoo"}:
        value = _read_number(word)
    if value is None:
        raise NotAScore("WrongType", f"{_SUBJECT} the text {text[:60]!r}, which is no score")
    return value, "", {}


def _read_number(word: str) -> float | None:
    try:
        value = float(word[:40])
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _convert_mapping(shape: str, result: dict[str, Any], depth: int) -> Result:
    if isinstance(result.get("results"), (list, tuple)) and shape == "langsmith":
        return _convert_several(shape, result["results"], depth)
    metadata = result.get("metadata")
    feedback = _find_reason(result.get) or (_find_reason(metadata.get) if isinstance(metadata, dict) else "")
    parts = _find_parts(result)
    for name in _VALUES:
        if name in result:
            value, inner_feedback, inner = _convert(shape, result[name], depth + 1)
            return value, feedback or inner_feedback, {**inner, **parts}
    passed = result.get("pass", result.get("pass_"))
    if shape == "promptfoo" and isinstance(passed, bool):
        return float(passed), feedback, parts
    if shape == "openrlhf" and "rewards" in result:
        return _convert(shape, result["rewards"], depth + 1)
    if parts and shape in {"verifiers", "by_name", "mlflow", "inspect"}:  # named scores and nothing else
        total = math.fsum(parts.values())
        return (total if shape == "verifiers" else total / len(parts)), feedback, parts
    raise NotAScore(
        "WrongType", f"{_SUBJECT} a dict without `score`; it has: {', '.join(list(result)[:20])[:200]}"
    )


def _convert_object(shape: str, result: Any, depth: int) -> Result:
    name = next(one for one in _VALUES if hasattr(result, one))
    value, inner_feedback, parts = _convert(shape, getattr(result, name), depth + 1)
    feedback = _find_reason(lambda one: getattr(result, one, None))
    error = getattr(result, "error", None)
    if value is None and error is not None and shape in {"mlflow", "deepeval"}:
        raise NotAScore("ScorerError", f"the {_NOUNS[shape]} holds an error: {str(error)[:400]}")
    metadata = getattr(result, "metadata", None)
    if not feedback and isinstance(metadata, dict):
        feedback = _find_reason(metadata.get)
    for name in ("parts", "metrics"):
        more = getattr(result, name, None)
        if isinstance(more, dict):
            parts = {**parts, **_numbers(more)}
    return value, feedback or inner_feedback, parts


_NOUNS = {"mlflow": "feedback", "deepeval": "metric"}


def _convert_sequence(shape: str, result: list[Any] | tuple[Any, ...], depth: int) -> Result:
    if isinstance(result, tuple) and result and all(_is_plain(one) for one in result):
        numbers = [one for one in result if not isinstance(one, str) and one is not None]
        texts = [one for one in result if isinstance(one, str)]
        if len(numbers) == 1 and texts:  # (number, text), or (score, label, explanation)
            value, _, _ = _convert(shape, numbers[0], depth + 1)
            return value, ". ".join(text for text in texts if text), {}
    if shape in _SEVERAL:
        return _convert_several(shape, result, depth)
    raise NotAScore(
        "WrongType",
        f"{_SUBJECT} a {type(result).__name__[:100]} of {len(result)}; expected one score for one row",
    )


def _convert_several(shape: str, results: Iterable[Any], depth: int) -> Result:
    """Several scores of one row: each a part by its name; the value is their mean."""
    parts: dict[str, float] = {}
    reasons = []
    for i, one in enumerate(results):
        name = _name_of(one) or f"score {i + 1}"
        value, feedback, inner = _convert(shape, one, depth + 1)
        if value is not None:
            parts[name] = value
        parts.update({f"{name}.{key}": number for key, number in inner.items()})
        if feedback:
            reasons.append(f"{name}: {feedback}")
        if len(parts) > PARTS:
            break
    values = [value for name, value in parts.items() if "." not in name]
    return (math.fsum(values) / len(values) if values else None), "\n".join(reasons), parts


def _name_of(one: Any) -> str:
    for key in ("key", "name"):
        name = one.get(key) if isinstance(one, dict) else getattr(one, key, None)
        if isinstance(name, str) and name:
            return str.__str__(name)[:NAME_CHARS].replace(".", "·")
    return ""


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str)) or is_scalar(value)


def _find_reason(get: Any) -> str:
    for name in _REASONS:
        reason = get(name)
        if isinstance(reason, str) and reason:
            return str.__str__(reason)
    return ""


def _find_parts(result: dict[str, Any]) -> dict[str, float]:
    parts: dict[str, float] = {}
    for name in _PARTS:
        inner = result.get(name)
        if isinstance(inner, dict):
            parts.update(_numbers(inner))
    components = result.get("componentResults")
    if isinstance(components, list):
        scores = [one.get("score") for one in components if isinstance(one, dict)]
        parts.update(_numbers({f"component {i + 1}": score for i, score in enumerate(scores[: PARTS + 1])}))
    parts.update(_numbers({name: one for name, one in result.items() if name not in _NO_PARTS}))
    return parts


def _numbers(values: dict[Any, Any]) -> dict[str, float]:
    """Those of the values that are finite numbers."""
    found = {}
    for name, value in values.items():
        if is_scalar(value):
            value = value.item()  # noqa: PLW2901  # the same value, as Python's own
        if isinstance(value, (bool, int, float)):
            try:
                number = float(value)
            except OverflowError:
                continue
            if math.isfinite(number):
                found[str.__str__(str(name))] = number
    return found
