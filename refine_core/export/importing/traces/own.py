"""Runs that Refinescope itself sent as spans, back as they were recorded (refine_core.export.otel writes them).

    spans --read_own_runs--> runs as a file has them

Spans name the record that began them and the one that ended them, so that the events come back in their order and with their times.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any, Final

from refine_core import events as ev
from refine_core.errors import Charge, ImportRefused
from refine_core.export.importing.lines import ReadRun
from refine_core.export.importing.traces.span import Span
from refine_core.log import codec
from refine_core.log.scope import Record
from refine_core.log.span import Span as Place
from refine_core.spec import ProgramSpec

_OURS: Final = "refinescope."
_BY_NAME: Final = {f"{_OURS}{cls.kind}": cls for cls in ev.ALL}
_TEXTS: Final = frozenset(("str", "NextStep", "FaultName", "StopReason"))
"""Types of fields that are texts."""
_DAMAGED: Final = (ValueError, TypeError, KeyError, LookupError, AttributeError, RecursionError)
Fact = tuple[int, float, Place, ev.Event]


def read_own_runs(spans: Iterable[Span]) -> list[ReadRun]:
    """The runs of Refinescope in a trace, in the order in which they began; [] for a trace of others. Raises ImportRefused."""
    traces: dict[str, dict[str, Span]] = {}
    for span in spans:
        if f"{_OURS}path" in span.raw:
            traces.setdefault(span.trace_id, {})[span.span_id] = span  # of one that was sent twice, the last
    runs = [_read(list(trace.values())) for trace in traces.values()]
    return sorted(runs, key=lambda run: run.records[0].at)


def _read(spans: list[Span]) -> ReadRun:
    root = next((span for span in spans if span.raw.get(f"{_OURS}run_id")), None)
    if root is None:
        raise ImportRefused(
            "a run in it has no span of its own, which is sent once the run has ended; send the run again"
        )
    run_id = str(root.raw[f"{_OURS}run_id"])
    try:
        facts = [fact for span in spans for fact in _Reading(span, root, spans).facts()]
    except _DAMAGED as error:
        raise ImportRefused(
            f"run {run_id}: its spans are damaged ({type(error).__name__}: {error})"
        ) from error
    facts.sort(key=lambda fact: fact[0])
    records = tuple(
        Record(run_id, seq, at, place, event) for seq, (_, at, place, event) in enumerate(facts, 1)
    )
    return ReadRun(run_id, records, "", ())


class _Reading:
    """One span as the events that it was made of."""

    def __init__(self, span: Span, root: Span, spans: list[Span]) -> None:
        self._span, self._root, self._spans = span, root, spans
        self._place = Place.parse(str(span.raw[f"{_OURS}path"]))

    def facts(self) -> Iterator[Fact]:
        """(number, time, place, event) of each."""
        yield from self._noted()
        if self._get("run_id") is not None:
            yield from self._run()
        elif self._get("attempt") is not None:
            yield from self._attempt()
        elif self._get("predictor") is not None:
            yield from self._predictor()
        elif self._get("purpose") is not None:
            yield from self._call()
        elif self._get("advice_after_attempt") is not None:
            yield from self._advice()

    def _run(self) -> Iterator[Fact]:
        spec = codec.build(ProgramSpec, _mapping(self._json("program")))
        yield self._first(
            ev.RunStarted(
                spec,
                tuple(map(float, self._json("temperatures"))),
                tuple(map(str, self._get("predictors") or ())),
                str(self._get("version") or ""),
                at_once=int(self._get("at_once") or 1),
                kept_events=int(self._get("kept_events") or 0),
                left_out=tuple(map(str, self._get("left_out") or ())),
                recorded_from=str(self._get("recorded_from") or ""),
                unknown=tuple(map(str, self._get("unknown") or ())),
            )
        )
        if (reason := self._get("stop_reason")) is not None and not self._get("cut_off"):
            best, returned = (self._index(f"{name}_attempt") for name in ("best", "returned"))
            yield self._last(ev.RunFinished(reason, best, returned, self._took(), self._error()))

    def _attempt(self) -> Iterator[Fact]:
        index = int(self._get("attempt")) - 1
        planned = self._root.raw.get(f"{_OURS}temperatures")
        temperatures = json.loads(planned) if isinstance(planned, str) else []
        usual = temperatures[index] if index < len(temperatures) else 0.0
        yield self._first(
            ev.AttemptStarted(
                index,
                float(self._get("temperature", usual)),
                self._json("hints", {}),
                self._index("advice_from_attempt"),
                tuple(map(str, self._get("fixed_temperature") or ())),
                tuple(map(str, self._get("edited_hints") or ())),
            )
        )
        reward = next(
            (one for one in self._spans if one.raw[f"{_OURS}path"] == f"{self._place.path}#reward"), None
        )
        began = reward.raw[f"{_OURS}first_event"] if reward is not None else None
        if reward is not None and began != self._get("last_event"):
            yield int(str(began)), reward.start_s, self._place, ev.RewardStarted(index, self._outputs())
        rescored = bool(self._get("reward_rescored"))
        if (value := self._get("reward")) is not None:
            yield self._last(
                ev.RewardScored(
                    index,
                    float(value),
                    float(self._get("reward_took_s") or 0.0),
                    self._json("reward_parts", {}),
                    str(self._get("reward_feedback") or ""),
                    str(self._get("reward_stdout") or ""),
                    self._json("reward_unmet", {}),
                    tuple(map(str, self._get("reward_refusals") or ())),
                    rescored,
                )
            )
        elif (error := self._error()) is not None:
            yield self._last(ev.AttemptFailed(index, self._get("failed_in"), error, rescored))

    def _predictor(self) -> Iterator[Fact]:
        name = str(self._get("predictor"))
        inputs = _mapping(json.loads(self._span.raw["input.value"]))
        yield self._first(ev.ModuleStarted(name, inputs, self._get("hint")))
        if not self._get("cut_off"):
            yield self._last(ev.ModuleEnded(name, self._took(), self._error()))

    def _call(self) -> Iterator[Fact]:
        raw, span = self._span.raw, self._span
        model = str(self._get("model"))
        messages = tuple(_message(one) for one in json.loads(raw["gen_ai.input.messages"]))
        params = _mapping(json.loads(raw["llm.invocation_parameters"]))
        yield self._first(ev.LMRequested(model, messages, params, self._get("purpose")))
        if (error := self._error()) is not None:
            charge = self._json("charge", None)
            paid = None if charge is None else codec.build(Charge, charge)
            yield self._last(ev.LMFailed(error, self._took(), paid))
        elif "output.value" in raw:
            answers = json.loads(raw["gen_ai.output.messages"])
            first, *others = (one["parts"][-1]["content"] for one in answers)
            why, *whys = (one.get("finish_reason") for one in answers)
            sent, received = span.tokens
            yield self._last(
                ev.LMReplied(
                    first,
                    self._took(),
                    self._get("spent_before.prompt_tokens", sent),
                    self._get("spent_before.completion_tokens", received),
                    self._get("spent_before.cost_usd", raw.get("llm.cost.total")),
                    why,
                    bool(self._get("cached")),
                    str(self._get("replied_model", model)),
                    str(raw.get("gen_ai.response.model") or ""),
                    bool(self._get("replayed")),
                    tuple(others),
                    str(self._get("reasoning") or ""),
                    tuple(one or "" for one in whys) if any(whys) else (),
                )
            )

    def _advice(self) -> Iterator[Fact]:
        after = int(self._get("advice_after_attempt")) - 1
        if (error := self._error()) is not None:
            yield self._last(ev.AdviceFailed(after, error, self._took()))
        elif "output.value" in self._span.raw:
            said = json.loads(self._span.raw["output.value"])
            dropped, unnamed = self._json("advice.dropped", {}), tuple(self._get("advice.unnamed") or ())
            yield self._last(
                ev.AdviceGiven(after, said["discussion"], said["advice"], self._took(), dropped, unnamed)
            )

    def _noted(self) -> Iterator[Fact]:
        """The events that have no span of their own."""
        for name, at, said in self._span.events:
            cls, seq = _BY_NAME.get(name), said.get(f"{_OURS}event")
            if cls is None or seq is None:
                continue
            place = Place.parse(str(said.get(f"{_OURS}path", self._place.path)))
            if cls is ev.PredictorTraced:
                yield int(seq), at, place, ev.PredictorTraced(str(said[f"{_OURS}name"]), self._outputs())
            else:
                yield int(seq), at, place, codec.build(cls, _fields(cls, said))

    # What a span says.

    def _get(self, name: str, default: Any = None) -> Any:
        return self._span.raw.get(f"{_OURS}{name}", default)

    def _json(self, name: str, *default: Any) -> Any:
        text = self._get(name)
        if text is None and default:
            return default[0]
        return codec.loads(text)

    def _index(self, name: str) -> int | None:
        number = self._get(name)
        return None if number is None else int(number) - 1

    def _took(self) -> float:
        return float(self._get("took_s", self._span.took_s))

    def _error(self) -> ev.Fault | None:
        text = self._get("error")
        return None if text is None else codec.build(ev.Fault, _mapping(codec.loads(text)))

    def _outputs(self) -> Mapping[str, object]:
        return _mapping(json.loads(self._span.raw["output.value"]))

    def _first(self, event: ev.Event) -> Fact:
        return int(self._get("first_event")), self._span.start_s, self._place, event

    def _last(self, event: ev.Event) -> Fact:
        end_s = self._span.end_s if self._span.end_s is not None else self._span.start_s
        return int(self._get("last_event")), end_s, self._place, event


def _fields(cls: type[ev.Event], said: Mapping[str, Any]) -> dict[str, object]:
    """The fields of an event out of its attributes: texts and numbers as they are, all else was JSON."""
    found: dict[str, object] = {}
    for one in fields(cls):
        value = said.get(f"{_OURS}{one.name}")
        if value is None:  # what is None is left out
            found |= {one.name: None} if one.default is MISSING and one.default_factory is MISSING else {}
        else:
            found[one.name] = (
                codec.loads(value) if isinstance(value, str) and one.type not in _TEXTS else value
            )
    return found


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError("it is no object with names")
    return dict(value)


def _message(one: Mapping[str, Any]) -> dict[str, str]:
    return {"role": one["role"], "content": one["parts"][-1]["content"]}
