"""Guess first: playing a run stops before each reward until somebody has guessed it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from refine_core.play.steps import Step


@dataclass(frozen=True, slots=True)
class Gate:
    """A reward that waits for a guess. attempt: whose it is. step: the last one that may be shown before that."""

    attempt: int
    step: int


def find_gate(steps: Sequence[Step], wanted: int, open_attempts: Collection[int]) -> Gate | None:
    """The first reward up to step `wanted` that must not be shown yet; None if all of that may be.

    open_attempts: those whose reward was guessed, or is shown without a guess. An attempt that failed has nothing to guess.
    """
    for step in steps[: wanted + 1]:
        if step.beat == "score" and step.attempt is not None and step.attempt not in open_attempts:
            return Gate(step.attempt, step.index - 1)
    return None


def scored_up_to(steps: Sequence[Step], step: int) -> frozenset[int]:
    """The attempts whose rewards are seen by the end of a step."""
    return frozenset(s.attempt for s in steps[: step + 1] if s.beat == "score" and s.attempt is not None)
