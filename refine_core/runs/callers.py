"""Who asked a model in an attempt: each predictor's run, the judge, the adviser, each with its calls.

    list_callers(attempt) -> [Caller("extract"), Caller("write"), Caller("judge"), Caller("adviser")]

A caller's key is the same in every attempt, so that whoever looks at one attempt's `extract` sees the next one's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from refine_core.hints import is_hint
from refine_core.log.timeline import Attempt, Call, PredictorRun


@dataclass(frozen=True, slots=True)
class Caller:
    """One that asked, and what it asked.

    key: tells it apart within an attempt. label: what a person reads. hint: the one in its prompt, as recorded, or None.
    run: of a predictor; None for a judge or an adviser.
    """

    key: str
    label: str
    calls: tuple[Call, ...]
    hint: str | None = None
    run: PredictorRun | None = None

    @property
    def has_hint(self) -> bool:
        """Whether its prompt holds a hint that tells it something."""
        return is_hint(self.hint)


def list_callers(attempt: Attempt) -> list[Caller]:
    """Whoever asked on behalf of this attempt, in order; the adviser comes last."""
    seen: Counter[tuple[str, str]] = Counter()

    def name(kind: str, label: str) -> tuple[str, str]:
        seen[kind, label] += 1
        count = seen[kind, label]
        return f"{kind}.{label}.{count}", label if count == 1 else f"{label} ({count})"

    callers = []
    for run in attempt.predictors:
        inside = "".join(f", attempt {index + 1} inside" for index in run.inner)
        key, label = name("predictor", f"{run.name}{inside}")
        callers.append(Caller(key, label, tuple(run.calls), run.hint, run))
    groups: tuple[tuple[str, Iterable[Call]], ...] = (
        ("adviser inside", attempt.inner_advice),
        ("judge", attempt.judge_calls),
        ("adviser", attempt.advice.calls if attempt.advice is not None else ()),
    )
    for who, calls in groups:
        for _, asked in groupby(calls, key=lambda call: call.caller):
            key, label = name("other", who)
            callers.append(Caller(key, label, tuple(asked)))
    return callers
