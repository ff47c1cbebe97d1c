"""One moment of a run for a room to see: a sentence, the timeline so far, a hint, an output and its score, as plain data.

    build_slide(timeline, step) -> Slide

Made from a prefix like any other view of a run. The sentence says what the data says: which parts of the score moved, and
nothing about why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from refine_core.differences import Piece, diff_words
from refine_core.formatting import clip, format_duration, format_score, format_temperature, pluralize
from refine_core.hints import is_hint
from refine_core.log.timeline import Attempt, Outcome, PartState, Timeline
from refine_core.messages import describe_failure, format_reward
from refine_core.play.asked import describe_aim
from refine_core.play.captions import as_text, join_names
from refine_core.play.questions import GuessRange, last_scored
from refine_core.play.steps import Step
from refine_core.unseen import show_unseen_in

MARKED_FROM: Final = 0.4  # share in common; below it, marks at words are noise
MAX_TEXT: Final = 900  # characters of a field; a room reads no more
SENTENCE: Final = 150
MAX_PARTS: Final = 8
_PLACES: Final[Mapping[str, str]] = {
    "start": "start",
    "output": "output",
    "score": "score",
    "failure": "failure",
    "advice": "advice",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage in one attempt. share: of the longest bar. text: its duration, "" while it runs."""

    stage: str
    share: float
    text: str
    state: PartState | Literal["ahead"]


@dataclass(frozen=True, slots=True)
class SlideColumn:
    """One attempt. mark: what became of it, "ahead" for one that has not begun. reward: None unless scored.

    best: the best reward up to here. hints: names of the stages that got a hint. advice: duration of the advice after it,
    "" for none, "…" while it is asked for.
    """

    index: int
    temperature: str
    mark: Outcome | Literal["ahead"]
    reward: float | None
    reward_text: str
    best: float | None
    bars: tuple[Bar, ...]
    hints: tuple[str, ...]
    advice: str


@dataclass(frozen=True, slots=True)
class SlideField:
    """One output field, its changes against the attempt before marked. main: the one that a room looks at."""

    name: str
    pieces: tuple[Piece, ...]
    main: bool


@dataclass(frozen=True, slots=True)
class SlidePart:
    """One part of a score. share: of the most seen so far. change: 1 if it rose since the attempt before, -1, or 0."""

    name: str
    text: str
    share: float
    change: int


@dataclass(frozen=True, slots=True)
class Slide:
    """aim: at the right of the line above. sentence: what happens. place: where that is, "Attempt 3 · score".

    focus: index of the attempt that is looked at. hints: (predictor, text) of each; hint_is_next: for the next attempt.
    edited: predictors whose hint a person wrote. is_advised: whether there may be advice, so that its row has a place from the start.
    fields: outputs, or before the first attempt the inputs and what the reward asks for (`fields_are`). waits: why there is no output yet, or "".
    reward: as text, "" while there is none; compared: with the attempt before.
    """

    aim: str
    sentence: str
    place: str
    focus: int | None
    columns: tuple[SlideColumn, ...]
    stages: tuple[str, ...]
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    threshold: float | None
    threshold_text: str
    hints: tuple[tuple[str, str], ...]
    hint_is_next: bool
    fields: tuple[SlideField, ...]
    fields_are: Literal["output", "input"]
    waits: str
    parts: tuple[SlidePart, ...]
    reward: str
    compared: str
    edited: tuple[str, ...]
    is_advised: bool


def build_slide(timeline: Timeline, step: Step) -> Slide:
    """The run as `timeline`, a prefix of it, has it. step: the last one of that prefix."""
    attempt = _focus(timeline, step)
    before = last_scored(timeline, attempt.index) if attempt is not None else None
    span = GuessRange.of(timeline)
    threshold = timeline.spec.threshold
    fields = _fields(timeline, attempt)
    slide = Slide(
        aim=_aim(timeline),
        sentence=_sentence(timeline, step, attempt, before),
        place=_describe_moment(step, attempt),
        focus=None if attempt is None else attempt.index,
        columns=_columns(timeline),
        stages=timeline.predictors,
        low=span.low,
        high=span.high,
        ticks=tuple((v, format_score(v)) for v in (span.low, (span.low + span.high) / 2, span.high)),
        threshold=threshold,
        threshold_text="" if threshold is None else format_reward(timeline, threshold),
        hints=_hints(attempt, advice=step.beat == "advice"),
        hint_is_next=step.beat == "advice",
        fields=fields,
        fields_are="input" if attempt is None else "output",
        waits=_waits(attempt, step) if attempt is not None and not fields else "",
        parts=_parts(timeline, attempt, before),
        reward="" if attempt is None or attempt.reward is None else format_reward(timeline, attempt.reward),
        compared=_compared(attempt, before),
        edited=() if attempt is None or step.beat == "advice" else attempt.edited_hints,
        is_advised=timeline.spec.hint_source == "adviser" and len(timeline.temperatures) > 1,
    )
    return show_unseen_in(slide)


