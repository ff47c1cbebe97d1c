"""What became of advice: by rules that the hint states, and never by a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.spec import ProgramSpec, StageSpec
from refine_core.uptake import (
    advice_price,
    check_hint,
    find_leaks,
    hint_uptake,
    leaks,
    reference_names,
    routing,
)
from refine_core.uptake.reader import read_rules
from tests import logs

FIELDS = ("answer", "headline", "confidence", "sentiment", "summary")

# A hint -> the rules that it states, with the field that they are about.
READ: dict[str, list[str]] = {
    # lengths
    "Answer with one single word.": ["exactly 1 word"],
    "Your answer must be a single word without punctuation.": ["exactly 1 word in answer", "no punctuation in answer"],
    "The headline should be no longer than 60 characters.": ["at most 60 characters in headline"],
    "Do not exceed 20 words.": ["at most 20 words"],
    "Don't use more than 3 sentences.": ["at most 3 sentences"],
    "Do not write fewer than 3 sentences.": ["at least 3 sentences"],
    "Write the summary in two to three sentences.": ["2 to 3 sentences in summary"],
    "Answer in three words or fewer.": ["at most 3 words"],
    "Limit the headline to 8 words.": ["at most 8 words in headline"],
    "Use a 40-word limit.": ["at most 40 words"],
    "Use between 25 and 35 words.": ["25 to 35 words"],
    "List exactly three items.": ["exactly 3 items"],
    'Keep your answer under 20 words, and do not mention "price".': ["at most 19 words in answer", "no “price” in answer"],
    "The headline is over 60 characters; shorten it to at most 60 characters.": ["at most 60 characters in headline"],
    # quoted words
    'Mention "glad". Keep to this: mention "thank".': ["“glad”", "“thank”"],
    "Avoid using the word 'cheap'.": ["no “cheap”"],
    'Use "kettle" instead of “coffee”.': ["“kettle”", "no “coffee”"],
    'Replace "coffee" with "kettle".': ["no “coffee”", "“kettle”"],
    'Use "kettle" or "pot".': ["“kettle” or “pot”"],
    'Never use the words "cheap" or "free".': ["no “cheap”", "no “free”"],
    'Without using "b", mention "a".': ["no “b”", "“a”"],
    "Don't forget to mention \"Paris\".": ["“Paris”"],
    'Make sure it does not contain "cheap".': ["no “cheap”"],
    'The word "refund" must appear.': ["“refund”"],
    '"refund" must not appear in the reply.': ["no “refund”"],
    "Include the word kettle in the headline.": ["“kettle” in headline"],
    'Start with "Dear" and end with a question mark.': ["begins with “Dear”", "ends with a question mark"],
    '`sentiment`: answer exactly "neutral".': ["exactly “neutral” in sentiment"],
    'Choose either "positive" or "negative".': ["exactly “positive” or “negative”"],
    # formats and numbers
    "Mention the date. Keep to this: mention the amount.": ["a date", "a number"],
    "Do not mention the date.": [],
    "Mention the date of birth.": [],
    "Give one valid JSON object: only JSON.": ["a JSON object"],
    'Return valid JSON with keys "name" and "age".': ["a JSON object with “name” and “age”"],
    "Do not wrap the JSON in code fences.": ["no code fence"],
    "Use letters only: no punctuation, not even a full stop.": ["letters only", "no punctuation"],
    "Use only lowercase letters.": ["lower case"],
    "Write in upper case.": ["upper case"],
    "Give a bare whole number: digits only.": ["a whole number", "digits only"],
    "`confidence`: give a number between 0.4 and 0.7.": ["a number from 0.4 to 0.7 in confidence"],
    "confidence must be at least 0.8 and below 1.": ["a number of at least 0.8 in confidence", "a number below 1 in confidence"],
    "Output only the number, rounded to two decimals.": ["at most 2 decimals"],
}  # fmt: skip
NOTHING = (
    "Name the product: headline must contain the word for it. Keep the price as it is.",
    "Keep the headline short.",
    "Mention the weather.",
    "Do not include any explanation.",
    'The output contained "coffee", which is wrong.',
    'The answer did not include "Paris".',
    'If the text mentions "Paris", use "city".',
    'You could mention "tea".',
    'Use words such as "great".',
    'Use the exact date format "2026-03-14".',
    'Say "thank you" at least twice.',
    'words missing: "happy"',
    "Use at least 3 examples.",
    "Write about 50 words.",
    "The first sentence must be at most 10 words.",
    "Each sentence must have at most 20 words.",
    'Did you mention "Paris"?',
    "Mention the price in one sentence of the text.",
    "",
)


def told(hint: str) -> list[str]:
    rules = read_rules(hint, FIELDS).rules
    return [f"{r.text} in {' and '.join(r.fields)}" if r.fields else r.text for r in rules]


@pytest.mark.parametrize("hint", READ)
def test_a_rule_is_read_as_the_hint_states_it(hint: str):
    assert told(hint) == READ[hint]


@pytest.mark.parametrize("hint", NOTHING)
def test_a_hint_without_a_rule_is_not_checkable(hint: str):
    assert told(hint) == []
    assert (
        check_hint(hint, {"answer": "coffee Paris"}, {"answer": "happy Paris tea"}).verdict == "not_checkable"
    )


@pytest.mark.parametrize(
    ("hint", "before", "after", "verdict"),
    [
        ("Use at most 3 words.", "one two three four", "one two", "followed"),
        ("Use at most 3 words.", "one two three four", "one two three four", "not_followed"),
        ('Use at most 3 words. Mention "Paris".', "one two three four", "to Paris", "followed"),
        ('Use at most 3 words. Mention "Paris".', "one two three four", "to Paris and back", "partly"),
        ('Use at most 3 words. Keep "Paris".', "in Paris and in Rome", "in Paris or in Rome", "not_followed"),
        ('Use at most 3 words. Keep "Paris".', "in Paris", "in Rome", "partly"),
        ("Use at most 3 words. Mention the weather.", "one two", "one", "not_checkable"),
        ("Use at most 3 words. Mention the weather.", "one two three four", "one", "followed"),
        ("Use at most 3 words. Mention the amount.", "one two", "one", "not_followed"),
        ("Use at most 3 words. Mention the amount.", "one two", "all of the 40,000 euros", "partly"),
        ("Use at most 3 words.", "one", "two", "followed"),
        ('Mention "kettle".', "", "two kettles", "followed"),
        ('Do not use "cat".', "a cat", "a category", "followed"),
        ("Return JSON.", "none", '{"a": 1}', "followed"),
        ("Return JSON.", "none", "[" * 3000, "not_followed"),
        ("Give 3 items.", ["a"], ["a", "b", "c"], "followed"),
        ("Write in lower case.", "A", "a", "followed"),
    ],
)
def test_what_was_still_to_be_done_decides(hint, before, after, verdict):
    assert check_hint(hint, {"answer": before}, {"answer": after}).verdict == verdict


def test_the_same_hint_says_each_time_that_it_cannot_be_checked_whole():
    hint = "Use at most 3 words. Mention the weather."
    kept = check_hint(hint, {"answer": "one two"}, {"answer": "one"})
    broken = check_hint(hint, {"answer": "one two"}, {"answer": "one two three four"})
    assert kept.words == "rules kept, rest not checkable"
    assert broken.words == "not followed, rest not checkable"


@pytest.mark.parametrize(
    ("text", "is_met"),
    [("on 14 March", True), ("March 3rd", True), ("2026-11-29", True), ("by Friday", True), ("KT-4471", False), ("1.5", False), ("may I", False)],
)  # fmt: skip
def test_whether_a_text_mentions_a_date(text, is_met):
    (rule,) = read_rules("Mention the date.", ("answer",)).rules
    assert (rule.text, rule.is_met({"answer": text})) == ("a date", is_met)


def test_the_rules_are_shown_with_what_held_before():
    uptake = check_hint(
        'Use at most 2 words. Mention "Paris".', {"answer": "Paris of the north"}, {"answer": "Paris"}
    )
    assert (
        uptake.description
        == "Followed, by these rules of the hint:\nat most 2 words: yes (before: no)\n“Paris”: yes (before: yes)"
    )


def test_a_length_is_not_checked_where_it_is_open_which_output_is_meant():
    after = {"headline": "a b c", "summary": "d"}
    assert check_hint("Use at most 2 words.", None, after).verdict == "not_checkable"
    assert check_hint("Use at most 2 words in the headline.", None, after).verdict == "not_followed"
    assert check_hint("`headline` and `summary`: use at most 3 words.", None, after).verdict == "followed"
    assert (
        check_hint("Give a number between 0 and 1.", None, {"text": "x", "score": 0.5}).verdict == "followed"
    )


WORDS = st.sampled_from([
    "do not", "use", "mention", "at most", "between", "and", "3", "words", '"', "'", "`", "answer", "json", "keys", "not", "no", "avoid",
    "must", "sentences", ".", ",", ":", ";", "instead of", "or", "exactly", "start with", "lower case", "\n", "“", "”", "\ue000", "1e999", "-",
])  # fmt: skip
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.lists(st.text(max_size=5), max_size=3)
)
OUTPUTS = st.dictionaries(st.sampled_from(["answer", "reasoning", "n", ""]), VALUES, max_size=3)


@given(st.text() | st.lists(WORDS, max_size=30).map(" ".join), st.none() | OUTPUTS, OUTPUTS)
def test_no_hint_is_called_followed_without_a_rule_that_holds(hint, before, after):
    uptake = check_hint(hint, before, after)
    if uptake.verdict == "followed":
        assert uptake.rules
        assert all(rule.met_after for rule in uptake.rules)
    if uptake.verdict == "not_followed":
        assert any(not rule.met_after for rule in uptake.rules)
    assert uptake.description


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_hint_of_one_bound_is_followed_if_and_only_if_it_holds(before, after):
    uptake = check_hint("Use at most 4 words.", {"answer": before}, {"answer": after})
    assert (uptake.verdict == "followed") == (len(after.split()) <= 4)


def test_uptake_is_that_of_the_predictor_that_got_the_hint():
    timeline = logs.two_stages().timeline
    assert hint_uptake(timeline, timeline.attempts[0]) == {}
    last = hint_uptake(timeline, timeline.attempts[3])
    assert [*last] == ["answer"]
    assert last["answer"].rules[0].text == "no full stop at the end"
    assert last["answer"].rules[0].met_before is False


def test_no_hint_says_whether_the_adviser_named_the_predictor():
    log = logs.Log(stages=("draft", "answer", "check"))
    log.attempt(0.2)
    log.emit(
        "attempt-0/advice",
        ev.AdviceGiven(
            0,
            "because",
            {"draft": "Say less.", "answer": "N/A", "check": "N/A"},
            0.1,
            {"writer": "Be brief.", "x": "N/A"},
            ("check",),
        ),
    )
    timeline = log.timeline
    assert [(r.name, r.route) for r in routing(timeline, timeline.attempts[0])] == [
        ("draft", "hint"), ("answer", "not_at_fault"), ("check", "not_named"), ("writer", "nobody"),
    ]  # fmt: skip
    assert (
        routing(timeline, timeline.attempts[0])[-1].text
        == "This hint reached nobody: the program has no predictor “writer”."
    )


def spec(reward: str = "", **inputs: object) -> ProgramSpec:
    return ProgramSpec(
        (StageSpec("answer", "question -> answer"),), reward, {"question": "Which city?", **inputs}
    )


@pytest.mark.parametrize(
    ("value", "hint", "quoted"),
    [
        ("Paris", "The answer is paris.", "Paris"),
        ("Paris", "The comparison is wrong.", ""),
        (39.9, "The price is 39.90 euros.", "39.90"),
        (39.9, "The price is 139.90 euros.", ""),
        (["KT-4471", "no"], "Name order KT-4471.", "KT-4471"),
        (5, "Use 5 words.", ""),
        (True, "It is True.", ""),
        (
            "the kettle was sent on the third of May",
            'Write "the kettle was sent on the third".',
            "the kettle was sent on the",
        ),
    ],
)
def test_a_hint_leaks_what_it_quotes_of_a_reference_value(value, hint, quoted):
    found = find_leaks(spec(expected=value), hint)
    assert [leak.value for leak in found if leak.kind == "reference"] == ([quoted] if quoted else [])


def test_what_the_program_knew_is_no_leak_and_code_only_a_note():
    assert reference_names(spec(expected="Paris")) == {"expected"}
    assert find_leaks(spec(expected="Paris"), "Say Paris.", known="from Paris to Rome") == ()
    (note,) = find_leaks(spec("def reward(i, o):\n    return float('happy' in o.answer)"), 'Mention "happy".')
    assert note.kind == "constant"
    assert note.text.startswith("Note: ")
    timeline = logs.two_stages().timeline
    assert all(leaks(timeline, attempt) == {} for attempt in timeline.attempts)


def test_the_price_of_advice_stands_beside_the_change_in_reward():
    timeline = logs.two_stages().timeline
    price = advice_price(timeline, timeline.attempts[0])
    assert price.text == "The advice took 160 tokens, $0.00031 and 300 ms. The next reward is 0.40 higher."
    assert advice_price(timeline, timeline.attempts[3]) is None
    failed = logs.failures().timeline
    assert "an unknown number of tokens" in advice_price(failed, failed.attempts[2]).text
