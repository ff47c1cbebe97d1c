"""The story of a run: what each attempt said, what it scored, which hint it got, and what that changed.

    Timeline --build_story--> Story(columns, rows)      a row an attempt; those to come too, while the run goes on

An attempt is compared with the one before it that has outputs. Everything here is plain data and plain text: whoever draws it
(assets/timeline/story.js) decides on colours and room.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from refine_core.figures import text
from refine_core.figures.now import NOW_TITLE, Now, NowCell, describe_now
from refine_core.figures.story_fields import StoryField, expected_fields, read_draft, read_fields
from refine_core.figures.story_hints import StoryHint, hints_of, next_hint, note_old
from refine_core.figures.story_parts import PartCell, PartColumn, part_cells, part_columns
from refine_core.formatting import format_difference, format_rollout, format_temperature
from refine_core.log.timeline import Attempt, Outcome, Timeline
from refine_core.messages import (
    COMPUTED,
    describe_failure,
    describe_kept,
    describe_outcome,
    describe_refusals,
    describe_unmet_rules,
    format_reward,
)
from refine_core.unseen import show_unseen_in

_MESSAGE = 400  # characters of an error


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One attempt, or one to come.

    outcome: chooses its mark; "pending" for one to come. words: the same, as a person says it. hints: what it was told.
    fields: its output. message: in its place, why there is none, or what is to come. notes: what the reward alone does not tell.
    parts: a cell for each of the story's columns. parts_message: in their place, why there are none: "failed on line 6 of the reward".
    now: what it would score now, where that was asked. kept: from which run a branch keeps it.
    """

    attempt: int
    outcome: Outcome | Literal["pending"]
    words: str
    returned: bool = False
    hints: tuple[StoryHint, ...] = ()
    fields: tuple[StoryField, ...] = ()
    message: str = ""
    notes: tuple[str, ...] = ()
    parts: tuple[PartCell, ...] = ()
    parts_message: str = ""
    reward: str = ""
    change: str = ""
    now: NowCell | None = None
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """columns: the parts of the scores; none where the reward has none. has_hints: whether a hint can stand before a row.

    has_others: whether there are fields beneath the main one. now_title: of the column that keeps its place for what attempts would
    score now: "" while it is empty, None where there is no such column.
    """

    columns: tuple[PartColumn, ...]
    rows: tuple[StoryRow, ...]
    has_hints: bool
    has_others: bool
    now_title: str | None = None


def build_story(
    timeline: Timeline,
    *,
    live: bool = True,
    attempts: Collection[int] | None = None,
    now: Mapping[int, Now] | None = None,
    fields: bool = True,
) -> Story:
    """live: whether a run without an end still goes on. attempts: indices of those whose rows are wanted; None for all.

    now: what attempts would score now, by index; {} keeps a place for it, None does not. fields: whether outputs are wanted, which
    takes the longest, as each is compared with the one before.

    While the run goes on, the attempts to come have rows, too, so that their places are kept.
    """
    columns = part_columns(timeline)
    names = _field_names(timeline)
    rows: list[StoryRow] = []
    before: Attempt | None = None
    compared: Attempt | None = None  # the latest with outputs
    scored: Attempt | None = None  # the latest with a reward
    for attempt in timeline.attempts:
        if attempts is None or attempt.index in attempts:
            row = _row(timeline, attempt, (before, compared, scored), columns, names, fields=fields)
            note = now[attempt.index].old_hint if now and attempt.index in now else ""
            hints = note_old(row.hints, attempt, note)
            rows.append(replace(row, hints=hints, now=describe_now(timeline, attempt, now)))
        before = attempt
        compared = attempt if attempt.outputs is not None else compared
        scored = attempt if attempt.score is not None else scored
    if live and timeline.end is None and attempts is None:
        rows += _rows_to_come(timeline)
    has_hints = timeline.spec.hint_source != "none" and timeline.spec.attempt_count > 1
    has_others = len(expected_fields(timeline)) > 1 or any(len(row.fields) > 1 for row in rows)
    title = None if now is None else NOW_TITLE if now else ""
    return show_unseen_in(Story(tuple(columns), tuple(rows), has_hints, has_others, title))


