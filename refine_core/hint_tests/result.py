"""A hint test as far as it is recorded: its arms with their tries, what differs between them, and whether it is at work.

build_test(document, timeline, tries, state) -> HintTest(arms, comparisons, state)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from refine_core.hint_tests.document import Arm, ArmKind, Document
from refine_core.hint_tests.tries import Try
from refine_core.log.timeline import Attempt, Timeline
from refine_core.statistics import MeanDifference, mean_difference, mean_interval, values_needed
from refine_core.statistics.numbers import mean

State = Literal["running", "cancelling", "finished", "stopped"]
_PAIRS: Final[tuple[tuple[ArmKind, ArmKind], ...]] = (("none", "this"), ("this", "other"), ("none", "other"))


@dataclass(frozen=True, slots=True)
class ArmResult:
    """An arm and its tries, in order. interval: the 95 % interval of its mean; (None, None) where nothing varies."""

    arm: Arm
    tries: tuple[Try, ...]
    interval: tuple[float, float] | tuple[None, None] = (None, None)

    @property
    def rewards(self) -> list[float]:
        """Of the tries that were scored."""
        return [one.reward for one in self.tries if one.reward is not None]

    @property
    def mean(self) -> float | None:
        """Of its rewards; failed tries have none."""
        return mean(self.rewards)

    @property
    def ended(self) -> list[Try]:
        """Those that count, failed ones too."""
        return [one for one in self.tries if one.has_ended]

    @property
    def failed(self) -> int:
        """How many failed."""
        return sum(one.state == "failed" for one in self.tries)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms. difference: of the second's rewards from the first's; None where too few were scored, or nothing varies.

    needed: tries of each that would show a difference of this size in 8 of 10 cases; None where there is none.
    """

    first: ArmResult
    second: ArmResult
    difference: MeanDifference | None
    needed: int | None = None

    @property
    def counts(self) -> tuple[int, int]:
        """How many tries of each were scored."""
        return len(self.first.rewards), len(self.second.rewards)


@dataclass(frozen=True, slots=True)
class FullMarks:
    """A part of the score. full: what counts as full marks, the most that was seen. shares: arm -> of its tries; None without any."""

    name: str
    full: float
    shares: Mapping[ArmKind, float | None]


@dataclass(frozen=True, slots=True)
class HintTest:
    """A hint test. timeline: of the run that it is about; None once that was removed. error: why it could not go on, or "".

    known_rewards: of the run itself, which say what rewards there are. cancelled: whether a person cancelled it, in this process;
    another process does not know.
    """

    document: Document
    timeline: Timeline | None
    arms: tuple[ArmResult, ...]
    state: State
    error: str = ""
    parts: tuple[FullMarks, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    known_rewards: tuple[float, ...] = ()
    cancelled: bool = False

    @property
    def id(self) -> str:
        """Its id, which stands in its address."""
        return self.document.id

    @property
    def tries(self) -> list[Try]:
        """All tries, in the order in which they are run."""
        found = {one.planned.run_id: one for result in self.arms for one in result.tries}
        return [found[planned.run_id] for planned in self.document.tries]

    @property
    def done(self) -> int:
        """How many have ended."""
        return sum(one.has_ended for one in self.tries)

    @property
    def left(self) -> int:
        """How many have still to be run, or run again."""
        return sum(not one.has_ended for one in self.tries)

    @property
    def cost_usd(self) -> float | None:
        """What the tries have cost so far; None where a call did not report it."""
        if self.timeline is not None and self.timeline.spec.model.kind == "practice":
            judge = self.timeline.spec.judge
            if judge is None or judge.kind == "practice":
                return 0.0
        costs = [one.cost_usd for one in self.tries if one.calls]
        return None if None in costs else sum(one or 0.0 for one in costs)

    @property
    def is_live(self) -> bool:
        """Whether more may come by itself."""
        return self.state in ("running", "cancelling")

    @property
    def attempt(self) -> Attempt | None:
        """The attempt of the run that it is about."""
        attempts = self.timeline.attempts if self.timeline is not None else []
        return next((one for one in attempts if one.index == self.document.attempt - 1), None)

    def arm(self, kind: ArmKind) -> ArmResult | None:
        """The arm of that kind."""
        return next((one for one in self.arms if one.arm.kind == kind), None)


def build_test(
    document: Document, timeline: Timeline | None, tries: Sequence[Try], state: State, error: str = ""
) -> HintTest:
    """The test from its tries, which are in the document's order."""
    arms = tuple(
        ArmResult(arm, tuple(one for one in tries if one.planned.arm == place))
        for place, arm in enumerate(document.arms)
    )
    known = tuple(a.reward for a in timeline.attempts if a.reward is not None) if timeline is not None else ()
    seen = [*known, *(reward for one in arms for reward in one.rewards)]
    arms = tuple(replace(one, interval=mean_interval(one.rewards, seen)) for one in arms)
    return HintTest(
        document,
        timeline,
        arms,
        state,
        error,
        tuple(_parts(arms, timeline)),
        tuple(_comparisons(arms, seen)),
        known,
    )


def _comparisons(arms: Sequence[ArmResult], seen: Sequence[float]) -> list[Comparison]:
    by_kind = {one.arm.kind: one for one in arms}
    found = []
    for first, second in _PAIRS:
        if first in by_kind and second in by_kind:
            a, b = by_kind[first], by_kind[second]
            difference = mean_difference(a.rewards, b.rewards, seen)
            needed = values_needed(difference.deviations, difference.difference) if difference else None
            found.append(Comparison(a, b, difference, needed))
    return found


def _parts(arms: Sequence[ArmResult], timeline: Timeline | None) -> list[FullMarks]:
    """Each part of the scores: full marks are the most that any try, or the run itself, was given."""
    most: dict[str, float] = {}
    of_run = [a.score.parts for a in timeline.attempts if a.score is not None] if timeline is not None else []
    for parts in [*(one.parts for result in arms for one in result.tries), *of_run]:
        for name, value in parts.items():
            most[name] = max(value, most.get(name, value))
    return [
        FullMarks(
            name,
            full,
            {
                result.arm.kind: sum(one.parts.get(name) == full for one in ended) / len(ended)
                if (ended := result.ended)
                else None
                for result in arms
            },
        )
        for name, full in most.items()
    ]
