"""Planted faults are found, the mended rewards are sound, and sound rewards raise next to no alarm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from refine_core import RowSet, read_rows
from refine_core.doctor import examine
from refine_core.rewards.shapes import Recognized, recognize
from refine_core.rows import Row

DATA = Path(__file__).parents[1] / "data"
PLANTED = DATA / "planted"
FAULTS = {
    "case": ("refused-case", "upper or lower case"),
    "comma": ("refused-separators", "comma"),
    "dotall": ("refused-several-lines", "several lines"),
    "drowned": ("part-drowned", "drowns correct"),
    "in_gold": ("paid-empty", "empty output is paid"),
    "length": ("paid-length", "length is enough"),
    "no_return": ("missing-return", "without a return"),
    "threshold": ("unreachable-threshold", "reaches the threshold 0.9"),
    "wobbling_judge": ("recorded-wobble", "wobbles"),
    "wrong_field": ("unknown-field", "Did you mean 'answer'"),
}
"""Folder -> kind of the finding, and words of its sentence."""


def examine_planted(name: str, which: str):
    rows = read_rows(PLANTED / name / "rows.jsonl")
    assert isinstance(rows, RowSet)
    found = recognize((PLANTED / name / f"{which}.py").read_text())
    assert isinstance(found, Recognized)
    return examine(found, rows, threshold=0.9 if name == "threshold" else None)


def describe_alarms(examination):
    return [(one.severity, one.code, one.message) for one in examination.findings if one.severity != "note"]


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_in_plain_words_with_what_shows_it(name):
    kind, words = FAULTS[name]
    examination = examine_planted(name, "faulty")
    found = next(one for one in examination.findings if one.code == kind)
    assert found.severity != "note"
    assert words in found.message
    assert found.evidence


@pytest.mark.parametrize("name", FAULTS)
def test_the_mended_reward_is_sound(name):
    assert describe_alarms(examine_planted(name, "mended")) == []


def test_24_sound_rewards_raise_at_most_one_alarm():
    """The one: BLEU of two-word sequences gives a right answer of one word next to nothing, which is true."""
    cases = json.loads((DATA / "rewards" / "cases.json").read_text())
    alarms = {}
    for name, outputs in cases.items():
        rows = [Row(str(i), one["args"], one["pred"]) for i, one in enumerate(outputs, 1)]
        found = recognize((DATA / "rewards" / f"{name}.py").read_text())
        assert isinstance(found, Recognized)
        if told := describe_alarms(examine(found, rows)):
            alarms[name] = told
    assert list(alarms) == ["28_bleu_ngrams"], alarms
