"""alike: how often the same answer came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from refine_core.lessons.measures.recorded import Recorded, text_of


def measure_alike(recorded: Recorded, *, arm: str) -> Mapping[str, Any]:
    """The answers of an arm's runs, those of first attempts. count: times the most frequent one came; answer: its text.

    different: how many different ones there are. counts: times each came, a curve: the most frequent at 1. total: of all.
    """
    answers = [text_of(rows[0]) for rows in recorded.outputs(arm).values() if rows]
    counted = Counter(answers).most_common()
    answer, count = counted[0] if counted else (None, None)
    return {
        "count": count,
        "answer": answer,
        "different": len(counted),
        "counts": {place: times for place, (_, times) in enumerate(counted, 1)},
        "total": len(answers),
    }
