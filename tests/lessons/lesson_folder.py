"""A small lesson in a folder, as a test may spoil it: four questions, best of three on the practice model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

REWARD = 'def reward(args, pred):\n    """Three words at most."""\n    return float(len(pred.answer.split()) <= 3)\n'
EXPERIMENT: dict[str, Any] = {
    "dataset": {
        "rows": [
            {"question": f"What is the capital of {one}?"} for one in ("Peru", "France", "Italy", "Japan")
        ]
    },
    "base": {
        "stages": [{"name": "answer", "signature": "question -> answer"}],
        "reward": REWARD,
        "strategy": "best_of_n",
        "N": 3,
        "threshold": 1.0,
        "schedule": {"kind": "list", "temperatures": [2, 2, 2]},
    },
    "arms": [{"name": "Best of 3", "change": {}}],
}
LESSON: dict[str, Any] = {
    "title": "How fast does it grow?",
    "predicts": "a curve",
    "minutes": 5,
    "example": {"arm": "a", "row": 2},
    "measures": {"right": {"kind": "reached_by_n", "arguments": {"arm": "a"}}},
    "prediction": {
        "kind": "curve", "measure": "right", "scale": 100, "high": 100, "unit": "%", "x_axis": "N",
        "x": [1, 2, 3], "given": [1],
    },
    "check": {
        "kind": "number", "low": "2", "high": "3",
        "wrong": [["answer < 2", "{answer:0} is too few."], ["", "That is too many."]],
    },
    "claims": ["right[3] >= right[1]"],
}  # fmt: skip
TEXT = """# Example

One question, up to {n_a} attempts.

# Predict

How many of {rows} questions are right after N attempts?

# Compare

After one {right[1]:percent}, in the end {right[3]:percent}.

# Check

How many attempts are needed?

# Remember

More attempts help.
"""


def write_lesson(
    folder: Path,
    lesson: dict[str, Any] | None = None,
    text: str = TEXT,
    experiment: dict[str, Any] | None = None,
    **files: str,
) -> Path:
    """Write it. lesson: fields of lesson.json that differ. files: further ones, "cases_json" for cases.json."""
    folder.mkdir(parents=True)
    (folder / "lesson.json").write_text(json.dumps({**LESSON, **(lesson or {})}), encoding="utf-8")
    (folder / "text.md").write_text(text, encoding="utf-8")
    (folder / "experiment.json").write_text(
        json.dumps({**EXPERIMENT, **(experiment or {})}), encoding="utf-8"
    )
    for name, content in files.items():
        (folder / (name if "." in name else name.replace("_", "."))).write_text(content, encoding="utf-8")
    return folder
