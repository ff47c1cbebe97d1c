"""Whom advice reached: which predictor got a hint, which got none and why, and which hint reached nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from refine_core.hints import is_hint
from refine_core.log.timeline import Attempt, Timeline

Route = Literal["hint", "not_at_fault", "not_named", "nobody"]


@dataclass(frozen=True, slots=True)
class Routing:
    """name: the predictor's, or the name that the adviser used. text: in a sentence; "" for a hint that arrived."""

    name: str
    route: Route
    text: str = ""


def routing(timeline: Timeline, attempt: Attempt) -> tuple[Routing, ...]:
    """Where the advice after an attempt went: each predictor, then names that are no predictor; () without advice.

    What an older log does not say is taken as "not at fault", as the prompt says N/A for both.
    """
    advice = attempt.advice
    if advice is None or advice.state != "done" or timeline.spec.hint_source != "adviser":
        return ()
    routes = [_route(name, hint, left_out=name in advice.unnamed) for name, hint in advice.hints.items()]
    lost = [
        Routing(name, "nobody", f"This hint reached nobody: the program has no predictor “{name}”.")
        for name, hint in advice.dropped.items()
        if is_hint(hint)
    ]
    return (*routes, *lost)


def _route(name: str, hint: str, *, left_out: bool) -> Routing:
    if is_hint(hint):
        return Routing(name, "hint")
    if left_out:
        return Routing(name, "not_named", f"No hint: the adviser left out {name}.")
    return Routing(name, "not_at_fault", f"No hint: the adviser found {name} not at fault.")
