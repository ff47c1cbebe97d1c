"""A draft of the Rewards page as the store holds it, so that other pages can open a reward there that nobody has saved.

reward_fields(…) -> plain data        open_reward(…) -> the query of an address at which it is opened
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pages.shared.what_if_choice import REWARD_DRAFT
from refine_core import programs, workbench
from refine_core.rows import Row
from refine_core.workbench import Reading


def reward_fields(
    code: str, reading: Reading, sources: Sequence[str], base: Mapping[str, object], cases: str
) -> dict[str, object]:
    """What the page holds. base: what the text grew from: its `source`, `name`, `version`, `run` and `cases`."""
    return programs.draft_fields(
        {
            "code": code,
            "sources": list(sources),
            "base": dict(base),
            "cases": cases,
            "reading": workbench.pack_reading(reading),
        }
    )


def open_reward(code: str, reading: Reading, title: str, rows: Sequence[Row], view: str) -> dict[str, str]:
    """Keep this reward as a draft and these rows as a set; the query at which both are opened. Raises StoreError."""
    source = workbench.keep_rows(title, rows).ref
    base = {"source": code, "name": "", "version": 0, "run": "", "cases": ""}
    draft_id = programs.new_draft_id()
    programs.save_draft(draft_id, reward_fields(code, reading, [source], base, ""), kind=REWARD_DRAFT)
    programs.drop_old_drafts(kind=REWARD_DRAFT)
    return {"draft": draft_id, "rows": source, "view": view}
