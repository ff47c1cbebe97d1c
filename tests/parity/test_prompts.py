"""Prompts: what a model is told by either side is the same beside the words, and each side reads the other's replies.

The prompts of hints, requests for advice and JSON fallbacks are compared in test_parity, where they arise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

import refine_core
from tests.parity.prompts import cases, odd_replies
from tests.parity.reading import structure, values, words
from tests.parity.switches import NAMES

pytestmark = pytest.mark.timeout(900)  # the first test may have to wait for pip

ADAPTERS = ("chat", "json")
PROGRAMS = pytest.mark.parametrize(
    "case", [(adapter, name) for adapter in ADAPTERS for name in cases(refine_core)], ids=" ".join
)

READ_OTHERWISE = {
    ("chat", "optional int", ""): "an empty text stands for None; there it does not parse",
    ("chat", "optional text", ""): "an empty text stands for None; there for itself",
    (
        "chat",
        "optional text",
        "'there'",
    ): "text is taken as it is; there it is repaired as JSON and loses its quotes",
    ("json", "optional text", "'there'"): "as above",
    ("json", "optional text", "None"): "what JSON gives as text is text; there it is repaired once more",
    ("json", "optional text", "null"): "as above",
    ("json", "optional int", ""): "an empty text stands for None; there it does not parse",
    ("json", "dict", '{"a": 1'): "a brace inside of a text closes nothing; there it does, and nothing parses",
    **{
        (adapter, kind, text): why
        for adapter in ("chat", "json")
        for kind, text, why in (
            ("int", "3,000", "a number as people write it; there it does not parse"),
            ("float", "```\n2.5\n```", "a number in a code fence; there it does not parse"),
            ("bool", "False.", "without its stop; there it does not parse"),
            ("literal", "Red", "a choice without its case; there it does not parse"),
            ("enum", "Red", "as above"),
        )
    },
}
"""Replies that we read otherwise, on purpose: how, and what the original does."""


@dataclass(frozen=True, slots=True)
class BothSides:
    """What the two sides made of one case. messages: what they would send. reply: what they would have a model say."""

    ours: dict[str, Any]
    theirs: dict[str, Any]


@pytest.fixture(scope="session")
def both_sides(sides):
    cases: dict[tuple[str, str], BothSides] = {}

    def of(case):
        if case not in cases:
            job = {"adapter": case[0], "case": case[1], "switches": NAMES}
            cases[case] = BothSides(sides.our_side.do(job), sides.their_sides[0].do(job))
        return cases[case]

    return of


@PROGRAMS
def test_turns_markers_fields_types_and_notes_are_the_same(both_sides, case):
    """In number, in order, and in what they say."""
    one = both_sides(case)
    assert structure(one.ours["messages"]) == structure(one.theirs["messages"])


@PROGRAMS
def test_values_are_written_the_same(both_sides, case):
    """The values of the inputs and of every demo; JSON may be spaced otherwise."""
    one = both_sides(case)
    assert values(one.ours["messages"]) == values(one.theirs["messages"])


def test_the_words_of_a_signature_reach_the_model(both_sides):
    """Descriptions, bounds and instructions are its user's, and are passed on line by line."""
    for adapter in ADAPTERS:
        one = both_sides((adapter, "described"))
        assert words(one.ours["messages"]) == words(one.theirs["messages"])
        assert "what is asked (of you)" in words(one.ours["messages"])


@PROGRAMS
def test_each_side_reads_the_others_replies(both_sides, sides, case):
    """As the values that were written."""
    one = both_sides(case)
    for written in (one.ours, one.theirs):
        job = {"adapter": case[0], "case": case[1], "reply": written["reply"], "switches": NAMES}
        assert sides.our_side.do(job) == sides.their_sides[0].do(job) == written["outputs"]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_replies_as_models_write_them_are_read_the_same(sides, adapter):
    """Fenced, quoted, abbreviated, of another type or of none: the same value, or no value, but for those named above."""
    otherwise = set()
    for kind, text in odd_replies():
        reply = (
            f"[[ ## made ## ]]\n{text}\n\n[[ ## completed ## ]]"
            if adapter == "chat"
            else json.dumps({"made": text})
        )
        job = {"adapter": adapter, "case": f"output: {kind}", "reply": reply, "switches": NAMES}
        if sides.our_side.do(job) != sides.their_sides[0].do(job):
            otherwise.add((adapter, kind, text))
    assert otherwise == {one for one in READ_OTHERWISE if one[0] == adapter}
