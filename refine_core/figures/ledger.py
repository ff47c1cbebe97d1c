"""The ledger: the timeline as a table, for keyboards, screen readers, print and phones.

Its columns tell either what each attempt scored in parts, or what it cost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from refine_core.figures import text
from refine_core.figures.ledger_cells import (
    Cell,
    change_cell,
    cost_cell,
    hint_cell,
    message_cell,
    now_cell,
    output_cell,
    reward_cell,
    temperature_cell,
    text_cell,
    time_cell,
    tokens_cell,
)
from refine_core.figures.now import Now, NowCell, describe_now
from refine_core.figures.story_fields import main_field
from refine_core.figures.story_parts import PartColumn, part_cells, part_columns
from refine_core.log.timeline import Attempt, Outcome, Timeline
from refine_core.messages import describe_outcome

_PART_NAME = 14  # characters of a part's name

Table = Literal["scores", "costs"]


@dataclass(frozen=True, slots=True)
class Column:
    """key: of Row.cells. title: with the unit. brief: the same where there is little room. number: right-aligned.

    is_part: whether it is of a part of the score.
    """

    key: str
    title: str
    brief: str
    number: bool = False
    is_part: bool = False


TEMPERATURE = Column("temperature", "temperature", "temp.", number=True)
REWARD = Column("reward", "reward", "reward", number=True)
CHANGE = Column("change", "change", "change", number=True)
COSTS = (
    TEMPERATURE,
    REWARD,
    CHANGE,
    Column("hint", "hint for", "hint for"),
    Column("output", "what changed in the output", "what changed"),
    Column("time", "time (s)", "time (s)", number=True),
    Column("tokens", "tokens", "tokens", number=True),
    Column("cost", "cost ($)", "cost ($)", number=True),
)


def list_columns(
    timeline: Timeline, table: Table = "scores", *, now: Mapping[int, Now] | None = None
) -> tuple[Column, ...]:
    """The columns of a table, without the attempt's number. now: has a column, which has no title while it is {}.

    scores: what each attempt said, and what it scored in parts. costs: what it took, and what changed in its outputs.
    """
    if table == "costs":
        return COSTS
    names = {main_field(timeline, a) for a in timeline.attempts if a.outputs}
    output = text.shorten(names.pop(), 40) if len(names) == 1 else "output"
    parts = (
        Column(f"part-{i}", one.name, text.shorten(one.name, _PART_NAME), number=True, is_part=True)
        for i, one in enumerate(part_columns(timeline))
    )
    title = "now" if now else ""
    last = () if now is None else (Column("now", title, title, number=True),)
    return (
        Column("temperature", "temperature", "T", number=True),
        Column("text", output, output),
        *parts,
        REWARD,
        CHANGE,
        *last,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One attempt. outcome: chooses its mark; that of the best is kept for attempts that met every rule.

    words: its outcome as a person says it. started_at: seconds since the epoch, while it runs only, later by the pauses before it. cells: by the columns' keys.
    message: in place of all parts, why there are none; None where there are.
    """

    attempt: int
    outcome: Outcome
    words: str
    returned: bool
    started_at: float | None
    cells: Mapping[str, Cell]
    message: Cell | None = None


def build_ledger(
    timeline: Timeline, attempts: Collection[int] | None = None, *, now: Mapping[int, Now] | None = None
) -> list[Row]:
    """One row an attempt, in the order in which they began. attempts: indices of those that are wanted; None for all.

    now: what attempts would score now, by index; {} keeps a place for it, None does not.
    """
    columns = part_columns(timeline)
    rows: list[Row] = []
    reward: float | None = None
    outputs: Mapping[str, object] | None = None
    for attempt in timeline.attempts:
        if attempts is None or attempt.index in attempts:
            rows.append(
                _row(timeline, attempt, (reward, outputs), columns, describe_now(timeline, attempt, now))
            )
        reward = attempt.reward if attempt.reward is not None else reward
        outputs = attempt.outputs if attempt.outputs is not None else outputs
    return rows


def _row(
    timeline: Timeline,
    attempt: Attempt,
    before: tuple[float | None, Mapping[str, object] | None],
    columns: Sequence[PartColumn],
    now: NowCell | None,
) -> Row:
    """before: the reward and the outputs with which it is compared."""
    kind = attempt.outcome
    reward, outputs = before
    parts = attempt.score.parts if attempt.score is not None else {}
    cells = part_cells(columns, parts, None)
    return Row(
        attempt=attempt.index,
        outcome="scored" if attempt.unmet else kind,
        words=describe_outcome(timeline, attempt),
        returned=attempt.is_returned,
        started_at=attempt.started_at + timeline.paused_s if kind == "running" else None,
        cells={
            "temperature": temperature_cell(timeline, attempt),
            "reward": reward_cell(timeline, attempt, kind),
            "change": change_cell(timeline, attempt, reward),
            "hint": hint_cell(timeline, attempt),
            "output": output_cell(attempt, outputs),
            "time": time_cell(attempt),
            "tokens": tokens_cell(attempt),
            "cost": cost_cell(attempt),
            "text": text_cell(timeline, attempt, has_parts=bool(columns)),
            "now": now_cell(now),
            **{f"part-{i}": Cell(one.text, quiet=one.text in ("", "0")) for i, one in enumerate(cells)},
        },
        message=message_cell(attempt) if columns else None,
    )
