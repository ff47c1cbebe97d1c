"""The story of a run, from made-up logs: what changed, what moved, which hint, and what is still to come."""

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.figures import (
    Choice,
    Now,
    Story,
    StoryRow,
    build_ledger,
    build_story,
    choose_attempts,
    list_columns,
    sort_keys,
)
from refine_core.figures.story_parts import named_parts
from refine_core.figures.story_text import Shown, clean, show_value
from refine_core.log.folds import timeline as fold
from refine_core.log.timeline import Timeline
from tests import logs

LONG = logs.long(50)


def marked(shown: Shown) -> str:
    """What is shown, with [what is new] in brackets, ~what was removed~, and (what is told of it) behind."""
    signs = {"added": "[{}]", "removed": "~{}~"}
    words = "".join(signs.get(p.kind, "{}").format(p.text) for p in shown.pieces)
    return f"{words} ({shown.note})".strip() if shown.note else words


def told(row: StoryRow) -> dict[str, str]:
    return {field.name: marked(field.shown) for field in row.fields}


def hints(row: StoryRow) -> list[str]:
    return [f"{hint.who}: {''.join(word for word, _ in hint.words)}" for hint in row.hints]


def story(log: logs.Log, *, live: bool = True) -> Story:
    return build_story(log.timeline, live=live)


def writing(timeline: Timeline, text: str) -> Timeline:
    """The run with this draft in the reply under way."""
    calls = [call for call in timeline.calls if call.waiting]
    calls[-1].draft = text
    return timeline


# ---- outputs


def test_the_new_words_of_an_output_are_marked_and_what_is_unchanged_is_folded():
    rows = story(logs.headline()).rows
    assert [told(row) for row in rows] == [
        {"headline": logs.HEADLINES[0][0], "keywords": "kettle", "price": "0.8"},
        {"headline": "[Foldable] kettle for campers", "keywords": "kettle[, camping, foldable]", "price": "0.8"},
        {"headline": "[Camp coffee] for [39.90 euros]", "keywords": "[coffee], camping, foldable", "price": "[39.9]"},
        {"headline": "[Foldable kettle,] 39.90 euros[, fits any backpack]", "keywords": "[kettle], camping, foldable", "price": "39.9"},
    ]  # fmt: skip


FACTS = ["The kettle arrived damaged", "The customer asks for a new one"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (FACTS, FACTS, "(unchanged)"),
        (FACTS, [*FACTS, "Order number: KT-4471"], "[Order number: KT-4471] (2 unchanged)"),
        (FACTS, FACTS[:1], "The kettle arrived damaged~ · The customer asks for a new one~"),
        (["a", "b", "c"], ["a", "b"], "a, b~, c~"),
        ([*FACTS, "It is urgent"], FACTS, "(2 unchanged, 1 gone)"),
        (FACTS, FACTS[::-1], "(reordered)"),
        ("a sentence of more than a few letters", "a sentence of more than a few letters", "(unchanged)"),
        ("short", "short", "short"),
        ("something", "", "(empty)"),
        ("one two three four", "one two", "one two~ three four~"),
        ("one two three four", "one", "one (shortened)"),
        ("one two three " + "long" * 30, "one two three", "one two three (shortened)"),
        (3, 4, "[4]"),
        (False, True, "[True]"),
        (True, True, "True"),
        ([True, False], [True, True], "True, [True]"),
        (1, None, "[None]"),
        ({"a": 1}, {"a": 2}, '{"a": [2]}'),
    ],
)
def test_a_field_beneath_says_what_became_of_it(before, after, words):
    assert marked(show_value(after, before, limit=160, fold=True)) == words


def test_a_text_with_little_in_common_is_not_marked_word_by_word():
    old = "It was a bright cold day in April and the clocks were striking thirteen as he came home"
    new = "Call me Ishmael; some years ago, never mind how long precisely, having little money I sailed"
    assert marked(show_value(new, old, limit=480, fold=False)) == f"{new} (rewritten)"


