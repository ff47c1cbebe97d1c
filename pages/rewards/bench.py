"""What the page shows in one run of its script: the rows, the reward as typed, and what it makes of them so far.

read_bench() -> Bench: starts the scoring of what stands in the editor, and waits for it as long as nobody notices
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Final

import streamlit as st

from pages.rewards import draft, fields
from pages.rewards.fields import static_key
from pages.rewards.task import Task
from pages.shared.credentials import collect_credentials
from pages.shared.isolation import why_code_is_refused
from pages.shared.keys import connection_key
from refine_core import runs, workbench
from refine_core.errors import RefineError, RewardError
from refine_core.programs import ModelSpec
from refine_core.rows import JoinedRows
from refine_core.workbench import (
    ArgumentQuestion,
    Fields,
    Finding,
    JudgeSpec,
    Recognized,
    RowScore,
    RowSource,
    Scores,
    Scoring,
)

CHOSEN_JUDGE: Final = static_key("judge-model")
WAIT_S: Final = 0.3  # longer, and the old numbers are shown with a count
_SESSION: Final = static_key("scoring")


@dataclass(slots=True)
class _Session:
    """Which scorings this session knows, by key; "" for none.

    shown, shown_code: the last one with scores, and the text that it scored. running: the last one begun. allowed: the one
    that may ask the judge. stopped: the one that was cancelled.
    """

    shown: str = ""
    shown_code: str = ""
    running: str = ""
    allowed: str = ""
    stopped: str = ""


@dataclass(frozen=True)
class Bench:
    """The rows, and what rewards make of them.

    missing: sources that are not here. scores: of the reward as typed, or, while that is
    scored or cannot be loaded, of the text before it. base: scores of what the text grew from, where they are known.
    scored_code: the text that `scores` belong to. recognized: what the text is read as, or what has to be asked about it;
    None where it cannot be read, and unreadable says why. task: the scoring of the reward as typed, where it can be read.
    memory: what others have worked out from it in this run of the script, by a key of theirs.
    """

    code: str
    sources: tuple[RowSource, ...]
    missing: tuple[str, ...]
    scoring: Scoring | None
    scores: Scores | None
    base: Scores | None = None
    scored_code: str = ""
    recognized: Recognized | ArgumentQuestion | None = None
    unreadable: RewardError | None = None
    judge: JudgeSpec | None = None
    task: Task | None = None
    memory: dict[str, object] = field(default_factory=dict)

    @cached_property
    def rows(self) -> JoinedRows:
        """The rows of all sources, in order."""
        return _join(self.sources)

    @cached_property
    def placed_sources(self) -> list[tuple[RowSource, int]]:
        """Each source with the position of its first row among all rows."""
        starts = accumulate((len(one.rows) for one in self.sources), initial=0)
        return list(zip(self.sources, starts, strict=False))

    def find_source(self, position: int) -> tuple[RowSource, int]:
        """The source of the row at this position, and the row's place in it, from 0."""
        source, first = next(
            placed for placed in reversed(self.placed_sources) if placed[1] <= position and placed[0].rows
        )
        return source, position - first

    @property
    def running(self) -> bool:
        """Whether the reward as typed is still being scored, or was a moment ago: its scores are not in here yet."""
        scoring = self.scoring
        return scoring is not None and (
            scoring.running or (scoring.result is not None and scoring.result is not self.scores)
        )

    @property
    def error(self) -> RefineError | None:
        """Why the reward as typed scores nothing."""
        if self.unreadable is not None:
            return self.unreadable
        return self.scoring.error if self.scoring is not None else None

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What reading the reward as typed finds wrong with it, in the order of its lines; that it cannot be read is one."""
        if isinstance(self.recognized, Recognized):
            return workbench.check_recognized(self.recognized, Fields.of_rows(self.rows))
        error = self.unreadable
        if error is None:
            return ()
        message = f"{error.message[:1].upper()}{error.message[1:]}"
        return (Finding("unreadable", "error", message, error.line, error.column),)

    @property
    def is_current(self) -> bool:
        """Whether the scores are those of the reward as typed."""
        return self.scoring is not None and self.scores is not None and self.scoring.result is self.scores

    def score_of(self, position: int) -> RowScore | None:
        """The score of the row at this position, where there is one."""
        return self.scores.rows[position] if self.scores is not None else None

    def old_of(self, position: int) -> float | None:
        """What it was before: the recorded reward, else the score by what the text grew from."""
        recorded = self.rows.reward_of(position)
        if recorded is not None or self.base is None:
            return recorded
        return self.base.rows[position].value


def read_bench() -> Bench:
    """Look at everything, and start what is to be scored. Raises StoreError."""
    loaded = {ref: workbench.load_source(ref) for ref in fields.read_sources()}
    sources = tuple(one for one in loaded.values() if one is not None)
    missing = tuple(ref for ref, one in loaded.items() if one is None)
    code = draft.code()
    rows = _join(sources)
    recognized, unreadable = _read(code, rows)
    if recognized is not None and (refused := why_code_is_refused()):
        unreadable = RewardError(refused, type_name="Refused")
        return Bench(code, sources, missing, None, None, unreadable=unreadable)
    judge = read_judge(sources)
    task = Task.of(recognized, sources, judge) if isinstance(recognized, Recognized) else None
    session = _session()
    if task is None or session.running not in (task.key, task.asking):
        _cancel(session.running)
    scoring = _score(task) if task is not None and len(rows) else None
    if scoring is not None and scoring.result is not None:
        session.shown, session.shown_code = scoring.key, code
    last = workbench.scorings.find(session.shown)
    scores = last.result if last is not None else None
    if scores is not None and len(scores.rows) != len(rows):
        scores = None  # of other rows
    base = _base_scores(sources)
    return Bench(
        code, sources, missing, scoring, scores, base, session.shown_code, recognized, unreadable, judge, task
    )


def ask_judge(bench: Bench) -> None:
    """Score again, and ask the judge for what it has not been asked before. To be called in a callback."""
    if bench.task is not None:
        _session().allowed = bench.task.asking
        workbench.scorings.clear(bench.task.asking)  # asked again, it asks again for what failed


def _score(task: Task) -> Scoring:
    """The scoring of this task, begun if need be, and waited for as long as nobody notices."""
    session = _session()
    asks = session.allowed == task.asking
    key = task.asking if asks else task.key
    stopped = workbench.scorings.find(key) if session.stopped == key else None
    scoring = stopped or workbench.scorings.start(key, task.work(asks=asks))
    session.running = key
    scoring.wait(WAIT_S)
    return scoring


def _read(code: str, rows: JoinedRows) -> tuple[Recognized | ArgumentQuestion | None, RewardError | None]:
    """What the text is read as; or why it cannot be. Neither for a text that nobody has written anything into."""
    if draft.is_empty(code):
        return None, None
    columns = workbench.list_columns(rows) if rows else None
    try:
        return workbench.read_reward_source(code, draft.reading(), columns), None
    except RewardError as error:
        return None, error


def cancel_scoring() -> None:
    """Stop what is being scored, until something changes or `score_again` is called. To be called in a callback."""
    session = _session()
    session.stopped = session.running
    _cancel(session.stopped)


def score_again() -> None:
    """Score what was stopped. To be called in a callback."""
    _session().stopped = ""


def _session() -> _Session:
    found: _Session = st.session_state.setdefault(_SESSION, _Session())
    return found


def _cancel(key: str) -> None:
    scoring = workbench.scorings.find(key)
    if scoring is not None and scoring.running:
        scoring.cancel()


def _base_scores(sources: tuple[RowSource, ...]) -> Scores | None:
    """Scores by what the text grew from, for rows without a recorded reward; None until they are there."""
    grown_from = draft.base()
    rows = _join(sources)
    if all(one.all_recorded for one in sources) or draft.is_empty(grown_from.source):
        return None
    try:
        recognized = workbench.read_reward_source(
            grown_from.source, grown_from.reading, workbench.list_columns(rows)
        )
    except RewardError:
        return None
    if isinstance(recognized, ArgumentQuestion):
        return None
    task = Task.of(recognized, sources, read_judge(sources))
    scoring = workbench.scorings.start(task.key, task.work(asks=False))
    scoring.wait(WAIT_S)
    return scoring.result


def read_judge(sources: Sequence[RowSource]) -> JudgeSpec | None:
    """The judge of the first run among the sources; of other rows, the model that a person chose; None for none."""
    for source in sources:
        if source.timeline is not None:
            spec = source.timeline.spec
            judge = workbench.judge_of_run(spec, collect_credentials(spec).keys)
            return judge.unless_foreign(runs.list_foreign(source.timeline.run_id, spec))
    chosen: ModelSpec | None = st.session_state.get(CHOSEN_JUDGE)
    return None if chosen is None else JudgeSpec(chosen, 0, connection_key(chosen))


def _join(sources: Sequence[RowSource]) -> JoinedRows:
    return JoinedRows(*(one.rows for one in sources))