def _focus(timeline: Timeline, step: Step) -> Attempt | None:
    """The attempt that the step is about; at the end, the one returned, or the best."""
    wanted = step.attempt
    if wanted is None and timeline.end is not None:
        wanted = timeline.returned_index if timeline.returned_index is not None else timeline.best
    return next((a for a in timeline.attempts if a.index == wanted), None)


def _aim(timeline: Timeline) -> str:
    count, threshold = len(timeline.temperatures), timeline.spec.threshold
    is_known = "N" not in timeline.unknown
    most = f"up to {count} attempts" if count > 1 and is_known else pluralize(count, "attempt")
    return (
        f"threshold unknown · {most}"
        if "threshold" in timeline.unknown
        else f"no threshold · {most}"
        if threshold is None
        else f"threshold {format_reward(timeline, threshold)} · {most}"
    )


def _describe_moment(step: Step, attempt: Attempt | None) -> str:
    if step.beat == "end":
        return "End of the run"
    return (
        "The run begins"
        if attempt is None
        else f"Attempt {attempt.index + 1} · {_PLACES.get(step.beat, 'under way')}"
    )


# ---- the sentence


def _sentence(timeline: Timeline, step: Step, attempt: Attempt | None, before: Attempt | None) -> str:
    if attempt is None or step.beat not in ("output", "score", "advice"):
        return clip(step.caption, SENTENCE)
    number = attempt.index + 1
    if step.beat == "output":
        return f"Attempt {number} returns its output. The reward reads it next."
    if step.beat == "advice":
        named = [name for name, _ in _hints(attempt, advice=True)]
        if not named:
            return clip(step.caption, SENTENCE)
        return f"The adviser gives {'a hint' if len(named) == 1 else 'hints'} for {join_names(named)}."
    return _score_sentence(timeline, attempt, before)


def _score_sentence(timeline: Timeline, attempt: Attempt, before: Attempt | None) -> str:
    value = format_reward(timeline, attempt.reward)
    first = f"Attempt {attempt.index + 1} scores {value}"
    if attempt.reaches_threshold:
        return f"{first} and reaches the threshold."
    if attempt.unmet:
        return f"{first}, but does not meet {join_names(f'“{name}”' for name in attempt.unmet)}."
    if before is None or before.reward is None or attempt.reward is None:
        lost = [name for name, part in _scores(attempt).items() if part == 0]
        return (
            f"{first}. It gets nothing for {join_names(lost)}."
            if _few(lost)
            else f"{first}.{_feedback(attempt)}"
        )
    gained, lost = _moved(attempt, before)
    moves = [
        *(f"gained {n}" for n in [join_names(gained)] if _few(gained)),
        *(f"lost {n}" for n in [join_names(lost)] if _few(lost)),
    ]
    if moves:
        return f"{first}. It {' and '.join(moves)}."
    same = f", the same as attempt {before.index + 1}" if attempt.reward == before.reward else ""
    return f"{first}{same}.{_feedback(attempt)}"


def _feedback(attempt: Attempt) -> str:
    """What the reward says, if that is short enough for a headline."""
    text = " ".join(attempt.score.feedback.split()) if attempt.score is not None else ""
    return (
        f" The reward says: {text}{'' if text.endswith(('.', '!', '?')) else '.'}"
        if 0 < len(text) <= _SAYS
        else ""
    )


def _compared(attempt: Attempt | None, before: Attempt | None) -> str:
    if attempt is None or attempt.reward is None or before is None or before.reward is None:
        return ""
    change = attempt.reward - before.reward
    if change == 0:
        return f"the same as attempt {before.index + 1}"
    return f"{format_score(abs(change))} {'more' if change > 0 else 'less'} than attempt {before.index + 1}"


def _moved(attempt: Attempt, before: Attempt) -> tuple[list[str], list[str]]:
    """Names of the parts that rose and of those that fell."""
    old, new = _scores(before), _scores(attempt)
    both = [name for name in new if name in old]
    return [n for n in both if new[n] > old[n]], [n for n in both if new[n] < old[n]]


def _few(names: Sequence[str]) -> bool:
    return 0 < len(names) <= _NAMED


_NAMED: Final = 3
_SAYS: Final = 80  # characters


# ---- what is below the timeline


def _hints(attempt: Attempt | None, *, advice: bool) -> tuple[tuple[str, str], ...]:
    """Hints that the attempt got; after advice, those that the next one will get."""
    if attempt is None:
        return ()
    given = (attempt.advice.hints if attempt.advice is not None else {}) if advice else attempt.hints
    return tuple((name, clip(text, MAX_TEXT)) for name, text in given.items() if is_hint(text))