def _row(
    timeline: Timeline,
    attempt: Attempt,
    earlier: tuple[Attempt | None, Attempt | None, Attempt | None],
    columns: list[PartColumn],
    names: Collection[str],
    *,
    fields: bool,
) -> StoryRow:
    before, compared, scored = earlier
    outputs = compared.outputs if compared is not None else None
    under_way = attempt.outputs is None and attempt.state in ("running", "cut_off")
    read = read_draft if under_way else read_fields
    return StoryRow(
        attempt=attempt.index,
        outcome="scored" if attempt.unmet else attempt.outcome,
        words=describe_outcome(timeline, attempt),
        returned=attempt.is_returned,
        hints=tuple(hints_of(timeline, attempt, before, names)),
        fields=tuple(read(timeline, attempt, outputs)) if fields else (),
        message=_message(attempt),
        notes=tuple(_notes(attempt)),
        parts=tuple(_parts(attempt, scored, columns)),
        parts_message=_parts_message(attempt),
        reward=_reward(timeline, attempt),
        change=_change(attempt, scored),
        kept=f"reward {COMPUTED}, not recorded"
        if attempt.computed_at is not None
        else describe_kept(attempt, timeline),
    )


def _rows_to_come(timeline: Timeline) -> list[StoryRow]:
    begun = len(timeline.attempts)
    count = timeline.spec.attempt_count
    hint = ", with the next hint" if timeline.spec.hint_source != "none" and begun else ""
    if timeline.is_advising:
        hint = ""  # it is told before the row
    fixed = timeline.shows_rollouts
    rows = []
    for index in range(begun, count):
        temperature = timeline.temperatures[index] if index < len(timeline.temperatures) else None
        how = (
            format_rollout(timeline.rollout_of(index))
            if fixed or temperature is None
            else f"temperature {format_temperature(temperature)}"
        )
        first = index == begun
        hints = tuple(next_hint(timeline)) if first else ()
        rows.append(StoryRow(index, "pending", "to come", hints=hints, message=how + (hint if first else "")))
    return rows


def _field_names(timeline: Timeline) -> set[str]:
    outputs = next((a.outputs for a in reversed(timeline.attempts) if a.outputs), {})
    return {*timeline.spec.inputs, *expected_fields(timeline), *outputs}


def _message(attempt: Attempt) -> str:
    """Why there is no output."""
    if attempt.outputs is not None or attempt.error is None:
        return ""
    return text.shorten_middle(describe_failure(attempt), _MESSAGE)


def _notes(attempt: Attempt) -> list[str]:
    """What else is to be known of it: an error of the reward, rules that were not met, what the sandbox refused."""
    notes = []
    if attempt.error is not None and attempt.outputs is not None:
        notes.append(text.shorten_middle(describe_failure(attempt), _MESSAGE))
    if attempt.unmet:
        names = ", ".join(attempt.unmet)
        notes.append(f"{describe_unmet_rules(attempt)}: {text.shorten(names, 120)}")
    if attempt.score is not None and describe_refusals(attempt.score):
        notes.append("the sandbox refused something; see Reward")
    return notes


def _parts(attempt: Attempt, scored: Attempt | None, columns: list[PartColumn]) -> list[PartCell]:
    if attempt.score is None:
        return [PartCell("") for _ in columns]
    before: Mapping[str, float] | None = (
        scored.score.parts if scored is not None and scored.score is not None else None
    )
    return part_cells(columns, attempt.score.parts, before)


def _parts_message(attempt: Attempt) -> str:
    if attempt.error is None:
        return ""
    if attempt.phase == "reward":
        line = f" on line {attempt.error.line}" if attempt.error.line is not None else ""
        return f"failed{line} of the reward" if line else "the reward failed"
    return ""


def _reward(timeline: Timeline, attempt: Attempt) -> str:
    if attempt.reward is not None:
        return format_reward(timeline, attempt.reward)
    if attempt.state == "unknown":
        return "unknown"
    if attempt.state == "cut_off":
        return describe_outcome(timeline, attempt)
    return {"failed": "failed", "running": "…"}.get(attempt.state, "")


def _change(attempt: Attempt, scored: Attempt | None) -> str:
    if attempt.reward is None or scored is None or scored.reward is None:
        return ""
    return format_difference(attempt.reward - scored.reward)
