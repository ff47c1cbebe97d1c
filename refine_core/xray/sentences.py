"""What became of a row under X-ray, in one sentence."""

from __future__ import annotations

from typing import Final

from refine_core.rewards import RowResult
from refine_core.xray.texts import write_score
from refine_core.xray.types import CallView, Contribution

_NAMED: Final = 3


def describe_score(result: RowResult, view: CallView | None) -> str:
    """Say it in words, such as: 0.83: lost 0.17 on keywords, at line 10."""
    if result.error is not None:
        line = result.error.line
        where = f" at line {line}" if line is not None else ""
        return f"No score: it fails{where}. {end_sentence(result.error.message)}"
    if result.value is None:
        return f"No score: the reward returned None{_at_return(view)}."
    value = write_score(result.value)
    losses = list_losses(view)
    if not losses:
        return f"{value}{_returned(view)}."
    named = [_describe_loss(one) for one in losses[:_NAMED]]
    if len(losses) > _NAMED:
        named.append(f"and on {len(losses) - _NAMED} more")
    return f"{value}: lost {'; '.join(named)}."


def describe_sum(result: RowResult) -> str:
    """The row of several functions: 1.00, from format 0.00 and correct 1.00."""
    parts = [f"{name} {write_score(value)}" for name, value in result.parts.items() if "." not in name]
    if result.value is None or not parts:
        return "No score: none of the functions gave one."
    return f"{write_score(result.value)}, from {' and '.join([', '.join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)}."


def list_losses(view: CallView | None) -> list[Contribution]:
    """What made less than it can: parts, or without parts whatever else; the largest loss first."""
    if view is None:
        return []
    last: dict[str, Contribution] = {}
    for one in view.contributions:
        last[one.name] = one
    chosen = [one for one in last.values() if one.is_part] or list(last.values())
    lost = [one for one in chosen if one.lost is not None]
    return sorted(lost, key=lambda one: -(one.lost or 0.0))


def _describe_loss(one: Contribution) -> str:
    on = f" on {one.name}" if one.name else ""
    return f"{write_score(one.lost)}{on}, at line {one.line}"


def _at_return(view: CallView | None) -> str:
    if view is None:
        return ""
    if view.ended == "no_return":
        return f", as {view.function} ended without a return"
    line = _return_line(view)
    return f" at line {line}" if line else ""


def _returned(view: CallView | None) -> str:
    line = _return_line(view)
    return f", returned at line {line}" if line else ""


def _return_line(view: CallView | None) -> int | None:
    if view is None or view.ended != "returned":
        return None
    return next(
        (
            one.number
            for one in reversed(view.lines)
            if one.state == "reached" and one.text.strip().startswith("return")
        ),
        None,
    )


def end_sentence(text: str) -> str:
    """A text with a full stop, unless it ends with one."""
    return text if text.endswith((".", "!", "?", "…", ")")) else f"{text}."