def test_of_a_long_text_the_change_is_shown_wherever_it_stands():
    old = " ".join(f"word{i}" for i in range(2000))
    shown = show_value(old.replace("word1500 ", "another "), old, limit=480, fold=False)
    assert "[another]" in marked(shown)
    assert sum(len(piece.text) for piece in shown.pieces) < 300


@given(
    value=st.recursive(st.text() | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)),
    before=st.recursive(st.text() | st.integers() | st.none(), st.lists),
    fold=st.booleans(),
)  # fmt: skip
def test_any_value_against_any_other_is_few_harmless_words(value, before, fold):
    shown = show_value(value, before, limit=160, fold=fold)
    text = "".join(piece.text for piece in shown.pieces)
    assert len(text) < 500
    assert clean(text) == text
    assert shown.pieces or shown.note
    text.encode()


def test_what_cannot_be_seen_or_turns_the_line_round_is_left_out():
    assert clean("a\u202eb\x00c\x1b[31md\ud83d\r\ne👩\u200d🚀") == "a b c [31md\ufffd\ne👩\u200d🚀"


# ---- scores


def test_parts_are_columns_and_say_which_way_they_moved():
    told = story(logs.headline())
    assert [(c.name, c.caption) for c in told.columns] == [
        (name, "best 0.25") for name in ("short", "names it", "keywords", "price")
    ]
    assert [[(cell.text, cell.moved) for cell in row.parts] for row in told.rows[1:3]] == [
        [("0.25", "up"), ("0.25", ""), ("0.25", "up"), ("0", "")],
        [("0.25", ""), ("0", "down"), ("0.25", ""), ("0.25", "up")],
    ]
    assert [row.parts[2].share for row in told.rows[:2]] == [0.32, 1.0]
    assert [(row.reward, row.change) for row in told.rows] == [
        ("0.33", ""), ("0.75", "+0.42"), ("0.75", "±0"), ("1.00", "+0.25")
    ]  # fmt: skip


def test_without_parts_there_is_the_reward_alone():
    told = story(logs.two_stages())
    assert told.columns == ()
    assert [row.reward for row in told.rows] == ["0.20", "0.60", "0.62", "0.91"]


def test_a_penalty_is_measured_against_the_largest():
    log = logs.Log(stages=("answer",))
    log.attempt(-0.5, parts={"penalty": -0.5})
    log.attempt(-0.1, parts={"penalty": -0.1, "bonus": 0.0})
    rows = story(log).rows
    assert [(c.share, c.is_negative) for c in (rows[0].parts[0], rows[1].parts[0])] == [
        (1.0, True),
        (0.2, True),
    ]
    assert rows[0].parts[1].text == ""


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def reward(a, p):\n    return Score(1, parts={'x': 1, 'y z': 2})", ("x", "y z")),
        ("def reward(a, p):\n    parts = {'x': 1}\n    return Score(1, '', parts)", ("x",)),
        ("def reward(a, p):\n    return Score(1, parts={n: 1 for n in a})", ()),
        ("def reward(a, p):\n    return 1.0", ()),
        ("def reward(", ()),
    ],
)
def test_the_columns_are_kept_free_before_the_first_score(source, names):
    assert named_parts(source) == names


@pytest.mark.parametrize(
    ("signature", "labels"),
    [
        ("review -> keep: bool, tags: list[str]", [True, True]),
        ("review -> mood: Literal['good', 'bad'], share: float", [True, True]),
        ("review -> reply, keep: bool", [False, True]),
        ("review -> keep: bool", [False]),
        ("review ->", [False]),
    ],
)
def test_a_main_field_that_is_a_bare_value_has_its_name(signature, labels):
    log = logs.Log(stages=("judge",), signature=signature)
    names = [part.partition(":")[0].strip() for part in signature.partition("->")[2].split(", ")][
        : len(labels)
    ]
    log.attempt(0.5, outputs={name: "true" for name in names if name} or {"answer": "true"})
    assert [field.label for field in story(log).rows[0].fields] == labels


