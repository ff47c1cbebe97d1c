"""What happens at one event, in a plain sentence; "" for an event that says nothing by itself.

A caption is written from the run as it stood at that event, so it cannot know what came later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import ujson

from refine_core import events as ev
from refine_core.formatting import clip, format_rollout, format_temperature, pluralize
from refine_core.hints import is_hint
from refine_core.log.scope import Record
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import (
    describe_advice_failure,
    describe_error,
    describe_failure,
    describe_kept,
    describe_parse_failure,
    describe_pause,
    describe_retry,
    format_reward,
)
from refine_core.stop_summary import describe_kept_attempts, stop_summary
from refine_core.unseen import show_unseen

MAX_CHARS: Final = 140  # of a text that is quoted in a caption


def describe(record: Record, timeline: Timeline) -> str:
    """The event of `record` in words. timeline: the run folded up to this record and no further."""
    text = show_unseen(_describe(record, timeline))
    if not text or not record.span.is_nested:
        return text
    inner = (
        f"inner {text[:1].lower()}{text[1:]}"
        if text.startswith("Attempt")
        else f"{text[:1].lower()}{text[1:]}"
    )
    return f"Inside attempt {record.span.attempts[0] + 1}: {inner}"


def _describe(record: Record, timeline: Timeline) -> str:  # noqa: PLR0912, C901 - one row a kind of event
    event = record.event
    match event:
        case ev.RunStarted():
            return _beginning(event, timeline)
        case ev.AttemptStarted():
            return _attempt_start(event, timeline)
        case ev.ModuleStarted():
            told = ", with its hint in the prompt" if is_hint(event.hint) else ""
            return f"{event.name} asks the model{told}."
        case ev.LMRequested(purpose="judge"):
            return "The reward asks the judge."
        case ev.LMRequested(purpose="advice"):
            return f"The adviser reads attempt {_number(record)}: its output, the reward and the prompts."
        case ev.LMRequested():
            return "The model is asked again." if _is_repeat(record, timeline) else "The model is asked."
        case ev.LMRetried():
            return _sentence(describe_retry(event))
        case ev.LMReplied():
            return _reply(record, timeline)
        case ev.LMFailed():
            return _sentence(f"The model gives no reply: {_flat(describe_error(event.error))}")
        case ev.ParseFailed():
            return _sentence(f"The reply cannot be read: {_flat(describe_parse_failure(event))}")
        case ev.PredictorTraced():
            return _sentence(f"The model replies for {event.name}: {quote_fields(event.outputs)}")
        case ev.RewardStarted():
            return _sentence(f"Attempt {event.index + 1} returns: {quote_fields(event.outputs)}")
        case ev.RewardScored():
            return _score(event, timeline)
        case ev.RewardComputed():
            value = format_reward(timeline, event.value)
            return f"Afterwards the recorded reward was run here on attempt {event.index + 1}: {value}."
        case ev.AttemptFailed():
            failed = _attempt(timeline, event.index)
            why = describe_failure(failed) if failed is not None else describe_error(event.error)
            return _sentence(f"Attempt {event.index + 1} fails: {_flat(why)}")
        case ev.AdviceGiven():
            return _advice(event)
        case ev.AdviceFailed():
            judged = _attempt(timeline, event.after)
            advice = judged.advice if judged is not None else None
            why = describe_advice_failure(advice) if advice is not None else describe_error(event.error)
            return _sentence(f"No advice comes: {_flat(why)}")
        case ev.RunPaused():
            return f"{describe_pause(event)}: the run waits for a person."
        case ev.HintsEdited():
            return _edit(event)
        case ev.RunResumed():
            how = "continued, despite the reward's error," if event.anyway else "resumed"
            return f"The run is {how} from attempt {event.from_index + 1}."
        case ev.RunFinished():
            return stop_summary(timeline)
        case ev.Unknown():
            return f"An event of a newer version of Refinescope: {event.name}."
        case _:
            return ""


def quote_fields(fields: Mapping[str, object]) -> str:
    """Output fields on one line: "answer: Paris; confidence: 0.9", or the value of the only one; long ones are cut."""
    if len(fields) == 1:
        return clip(as_text(next(iter(fields.values()))), MAX_CHARS)
    return clip(
        "; ".join(f"{name}: {as_text(value)}" for name, value in fields.items()) or "nothing", MAX_CHARS
    )


def as_text(value: object) -> str:
    """A value on one line: text as it stands, anything else as JSON."""
    text = (
        value
        if isinstance(value, str)
        else ujson.dumps(value, ensure_ascii=False, escape_forward_slashes=False)
    )
    return " ".join(text[: 10 * MAX_CHARS].split())


def join_names(names: Iterable[str]) -> str:
    """Names in a row: "draft", "draft and answer", "a, b and c"."""
    *most, last = [*names] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _beginning(event: ev.RunStarted, timeline: Timeline) -> str:
    count, threshold = len(event.temperatures), event.spec.threshold
    most = pluralize(count, "attempt") if count == 1 or "N" in event.unknown else f"up to {count} attempts"
    until = (
        "its threshold is unknown"
        if "threshold" in event.unknown
        else "no threshold"
        if threshold is None
        else f"it stops at a reward of {format_reward(timeline, threshold)}"
    )
    kept = describe_kept_attempts(timeline)
    return f"The run starts: {most}; {until}.{f' {kept}' if kept else ''}"


def _attempt_start(event: ev.AttemptStarted, timeline: Timeline) -> str:
    attempt = _attempt(timeline, event.index)
    heat = attempt is None or timeline.has_temperature(attempt)
    how = (
        f"at temperature {format_temperature(event.temperature)}"
        if heat
        else f"as {format_rollout(event.index)}"
    )
    named = [name for name, text in event.hints.items() if is_hint(text)]
    hints = f", with {'a hint' if len(named) == 1 else 'hints'} for {join_names(named)}" if named else ""
    kept = f", {describe_kept(attempt, timeline)}," if attempt is not None and attempt.kept else ""
    return f"Attempt {event.index + 1}{kept} starts {how}{hints}."


def _reply(record: Record, timeline: Timeline) -> str:
    attempt = _attempt(timeline, record.span.attempts[0]) if record.span.attempts else None
    call = next((c for c in (attempt.all_calls if attempt else ()) if c.span == record.span), None)
    who = {"advice": "The adviser", "judge": "The judge"}.get(call.purpose if call else "", "The model")
    event = record.event
    cached = isinstance(event, ev.LMReplied) and event.cache_hit
    return f"{who} replies{' from the cache' if cached else ''}."


def _score(event: ev.RewardScored, timeline: Timeline) -> str:
    threshold = timeline.spec.threshold
    value = format_reward(timeline, event.value)
    reached = threshold is not None and event.value >= threshold and not event.unmet
    aim = f", which reaches the threshold {format_reward(timeline, threshold)}" if reached else ""
    names = join_names(f"“{name}”" for name in event.unmet)
    rules = (
        f", but the {'rule' if len(event.unmet) == 1 else 'rules'} {names} {'is' if len(event.unmet) == 1 else 'are'} not met"
        if event.unmet
        else ""
    )
    why = f": {clip(_flat(event.feedback), MAX_CHARS)}" if event.feedback.strip() else ""
    return _sentence(f"The reward gives {value}{aim}{rules}{why}")


def _advice(event: ev.AdviceGiven) -> str:
    named = [(name, text) for name, text in event.advice.items() if is_hint(text)]
    if not named:
        return "The adviser finds no predictor at fault, so there is no new hint."
    if len(named) == 1:
        name, text = named[0]
        return _sentence(f"The adviser's hint for {name}: {clip(_flat(text), MAX_CHARS)}")
    return f"The adviser gives hints for {join_names(name for name, _ in named)}."


def _edit(event: ev.HintsEdited) -> str:
    if len(event.names) > 1:
        return f"A person edits the hints for {join_names(event.names)}."
    name = event.names[0] if event.names else ""
    text = event.hints.get(name)
    if not is_hint(text):
        return f"A person removes the hint for {name}."
    return _sentence(f"A person writes the hint for {name}: {_flat(text or '')}")


def _is_repeat(record: Record, timeline: Timeline) -> bool:
    attempt = _attempt(timeline, record.span.attempts[0]) if record.span.attempts else None
    return any(c.is_repeat for c in (attempt.all_calls if attempt else ()) if c.span == record.span)


def _attempt(timeline: Timeline, index: int) -> Attempt | None:
    """The attempt of this index; a recent one is found at once."""
    return next((a for a in reversed(timeline.attempts) if a.index == index), None)


def _number(record: Record) -> int:
    return record.span.attempts[0] + 1 if record.span.attempts else 1


def _flat(text: str) -> str:
    return clip(" ".join(text.split()), MAX_CHARS)


def _sentence(text: str) -> str:
    """With its full stop."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
