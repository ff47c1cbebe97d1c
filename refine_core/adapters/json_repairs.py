"""Broken JSON, as far as it can be repaired."""

from __future__ import annotations

import re

MAX_UNCLOSED, MAX_BROKEN_CHARS = 64, 200_000
"""Broken JSON with more brackets left open, or with more characters, each time a bracket is open, is not repaired."""

# Values that are no JSON, and of which the repair would drop what matters: {"a": \u22125, "b": 85%, "c": {c}}
_MINUS = r"[\u2212\ufe63\uff0d][$€£]?"
_BARE = re.compile(
    rf"(\":\s{{0,9}})((?:(?:{_MINUS}|[-+]?)\d[\d.,]{{0,30}}\s?%|{_MINUS}\d[\d.,]{{0,30}}(?<![,.]))(?=\s*[,}}\n])"
    r"|\{\s?\w{1,80}\s?\})"
)


def repair_json(text: str) -> object:
    """The data in broken JSON, "" for none. Raises ValueError if it is broken too badly.

    A model that has lost its way repeats an opening bracket a thousand times, and repairing that would take minutes.
    """
    import json_repair

    unclosed = max(text.count("{") - text.count("}"), text.count("[") - text.count("]"))
    if unclosed > MAX_UNCLOSED or max(unclosed, 1) * len(text) > MAX_BROKEN_CHARS:
        raise ValueError("is JSON broken beyond repair")
    try:
        data: object = json_repair.loads(_BARE.sub(r'\1"\2"', text))
    except RecursionError:
        raise ValueError("is JSON nested too deeply") from None
    except Exception as error:  # the repair has assertions that some texts fail
        raise ValueError("is JSON broken beyond repair") from error
    return data
