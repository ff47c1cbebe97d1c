"""No phrase that has a plain replacement is left in the app, the library or the documentation."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PHRASES = (
    "attempts at most",
    "failures tolerated",
    "(as N)",
    "more values for the reward",
    "another adviser or judge",
    "replies come",
    "what was sent and said",
    "none: not to blame",
    "to mend",
    "see the form",
    "left empty",
    "where a fault shows is not always where it was made",
    "made anew",
    "wants a key",
    "none was given",
    "longest reply",
    "answer identical calls from memory",
    "free: the same call was answered before",
    "stands in its place",
    "of them free",
    "calls that failed tell none",
    "give the demo again",
    "of no use",
)
LABELS = ("Once", "Go on", "Mend", "The address")  # ordinary words, but not as a label of their own


@functools.cache
def strings(path: Path) -> list[str]:
    """The texts in a file: of Python all string constants, docstrings too; else every line."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return source.splitlines()
    nodes = ast.walk(ast.parse(source))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


FILES = [
    *(path for folder in ("refine_core", "pages") for path in sorted((ROOT / folder).rglob("*.py"))),
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / "assets" / part for part in ("timeline/timeline.js", "secret/secret.js", "costs/costs.js")),
    ROOT / "app.py",
    ROOT / "README.md",
]


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_with_a_plain_replacement_is_gone(phrase):
    pattern = re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)", re.IGNORECASE)
    found = {path.relative_to(ROOT).as_posix() for path in FILES if any(map(pattern.search, strings(path)))}
    assert found == set()


def test_no_label_is_one_of_the_words_that_were_replaced():
    assert {text for path in FILES for text in strings(path) if text in LABELS} == set()