# ---- hints


def test_a_hint_names_its_predictor_and_the_fields_in_it():
    rows = story(logs.two_stages()).rows
    assert [hints(row) for row in rows] == [
        [],
        ["Hint for draft: Name the city first, then stop.", "Hint for answer: One sentence."],
        ["Hint for draft: Leave the river out."],
        ["Hint for answer: Only the name of the city, without a full stop."],
    ]
    (hint,) = story(logs.headline()).rows[1].hints
    assert hint.who == "Hint"
    assert [word for word, bold in hint.words if bold] == ["headline", "keywords"]


def test_an_attempt_without_a_new_hint_says_why():
    rows = story(logs.failures()).rows
    assert hints(rows[2]) == ["Hint: the same as for attempt 2: a failed attempt brings no advice"]
    assert hints(rows[3]) == ["Hint: the same as for attempt 3: the advice failed (too many requests)"]
    log = logs.Log()
    log.attempt(0.1)
    log.advise({})
    log.attempt(0.2)
    assert hints(story(log).rows[1]) == ["No hint: the adviser found no module at fault"]


def test_a_carried_hint_says_what_the_attempt_made_of_it():
    log = logs.Log(stages=("answer",))
    log.attempt(0.1, outputs={"answer": "a long answer"})
    log.advise({"answer": "Use at most 1 word."})
    log.attempt(None)
    log.attempt(0.4, outputs={"answer": "short"})
    rows = story(log).rows
    assert rows[1].hints[0].uptake is None
    (hint,) = rows[2].hints
    assert (hint.is_quiet, hint.uptake.words) == (True, "followed")
    assert hint.uptake.rules[1:] == ("at most 1 word: yes (before: no)",)


def test_carried_hints_of_two_predictors_are_told_one_by_one():
    log = logs.Log()
    log.attempt(0.1, outputs={"answer": "a long answer"})
    log.advise({"draft": "Use at most 1 word.", "answer": "Use at most 1 word."})
    log.attempt(None, outputs={"answer": "still a long answer"})
    log.attempt(0.4, outputs={"answer": "short"})
    first, second = story(log).rows[2].hints
    assert hints(story(log).rows[2]) == [
        "Hint for draft: the same as for attempt 2: a failed attempt brings no advice",
        "Hint for answer: the same as for attempt 2",
    ]
    assert (first.uptake.verdict, second.uptake.verdict) == ("not_followed", "followed")


def test_best_of_n_has_no_hints_to_tell_of():
    log = logs.Log(strategy="best_of_n")
    log.attempt(0.1)
    log.attempt(0.2)
    told = story(log)
    assert not told.has_hints
    assert [row.hints for row in told.rows] == [()] * 5


# ---- failed, running, to come


def test_a_failed_attempt_has_its_message_in_the_place_of_the_output():
    rows = story(logs.failures()).rows
    assert (rows[1].message, rows[1].fields, rows[1].reward) == (
        "no field 'answer' in the reply",
        (),
        "failed",
    )
    assert rows[4].parts_message == "failed on line 3 of the reward"
    assert rows[4].notes == ("ZeroDivisionError: division by zero",)
    assert told(rows[4]) == {"answer": "(empty)"}


def test_a_rule_that_was_not_met_is_told_beside_the_output():
    assert story(logs.rules()).rows[1].notes == ("rule not met: at most 3 words",)


def test_every_attempt_has_its_place_while_the_run_goes_on_and_no_longer():
    log = logs.headline(1)
    rows = story(log).rows
    assert [row.outcome for row in rows] == ["best", "running", "pending", "pending", "pending"]
    assert [row.message for row in rows[2:]] == [
        "temperature 0.6, with the next hint",
        "temperature 0.7",
        "temperature 0.8",
    ]
    assert len(story(log, live=False).rows) == 2
    assert len(story(logs.headline()).rows) == 4


