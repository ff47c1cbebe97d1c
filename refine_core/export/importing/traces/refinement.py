"""A Refine or BestOfN out of its spans, as the events of a run.

    Refine.forward
        <program>.forward       an attempt: called with the inputs of the Refine
        Predict(OfferFeedback)  the request for advice after it: told the reward of that attempt, the threshold and the reward's source
        anything else           a judge that the reward asked

What the spans do not tell is left out, and named in `RunStarted.unknown`.
"""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from refine_core import __version__
from refine_core.events import (
    AdviceFailed,
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    Event,
    Fault,
    LMFailed,
    LMReplied,
    LMRequested,
    ModuleEnded,
    ModuleStarted,
    PredictorTraced,
    Purpose,
    RewardScored,
    RewardStarted,
    RunFinished,
    RunStarted,
    StopReason,
)
from refine_core.export.importing.lines import ReadRun
from refine_core.export.importing.traces.prompt import read_signature
from refine_core.export.importing.traces.span import Span, decode
from refine_core.jsonable import to_jsonable
from refine_core.log.scope import Record
from refine_core.log.span import RUN, ChildSpans
from refine_core.log.span import Span as Place
from refine_core.spec import ModelSpec, ProgramSpec, Schedule, StageSpec
from refine_core.spec.lambdas import extract_lambda

_ROOTS: Final = {"Refine.forward": "refine", "BestOfN.forward": "best_of_n"}
_BARE: Final = ("Predict.forward", "ChainOfThought.forward")
_ADVICE: Final = frozenset({"program_code", "reward_code", "reward_value", "module_names"})
_HINT: Final = "hint_"
_FUNCTION: Final = re.compile(r"^\s*def (\w+)", re.MULTILINE)
_NO_REWARD: Final = "# the trace does not hold the source of the reward"


def read_refinements(spans: Iterable[Span]) -> list[ReadRun]:
    """The runs in a trace, in the order in which they began; [] if it holds no Refine and no BestOfN."""
    every = list({(span.trace_id, span.span_id): span for span in spans if span.span_id}.values())
    children: defaultdict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in sorted(every, key=lambda one: one.start_s):
        children[span.trace_id, span.parent_id].append(span)
    by_id = {(span.trace_id, span.span_id): span for span in every}
    roots = [span for span in every if span.name in _ROOTS and not _is_inside(span, by_id)]
    return [_Reading(root, children).read() for root in sorted(roots, key=lambda one: one.start_s)]


def _is_inside(span: Span, by_id: Mapping[tuple[str, str], Span]) -> bool:
    """Whether a Refine lies in an attempt of another."""
    seen = set()
    around = by_id.get((span.trace_id, span.parent_id))
    while around is not None and around.span_id not in seen:
        if around.name in _ROOTS:
            return True
        seen.add(around.span_id)
        around = by_id.get((around.trace_id, around.parent_id))
    return False


@dataclass
class _Attempt:
    span: Span
    place: Place
    children: ChildSpans = field(default_factory=ChildSpans)
    reward: float | None = None


