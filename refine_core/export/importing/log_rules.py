"""Whether records can be a run: what must come first, what belongs to what, and what cannot come after the end.

    check_log(records)          raises ImportRefused with a sentence

A run that was recorded here keeps these rules, as the loop and the recorder see to it. A file may be anybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from refine_core import events as ev
from refine_core.errors import ImportRefused, SignatureError
from refine_core.log.folds import timeline
from refine_core.log.scope import Record
from refine_core.log.span import RUN, Span
from refine_core.log.summaries import Summary, summarize
from refine_core.signatures import ensure_signature
from refine_core.spec import ProgramSpec
from refine_core.spec.limits import find_limit_problems
from refine_core.stop_summary import stop_sentences

MAX_STAGES: Final = 200
MAX_ATTEMPTS: Final = 10_000
MAX_TITLE_CHARS: Final = 100_000
MAX_NAMES: Final = 1_000
MAX_LEFT_OUT_CHARS: Final = 300
_LAST_YEAR_S: Final = 253_402_300_800.0  # the year 10000, in seconds since the epoch


def check_log(records: Sequence[Record]) -> Summary:
    """The summary of the run that these records are. Raises ImportRefused, for the first thing that is wrong."""
    rules = _Rules()
    for record in records:
        rules.check(record)
    if rules.started is None:
        raise ImportRefused("it has no event")
    if rules.started.kept_events >= len(records):
        raise ImportRefused("it says that it keeps more events of another run than it has")
    return _fold(records)


@dataclass(slots=True)
class _Rules:
    """What has happened in a run so far. attempts: index -> spans of its tries. calls: spans of requests to models."""

    started: ev.RunStarted | None = None
    ended: bool = False
    attempts: dict[int, set[Span]] = field(default_factory=dict)
    scored: set[int] = field(default_factory=set)
    with_outputs: set[int] = field(default_factory=set)
    calls: set[Span] = field(default_factory=set)

    def check(self, record: Record) -> None:
        event, span = record.event, record.span

        def refuse(why: str) -> ImportRefused:
            return ImportRefused(f"event {record.seq} ({event.kind}) {why}")

        if not 0 <= record.at < _LAST_YEAR_S:
            raise refuse("has a time that no clock can show")
        if self.started is None and not isinstance(event, ev.RunStarted):
            raise refuse("comes before the run has begun")
        if self.ended and not isinstance(event, ev.RunResumed | ev.RewardComputed):
            raise refuse("comes after the run has ended")
        match event:
            case ev.RunStarted():
                self._start(event, span, refuse)
            case ev.RunFinished():
                returnable = (
                    self.with_outputs if self.started is not None and self.started.unknown else self.scored
                )
                if {event.best} - self.scored - {None} or {event.returned} - returnable - {None}:
                    raise refuse("names an attempt that has no reward")
                self.ended = True
            case ev.RunResumed():
                self.ended = False
            case ev.LMRequested():
                self.calls.add(span)
            case ev.LMReplied() | ev.LMRetried() | ev.LMFailed():
                if span not in self.calls:
                    raise refuse("answers a request that was never made")
            case _ if not span.is_nested:
                self._check_attempt(record, refuse)

    def _start(self, event: ev.RunStarted, span: Span, refuse: Callable[[str], ImportRefused]) -> None:
        if self.started is not None:
            raise refuse("begins a second run")
        if span != RUN:
            raise refuse("does not stand at the beginning of a run")
        if why := _find_spec_problem(event.spec):
            raise refuse(why)
        if event.kept_events < 0 or event.at_once < 0:
            raise refuse("counts less than nothing")
        if (fork := event.spec.fork_attempt) is not None and not 1 <= fork <= MAX_ATTEMPTS:
            raise refuse(f"is a branch from attempt {fork}, where there are 1 to {MAX_ATTEMPTS:,}")
        if max(len(event.temperatures), event.at_once) > MAX_ATTEMPTS:
            raise refuse(f"plans more than {MAX_ATTEMPTS:,} attempts")
        if len(event.predictors) > MAX_NAMES:
            raise refuse(f"has more than {MAX_NAMES:,} predictors")
        if len(event.left_out) > MAX_NAMES or any(len(one) > MAX_LEFT_OUT_CHARS for one in event.left_out):
            raise refuse("says that more was left out than a run can have")
        self.started = event

    def _check_attempt(self, record: Record, refuse: Callable[[str], ImportRefused]) -> None:
        """The events of the loop: each is about an attempt that has begun, and stands in it."""
        event, span = record.event, record.span
        if isinstance(event, ev.AttemptStarted):
            if not 0 <= event.index <= len(self.attempts) or event.index >= MAX_ATTEMPTS:
                raise refuse(f"is attempt {event.index + 1} and does not follow attempt {len(self.attempts)}")
            if span.index != event.index or span.kind != "attempt":
                raise refuse("does not stand in its own attempt")
            self.attempts.setdefault(event.index, set()).add(span)
            return
        index = _index_of(event)
        if index is None:
            return
        if index not in self.attempts:
            raise refuse("is about an attempt that has not begun")
        if not any(around in self.attempts[index] for around in span.outward):
            raise refuse("stands in another attempt than it is about")
        if isinstance(event, ev.RewardStarted):
            self.with_outputs.add(index)
        if isinstance(event, ev.RewardComputed) and (index not in self.with_outputs or index in self.scored):
            raise refuse("scores an attempt that has no output, or has a reward")
        if isinstance(event, ev.RewardScored | ev.RewardComputed):
            if len(event.parts) > MAX_NAMES or len(event.unmet) > MAX_NAMES:
                raise refuse(f"has more than {MAX_NAMES:,} parts")
            self.scored.add(index)


def _index_of(event: ev.Event) -> int | None:
    match event:
        case (
            ev.RewardStarted(index=index)
            | ev.RewardScored(index=index)
            | ev.RewardComputed(index=index)
            | ev.AttemptFailed(index=index)
        ):
            return index
        case ev.AdviceGiven(after=index) | ev.AdviceFailed(after=index):
            return index
    return None


def _find_spec_problem(spec: ProgramSpec) -> str:
    """What is wrong with the description of a program, to follow "event 1"; "" for nothing."""
    if not 1 <= len(spec.stages) <= MAX_STAGES:
        return f"has {len(spec.stages)} stages, where there are 1 to {MAX_STAGES}"
    if len(spec.title) > MAX_TITLE_CHARS:
        return f"has a title of more than {MAX_TITLE_CHARS:,} characters"
    for stage in spec.stages:
        try:
            ensure_signature(stage.signature)
        except SignatureError as error:
            return f"has a stage that cannot be read: {error}"
    problems = find_limit_problems(spec.N, spec.threshold, spec.fail_count)
    if problems:
        return f"cannot be a run: {problems[0].message}"
    return f"plans more than {MAX_ATTEMPTS:,} attempts" if spec.N > MAX_ATTEMPTS else ""


def _fold(records: Sequence[Record]) -> Summary:
    """The run as every screen folds it: what cannot be folded is no run."""
    summary: Summary | None = None
    try:
        for record in records:
            summary = summarize(summary, record)
        run = timeline(records)
        if summary is not None and run is not None:
            stop_sentences(run, alive=False)
            return summary
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError) as error:
        raise ImportRefused(f"its events contradict one another ({type(error).__name__}: {error})") from error
    raise ImportRefused("it has no beginning")
