"""What a room sees of a played run: the sentence, the output with its changes, the parts of the score, the question."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.play import GuessRange, Slide, ask_for_guess, build_slide, list_steps, prefix
from refine_core.play.asked import describe_aim
from tests import logs

HEADLINES = ("Coffee for camping trips", "Camping coffee for 39.90 euros", "Coffee for 39.90 euros")
PARTS = ({"short": 0.5, "price": 0.0}, {"short": 0.25, "price": 0.5}, {"short": 0.25, "price": 0.5})


def with_parts() -> logs.Log:
    """Three attempts whose scores have parts: a gain with a loss, then nothing new."""
    log = logs.Log(stages=("headline",), N=5, threshold=1.0)
    for i, (text, parts) in enumerate(zip(HEADLINES, PARTS, strict=True)):
        log.attempt(
            sum(parts.values()), outputs={"headline": text, "keywords": ["coffee", "camping"][: i + 1]}
        )
        last = log.records[-1]
        scored = replace(last.event, parts=parts, feedback="the name is missing")
        log.records[-1] = replace(last, event=scored)
        log.advise({"headline": "Name the price."})
    return log


def slide(log: logs.Log, attempt: int | None, beat: str) -> Slide:
    parts = list_steps(log.records)
    step = next(s for s in parts if s.attempt == attempt and s.beat == beat)
    return build_slide(prefix(log.records, step.index), step)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(logs.SCENARIOS.values())))
def test_every_step_of_every_run_has_a_slide(make):
    log = make()
    for step in list_steps(log.records)[:120]:
        seen = build_slide(prefix(log.records, step.index), step)
        assert seen.sentence.strip()
        assert len(seen.columns) == len(log.temperatures)
        assert seen.low < seen.high


def test_a_score_is_told_by_the_parts_that_moved():
    log = with_parts()
    assert slide(log, 0, "score").sentence == "Attempt 1 scores 0.50. It gets nothing for price."
    assert slide(log, 1, "score").sentence == "Attempt 2 scores 0.75. It gained price and lost short."
    third = slide(log, 2, "score")
    assert (
        third.sentence
        == "Attempt 3 scores 0.75, the same as attempt 2. The reward says: the name is missing."
    )
    assert third.compared == "the same as attempt 2"
    assert slide(log, 1, "score").compared == "0.25 more than attempt 1"


def test_parts_are_measured_against_the_most_seen_so_far():
    assert [(p.name, p.text, p.share, p.change) for p in slide(with_parts(), 1, "score").parts] == [
        ("short", "0.25", 0.5, -1),
        ("price", "0.50", 1.0, 1),
    ]


def test_before_its_reward_an_attempt_shows_no_score():
    seen = slide(with_parts(), 1, "output")
    assert seen.reward == seen.compared == ""
    assert [(p.text, p.share) for p in seen.parts] == [("", 0.0), ("", 0.0)]
    assert seen.columns[1].reward is None


def test_an_output_shows_what_is_new_in_it():
    fields = slide(with_parts(), 2, "output").fields
    assert [(f.name, f.main) for f in fields] == [("headline", True), ("keywords", False)]
    assert "".join(piece.text for piece in fields[0].pieces) == HEADLINES[2]
    assert {piece.kind for piece in fields[0].pieces} == {"same", "added"}


def test_an_output_with_little_in_common_has_no_marks():
    log = logs.Log(stages=("answer",))
    log.attempt(0.1, outputs={"answer": "Brussels"})
    log.attempt(0.2, outputs={"answer": "It is a matter of dispute among historians."})
    assert [p.kind for p in slide(log, 1, "output").fields[0].pieces] == ["same"]


def test_before_the_first_attempt_the_inputs_are_shown():
    seen = slide(with_parts(), None, "start")
    assert seen.fields_are == "input"
    assert [(f.name, [p.text for p in f.pieces]) for f in seen.fields] == [("question", ["Which city?"])]


def test_the_hint_in_force_is_shown_and_after_advice_the_next_one():
    log = logs.two_stages()
    assert slide(log, 0, "start").hints == ()
    assert slide(log, 0, "advice").hints == (
        ("draft", "Name the city first, then stop."),
        ("answer", "One sentence."),
    )
    assert slide(log, 0, "advice").hint_is_next
    assert slide(log, 2, "start").hints == (("draft", "Leave the river out."),)
    assert slide(log, 2, "start").columns[2].hints == ("draft",)


def test_a_failed_attempt_says_why_in_place_of_its_output():
    seen = slide(logs.failures(), 1, "failure")
    assert seen.fields == ()
    assert seen.sentence == "Attempt 2 fails: no field 'answer' in the reply."
    assert seen.waits == "It has no output and no reward."


def test_the_end_shows_the_attempt_that_was_returned():
    log = logs.two_stages()
    parts = list_steps(log.records)
    seen = build_slide(prefix(log.records, len(parts) - 1), parts[-1])
    assert seen.focus == 3
    assert seen.place == "End of the run"


def test_hostile_text_is_carried_as_it_is():
    seen = slide(logs.hostile(), 0, "output")
    assert "".join(p.text for p in seen.fields[0].pieces) == logs.HOSTILE


# ---- what is asked


def test_the_question_tells_the_score_before_and_what_it_lacked():
    log = with_parts()
    step = next(s for s in list_steps(log.records) if s.attempt == 1 and s.beat == "output")
    before = prefix(log.records, step.index)
    assert (
        ask_for_guess(before, 1)
        == "What will attempt 2 score? Attempt 1 scored 0.50, with nothing for price."
    )
    assert ask_for_guess(prefix(log.records, 3), 0) == "What will attempt 1 score?"


@pytest.mark.parametrize("make", [logs.negative, with_parts, logs.one])
def test_a_guess_lies_between_rewards_that_were_seen(make):
    """A reward that waits for its guess must not widen the scale, which would tell of it."""
    log = make()
    for step in list_steps(log.records):
        if step.beat != "output":
            continue
        before = prefix(log.records, step.index)
        span = GuessRange.of(before)
        known = [0.0, 1.0, *(a.reward for a in before.attempts if a.reward is not None), log.threshold or 0.0]
        assert (span.low, span.high) == (min(known), max(known))
        assert (span.share_of(span.low), span.share_of(span.high), span.share_of(span.high + 9)) == (
            0.0,
            1.0,
            1.0,
        )


def test_a_step_of_an_unknown_event_still_has_a_slide():
    log = logs.two_stages(finished=False)
    log.emit("attempt-3", ev.Unknown("dreamt", 1, {}))
    last = list_steps(log.records)[-1]
    assert "dreamt" in build_slide(prefix(log.records, last.index), last).sentence


@pytest.mark.parametrize(
    ("source", "aim"),
    [
        ('def reward(args, pred):\n    """One bare word:\n    no full stop.\n\n    More."""\n', "One bare word: no full stop."),
        ('def words(text):\n    """Helper."""\n\nasync def reward(a, p):\n    """The aim."""\n', "The aim."),
        ('def reward(a, p):\n    """The aim."""\n\ndef words(text):\n    """Helper."""\n', "The aim."),
        ('def exact(a, p):\n    """Equal."""\n', "Equal."),
        ("def reward(a, p):\n    return 1.0\n", ""),
        ("lambda a, p: 1.0", ""),
        ("def reward(", ""),
        ("\0", ""),
    ],
)  # fmt: skip
def test_the_aim_of_a_reward_is_what_its_function_says_of_itself(source, aim):
    assert describe_aim(source) == aim


def test_a_room_first_hears_what_was_asked_and_what_is_rewarded():
    log = with_parts()
    started = log.records[0]
    spec = replace(started.event.spec, reward='def reward(a, p):\n    """Name the price."""\n    return 1')
    log.records[0] = replace(started, event=replace(started.event, spec=spec))
    seen = slide(log, None, "start")
    assert [(field.name, field.pieces[0].text) for field in seen.fields] == [
        ("question", "Which city?"),
        ("reward", "Name the price."),
    ]
    assert seen.is_advised
    assert not slide(logs.Log(N=1), None, "start").is_advised
