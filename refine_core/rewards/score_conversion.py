"""What counts as a score.

Both this process and the worker ask here, so it imports next to nothing: the worker's start is what a user waits for.
"""

from __future__ import annotations

import math

from refine_core.rewards.limits import NAME_CHARS, PARTS

RETURN = "return a number or Score(value, feedback=…, parts=…)"
EXPECTED = "expected a number"


class NotAScore(Exception):  # noqa: N818  # it says what the value is, and becomes a RewardError at once
    """A result that is no score. type_name: "WrongType", "NotFinite" or "TooLarge"."""

    def __init__(self, type_name: str, message: str) -> None:
        self.type_name, self.message = type_name, message
        super().__init__(message)


def convert_score(result: object) -> tuple[float, str, dict[str, float]]:
    """What a reward returned, as (value, feedback, parts).

    Accepted: bool, int, float; anything of shape () with `item()` (NumPy and the like); Decimal, Fraction and other
    real numbers; a Score; any object with `score` and, if it likes, `feedback`, such as a prediction.
    Raises: NotAScore; and whatever the result's own attributes raise.
    """
    if type(result) is float and math.isfinite(result):  # as nearly every reward returns
        return result, "", {}
    if isinstance(result, (bool, int, float)) or is_scalar(result):
        return to_finite_float(result, _SUBJECT, RETURN), "", {}
    if not isinstance(result, type):
        if all(hasattr(result, name) for name in ("value", "feedback", "parts")):
            return _convert_parts(result.value, result.feedback, result.parts)  # type: ignore[attr-defined]  # it has them
        if hasattr(result, "score"):
            return _convert_parts(result.score, getattr(result, "feedback", ""), {})
    return to_finite_float(result, _SUBJECT, RETURN), "", {}


def check_parts(parts: dict[str, float]) -> None:
    """Raises NotAScore, "TooLarge", for more parts, or longer names, than are kept."""
    if len(parts) > PARTS:
        raise NotAScore("TooLarge", f"the score has {len(parts)} parts; at most {PARTS} are kept")
    if longest := max((name for name in parts if len(name) > NAME_CHARS), key=len, default=""):
        raise NotAScore(
            "TooLarge", f"a part's name has {len(longest)} characters; at most {NAME_CHARS} are kept"
        )


def to_finite_float(value: object, subject: str, expected: str = EXPECTED) -> float:
    """The value as a finite float. subject: how an error's sentence begins; expected: what it asks for. Raises: NotAScore."""
    if is_scalar(value):
        value = value.item()  # type: ignore[attr-defined]  # is_scalar looked
    try:
        if isinstance(value, float):
            # The base class's own method: a subclass may have replaced it.
            plain = float.__float__(value)
        elif isinstance(value, int):
            plain = int.__float__(value)
        elif hasattr(type(value), "__float__") and getattr(value, "shape", ()) == ():
            plain = _convert_float(value, subject, expected)
        else:
            raise NotAScore("WrongType", f"{subject} {_describe(value)}; {expected}{_suggest_fix(value)}")
    except OverflowError:
        raise NotAScore(
            "NotFinite", f"{subject} a number too large for a float; expected a finite number"
        ) from None
    if not math.isfinite(plain):
        raise NotAScore("NotFinite", f"{subject} {plain}; expected a finite number")
    return plain


def _convert_float(value: object, subject: str, expected: str) -> float:
    """By the value's own __float__, which may refuse, as that of a prediction without a score does."""
    try:
        return float(value)  # type: ignore[arg-type]  # its type has __float__
    except (TypeError, ValueError) as error:
        raise NotAScore("WrongType", f"{subject} {_describe(value)}: {error}; {expected}") from None


def _convert_parts(value: object, feedback: object, parts: object) -> tuple[float, str, dict[str, float]]:
    feedback = "" if feedback is None else feedback
    parts = {} if parts is None else parts
    if not isinstance(feedback, str):
        raise NotAScore("WrongType", f"the score's feedback is {_describe(feedback)}; expected text")
    if not (hasattr(parts, "keys") and hasattr(parts, "__getitem__")):
        raise NotAScore("WrongType", f"the score's parts are {_describe(parts)}; expected name -> number")
    names = parts.keys()  # any mapping has them
    named = {
        str.__str__(str(name)): to_finite_float(parts[name], f"the score's part {name!r} is")
        for name in names
    }
    return to_finite_float(value, "the score's value is"), str.__str__(feedback), named


def is_scalar(value: object) -> bool:
    """Whether it is one number of an array library, such as NumPy's."""
    return getattr(value, "shape", None) == () and callable(getattr(value, "item", None))


def _describe(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, str):
        text = str.__str__(value)
        return f"the text {text[:60]!r}"
    if isinstance(value, type):
        return f"the class {value.__name__[:100]}"
    name = type(value).__name__[:100]
    return f"a {name}" if type(value) in {dict, list, tuple, set} else f"a value of type {name}"


def _suggest_fix(value: object) -> str:
    if value is None:
        return ". Is a `return` missing?"
    if isinstance(value, str):
        return ". Write float(…) around it"
    if isinstance(value, dict):
        names = [name for name in ("score", "value", "reward") if name in value]
        return f". Write Score(it[{names[0]!r}], …)" if names else ""
    if isinstance(value, (tuple, list)) and value and isinstance(value[0], (int, float)):
        return f". Write Score({value[0]!r:.20}, …)"
    return _BY_TYPE.get(type(value).__name__, ". Call it" if callable(value) else "")


_SUBJECT = "the reward returned"
_BY_TYPE = {
    "coroutine": ". Write `def`, not `async def`",
    "generator": ". Write `return`, not `yield`",
    "ndarray": ". Write float(…) around one number of it, such as its mean()",
}
