"""Two attempts side by side: laws over generated runs, and what the sentence says."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.comparison import (
    as_text,
    compare_attempts,
    compare_runs,
    compare_specs,
    write_attempts,
    write_runs,
)
from refine_core.comparison.changes import compare_words, fold_lines
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.unseen import show_unseen
from tests import logs
from tests.rich import rich_values

TEXT = st.text(alphabet="ab \n.,é\u202e\x00水", max_size=40)
NAMES = st.sampled_from(["answer", "note", "<b>x</b>"])
PARTS = st.dictionaries(
    st.sampled_from(["short", "named", "polite"]), st.sampled_from([0.0, 0.25, 0.5, -1.0])
)


@st.composite
def runs(draw: st.DrawFn) -> logs.Log:
    """A run of one to four attempts, scored with parts or failed, with hints between them."""
    log = logs.Log(
        N=5, threshold=draw(st.sampled_from([None, 0.9])), run_id=draw(st.sampled_from(["one", "two"]))
    )
    for _ in range(draw(st.integers(1, 4))):
        outputs = draw(st.dictionaries(NAMES, TEXT | st.lists(TEXT, max_size=3) | st.integers(), min_size=1))
        outputs |= draw(st.just({}) | rich_values(in_chat=False))
        if draw(st.booleans()):
            log.attempt(None, outputs=draw(st.none() | st.just(outputs)))
            continue
        span, index = log.begin(), log.count - 1
        for name in log.stages:
            log.predict(span, name, outputs)
        log.emit(span, ev.RewardStarted(index, outputs))
        parts = draw(PARTS)
        log.emit(
            span,
            ev.RewardScored(
                index, sum(parts.values()), 0.01, parts=parts, unmet=draw(st.just({}) | st.just(logs.LIMIT))
            ),
        )
        if draw(st.booleans()):
            log.advise(draw(st.dictionaries(st.sampled_from(log.stages), TEXT)))
    return log


@st.composite
def pairs(draw: st.DrawFn):
    """Two attempts, of one run or of two."""
    first = draw(runs()).timeline
    second = draw(st.just(None) | runs().map(lambda log: log.timeline)) or first
    return first, draw(st.sampled_from(first.attempts)), second, draw(st.sampled_from(second.attempts))


@given(runs())
@settings(max_examples=60)
def test_an_attempt_beside_itself_shows_no_difference(log: logs.Log):
    timeline = log.timeline
    for attempt in timeline.attempts:
        it = compare_attempts(timeline, attempt, timeline, attempt)
        assert it.is_same
        assert it.settings == it.gained == it.lost == ()
        assert all(
            change.is_equal and {p.kind for p in change.pieces} <= {"same"}
            for change in (*it.outputs, *it.hints)
        )
        assert all(prompt.is_equal for prompt in it.prompts)
        assert {part.moved for part in it.parts} <= {""}


@given(pairs())
@settings(max_examples=100)
def test_swapping_a_and_b_swaps_what_was_gained_and_lost(pair):
    first, a, second, b = pair
    there, back = compare_attempts(first, a, second, b), compare_attempts(second, b, first, a)
    assert (set(there.gained), set(there.lost)) == (set(back.lost), set(back.gained))
    flip = {"up": "down", "down": "up", "": ""}
    assert {p.name: (p.before, p.after, p.moved) for p in there.parts} == {
        p.name: (p.after, p.before, flip[p.moved]) for p in back.parts
    }
    assert {c.name: (c.before, c.after) for c in there.outputs} == {
        c.name: (c.after, c.before) for c in back.outputs
    }
    assert {(s.name, s.before, s.after) for s in there.settings} == {
        (s.name, s.after, s.before) for s in back.settings
    }
    assert set(there.equal) == set(back.equal)


@given(pairs())
@settings(max_examples=100)
def test_joined_pieces_are_the_texts(pair):
    it = compare_attempts(*pair)
    for change in (*it.outputs, *it.hints):
        if change.before is not None and change.after is not None:
            assert "".join(p.text for p in change.pieces if p.kind != "added") == change.before
            assert "".join(p.text for p in change.pieces if p.kind != "removed") == change.after
    assert write_attempts(it).startswith(as_text(it.sentence))


LINES = st.lists(st.sampled_from(["a", "b", ""]), max_size=12).map("\n".join)


@given(LINES | TEXT, LINES | TEXT)
@settings(max_examples=300)
def test_joined_lines_are_the_texts(before: str, after: str):
    blocks = fold_lines(before, after)
    assert "\n".join(line for block in blocks for line in block.before) == before
    assert "\n".join(line for block in blocks for line in block.after) == after
    assert all(block.before == block.after for block in blocks if block.kind == "same")


def test_equal_lines_are_folded_but_for_two_beside_a_change():
    lines = [f"line {i}" for i in range(12)]
    blocks = fold_lines("\n".join(lines), "\n".join([*lines[:6], "other", *lines[7:]]))
    assert [(b.title, len(b.before)) for b in blocks] == [
        ("4 equal lines", 4),
        ("", 2),
        ("", 1),
        ("", 2),
        ("3 equal lines", 3),
    ]
    (whole,) = fold_lines("a\nb", "a\nb", "System message")
    assert whole.title == "System message: 2 equal lines"


def test_texts_with_little_in_common_are_not_marked():
    price = "price is the amount in euros that the product states, not the volume. Keep the headline short."
    name = "Name the product: headline must contain the word for it. Keep the price as it is."
    assert not compare_words("hint", price, name).is_marked
    assert compare_words(
        "headline", "Camp coffee for 39.90 euros", "Foldable kettle, 39.90 euros, fits any backpack"
    ).is_marked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\x1b[31m", "␛[31m"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("\ud800", "⟨U+D800⟩"),
        ("👩\u200d🚀", "👩\u200d🚀"),
    ],
)
def test_what_cannot_be_seen_is_made_visible(text, shown):
    assert show_unseen(text) == shown


def scored(*attempts: tuple[dict[str, float], dict[str, object]], threshold: float = 1.0) -> logs.Log:
    log = logs.Log(stages=("answer",), threshold=threshold)
    for parts, outputs in attempts:
        span = log.begin()
        log.predict(span, "answer", outputs)
        log.emit(span, ev.RewardStarted(log.count - 1, outputs))
        log.emit(span, ev.RewardScored(log.count - 1, sum(parts.values()), 0.0, parts=parts))
    return log


def sentence(log: logs.Log, a: int, b: int) -> str:
    timeline = log.timeline
    return as_text(compare_attempts(timeline, timeline.attempts[a], timeline, timeline.attempts[b]).sentence)


def test_the_sentence_says_what_was_gained_and_lost():
    log = scored(
        ({"short": 0.25, "named": 0}, {"x": 1}),
        ({"short": 0.25, "named": 0.25}, {"x": 2}),
        ({"short": 0, "named": 0.5}, {"x": 2}),
    )
    assert sentence(log, 0, 1) == "B scores 0.25 more: it gained named and lost nothing."
    assert sentence(log, 1, 0) == "B scores 0.25 less: it gained nothing and lost named."
    assert sentence(log, 1, 2) == "Both score 0.50: B gained named and lost short. Both gave the same output."
    assert sentence(log, 0, 0).startswith("A and B are the same attempt.")


def test_the_sentence_says_who_failed():
    log = logs.failures()
    assert sentence(log, 0, 1) == "A scores 0.40, and B failed."
    assert sentence(log, 1, 4) == (
        "Both failed, so there is no reward to compare. Whether B followed the hints for draft and answer cannot be checked by rule."
    )
    assert "B now meets “at most 3 words” and “no full stop”." in sentence(logs.rules(), 2, 3)


def test_advice_stands_between_only_where_b_follows_a():
    timeline = logs.two_stages().timeline
    one, two, three, _ = timeline.attempts
    assert compare_attempts(timeline, one, timeline, two).between.discussion == "because"
    assert compare_attempts(timeline, one, timeline, three).between is None
    assert compare_attempts(timeline, two, timeline, one).between is None


def test_two_attempts_with_texts_of_20_kb_take_under_100_ms():
    """The processor's time, of the best of three."""
    log = logs.Log(stages=("answer",))
    words = [f"word{i % 97}" for i in range(3000)]
    for step in (1, 7):
        log.attempt(0.5, outputs={"answer": " ".join(words[::step] * step)})
    timeline = log.timeline
    spent = []
    for _ in range(3):
        began = time.process_time()
        compare_attempts(timeline, timeline.attempts[0], timeline, timeline.attempts[1])
        spent.append(time.process_time() - began)
    assert min(spent) < 0.1


