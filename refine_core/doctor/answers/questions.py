"""What was asked in a row, and which unit its answer has."""

from __future__ import annotations

import re

from refine_core.rows import Row

_UNIT = re.compile(r"(?:\d|\bmany|\bmuch)\s+([a-z]{3,}s)\b")


def find_prompt(row: Row) -> str:
    """What was asked, if it is text: the input that is called so, else the longest one; "" for none."""
    for name in ("question", "prompt", "input", "query", "instruction", "problem", "task"):
        if isinstance(value := row.inputs.get(name), str):
            return value
    texts = [
        value for name, value in row.inputs.items() if isinstance(value, str) and name not in row.prediction
    ]
    return max(texts, key=len, default="")


def find_unit(row: Row) -> str:
    """A unit that the question uses, such as euros; else "units"."""
    found = _UNIT.findall(find_prompt(row))
    return found[-1] if found else "units"
