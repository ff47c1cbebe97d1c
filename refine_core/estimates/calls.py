"""How many calls a run makes, by its description alone.

Calls that are asked again because a reply could not be read, and those that the reward makes, come on top.
"""

from __future__ import annotations

from dataclasses import dataclass

from refine_core.spec.program import ProgramSpec


@dataclass(frozen=True, slots=True)
class CallCount:
    """attempts: how many. advice: requests for it. calls: of both."""

    attempts: int
    advice: int
    calls: int


def max_calls(spec: ProgramSpec, kept: int = 0, *, asks_first: bool = False) -> CallCount:
    """At most. kept: attempts that are there already. asks_first: whether the first step is a request for advice."""
    attempts = max(spec.attempt_count - kept, 0)
    return _count_calls(spec, attempts, asks_first=asks_first)


def min_calls(spec: ProgramSpec) -> CallCount:
    """At least, if none fails: the first attempt may reach the threshold; without one all attempts are made."""
    return _count_calls(spec, spec.attempt_count if spec.threshold is None else 1, asks_first=False)


def _count_calls(spec: ProgramSpec, attempts: int, *, asks_first: bool) -> CallCount:
    advice = max(attempts - 1, 0) + asks_first if spec.hint_source == "adviser" and attempts else 0
    return CallCount(attempts, advice, attempts * len(spec.stages) + advice)