def _fields(timeline: Timeline, attempt: Attempt | None) -> tuple[SlideField, ...]:
    if attempt is None:
        aim = describe_aim(timeline.spec.reward)
        asked = [*timeline.spec.inputs.items(), *([("reward", aim)] if aim else [])]
        return tuple(SlideField(name, _unmarked(value), main=False) for name, value in asked)
    if not attempt.outputs:
        return ()
    earlier = [a for a in timeline.attempts if a.index < attempt.index and a.outputs]
    before = max(earlier, key=lambda a: a.index).outputs if earlier else None
    main = _main_field(attempt.outputs)
    return tuple(
        SlideField(name, _marked(value, (before or {}).get(name)), main=name == main)
        for name, value in attempt.outputs.items()
    )


def _main_field(outputs: Mapping[str, object]) -> str:
    """The output that a room looks at: the last one that is text, else the first."""
    texts = [name for name, value in outputs.items() if isinstance(value, str) and name != "reasoning"]
    return texts[-1] if texts else next(iter(outputs))


def _unmarked(value: object) -> tuple[Piece, ...]:
    text = _text(value)
    return (Piece("same", text),) if text else ()


def _marked(value: object, before: object) -> tuple[Piece, ...]:
    """The value as it is now, with what is new in it marked, where enough of it is as it was."""
    if before is None:
        return _unmarked(value)
    change = diff_words(_text(before), _text(value))
    if change.common < MARKED_FROM:
        return _unmarked(value)
    return tuple(piece for piece in change.pieces if piece.kind != "removed")


def _text(value: object) -> str:
    """A value for reading aloud: a list as its items, text with its line breaks."""
    if isinstance(value, str):
        return clip(value.strip(), MAX_TEXT)
    if isinstance(value, Sequence) and all(isinstance(v, str | int | float) for v in value):
        return clip(", ".join(as_text(v) for v in value), MAX_TEXT)
    return clip(as_text(value), MAX_TEXT)


def _waits(attempt: Attempt, step: Step) -> str:
    if attempt.state == "failed":
        why = clip(" ".join(describe_failure(attempt).split()), MAX_TEXT)
        return "It has no output and no reward." if why in step.caption else why
    return "No output yet."


def _scores(attempt: Attempt) -> Mapping[str, float]:
    return attempt.score.parts if attempt.score is not None else {}


def _parts(timeline: Timeline, attempt: Attempt | None, before: Attempt | None) -> tuple[SlidePart, ...]:
    """The parts of the score; before there is one, the names that earlier scores had, with nothing beside them."""
    if attempt is None:
        return ()
    names = dict.fromkeys(name for a in timeline.attempts for name in _scores(a))
    scores, old = _scores(attempt), _scores(before) if before is not None else {}
    parts = []
    for name in [*names][:MAX_PARTS]:
        value = scores.get(name)
        if value is None:
            parts.append(SlidePart(name, "", 0.0, 0))
            continue
        most = max(abs(_scores(a).get(name, 0.0)) for a in timeline.attempts)
        change = 0 if name not in old else (value > old[name]) - (value < old[name])
        parts.append(SlidePart(name, format_score(value), abs(value) / most if most else 0.0, change))
    return tuple(parts)


# ---- the timeline


def _columns(timeline: Timeline) -> tuple[SlideColumn, ...]:
    by_index = {attempt.index: attempt for attempt in timeline.attempts}
    longest = max((run.took_s or 0.0 for a in timeline.attempts for run in a.predictors), default=0.0)
    return tuple(
        _column(timeline, by_index.get(i), i, temperature, longest)
        for i, temperature in enumerate(timeline.temperatures)
    )


def _column(
    timeline: Timeline, attempt: Attempt | None, index: int, temperature: float, longest: float
) -> SlideColumn:
    if attempt is None:
        bars = tuple(Bar(name, 1.0, "", "ahead") for name in timeline.predictors)
        heat = "" if timeline.uses_rollouts else format_temperature(temperature)
        return SlideColumn(index, heat, "ahead", None, "", None, bars, (), "")
    heat = format_temperature(attempt.temperature) if timeline.has_temperature(attempt) else ""
    advice = attempt.advice
    return SlideColumn(
        index,
        heat,
        attempt.outcome,
        attempt.reward,
        "" if attempt.reward is None else format_reward(timeline, attempt.reward),
        attempt.best_so_far,
        tuple(_bar(attempt, name, longest) for name in timeline.predictors),
        tuple(attempt.real_hints),
        "" if advice is None else "…" if advice.took_s is None else format_duration(advice.took_s),
    )


def _bar(attempt: Attempt, name: str, longest: float) -> Bar:
    runs = [run for run in attempt.predictors if run.name == name and not run.inner]
    if not runs:
        return Bar(name, 1.0, "", "ahead")
    took = sum(run.took_s or 0.0 for run in runs)
    return Bar(
        name,
        took / longest if longest else 1.0,
        format_duration(took) if runs[-1].took_s is not None else "",
        runs[-1].state,
    )