class _Reading:
    """One root as events, in the order of their times."""

    def __init__(self, root: Span, children: Mapping[tuple[str, str], list[Span]]) -> None:
        self.root, self._children = root, children
        self.facts: list[tuple[float, Place, Event]] = []
        self.attempts: list[_Attempt] = []
        self.advice: dict[str, str] = {}
        self.advice_from: int | None = None
        self.asked: Mapping[str, Any] = {}

    def read(self) -> ReadRun:
        spans = ChildSpans()
        below = self._below(self.root)
        self.asked = next((one.inputs for one in below if self._asks_advice(one)), {})
        for child in below:
            if self._asks_advice(child):
                self._add_advice(child)
            elif child.inputs == self.root.inputs or not self.attempts:
                index = len(self.attempts)
                self._add_attempt(_Attempt(child, spans.begin(RUN, "attempt", index)))
            else:
                place = self.attempts[-1].children.begin(self.attempts[-1].place, "reward")
                self._add_calls(child, place, "judge")
        self._add_end()
        began = [(self.root.start_s, RUN, self._start())]
        ordered = began + sorted(self.facts, key=lambda one: one[0])
        at = datetime.fromtimestamp(self.root.start_s, UTC)
        run_id = f"{at:%Y%m%d-%H%M%S}-{re.sub(r'[^0-9a-zA-Z]', '', self.root.span_id)[:8] or 'trace'}"
        records = tuple(
            Record(run_id, seq, time, place, event) for seq, (time, place, event) in enumerate(ordered, 1)
        )
        return ReadRun(run_id, records, "", ())

    def _below(self, span: Span) -> list[Span]:
        return self._children.get((span.trace_id, span.span_id), [])

    def _deep(self, span: Span) -> Iterator[Span]:
        """The spans inside, in the order in which they began."""
        waiting, seen = list(reversed(self._below(span))), {span.span_id}
        while waiting:
            one = waiting.pop()
            if one.span_id in seen:  # a file may have spans that lie in one another
                continue
            seen.add(one.span_id)
            yield one
            waiting += reversed(self._below(one))

    def _asks_advice(self, span: Span) -> bool:
        return set(span.inputs) >= _ADVICE

    def _start(self) -> RunStarted:
        """The description of the run, as far as the trace has it."""
        calls = [one for one in self._deep(self.root) if one.is_model_call]
        first = next((one for one in calls if one.model), None)
        threshold = _number(self.asked.get("target_threshold"))
        source = self.asked.get("reward_code")
        source = (
            extract_lambda(textwrap.dedent(source))
            if isinstance(source, str) and source.strip()
            else _NO_REWARD
        )
        rollouts = [rollout for one in calls if isinstance(rollout := one.parameters.get("rollout_id"), int)]
        named = _FUNCTION.search(source)
        names = self._names()
        is_bare = self._is_bare(names)
        spec = ProgramSpec(
            tuple(StageSpec(_identifier(name), *self._signature(name)) for name in names)
            or (StageSpec("program", "inputs -> outputs"),),
            source,
            inputs=to_jsonable(dict(self.root.inputs)),
            title="" if is_bare or not self.attempts else self.attempts[0].span.name.removesuffix(".forward"),
            strategy=_ROOTS[self.root.name],  # type: ignore[arg-type]  # one of the two
            reward_name=named[1] if named else None,
            N=max(len(self.attempts), 1),
            threshold=threshold,
            model=ModelSpec("litellm", first.model if first is not None else "unknown"),
            schedule=Schedule("dspy-3") if rollouts else Schedule(),
            first_rollout=min(rollouts, default=0),
            program_file="" if is_bare else "the traced program",
        )
        unknown = ["N"]
        unknown += ["threshold"] if threshold is None else []
        unknown += ["reward function"] if source is _NO_REWARD else []
        if missing := [
            str(i + 1) for i, one in enumerate(self.attempts) if one.reward is None and one.span.error is None
        ]:
            unknown.append(f"reward of attempt {', '.join(missing)}")
        temperatures = tuple(self._temperature(one) or 0.0 for one in self.attempts)
        return RunStarted(
            spec,
            temperatures,
            tuple(names),
            __version__,
            recorded_from="a trace of dspy",
            unknown=tuple(unknown),
        )

    def _add_attempt(self, attempt: _Attempt) -> None:
        index, span = len(self.attempts), attempt.span
        self.attempts.append(attempt)
        named = self._name_predictors([one for one in (span, *self._deep(span)) if self._is_predictor(one)])
        hints = {name: hint for one, name in named if (hint := self._hint(one)) is not None}
        temperature = self._temperature(attempt)
        fixed = () if temperature is not None else tuple(dict.fromkeys(name for _, name in named))
        self._add(
            span.start_s,
            attempt.place,
            AttemptStarted(index, temperature or 0.0, hints, self.advice_from if hints else None, fixed),
        )
        for one, name in named:
            self._add_predictor(one, name, attempt)
        end = span.end_s if span.end_s is not None else span.start_s
        if span.error is not None:
            self._add(end, attempt.place, AttemptFailed(index, "program", _fault(span.error)))
        elif span.end_s is not None:
            self._add(end, attempt.place, RewardStarted(index, _outputs(span)))

    def _add_predictor(self, span: Span, name: str, attempt: _Attempt) -> None:
        place = attempt.children.begin(attempt.place, name)
        inputs = {k: v for k, v in span.inputs.items() if k != _HINT}
        self._add(span.start_s, place, ModuleStarted(name, to_jsonable(inputs), self._hint(span)))
        self._add_calls(span, place, "predict")
        end = span.end_s
        if end is None:
            return
        if span.error is None:
            self._add(end, place, PredictorTraced(name, _outputs(span)))
        fault = _fault(span.error) if span.error is not None else None
        self._add(end, place, ModuleEnded(name, span.took_s, fault))

    def _add_calls(self, span: Span, place: Place, purpose: Purpose) -> None:
        children = ChildSpans()
        own = [span] if span.is_model_call else []
        for call in own + [one for one in self._deep(span) if one.is_model_call]:
            where = children.begin(place, "lm")
            self._add(
                call.start_s,
                where,
                LMRequested(call.model, call.messages, to_jsonable(dict(call.parameters)), purpose),
            )
            if call.end_s is None:
                continue
            if call.error is not None:
                self._add(call.end_s, where, LMFailed(_fault(call.error, "model"), call.took_s))
                continue
            first, *others = call.replies or ("",)
            sent, received = call.tokens
            self._add(
                call.end_s,
                where,
                LMReplied(first, call.took_s, sent, received, model=call.model, others=tuple(others)),
            )

    def _add_advice(self, span: Span) -> None:
        """The request for advice, which tells the reward of the attempt before it."""
        if not self.attempts:
            return
        attempt, index = self.attempts[-1], len(self.attempts) - 1
        value = _number(span.inputs.get("reward_value"))
        if value is not None and attempt.reward is None and attempt.span.error is None:
            attempt.reward = value
            self._add(
                span.start_s, attempt.place, RewardScored(index, value, self._reward_time(attempt, span))
            )
        place = attempt.children.begin(attempt.place, "advice")
        self._add_calls(span, place, "advice")
        end = span.end_s if span.end_s is not None else span.start_s
        told = span.outputs if isinstance(span.outputs, Mapping) else {}
        advice = told.get("advice")
        if span.error is not None or not isinstance(advice, Mapping):
            fault = (
                _fault(span.error)
                if span.error is not None
                else Fault("Unknown", "the trace holds no advice", "code")
            )
            self._add(end, place, AdviceFailed(index, fault, span.took_s))
            return
        self.advice = {str(name): str(text) for name, text in advice.items()}
        self.advice_from = index
        self._add(end, place, AdviceGiven(index, str(told.get("discussion") or ""), self.advice, span.took_s))

    def _add_end(self) -> None:
        root = self.root
        if root.end_s is None:
            return
        scored = [(one.reward, -i) for i, one in enumerate(self.attempts) if one.reward is not None]
        best = -max(scored)[1] if scored else None
        same = [
            i
            for i, one in enumerate(self.attempts)
            if root.outputs is not None and one.span.outputs == root.outputs
        ]
        fault = _fault(root.error) if root.error is not None else None
        reason: StopReason = "error" if root.error is not None else "unknown"
        returned = same[0] if len(same) == 1 else None
        self._add(root.end_s, RUN, RunFinished(reason, best, returned, root.took_s, fault))

    def _add(self, at: float, place: Place, event: Event) -> None:
        self.facts.append((at, place, event))

    # What is in the spans of an attempt.

    def _is_predictor(self, span: Span) -> bool:
        """A Predict; OpenInference has two spans of each, of which the outer one counts."""
        return span.name == "Predict.forward"

    def _name_predictors(self, spans: Sequence[Span]) -> list[tuple[Span, str]]:
        """Each with a name: where there is one, as the adviser was told it; else by what it gives."""
        named: list[tuple[Span, str]] = []
        known = decode(self.asked.get("module_names"))
        known = known if isinstance(known, list) else []
        outputs = list(dict.fromkeys(", ".join(_outputs(one)) for one in spans))
        for one in spans:
            place = outputs.index(", ".join(_outputs(one)))
            name = (
                str(known[place])
                if len(known) == len(outputs) and place < len(known)
                else f"predict_{place + 1}"
            )
            named.append((one, name))
        return named

    def _is_bare(self, names: Sequence[str]) -> bool:
        """Whether it is dspy's own Predict or ChainOfThought, which is its one predictor, and no program of the user's."""
        return len(names) == 1 and all(one.span.name in _BARE for one in self.attempts)

    def _names(self) -> list[str]:
        return list(
            dict.fromkeys(event.name for _, _, event in self.facts if isinstance(event, ModuleStarted))
        )

    def _signature(self, name: str) -> tuple[str, str]:
        """The fields of a predictor with their types, and its instructions, as far as its prompts tell them."""
        place, started = next(
            (place, e) for _, place, e in self.facts if isinstance(e, ModuleStarted) and e.name == name
        )
        asked = next((e for _, at, e in self.facts if isinstance(e, LMRequested) and at.is_in(place)), None)
        traced = next(
            (e for _, _, e in self.facts if isinstance(e, PredictorTraced) and e.name == name), None
        )
        return read_signature(
            asked.messages if asked is not None else (),
            list(started.inputs),
            list(traced.outputs) if traced is not None else [],
        )

    def _hint(self, span: Span) -> str | None:
        """The hint in the prompt of a predictor's first call."""
        call = next((one for one in (span, *self._deep(span)) if one.is_model_call), None)
        if call is None or not call.messages:
            return None
        found = re.search(
            r"^\[\[ ## hint_ ## \]\]\n(.*?)(?=\n\n\[\[ ## |\n\nRespond with )",
            call.messages[-1]["content"],
            re.DOTALL | re.MULTILINE,
        )
        return found[1].strip() if found else None

    def _temperature(self, attempt: _Attempt) -> float | None:
        calls = (one for one in (attempt.span, *self._deep(attempt.span)) if one.is_model_call)
        return next(
            (value for one in calls if (value := _number(one.parameters.get("temperature"))) is not None),
            None,
        )

    def _reward_time(self, attempt: _Attempt, advice: Span) -> float:
        return max(advice.start_s - (attempt.span.end_s or advice.start_s), 0.0)


def _outputs(span: Span) -> dict[str, Any]:
    if isinstance(span.outputs, Mapping):
        return {str(k): to_jsonable(v) for k, v in span.outputs.items()}
    return {} if span.outputs is None else {"output": to_jsonable(span.outputs)}


def _fault(error: tuple[str, str], blame: Any = "code") -> Fault:
    return Fault(error[0], error[1], blame)


def _number(value: Any) -> float | None:
    """A number, or text that is one, as dspy gives the adviser."""
    if isinstance(value, bool):
        return float(value)
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def _identifier(name: str) -> str:
    text = re.sub(r"\W", "_", name.removesuffix(".predict"))
    return text if text.isidentifier() else f"stage_{text}"
