"""What became of a cell: a fold of its run's log, kept beside the log so that 10,000 cells are read in no time.

    Timeline --fold_outcome--> Outcome        None while the run has not ended

It can be built anew from the events at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from refine_core.errors import LMKeyError, LMRateLimitError
from refine_core.log.timeline import Attempt, Timeline, Usage
from refine_core.uptake import leaks

State = Literal["scored", "failed", "cut off"]
"""failed: it ended without a reward. cut off: a budget or a person ended it; it counts as not run."""


@dataclass(frozen=True, slots=True)
class AttemptFigures:
    """An attempt in numbers.

    reward: None where it failed. parts: of its score. calls, tokens, cost_usd: of the attempt, with the advice before it; None:
    unknown. reaches: whether it is good enough to stop. unmet: whether it failed a validator, so that any attempt that did not is better.
    """

    reward: float | None
    parts: Mapping[str, float] = field(default_factory=dict)
    calls: int = 0
    tokens: int | None = None
    cost_usd: float | None = None
    reaches: bool = False
    unmet: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a cell.

    reward, parts: of the attempt that was returned; None and {} unless scored. returned: its index. reason: why the run stopped.
    calls, tokens, cost_usd, took_s: of the whole run. error_type, error: of a failed run, as recorded. failed_attempts: how many.
    retries: error type -> how often a call was tried again because of it. waited_s: error type -> seconds that these calls waited in all.
    given_away: names of the values that only the reward should see and that a hint of the returned attempt quotes.
    """

    state: State
    reward: float | None
    attempts: tuple[AttemptFigures, ...]
    reason: str
    returned: int | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    calls: int = 0
    tokens: int | None = None
    cost_usd: float | None = None
    took_s: float = 0.0
    ended_at: float = 0.0
    error_type: str = ""
    error: str = ""
    failed_attempts: int = 0
    retries: Mapping[str, int] = field(default_factory=dict)
    waited_s: Mapping[str, float] = field(default_factory=dict)
    given_away: tuple[str, ...] = ()

    @property
    def complete_attempts(self) -> int:
        """How many attempts were scored or failed: without one that was under way as the run was cut off."""
        return self.failed_attempts + sum(one.reward is not None for one in self.attempts)

    @property
    def key_refused(self) -> bool:
        """Whether its model refused the key, so that no other run of its arm can do better."""
        return self.error_type == LMKeyError.__name__

    @property
    def rate_limited(self) -> bool:
        """Whether the server asked for fewer calls until the run gave up."""
        return self.error_type == LMRateLimitError.__name__


def fold_outcome(timeline: Timeline) -> Outcome | None:
    """What became of the run; None if it has not ended."""
    end = timeline.end
    if end is None:
        return None
    returned = next((a for a in timeline.attempts if a.index == end.returned), None)
    scored = returned is not None and returned.state == "scored" and returned.reward is not None
    cut_off = end.reason in ("cancelled", "budget_used_up", "recording_ended")
    failed = [a for a in timeline.attempts if a.state == "failed"]
    fault = end.error or (failed[-1].error if failed and not scored else None)
    usage = timeline.usage
    retries: dict[str, int] = {}
    waited_s: dict[str, float] = {}
    for call in timeline.calls:
        for retry in call.retries:
            retries[retry.error.type] = retries.get(retry.error.type, 0) + 1
            waited_s[retry.error.type] = waited_s.get(retry.error.type, 0.0) + retry.wait_s
    return Outcome(
        "cut off" if cut_off else "scored" if scored else "failed",
        returned.reward if returned is not None and scored and not cut_off else None,
        tuple(_figures(timeline, attempt) for attempt in timeline.attempts),
        end.reason,
        end.returned,
        dict(returned.score.parts) if returned is not None and returned.score is not None else {},
        usage.calls,
        usage.tokens,
        usage.cost_usd,
        end.took_s,
        timeline.ended_at or 0.0,
        fault.type if fault is not None else "",
        fault.message if fault is not None else "",
        len(failed),
        retries,
        waited_s,
        _given_away(timeline, returned) if returned is not None and scored else (),
    )


def _given_away(timeline: Timeline, returned: Attempt) -> tuple[str, ...]:
    found = {
        leak.name
        for several in leaks(timeline, returned).values()
        for leak in several
        if leak.kind == "reference"
    }
    return tuple(sorted(found))


def _figures(timeline: Timeline, attempt: Attempt) -> AttemptFigures:
    before = next(
        (a.advice for a in timeline.attempts if a.index == attempt.advice_from and a.advice is not None), None
    )
    first = not any(
        a.advice_from == attempt.advice_from for a in timeline.attempts if a.index < attempt.index
    )
    calls = [*(before.calls if before is not None and first else ()), *attempt.calls]
    usage = Usage.of(calls)
    return AttemptFigures(
        attempt.reward if attempt.state == "scored" else None,
        dict(attempt.score.parts) if attempt.score is not None else {},
        usage.calls,
        usage.tokens,
        usage.cost_usd,
        attempt.reaches_threshold,
        attempt.score is not None and bool(attempt.score.unmet),
    )
