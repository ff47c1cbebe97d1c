"""What became of hints and advice, in the detail of an attempt."""

from __future__ import annotations

from pages.shared.attempt.advice import advice_sections
from pages.shared.attempt.blocks import Block, View
from refine_core import events as ev
from refine_core.log.timeline import Attempt, Timeline
from tests import logs


def blocks(timeline: Timeline, attempt: Attempt) -> list[Block]:
    return [block for s in advice_sections(View(), timeline, attempt) for block in (*s.left, *s.right)]


def words(timeline: Timeline, attempt: Attempt) -> str:
    return "\n".join("".join(text for _, text in block.pieces) for block in blocks(timeline, attempt))


def test_a_hint_says_whether_it_was_followed_and_by_which_rules():
    timeline = logs.two_stages().timeline
    said = words(timeline, timeline.attempts[3])
    assert (
        "✓ Followed: no full stop at the end: yes (before: no). What else it asks for states no rule." in said
    )
    assert "No hint: the adviser found draft not at fault." in said


def test_advice_says_what_the_reward_did_after_it():
    timeline = logs.two_stages().timeline
    asides = [block.aside for block in blocks(timeline, timeline.attempts[0]) if block.aside]
    assert any(aside.endswith("reward 0.40 higher") for aside in asides)


def test_a_hint_that_reached_nobody_and_a_predictor_left_out_are_named():
    log = logs.Log(stages=("draft", "answer"))
    log.attempt(0.2)
    advice = {"draft": "Say less.", "answer": "N/A"}
    log.emit("attempt-0/advice", ev.AdviceGiven(0, "", advice, 0.1, {"writer": "Be brief."}, ("answer",)))
    log.hints, log.advice_from = {"draft": "Say less."}, 0
    log.attempt(0.3)
    timeline = log.timeline
    for attempt in timeline.attempts:
        said = words(timeline, attempt)
        assert "No hint: the adviser left out answer." in said
        assert "This hint reached nobody: the program has no predictor “writer”." in said
