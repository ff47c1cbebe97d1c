"""A log as steps, each of which ends where something has happened that a person can be told.

    step 0: the run starts    1: attempt 1 starts    2: draft asks the model    3: the model answers    …

A record that says nothing by itself belongs to the step before it. The steps of a log's beginning are the beginning of its
steps, so a step keeps its number, and a link to it its meaning, while the run goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from refine_core import events as ev
from refine_core.log.folds import Fold
from refine_core.log.scope import Record
from refine_core.log.timeline import Timeline
from refine_core.play.captions import describe

Beat = Literal["", "start", "output", "score", "failure", "advice", "end"]
"""What a step is to somebody who tells the story of the run; "" for the steps in between."""

_BEATS: Final[Mapping[type[ev.Event], Beat]] = {
    ev.RunStarted: "start",
    ev.AttemptStarted: "start",
    ev.RewardStarted: "output",
    ev.RewardScored: "score",
    ev.RewardComputed: "score",
    ev.AttemptFailed: "failure",
    ev.AdviceGiven: "advice",
    ev.AdviceFailed: "advice",
    ev.RunFinished: "end",
}
_QUIET: Final = (ev.ModuleEnded, ev.PauseEnded)


@dataclass(frozen=True, slots=True)
class Step:
    """index: 0, 1, 2 … seq: of its last record. caption: a sentence. attempt: index of the attempt it belongs to, or None.

    beat: see `Beat`; a refinement inside an attempt has none.
    """

    index: int
    seq: int
    caption: str
    attempt: int | None = None
    beat: Beat = ""


class StepFold:
    """Steps made record by record. A record may lengthen the last step; it changes none before."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._fold = Fold()
        self._last: Record | None = None

    def add(self, record: Record) -> None:
        """Take in the next record of the run's log."""
        self._fold.add(record)
        timeline = self._fold.current()
        if timeline is None:
            return
        caption = "" if isinstance(record.event, _QUIET) else describe(record, timeline)
        before, self._last = self._last, record
        if self.steps and before is not None and (not caption or _goes_on(before, record)):
            last = self.steps[-1]
            told = caption if caption and not isinstance(record.event, ev.LMRequested) else last.caption
            beat = _beat(record) or last.beat
            self.steps[-1] = Step(last.index, record.seq, told, last.attempt, beat)
            return
        attempt = record.span.attempts[0] if record.span.attempts else None
        self.steps.append(Step(len(self.steps), record.seq, caption, attempt, _beat(record)))

    @property
    def timeline(self) -> Timeline | None:
        """The run as far as it was taken in; it changes with the next record."""
        return self._fold.current()


def list_steps(records: Iterable[Record]) -> tuple[Step, ...]:
    """The steps of a log, or of any beginning of one."""
    fold = StepFold()
    for record in records:
        fold.add(record)
    return tuple(fold.steps)


def _goes_on(before: Record, record: Record) -> bool:
    """Whether a record tells the end of what the one before it began: a predictor's question, an answer that was read."""
    inside = record.span.is_in(before.span) or before.span.is_in(record.span)
    match before.event, record.event:
        case ev.ModuleStarted(), ev.LMRequested():
            return inside
        case ev.LMReplied(), ev.PredictorTraced() | ev.AdviceGiven():
            return inside
        case _:
            return False


def _beat(record: Record) -> Beat:
    return "" if record.span.is_nested else _BEATS.get(type(record.event), "")
