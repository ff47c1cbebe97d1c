"""The spans of a run, out of its records: each is complete once the record that ends it has come.

builder.add(record) --> the spans that end with it        builder.close() --> those that nothing has ended
run
    attempt 1                     until its reward, or its failure
        draft                     a predictor
            chat gpt-4o           a call
        reward one_word           asks a judge, perhaps
    advice after attempt 1        stands beside the attempts, as it is no part of one
    attempt 2
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from refine_core import events as ev
from refine_core.export.otel import attributes
from refine_core.export.otel.attributes import Written
from refine_core.export.otel.span import (
    Attributes,
    OtelSpan,
    SpanEvent,
    SpanLink,
    span_id_of,
    to_ns,
    trace_id_of,
)
from refine_core.log import codec
from refine_core.log.scope import Record
from refine_core.log.span import RUN, Span
from refine_core.log.well_formed import make_well_formed

_REWARD = "reward"


def spans_of(records: Iterable[Record]) -> list[OtelSpan]:
    """All spans of one run, as far as it is recorded, in the order in which they began. What has not ended ends with the last record."""
    builder = SpanBuilder()
    ended = [span for record in records for span in builder.add(record)]
    latest = {span.span_id: span for span in (*ended, *builder.close())}  # a run that went on has ended twice
    return sorted(latest.values(), key=lambda span: (span.start_ns, -span.end_ns))


@dataclass(slots=True)
class _Open:
    """A span that has not ended. seq: number of the record that began it. last: time of the last record in it."""

    path: str
    parent: str | None
    name: str
    seq: int
    start: float
    last: float
    attributes: Written = field(default_factory=dict)
    events: list[SpanEvent] = field(default_factory=list)
    links: tuple[SpanLink, ...] = ()
    error: str | None = None
    is_call: bool = False
    is_cut_off: bool = False


class SpanBuilder:
    """Makes spans of the records of one run, in order."""

    def __init__(self) -> None:
        self._run_id = ""
        self._started: ev.RunStarted | None = None
        self._open: dict[str, _Open] = {}
        self._outputs: dict[int, object] = {}
        self._scores: dict[int, ev.RewardScored] = {}
        self._last = 0.0
        self._seq = 0
        self._finish_record: Record | None = None
        self._ended: list[OtelSpan] = []
        self._root: _Open | None = None

    def add(self, record: Record) -> list[OtelSpan]:
        """Take the next record; the spans that are complete with it."""
        record = make_well_formed(record)
        self._ended, self._last, self._seq = [], record.at, record.seq
        if isinstance(record.event, ev.RunStarted):
            self._start_run(record, record.event)
        elif self._started is not None and self._root is not None:
            self._touch(record)
            self._take(record)
        return self._ended

    def close(self) -> list[OtelSpan]:
        """The spans that no record has ended: of a run that is still at work, or was interrupted."""
        self._ended = []
        self._close_inside("", cut_off=True)
        if self._root is not None and "" in self._open:
            self._root.is_cut_off = True
            self._end("", self._last)
            self._open[""] = self._root
        return self._ended

    def _start_run(self, record: Record, event: ev.RunStarted) -> None:
        self._run_id, self._started = record.run_id, event
        links: tuple[SpanLink, ...] = ()
        if parent := event.spec.parent:
            what: Attributes = {"refinescope.link": "parent run", "refinescope.run_id": parent}
            links = (SpanLink(trace_id_of(parent), span_id_of(parent, ""), what),)
        self._root = self._open[""] = _Open(
            "", None, attributes.run_name(event), record.seq, record.at, record.at,
            attributes.run_started(record.run_id, event), links=links,
        )  # fmt: skip

    def _take(self, record: Record) -> None:
        """What is the loop's own: attempts, rewards, advice and the end."""
        match record.event:
            case ev.AttemptStarted() as event:
                self._start_attempt(record, event)
            case ev.RewardStarted() as event:
                self._start_reward(record, event)
            case ev.RewardScored() as event:
                self._score(record, event)
            case ev.AttemptFailed() as event:
                self._fail_attempt(record, event)
            case ev.AdviceGiven() | ev.AdviceFailed() as event:
                self._end_advice(record, event)
            case ev.RunFinished() as event:
                self._finish(record, event)
            case ev.RunResumed() as event:
                self._resume(record, event)
            case _:
                self._take_inner(record)

    def _take_inner(self, record: Record) -> None:
        """What happens in an attempt, or beside it: predictors and calls."""
        event, span, at = record.event, record.span, record.at
        match event:
            case ev.ModuleStarted():
                self._begin(span, event.name, at, attributes.module_started(event))
            case ev.PredictorTraced():
                node = self._around(span)
                node.attributes |= attributes.value("output", event.outputs)
                self._note(node, record, {"refinescope.name": event.name})
            case ev.ModuleEnded():
                self._around(span).attributes |= attributes.took(event.took_s)
                self._fail(span.path, event.error, at)
                self._end(span.path, at)
            case ev.LMRequested():
                call = self._begin(span, attributes.call_name(event), at, attributes.lm_requested(event))
                call.is_call = True
                self._mark_kept(call, record)
            case ev.LMReplied() | ev.LMFailed():
                self._end_call(record, event)
            case _:
                self._note(self._around(span), record, _flat(event))

    # What begins.

    def _touch(self, record: Record) -> None:
        """Open what encloses a record and has no record of its own: advice, judging, a refinement inside an attempt."""
        for around in reversed([*record.span.outward][1:]):
            if around.parent is not None and around.index is None and self._key(around) not in self._open:
                self._open_here(around, record.at)
        for around in record.span.outward:
            if node := self._open.get(self._key(around)):
                node.last = record.at

    def _open_here(self, span: Span, at: float) -> _Open:
        """The node of a span; a new one where there is none, named by its kind."""
        there = self._open.get(self._key(span))
        if there is not None:
            return there
        parent = span.parent
        if span.kind == "advice" and parent is not None and parent.index is not None:
            written: Written = {
                **attributes.kind("CHAIN"),
                "refinescope.advice_after_attempt": parent.index + 1,
            }
            return self._begin(span, f"advice after attempt {parent.index + 1}", at, written)
        if self._is_reward(span):
            return self._begin_reward(span.parent or RUN, at)
        return self._begin(span, span.kind, at, attributes.kind("CHAIN"))

    def _begin(self, span: Span, name: str, at: float, written: Written) -> _Open:
        node = _Open(span.path, self._parent_key(span), name, self._seq, at, at, written)
        self._open[span.path] = node
        return node

    def _key(self, span: Span) -> str:
        """Where a span's node is: the reward's calls lie in the span of the reward."""
        return (
            self._reward_key(span.parent) if self._is_reward(span) and span.parent is not None else span.path
        )

    def _parent_key(self, span: Span) -> str:
        parent = span.parent or RUN
        if span.kind == "advice" and parent.index is not None:
            parent = parent.parent or RUN
        return self._key(parent)

    def _is_reward(self, span: Span) -> bool:
        """Whether it is the reward of an attempt, and no predictor of that name."""
        in_attempt = span.parent is not None and span.parent.index is not None
        return in_attempt and span.kind == _REWARD and span.path not in self._open

    def _reward_key(self, attempt: Span) -> str:
        return f"{attempt.path}#{_REWARD}"

    def _begin_reward(self, attempt: Span, at: float) -> _Open:
        key, run = self._reward_key(attempt), self._run
        name = f"reward {run.spec.reward_name}" if run.spec.reward_name else _REWARD
        node = self._open[key] = _Open(
            key, attempt.path, name, self._seq, at, at, attributes.kind("EVALUATOR")
        )
        return node

    def _start_attempt(self, record: Record, event: ev.AttemptStarted) -> None:
        run, span = self._run, record.span
        if run.at_once == 1:  # a trace may not tell how the one before it ended
            for key in [k for k, one in self._open.items() if one.parent == self._key(span.parent or RUN)]:
                self._close_inside(key, cut_off=False)
                self._end(key, self._open[key].last)
        node = self._begin(
            span,
            f"attempt {event.index + 1}",
            record.at,
            attributes.attempt_started(event, run, run.predictors),
        )
        self._mark_kept(node, record)
        if self._is_kept(record) and run.spec.parent:
            parent = run.spec.parent
            node.links = (SpanLink(trace_id_of(parent), span_id_of(parent, span.path)),)

    def _start_reward(self, record: Record, event: ev.RewardStarted) -> None:
        attempt = self._around(record.span)
        attempt.attributes |= attributes.value("output", event.outputs)
        if not record.span.is_nested:
            self._outputs[event.index] = event.outputs
        self._begin_reward(record.span, record.at).attributes.update(attributes.value("input", event.outputs))

    # What ends.

    def _end_call(self, record: Record, event: ev.LMReplied | ev.LMFailed) -> None:
        call, key = self._open.get(record.span.path), record.span.path
        if call is None:
            return
        is_kept = self._is_kept(record)  # the parent paid for it
        if isinstance(event, ev.LMReplied):
            call.attributes |= attributes.lm_replied(event, is_kept=is_kept)
            if event.model != call.attributes["refinescope.model"]:
                call.attributes["refinescope.replied_model"] = event.model
        else:
            self._fail(key, event.error, record.at)
            call.attributes |= attributes.lm_failed(event, is_kept=is_kept)
        self._end(key, record.at)

    def _end_advice(self, record: Record, event: ev.AdviceGiven | ev.AdviceFailed) -> None:
        node = self._open_here(record.span, record.at - event.took_s)
        self._mark_kept(node, record)
        if isinstance(event, ev.AdviceGiven):
            node.attributes |= attributes.advice_given(event)
        else:
            node.attributes |= attributes.took(event.took_s)
            self._fail(record.span.path, event.error, record.at)
        self._end(record.span.path, record.at)

    def _score(self, record: Record, event: ev.RewardScored) -> None:
        attempt, run = self._around(record.span), self._run
        name, label = run.spec.reward_name or _REWARD, attributes.evaluation_label(event, run)
        key = self._reward_key(record.span)
        reward = self._open.get(key) or self._begin_reward(record.span, record.at - event.took_s)
        reward.attributes |= attributes.reward_scored(event) | attributes.reward_output(event)
        self._end(key, record.at)
        attempt.attributes |= attributes.reward_scored(event) | attributes.evaluation(name, event, label)
        at_ns = to_ns(record.at)
        attempt.events.append(
            SpanEvent("gen_ai.evaluation.result", at_ns, attributes.evaluation_result(name, event, label))
        )
        if not record.span.is_nested:
            self._scores[event.index] = event
        self._end(record.span.path, record.at)

    def _fail_attempt(self, record: Record, event: ev.AttemptFailed) -> None:
        key = self._reward_key(record.span)
        if event.phase == "reward":
            self._fail(key, event.error, record.at)
        attempt = self._around(record.span)
        attempt.attributes["refinescope.failed_in"] = event.phase
        if event.rescored:
            attempt.attributes["refinescope.reward_rescored"] = True
        self._fail(record.span.path, event.error, record.at)
        self._close_inside(record.span.path, cut_off=False)
        self._end(record.span.path, record.at)

    def _finish(self, record: Record, event: ev.RunFinished) -> None:
        at = record.at
        cut_off = event.reason not in ("threshold_reached", "attempts_used_up", "unknown")
        self._close_inside("", cut_off=cut_off)
        root, run = self._root, self._run
        if root is None:
            return
        shown = event.returned if event.returned is not None else event.best
        outputs = self._outputs.get(shown) if shown is not None else None
        root.attributes |= attributes.run_finished(event, outputs)  # type: ignore[arg-type]  # outputs are a mapping
        if shown is not None and (score := self._scores.get(shown)) is not None:
            name, label = run.spec.reward_name or _REWARD, attributes.evaluation_label(score, run)
            root.attributes |= {"refinescope.reward": score.value} | attributes.evaluation(name, score, label)
            result = attributes.evaluation_result(name, score, label)
            root.events.append(SpanEvent("gen_ai.evaluation.result", to_ns(at), result))
        self._finish_record = record
        self._fail("", event.error, at)
        self._end("", at)

    def _resume(self, record: Record, event: ev.RunResumed) -> None:
        """The run goes on: what was cut off ends where it was, and the run itself is open again."""
        self._close_inside("", cut_off=True)
        if self._root is not None:
            self._open[""] = self._root
            self._root.error = None
            for name in ("error.type", "refinescope.error"):
                self._root.attributes.pop(name, None)
            if (before := self._finish_record) is not None:
                self._note(self._root, before, _flat(before.event))
            self._note(self._root, record, _flat(event))

    def _fail(self, key: str, fault: ev.Fault | None, at: float) -> None:
        node = self._open.get(key)
        if fault is None or node is None:
            return
        node.error = fault.message or fault.type
        node.attributes |= attributes.error(fault)
        node.events.append(SpanEvent("exception", to_ns(at), attributes.exception(fault)))

    def _close_inside(self, key: str, *, cut_off: bool) -> None:
        """End what is open inside a span where its own last record is, the innermost first."""
        for inner in reversed([k for k, one in self._open.items() if k and self._is_inside(one, key)]):
            node = self._open[inner]
            node.is_cut_off = cut_off
            self._end(inner, node.last)

    def _is_inside(self, node: _Open, key: str) -> bool:
        around: str | None = node.parent
        while around is not None and around != key:
            parent = self._open.get(around)
            around = parent.parent if parent is not None else ""
            if around == "" and key != "":
                return False
        return around == key

    def _end(self, key: str, at: float) -> None:
        node = self._open.pop(key, None)
        if node is None:
            return
        start_ns = to_ns(node.start)
        written: Written = {
            **node.attributes,
            "refinescope.path": node.path,
            "refinescope.first_event": node.seq,
            "refinescope.last_event": self._seq,
        }
        if node.is_cut_off:
            written["refinescope.cut_off"] = True
        self._ended.append(
            OtelSpan(
                trace_id_of(self._run_id),
                span_id_of(self._run_id, node.path),
                None if node.parent is None else span_id_of(self._run_id, node.parent),
                node.name,
                start_ns,
                max(to_ns(at), start_ns),
                written,
                tuple(node.events),
                node.links,
                node.error,
                node.is_call,
                node.is_cut_off,
            )
        )

    # Where things are.

    @property
    def _run(self) -> ev.RunStarted:
        if self._started is None:
            raise ValueError("a run must begin with RunStarted")
        return self._started

    def _around(self, span: Span) -> _Open:
        """The innermost open node around a record."""
        for around in span.outward:
            if (node := self._open.get(self._key(around))) is not None:
                return node
        if self._root is None:
            raise ValueError("a run must begin with RunStarted")
        return self._root

    def _is_kept(self, record: Record) -> bool:
        """Whether it is a copy out of the run that this one is a branch of."""
        return 1 < record.seq <= 1 + self._run.kept_events

    def _mark_kept(self, node: _Open, record: Record) -> None:
        if self._is_kept(record):
            node.attributes["refinescope.kept"] = True

    def _note(self, node: _Open, record: Record, written: Attributes) -> None:
        """An event of its own in a span. written: what it says."""
        said: Written = {**written, "refinescope.event": record.seq}
        if record.span.path != node.path:
            said["refinescope.path"] = record.span.path
        node.events.append(SpanEvent(f"refinescope.{record.event.kind}", to_ns(record.at), said))


def _flat(event: ev.Event) -> Attributes:
    """The fields of an event as attributes: texts and numbers as they are, all else as JSON."""
    written: Written = {}
    for name in type(event).__dataclass_fields__:
        value = getattr(event, name)
        if isinstance(value, ev.Fault):
            written |= attributes.exception(value)
        if isinstance(value, str | bool | int | float):
            written[f"refinescope.{name}"] = value
        elif value is not None:
            written[f"refinescope.{name}"] = codec.dumps(value)
    return written