def test_advice_under_way_stands_before_the_attempt_that_it_is_for():
    log = logs.Log(stages=("answer",))
    log.attempt(0.1)
    log.emit("attempt-0/advice/lm", ev.LMRequested("practice", (), {}, "advice"))
    assert hints(story(log).rows[1]) == ["Hint: the adviser has been asked"]
    rows = build_story(writing(log.timeline, "The module")).rows
    assert hints(rows[1]) == ["Hint: is being written"]


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        ("", {"headline": "waiting", "keywords": "waiting", "price": "waiting"}),
        ("[[ ## head", {"headline": "waiting", "keywords": "waiting", "price": "waiting"}),
        ("[[ ## headline ## ]]\nThe folda", {"headline": "The [folda]", "keywords": "waiting", "price": "waiting"}),
        (
            '[[ ## headline ## ]]\nCamp coffee\n\n[[ ## keywords ## ]]\n["cof',
            {"headline": "[Camp coffee]", "keywords": '["cof', "price": "waiting"},
        ),
        ("[[ ## headline ## ]]\nCamp\n\n[[ ## key", {"headline": "[Camp]", "keywords": "waiting", "price": "waiting"}),
        ('{"headline": "Camp', {"headline": '[{"headline": "Camp]', "keywords": "waiting", "price": "waiting"}),
    ],
)  # fmt: skip
def test_a_reply_that_is_being_written_is_read_field_by_field(draft, fields):
    row = build_story(writing(logs.headline(1).timeline, draft)).rows[1]
    found = {f.name: marked(f.shown) if f.state != "waiting" else "waiting" for f in row.fields}
    assert found == fields


@given(draft=st.text(st.sampled_from('[# ]headlinkyworspc\n{"x\u202e\ud83d'), max_size=80))
def test_any_half_of_a_reply_can_be_shown(draft):
    row = build_story(writing(logs.headline(1).timeline, draft)).rows[1]
    json.dumps(dataclasses.asdict(row)).encode()


