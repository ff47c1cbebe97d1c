"""Under which conditions each recorded attempt was made, and whether a changed run would have made it under the same ones.

Two loops walk side by side: the recorded run's, on its own scores, and the changed one's, on the new scores. Before each
attempt both say at which temperature and with which hints it runs; after it, both say whether advice is asked for, and
the requests are compared as they would have been sent. The walk ends at the first difference: of what comes after it nobody can know.
Neither loop stops on its own, so the walk also covers recorded attempts that the changed run would not have needed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    Event,
    Fault,
    HintsEdited,
    RewardScored,
)
from refine_core.log.timeline import Advice, Attempt
from refine_core.loop import Loop, Plan, RunAttempt, decide, evolve, hints_of
from refine_core.refine.advice_request import has_same_code, list_score_texts
from refine_core.spec import ProgramSpec
from refine_core.what_if.results import End

Difference = Literal["temperature", "hints", "advice", "new_advice", "unscored"]
"""What differs first: an attempt's temperature; its hints; a request for advice; that there is one at all; or that the attempt
before it has not been scored again yet."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """How far a changed run's attempts are the recorded ones.

    same: number of recorded attempts, from the first one on, that were made under the same conditions. difference: what
    differs then, or None if nothing does. old, new: temperatures, where they are what differs.
    alike_at_end: whether both runs would go on in the same way after the last recorded attempt.
    """

    same: int
    difference: Difference | None = None
    old: float | None = None
    new: float | None = None
    alike_at_end: bool = False


def compare_conditions(
    attempts: Sequence[Attempt],
    names: Sequence[str],
    recorded: tuple[ProgramSpec, Plan],
    changed: tuple[ProgramSpec, Plan],
    ends: Mapping[int, End],
) -> Conditions:
    """Compare the recorded attempts with those of the changed run.

    attempts: the recorded ones by index, without a gap. names: of the program's predictors. ends: index -> how it ends in
    the changed run; those that are missing have not been scored again yet.
    """
    requests = _Requests(recorded[0], changed[0])
    old, new = _never_stop(recorded[1], changed[1])
    independent = old.plan.hints == "none"
    alike = False
    for i, attempt in enumerate(attempts):
        old_action, new_action = _next_attempt(old, i), _next_attempt(new, i)
        if _has_temperature(attempt, names) and attempt.temperature != new_action.temperature:
            return Conditions(i, "temperature", attempt.temperature, new_action.temperature)
        old_hints = hints_of(old_action, names)
        if old_hints != hints_of(new_action, names):
            return Conditions(i, "hints")
        if dict(attempt.hints) != old_hints:  # a person wrote them
            edit = HintsEdited(i, attempt.hints, attempt.edited_hints)
            old, new = evolve(old, edit), evolve(new, edit)
        old_end, new_end = end_of(attempt), ends.get(i)
        if new_end is None and not independent and i + 1 < len(attempts):
            return Conditions(i + 1, "unscored")
        old = _end_attempt(old, i, old_end or new_end)
        new = _end_attempt(new, i, new_end or old_end)
        is_last = i + 1 == len(attempts)
        if old.unadvised is None and new.unadvised is None:
            alike = True
        elif new.unadvised is not None:
            advice = _recorded_advice(attempt, is_last=is_last)
            if old.unadvised is None:
                difference: Difference = "new_advice"
            elif not requests.are_equal(old_end, new_end):
                difference = "advice"
            else:
                alike = True
                if advice is not None:
                    old, new = evolve(old, advice), evolve(new, advice)
                continue
            return Conditions(i + 1, difference)
        else:  # the changed run asks for none, and keeps its hints
            alike = False
            old = evolve(old, _recorded_advice(attempt, is_last=is_last) or _no_advice(i))
    return Conditions(len(attempts), alike_at_end=alike)


def end_of(attempt: Attempt) -> End | None:
    """How a recorded attempt ended; None if it did not."""
    if attempt.score is not None:
        return attempt.score
    if attempt.state == "failed" and attempt.error is not None:
        return AttemptFailed(attempt.index, attempt.phase or "program", attempt.error)
    return None


def _never_stop(old: Plan, new: Plan) -> tuple[Loop, Loop]:
    """Loops that go on for as many attempts as either plan has. A temperature that a plan does not have is not a number."""
    count = max(len(old.temperatures), len(new.temperatures))

    def lasting(plan: Plan) -> Loop:
        more = count - len(plan.temperatures)
        # Only the schedule of 2.6 makes of another N other temperatures.
        beyond = math.nan if plan.schedule.kind == "dspy-2.6" else None
        rest = (beyond,) * more if beyond is not None else old.temperatures[len(plan.temperatures) :]
        padded = (*plan.temperatures, *rest, *(math.nan,) * (more - len(rest)))
        return Loop(
            replace(
                plan,
                temperatures=padded,
                threshold=None,
                fail_count=count,
                at_once=1,
                stop_on_repeating_error=False,
            )
        )

    return lasting(old), lasting(new)


def _next_attempt(loop: Loop, index: int) -> RunAttempt:
    """What the loop does next: with attempts left and no advice to wait for, that is an attempt."""
    (action,) = (one for one in decide(loop) if isinstance(one, RunAttempt) and one.index == index)
    return action


def _end_attempt(loop: Loop, index: int, end: End | None) -> Loop:
    loop = evolve(loop, AttemptStarted(index, 0.0))
    return evolve(loop, end if end is not None else AttemptFailed(index, "program", _UNKNOWN))


def _recorded_advice(attempt: Attempt, *, is_last: bool) -> Event | None:
    """The advice after an attempt as an event; None if it was not asked for, or did not come, and nothing did after it."""
    advice: Advice | None = attempt.advice
    if advice is not None and advice.state == "done":
        return AdviceGiven(
            attempt.index, advice.discussion, advice.hints, 0.0, advice.dropped, advice.unnamed
        )
    if advice is not None and advice.error is not None:
        return AdviceFailed(attempt.index, advice.error, 0.0)
    return None if is_last else _no_advice(attempt.index)


def _no_advice(index: int) -> AdviceFailed:
    return AdviceFailed(index, _UNKNOWN, 0.0)


_UNKNOWN = Fault("Unknown", "", "machine")


@dataclass(slots=True)
class _Requests:
    """The requests for advice of both runs."""

    old: ProgramSpec
    new: ProgramSpec
    _same_spec: bool | None = None
    _same_code: bool | None = None

    def are_equal(self, old: End | None, new: End | None) -> bool:
        """Whether the adviser would have been sent the same about an attempt that ended in these two ways."""
        if not (isinstance(old, RewardScored) and isinstance(new, RewardScored)):
            return False
        if self._same_spec is None:
            a, b = self.old, self.new
            self._same_spec = (a.reward, a.threshold) == (b.reward, b.threshold)
            self._same_code = has_same_code(a, b)
        if not self._same_code:
            return False
        if self._same_spec and old == new:
            return True
        return list_score_texts(self.old, old) == list_score_texts(self.new, new)


def _has_temperature(attempt: Attempt, names: Sequence[str]) -> bool:
    """Whether any model of the program was sent a temperature in this attempt."""
    known = names or tuple(run.name for run in attempt.predictors)
    return not known or not set(known) <= set(attempt.fixed_temperature)
