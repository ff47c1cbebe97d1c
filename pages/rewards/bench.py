"""What the page shows in one run of its script: the rows, the reward as typed, and what it makes of them so far.

read_bench() -> Bench: starts the scoring of what stands in the editor, and waits for it as long as nobody notices
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import streamlit as st

from pages.rewards import draft, fields
from pages.rewards.fields import static_key
from refine_core import workbench
from refine_core.errors import RewardError, WorkerError
from refine_core.rows import JoinedRows
from refine_core.workbench import ArgumentQuestion, Recognized, RowScore, RowSource, Scores, Scoring

WAIT_S: Final = 0.3  # longer, and the old numbers are shown with a count
_LAST, _RUNNING = static_key("last-key"), static_key("running-key")


@dataclass(frozen=True)
class Bench:
    """The rows, and what rewards make of them.

    rows: of all sources, in order; missing: sources that are not here. scores: of the reward as typed, or, while that is
    scored or cannot be loaded, of the text before it. base: scores of what the text grew from, where they are known.
    scored_code: the text that `scores` belong to. recognized: what the text is read as, or what has to be asked about it;
    None where it cannot be read, and unreadable says why.
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
    rows: JoinedRows = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", JoinedRows(*(one.rows for one in self.sources)))

    @property
    def running(self) -> bool:
        """Whether the reward as typed is still being scored."""
        return self.scoring is not None and self.scoring.running

    @property
    def error(self) -> RewardError | WorkerError | None:
        """Why the reward as typed scores nothing."""
        if self.unreadable is not None:
            return self.unreadable
        return self.scoring.error if self.scoring is not None else None

    @property
    def is_current(self) -> bool:
        """Whether the scores are those of the reward as typed."""
        return self.scoring is not None and self.scores is not None and self.scoring.scores is self.scores

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
    rows = JoinedRows(*(one.rows for one in sources))
    recognized, unreadable = _read(code, rows)
    state = st.session_state
    key = _key(recognized, sources) if rows and isinstance(recognized, Recognized) else None
    before = state.get(_RUNNING)
    if before not in (None, key):
        _cancel(before)
    state[_RUNNING] = key
    scoring = None
    if key is not None and isinstance(recognized, Recognized):
        scoring = workbench.bench.score(key, _work(rows, recognized))
        scoring.wait(WAIT_S)
        if scoring.scores is not None:
            state[_LAST] = key, code
    last_key, scored_code = state.get(_LAST, ("", ""))
    last = workbench.bench.find(last_key)
    scores = last.scores if last is not None else None
    if scores is not None and len(scores.rows) != len(rows):
        scores = None  # of other rows
    base = _base_scores(rows, sources)
    return Bench(code, sources, missing, scoring, scores, base, scored_code, recognized, unreadable)


def _read(code: str, rows: JoinedRows) -> tuple[Recognized | ArgumentQuestion | None, RewardError | None]:
    """What the text is read as; or why it cannot be. Neither for a text that nobody has written anything into."""
    if code.strip() == draft.EMPTY.strip():
        return None, None
    columns = workbench.list_columns(rows) if rows else None
    try:
        return workbench.read_reward_source(code, draft.reading(), columns), None
    except RewardError as error:
        return None, error


def cancel_scoring() -> None:
    """Stop what is being scored. To be called in a callback."""
    _cancel(st.session_state.get(_RUNNING))


def _cancel(key: str | None) -> None:
    scoring = workbench.bench.find(key) if key is not None else None
    if scoring is not None and scoring.running:
        scoring.cancel()


def _base_scores(rows: JoinedRows, sources: Sequence[RowSource]) -> Scores | None:
    """Scores by what the text grew from, for rows without a recorded reward; None until they are there."""
    grown_from = draft.base()
    if (
        all(rows.reward_of(i) is not None for i in range(len(rows)))
        or grown_from.source.strip() == draft.EMPTY.strip()
    ):
        return None
    try:
        recognized = workbench.read_reward_source(
            grown_from.source, grown_from.reading, workbench.list_columns(rows)
        )
    except RewardError:
        return None
    if isinstance(recognized, ArgumentQuestion):
        return None
    scoring = workbench.bench.score(_key(recognized, sources), _work(rows, recognized))
    scoring.wait(WAIT_S)
    return scoring.scores


def _work(rows: JoinedRows, recognized: Recognized) -> workbench.Work:
    return lambda progress, cancel: workbench.score_rows(
        rows, recognized, on_progress=progress, cancel=cancel
    )


def _key(recognized: Recognized, sources: Sequence[RowSource]) -> str:
    """Equal for equal scorings: of the same text, read in the same way, over the same rows."""
    plan = json.dumps(recognized.to_plan(), sort_keys=True)
    parts = [recognized.source, plan, *(one.digest for one in sources)]
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()