@given(runs())
@settings(max_examples=40)
def test_a_run_beside_itself_shows_no_difference(log: logs.Log):
    it = compare_runs(log.timeline, log.timeline)
    assert it.is_same
    assert it.first_different is None
    assert it.settings == it.texts == ()
    assert all(row.is_equal and not row.others for row in it.rows)


@given(runs(), runs())
@settings(max_examples=60)
def test_swapping_two_runs_swaps_their_sides(one: logs.Log, other: logs.Log):
    there, back = compare_runs(one.timeline, other.timeline), compare_runs(other.timeline, one.timeline)
    assert [(r.a, r.b, r.is_equal) for r in there.rows] == [(r.b, r.a, r.is_equal) for r in back.rows]
    assert there.first_different == back.first_different
    assert {(s.name, s.before, s.after) for s in there.settings} == {
        (s.name, s.after, s.before) for s in back.settings
    }
    assert write_runs(there).startswith(as_text(there.sentence))


def test_the_first_row_that_differs_is_where_two_runs_part():
    one, other = logs.rules().timeline, logs.failures()
    other.records = [type(r)("other", r.seq, r.at, r.span, r.event) for r in other.records]
    it = compare_runs(one, other.timeline)
    assert it.first_different == 2
    assert as_text(it.sentence) == (
        "A reached 0.92 after 4 attempts; B's best is 0.70 after 6 attempts. The same up to attempt 1; they part at attempt 2, "
        "where their hints differ."
    )
    assert (it.rows[4].a, it.ends[0]) == (None, "ended at attempt 4")