@pytest.mark.parametrize("name", logs.SCENARIOS)
def test_every_prefix_of_a_log_has_a_story_with_a_row_an_attempt(name):
    records = logs.SCENARIOS[name]().records
    for count in range(1, len(records) + 1, max(1, len(records) // 40)):
        timeline = fold(records[:count])
        for live in (True, False):
            told = build_story(timeline, live=live)
            begun = [row.attempt for row in told.rows if row.outcome != "pending"]
            assert begun == [attempt.index for attempt in timeline.attempts]
            assert all(len(row.parts) == len(told.columns) for row in told.rows if row.outcome != "pending")


@settings(max_examples=20)
@given(wanted=st.sets(st.integers(0, 5)))
def test_rows_that_are_asked_for_alone_are_the_same_as_among_all(wanted):
    timeline = logs.failures().timeline
    every = {row.attempt: row for row in build_story(timeline).rows}
    assert list(build_story(timeline, attempts=wanted).rows) == [
        every[i] for i in sorted(wanted & set(every))
    ]


def test_a_hint_says_what_the_attempt_made_of_it():
    story = build_story(logs.two_stages().timeline)
    (hint,) = story.rows[3].hints
    assert hint.uptake is not None
    assert (hint.uptake.verdict, hint.uptake.words) == ("followed", "followed")
    assert "no full stop at the end: yes (before: no)" in hint.uptake.rules
    assert [h.uptake.verdict for h in story.rows[2].hints if h.uptake] == ["not_checkable"]


def test_a_story_tells_no_fault_from_a_predictor_that_was_not_named():
    log = logs.Log(stages=("answer",))
    log.attempt(0.2)
    given = ev.AdviceGiven(0, "", {"answer": "N/A"}, 0.1, {"writer": "Be brief."}, ("answer",))
    log.emit("attempt-0/advice", given)
    log.attempt(0.3)
    (hint,) = build_story(log.timeline).rows[1].hints
    assert hint.words[0][0] == "the advice reached nobody: it names no predictor of the program"


def test_of_very_many_parts_only_the_largest_have_columns():
    log = logs.Log()
    log.attempt(1.0, parts={f"part {i}": float(i) for i in range(50)})
    columns = build_story(log.timeline).columns
    assert [c.name for c in columns] == [*(f"part {i}" for i in range(43, 50)), "43 more"]


def test_of_a_very_long_list_only_the_first_items_are_compared():
    words = [f"word{i}" for i in range(5000)]
    shown = show_value([*words, "new"], words, limit=400, fold=True)
    text = shown.note + "".join(piece.text for piece in shown.pieces)
    assert "200 unchanged" in text
    assert "4,801 more" in text


# ---- the table's choice


@given(
    show=st.sampled_from(["all", "best", "failed", "hint", "range", "<b>"]),
    sort=st.sampled_from(
        [f"{sign}{key}" for key in (*sort_keys(LONG.timeline), "nonsense") for sign in ("", "-")]
    ),
    page=st.none() | st.integers(-5, 99),
    span=st.none() | st.tuples(st.integers(0, 60), st.integers(0, 60)),
    selected=st.none() | st.integers(0, 60),
)
def test_whatever_is_chosen_pages_hold_each_attempt_once(show, sort, page, span, selected):
    timeline = LONG.timeline
    every = {attempt.index for attempt in timeline.attempts}
    first = choose_attempts(timeline, Choice(show, sort, 1, span))
    pages = [choose_attempts(timeline, Choice(show, sort, i + 1, span)).attempts for i in range(first.pages)]
    assert [index for one in pages for index in one] == list(first.order)
    assert len(set(first.order)) == len(first.order)
    assert set(first.order) <= every
    chosen = choose_attempts(timeline, Choice(show, sort, page, span), selected)
    assert 1 <= chosen.page <= chosen.pages
    if page is None and selected in chosen.order:
        assert selected in chosen.attempts


def test_the_filters_count_what_they_show():
    for show in ("all", "range", "best", "failed", "hint"):
        chosen = choose_attempts(LONG.timeline, Choice(show, span=(10, 14)))
        words = dict(chosen.filters)[show]
        assert words.endswith(f"({len(chosen.order)})")
    assert dict(chosen.filters)["range"] == "Selected 11\N{EN DASH}15 (5)"
    assert choose_attempts(logs.headline().timeline, Choice()).filters == ()


def test_what_has_no_value_is_last_in_either_direction():
    failed = [attempt.index for attempt in LONG.timeline.attempts if attempt.reward is None]
    for sort in ("reward", "-reward"):
        order = choose_attempts(LONG.timeline, Choice(sort=sort)).order
        assert sorted(order[-len(failed) :]) == failed


# ---- what attempts would score now


def test_the_slot_of_what_an_attempt_would_score_now_begins_empty():
    timeline = logs.headline().timeline
    assert build_story(timeline).now_title is None
    kept = build_story(timeline, now={})
    assert (kept.now_title, [row.now for row in kept.rows]) == ("", [None] * 4)
    assert [list_columns(timeline, now=now)[-1].title for now in (None, {}, {0: Now(0.5)})] == [
        "change",
        "",
        "now",
    ]


def test_what_an_attempt_would_score_now_is_compared_with_what_it_scored():
    timeline = logs.headline().timeline
    now = {0: Now(0.33), 1: Now(0.75, is_best=True), 2: Now(instead="never tried"), 3: Now(0.75)}
    assert (
        build_story(timeline, now={1: Now(0.75, is_best=True, is_returned=True)}).rows[1].now.note
        == "returned"
    )
    cells = [row.now for row in build_story(timeline, now=now).rows]
    assert [(cell.text, cell.note) for cell in cells] == [
        ("0.33", "same"),
        ("0.75", "best"),
        ("never tried", ""),
        ("0.75", "\N{MINUS SIGN}0.25"),
    ]
    assert [row.cells["now"].text for row in build_ledger(timeline, now=now)] == [
        "0.33",
        "0.75",
        "never tried",
        "0.75",
    ]
