"""What is worked out about the reward as typed: which reward, which rows, which judge. Its key tells one task from another."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from refine_core import workbench
from refine_core.rows import JoinedRows
from refine_core.workbench import JudgeSpec, Recognized, RowSource, Scores


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be scored. key: equal for equal tasks."""

    recognized: Recognized
    sources: tuple[RowSource, ...]
    judge: JudgeSpec | None
    key: str

    @classmethod
    def of(cls, recognized: Recognized, sources: tuple[RowSource, ...], judge: JudgeSpec | None) -> Task:
        """The task of this reward on the rows of these sources."""
        plan = json.dumps(recognized.to_plan(), sort_keys=True)
        asked = judge.name if judge is not None and workbench.asks_judge(recognized) else ""
        parts = [recognized.source, plan, asked, *(one.digest for one in sources)]
        key = hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()
        return cls(recognized, sources, judge, key)

    @property
    def asking(self) -> str:
        """The key of the same with questions to the judge."""
        return f"{self.key} asking"

    @property
    def rows(self) -> JoinedRows:
        """The rows as the reward gets them: one of a run gets values of the types that it got then."""
        typed = self.recognized.shape == "refine"
        return JoinedRows(*(one.typed_rows if typed else one.rows for one in self.sources))

    def work(self, *, asks: bool) -> workbench.Work[Scores]:
        """The scoring. asks: whether the judge may be asked."""
        rows, recognized, judge = self.rows, self.recognized, self.judge
        return lambda progress, cancel: workbench.score_rows(
            rows, recognized, judge=judge, ask_judge=asks, on_progress=progress, cancel=cancel
        )
