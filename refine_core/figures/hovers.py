"""The texts that pointing at the chart shows: plain lines. A model's words are shortened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Literal

from refine_core.figures import text
from refine_core.figures.scene import stage_name
from refine_core.formatting import format_duration, format_rollout, format_score, format_temperature
from refine_core.hints import is_hint
from refine_core.log.timeline import Advice, Attempt, Call, PredictorRun, Timeline
from refine_core.messages import (
    ATTEMPT_OUTCOMES,
    describe_advice_failure,
    describe_error,
    describe_failure,
    describe_format,
    describe_kept,
    describe_outcome,
    describe_rollout,
    format_reward,
    hint_source,
)

_WORDS = 90  # characters of a hint or an output
_FIELDS = 8


def describe_attempt(timeline: Timeline, attempt: Attempt) -> str:
    """The hover text of an attempt."""
    reward = "no reward" if attempt.reward is None else f"reward {format_reward(timeline, attempt.reward)}"
    took = "" if attempt.took_s is None else f" · {format_duration(attempt.took_s)}"
    outputs = _fields(attempt.outputs)
    wrong = text.shorten(describe_failure(attempt), _WORDS)
    temperature = (
        f"temperature {format_temperature(attempt.temperature)}"
        if timeline.has_temperature(attempt)
        else describe_rollout(attempt.index)
    )
    if timeline.shows_rollouts and not timeline.uses_rollouts:
        temperature += f", {format_rollout(timeline.rollout_of(attempt.index))}"
    return text.hover(
        f"Attempt {attempt.index + 1} · {describe_outcome(timeline, attempt)}",
        f"{reward} · {temperature}{took}",
        describe_kept(attempt, timeline),
        wrong,
        _parts(attempt),
        *(
            f"rule not met, {text.shorten(name, _WORDS)}: {text.shorten(message, _WORDS)}"
            for name, message in islice(attempt.unmet.items(), _FIELDS)
        ),
        *outputs,
    )


def describe_planned(timeline: Timeline, index: int, name: str) -> str:
    """The hover text of an attempt that has not begun, or was not needed."""
    if timeline.uses_rollouts:
        return text.hover(name, describe_rollout(index))
    planned = timeline.temperatures[index : index + 1]
    return text.hover(name, *(f"temperature {format_temperature(t)}" for t in planned))


def describe_strip(
    timeline: Timeline, attempt: Attempt, kind: Literal["temperature", "predictor", "advice"], name: str
) -> str:
    """The hover text of one attempt in one strip; "" where it has nothing of its own to tell."""
    if kind == "advice":
        return describe_advice(attempt, attempt.advice) if attempt.advice is not None else ""
    return "\n".join(describe_run(timeline, attempt, run) for run in attempt.predictors if run.name == name)


def describe_run(timeline: Timeline, attempt: Attempt, run: PredictorRun) -> str:
    """The hover text of a predictor's bar: how long, which hint, what came out, what went wrong."""
    unfinished = ATTEMPT_OUTCOMES["cut_off" if run.state == "cut_off" else "running"]
    took = unfinished if run.took_s is None else format_duration(run.took_s)
    hint = run.hint if is_hint(run.hint) else None
    repeats = [call for call in run.calls if call.is_repeat]
    free = _free(run.calls)
    return text.hover(
        f"{text.shorten(stage_name(run.name), _WORDS)}, attempt {attempt.index + 1} · {took}",
        describe_rollout(attempt.index) if run.name in attempt.fixed_temperature else "",
        f"hint {hint_source(timeline, attempt)}: {text.shorten(hint, 2 * _WORDS)}" if hint else "",
        f"the first reply could not be read; asked again {describe_format(repeats[-1])}" if repeats else "",
        *_fields(run.outputs),
        text.shorten(describe_error(run.error), _WORDS) if run.error else "",
        _retried(run.calls),
        free,
    )


def describe_advice(attempt: Attempt, advice: Advice) -> str:
    """The hover text of a chip."""
    name = f"Advice after attempt {attempt.index + 1}"
    if advice.state in ("running", "cut_off"):
        asked = advice.state == "running"
        return text.hover(f"{name}: {'being asked for' if asked else ATTEMPT_OUTCOMES['cut_off']}")
    took = "" if advice.took_s is None else f" · {format_duration(advice.took_s)}"
    if advice.error is not None:
        return text.hover(
            f"{name} failed{took}",
            text.shorten(describe_advice_failure(advice), _WORDS),
            _retried(advice.calls),
        )
    return text.hover(
        f"{name}{took}",
        *(
            f"{text.shorten(n, _WORDS)}: {text.shorten(words, _WORDS) if is_hint(words) else 'nothing to say'}"
            for n, words in islice(advice.hints.items(), _FIELDS)
        ),
        _retried(advice.calls),
        _free(advice.calls),
    )


def _parts(attempt: Attempt) -> str:
    """The parts of its score on one line."""
    parts = attempt.score.parts if attempt.score is not None else {}
    shown = dict(islice(parts.items(), _FIELDS))
    beside = tuple(shown.values())
    return " · ".join(f"{text.shorten(n, _WORDS)} {format_score(v, beside)}" for n, v in shown.items())


def _fields(outputs: Mapping[str, object] | None) -> list[str]:
    """The first of some outputs, a line each."""
    shown = [
        f"{name}: {text.shorten(value, _WORDS)}" for name, value in islice((outputs or {}).items(), _FIELDS)
    ]
    more = len(outputs or {}) - len(shown)
    return [*shown, f"and {more} more"] if more else shown


def _retried(calls: Sequence[Call]) -> str:
    """How often requests had to be sent again, and why the last time."""
    retries = [retry for call in calls for retry in call.retries]
    if not retries:
        return ""
    return (
        f"retried {len(retries)} {text.TIMES}, last after {text.shorten(retries[-1].error.message, _WORDS)}"
    )


def _free(calls: Sequence[Call]) -> str:
    """Whether replies were cached or replayed."""
    replies = [call.reply for call in calls if call.reply is not None]
    if any(reply.replayed for reply in replies):
        return "a recorded reply"
    return "cached" if any(reply.cache_hit for reply in replies) else ""
