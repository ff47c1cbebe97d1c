"""What a what-if says, as plain data, and its JSON form.

    {"stop": attempt | null, "returned": attempt | null, "exact_until": attempt | null,
     "attempts": [{"attempt": 1, "old": 0.5, "new": 0.75, "comparable": true, "why": "", "state": "exact",
                   "error": null}, …],
     "reason": "threshold_reached" | … | null, "headline": "what would have happened", "case": "how much of it is exact"}

Attempts are numbered from 1. `stop` is null where nobody can know; then `returned` is, too. `returned` is null as well where
the run would have raised its last error. Where only the last attempt that N allows is unknown, `stop` is that one: the run
would have ended with it in any case; `reason` and `returned` are null. `exact_until` is null if the whole answer is exact, else the last exact attempt,
and 0 if not even the first is. `old` and `new` are null for an attempt without a score; `error` is why there is no new one:
{"type", "message", "line"}.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from refine_core.events import AttemptFailed, Fault, RewardScored, StopReason

AttemptState = Literal["exact", "not_needed", "not_comparable", "never_tried"]
"""exact: the changed run would have made this very attempt. not_needed: it would have stopped before. not_comparable: it would
have made this attempt in another way. never_tried: no recorded attempt shows what it would have been."""
End = RewardScored | AttemptFailed
"""How an attempt ended: with a score, or with an error of the program or the reward."""
UNSCORED: Final = "the reward gave no score"


def score_end(
    index: int,
    value: float | None,
    error: Fault | None = None,
    *,
    parts: Mapping[str, float] | None = None,
    feedback: str = "",
    stdout: str = "",
) -> End:
    """How an attempt ends whose output was scored as a row. One without a score is a failed attempt, as in a run."""
    if error is not None or value is None:
        return AttemptFailed(index, "reward", error or Fault("Unscored", UNSCORED, "program"))
    return RewardScored(index, value, 0.0, parts or {}, feedback, stdout)


@dataclass(frozen=True, slots=True)
class WhatIfAttempt:
    """One attempt. attempt: from 1. old, new: rewards, as recorded and as changed; None without one.

    comparable: whether the changed run's attempt would have had the same prompts, hints and temperature. why: if not,
    or if it would not have been made, the reason. end: how it would have ended; None if that is not known.
    """

    attempt: int
    old: float | None
    new: float | None
    comparable: bool
    why: str
    state: AttemptState
    end: End | None = field(default=None, repr=False)

    @property
    def unmet(self) -> Mapping[str, str]:
        """Name -> message of the validators that it would have failed."""
        return self.end.unmet if isinstance(self.end, RewardScored) else {}

    @property
    def error(self) -> Fault | None:
        """Why it would have no score, if that is known."""
        return self.end.error if isinstance(self.end, AttemptFailed) else None

    @property
    def parts(self) -> Mapping[str, float]:
        """Named shares of its new score; {} where it has none."""
        return self.end.parts if isinstance(self.end, RewardScored) else {}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Where the changed run would have stopped, and what it would have returned, as far as anybody can know.

    stop, returned, exact_until, attempts, reason, case: as in the JSON form above. first: of the recorded attempts under the
    changed rewards, the one that is first at the threshold, else the best; None if none has a score. It is what would be
    returned of these outputs, whether or not the changed run would have made them.
    threshold: the changed one. calls_saved: requests of the recorded run that it would not have made; None where `reason` is.
    headline: what would have happened, in words. limit: number of attempts that the changed run may make, its N.
    brief: the same so short that it stands on one line, without a full stop.
    """

    stop: int | None
    returned: int | None
    exact_until: int | None
    attempts: tuple[WhatIfAttempt, ...]
    reason: StopReason | None
    case: str
    first: int | None
    threshold: float | None
    calls_saved: int | None
    headline: str
    limit: int
    brief: str = ""

    @property
    def is_known(self) -> bool:
        """Whether it is known how the changed run would have ended: why, and with which attempt."""
        return self.reason is not None

    def to_json(self) -> dict[str, object]:
        """The JSON form."""
        return {
            "stop": self.stop,
            "returned": self.returned,
            "exact_until": self.exact_until,
            "attempts": [
                {
                    "attempt": one.attempt,
                    "old": one.old,
                    "new": one.new,
                    "comparable": one.comparable,
                    "why": one.why,
                    "state": one.state,
                    "error": None
                    if one.error is None
                    else {"type": one.error.type, "message": one.error.message, "line": one.error.line},
                }
                for one in self.attempts
            ],
            "reason": self.reason,
            "headline": self.headline,
            "case": self.case,
        }
