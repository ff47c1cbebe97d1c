"""What is left out of a run before it is shared. LEFT_OUT replaces it, and RunStarted says what it was.

    records --redact--> records        every event stays, so that the run still folds, shows and imports

Of a chosen field all values are left out: where they are recorded as such, in the section of a prompt or a reply that bears the
field's name, and wherever else a text quotes them (refine_core.export.leaving_out.masking). A reply that could not be read goes as a whole, as
nobody knows what in it is which field. The program keeps its names; of its reward, texts and comments are looked through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from refine_core import events as ev
from refine_core.export.leaving_out.masked_code import mask_code
from refine_core.export.leaving_out.masking import Masker
from refine_core.left_out import LEFT_OUT, is_left_out
from refine_core.log.scope import Record
from refine_core.log.span import Span
from refine_core.log.well_formed import map_text
from refine_core.spec import ModelSpec, ProgramSpec

T = TypeVar("T")
__all__ = ["LEFT_OUT", "NO_REDACTION", "Redaction", "is_left_out", "list_fields", "redact", "redact_text"]


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is left out.

    prompts: all messages to models. inputs: every input of the program. fields: names of inputs and outputs.
    """

    prompts: bool = False
    inputs: bool = False
    fields: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.prompts or self.inputs or bool(self.fields)

    def describe(self) -> tuple[str, ...]:
        """What was left out, for people: ("prompts", "inputs", "field answer")."""
        return (
            *(("prompts",) if self.prompts else ()),
            *(("inputs",) if self.inputs else ()),
            *(f"field {name}" for name in self.fields),
        )


NO_REDACTION: Final = Redaction()


def list_fields(records: Sequence[Record]) -> tuple[str, ...]:
    """Names of all inputs and outputs of a run, which can be left out, in the order in which they come."""
    names: dict[str, None] = {}
    for record in records:
        for values in _values_of(record.event):
            names.update(dict.fromkeys(values))
    return tuple(names)


def redact(records: Sequence[Record], redaction: Redaction) -> list[Record]:
    """The run's records without what is to be left out. Raises nothing."""
    if not redaction or not records:
        return list(records)
    work = Redactor.of(records, redaction)
    return [replace(record, event=work.event(record)) for record in records]


def redact_text(records: Sequence[Record], redaction: Redaction, text: str) -> str:
    """A text that belongs to the run, such as its name, without what is to be left out."""
    return Redactor.of(records, redaction).text(text) if redaction and records else text