def test_a_run_without_hints_is_said_to_have_none():
    one, other = logs.rules().timeline, logs.rules()
    other.records = [type(r)("other", r.seq, r.at, r.span, r.event) for r in other.records]
    plain = other.timeline
    plain.attempts[1:] = [replace(attempt, hints={}) for attempt in plain.attempts[1:]]
    names = [name for name, _ in compare_runs(one, plain).rows[1].a.hints]
    for a, b, who, without in ((one, plain, "A", "B"), (plain, one, "B", "A")):
        said = as_text(compare_runs(a, b).sentence)
        assert said.endswith(f"where {who} has a hint for {names[0]} and {without} has none.")


def test_specs_differ_by_name_and_rewards_by_line():
    one = ProgramSpec(
        (StageSpec("answer", "q -> a"),), "def reward(i, o):\n    return 1.0\n", {"q": "x"}, N=3
    )
    other = ProgramSpec(
        (StageSpec("answer", "q -> a", "Be brief."),),
        "def reward(i, o):\n    return 0.5\n",
        {"q": "y"},
        N=3,
        model=ModelSpec(temperature=0.7),
    )
    it = compare_specs(one, other)
    assert [(s.name, s.before, s.after) for s in it.settings] == [
        ("temperature", "0.0", "0.7"), ("instructions", "empty", "Be brief."), ("input q", "x", "y"),
    ]  # fmt: skip
    (reward,) = it.texts
    assert reward.name == "reward"
    assert [block.before for block in reward.blocks if block.kind == "changed"] == [("    return 1.0",)]
    assert it.equal == ("max attempts", "threshold", "seed")


def test_a_value_too_long_to_be_drawn_is_compared_by_its_beginning():
    """A megabyte froze the browser for twenty seconds."""
    words = "no_space_" * 120_000
    log = scored(({}, {"answer": words}), ({}, {"answer": words[::-1]}))
    comparison = compare_attempts(
        log.timeline, log.timeline.attempts[0], log.timeline, log.timeline.attempts[1]
    )
    assert len(json.dumps(asdict(comparison))) < 1_500_000
    assert "the run's own page all of them" in write_attempts(comparison)


def test_two_long_runs_of_long_texts_are_small_enough_to_send():
    """A row shows the first lines of an output and of a hint, not a megabyte of each."""
    log = logs.Log(stages=("answer",), N=20)
    for i in range(20):
        log.attempt(0.1, outputs={"answer": f"{i} word" * 100_000})
        log.advise({"answer": "hint " * 100_000})
    log.finish()
    assert len(json.dumps(asdict(compare_runs(log.timeline, log.timeline)))) < 1_000_000
    other = scored(({}, {"answer": "short"}))
    assert len(json.dumps(asdict(compare_runs(log.timeline, other.timeline)))) < 1_000_000