@dataclass(frozen=True, slots=True)
class Redactor:
    """Leaves things out of one run, or of what belongs to several runs of programs alike.

    names: of the fields that are left out. masker: finds their values. sections: find what stands under such a name, in a prompt or in
    JSON. unread: spans of calls whose replies were not read.
    """

    redaction: Redaction
    names: frozenset[str]
    masker: Masker
    sections: tuple[re.Pattern[str], ...]
    unread: frozenset[Span]

    @classmethod
    def of(cls, records: Sequence[Record], redaction: Redaction) -> Redactor:
        """One that leaves out what the records of a run hold."""
        started = records[0].event
        spec = started.spec if isinstance(started, ev.RunStarted) else None
        inputs = tuple(spec.inputs) if spec is not None and redaction.inputs else ()
        names = frozenset((*redaction.fields, *inputs))
        secrets = [
            one[name]
            for record in records
            for one in _values_of(record.event)
            for name in names
            if name in one
        ]
        specs = [] if spec is None else [spec]
        return cls.of_values(redaction, names, secrets, specs, unread=_unread(records, names))

    @classmethod
    def of_values(
        cls,
        redaction: Redaction,
        names: frozenset[str],
        secrets: Iterable[object],
        specs: Iterable[ProgramSpec],
        *,
        unread: frozenset[Span] = frozenset(),
    ) -> Redactor:
        """One that leaves out these values of the fields `names`. specs: the programs, whose own words stay."""
        public = [text for spec in specs for stage in spec.stages for text in _texts_of(stage)]
        named = "|".join(map(re.escape, sorted(names)))
        sections = (
            re.compile(rf"(\[\[ ## (?:{named}) ## \]\](?!`)[ \t]*\n?)(.*?)(?=\n*\[\[ ## |\Z)", re.DOTALL),
            re.compile(rf'("(?:{named})"\s*:\s*")((?:\\.|[^"\\])*)'),
        )
        return cls(redaction, names, Masker(secrets, public), sections if names else (), unread)

    def text(self, text: str) -> str:
        """A text without the values."""
        for section in self.sections:
            text = section.sub(lambda match: f"{match[1]}{LEFT_OUT}", text)
        return self.masker(text)

    def data(self, value: Mapping[str, object]) -> Mapping[str, object]:
        """Data of any shape, without what it has under one of the names."""
        named = self._named(value)
        return map_text(named, self.text) if isinstance(named, Mapping) else {}

    def _named(self, value: object) -> object:
        if isinstance(value, Mapping):
            return {n: LEFT_OUT if n in self.names else self._named(one) for n, one in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(map(self._named, value))
        return value

    def fields(self, values: Mapping[str, object]) -> dict[str, object]:
        """Inputs or outputs, whose names stay."""
        return {
            name: LEFT_OUT if name in self.names else map_text(one, self.text) for name, one in values.items()
        }

    def texts(self, values: Mapping[str, str]) -> dict[str, str]:
        """Texts by names that stay."""
        return {name: self.text(text) for name, text in values.items()}

    def names_too(self, values: Mapping[str, T]) -> Mapping[str, T]:
        """Values by names that a model or a reward made up."""
        return map_text(values, self.text)

    def fault(self, error: ev.Fault) -> ev.Fault:
        """An error. What is said of a reply that could not be read quotes it."""
        if self.names and error.type == "ParseError":
            return replace(error, message=LEFT_OUT, stdout=self.text(error.stdout))
        return replace(error, message=self.text(error.message), stdout=self.text(error.stdout))

    def event(self, record: Record) -> ev.Event:
        """An event without what is to be left out."""
        event, text = record.event, self.text
        match event:
            case ev.RunStarted():
                return replace(event, spec=self.spec(event.spec), left_out=self._left_out(event))
            case ev.LMRequested() | ev.LMReplied():
                return self._exchange(event, record.span)
            case ev.ModuleStarted():
                return replace(event, inputs=self.fields(event.inputs), hint=event.hint and text(event.hint))
            case ev.PredictorTraced() | ev.RewardStarted():
                return replace(event, outputs=self.fields(event.outputs))
            case ev.ParseFailed():
                invalid = {n: LEFT_OUT if self.names else why for n, why in event.invalid.items()}
                return replace(event, invalid=invalid, cut=text(event.cut))
            case ev.RewardScored() | ev.RewardComputed():
                return replace(
                    event, parts=self.names_too(event.parts), feedback=text(event.feedback), stdout=text(event.stdout),
                    unmet=self.texts(event.unmet), refusals=tuple(map(text, event.refusals)),
                )  # fmt: skip
            case ev.AdviceGiven():
                dropped = self.names_too(event.dropped)
                return replace(
                    event, discussion=text(event.discussion), advice=self.texts(event.advice), dropped=dropped
                )
            case ev.AttemptStarted() | ev.HintsEdited():
                return replace(event, hints=self.texts(event.hints))
            case ev.Unknown():
                return replace(event, data=self.data(event.data))
            case ev.LMRetried() | ev.LMFailed() | ev.AdviceFailed() | ev.AttemptFailed():
                return replace(event, error=self.fault(event.error))
            case ev.ModuleEnded() | ev.RunFinished():
                return replace(event, error=event.error and self.fault(event.error))
            case _:
                return event

    def _exchange(self, event: ev.LMRequested | ev.LMReplied, span: Span) -> ev.Event:
        """What was sent to a model, or what it said."""
        if isinstance(event, ev.LMRequested):
            messages = tuple({**m, "content": self._message(m["content"])} for m in event.messages)
            params = {name: map_text(value, self.text) for name, value in event.params.items()}
            return replace(event, messages=messages, params=params)
        say = _leave_out if self.names and span in self.unread else self.text
        others = tuple(map(say, event.others))
        return replace(event, text=say(event.text), others=others, reasoning=say(event.reasoning))

    def _message(self, content: str) -> str:
        return LEFT_OUT if self.redaction.prompts else self.text(content)

    def _left_out(self, event: ev.RunStarted) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*event.left_out, *self.redaction.describe())))

    def spec(self, spec: ProgramSpec) -> ProgramSpec:
        """The program: its names, signatures and models stay."""
        stages = tuple(
            replace(
                stage,
                instructions=self.text(stage.instructions),
                descriptions=self.texts(stage.descriptions),
                demos=tuple(self.fields(demo) for demo in stage.demos),
            )
            for stage in spec.stages
        )
        validators = tuple(
            replace(one, check=self._code(one.check), message=self.text(one.message))
            for one in spec.validators
        )
        return replace(
            spec,
            stages=stages,
            validators=validators,
            inputs=self.fields(spec.inputs),
            reward=self._code(spec.reward),
            title=self.text(spec.title),
            advice_instructions=self.text(spec.advice_instructions),
            starting_hints=self.texts(spec.starting_hints),
            model=self._model(spec.model),
            adviser=spec.adviser and self._model(spec.adviser),
            judge=spec.judge and self._model(spec.judge),
        )

    def _model(self, model: ModelSpec) -> ModelSpec:
        """A model, whose own parameters may hold any text."""
        return replace(model, stop=tuple(map(self.text, model.stop)), extra=map_text(model.extra, self.text))

    def _code(self, source: str) -> str:
        return mask_code(source, self.masker) if self.masker else source


def _leave_out(text: str) -> str:
    return LEFT_OUT if text else text


def _values_of(event: ev.Event) -> Iterator[Mapping[str, object]]:
    """Inputs and outputs that an event holds, by the names of their fields."""
    match event:
        case ev.RunStarted(spec=spec):
            yield spec.inputs
            yield from (demo for stage in spec.stages for demo in stage.demos)
        case ev.ModuleStarted(inputs=values):
            yield values
        case ev.PredictorTraced(outputs=values) | ev.RewardStarted(outputs=values):
            yield values


def _texts_of(stage: object) -> Iterator[str]:
    """The words that the program itself uses."""
    yield str(getattr(stage, "signature", ""))
    yield str(getattr(stage, "name", ""))


def _unread(records: Iterable[Record], names: frozenset[str]) -> frozenset[Span]:
    """Spans of calls whose replies were not read into fields: those that failed to, and those that nothing came of."""
    if not names:
        return frozenset()
    latest: dict[Span | None, Span] = {}
    unread: set[Span] = set()
    for record in records:
        event, span = record.event, record.span
        if isinstance(event, ev.LMRequested) and event.purpose == "predict":
            latest[span.parent] = span
            unread.add(span)
        elif isinstance(event, ev.ParseFailed) and span in latest:
            latest.pop(span)
        elif isinstance(event, ev.PredictorTraced):
            around: Span | None = span
            while around is not None and around not in latest:
                around = around.parent
            if around is not None:
                unread.discard(latest.pop(around))
    return frozenset(unread)
