"""The doctor: what a reward pays for nothing, and which right answers it refuses."""

from __future__ import annotations

import pytest

from refine_core.cases import Case, maximum
from refine_core.doctor import examine
from refine_core.rewards.shapes import Recognized, recognize
from refine_core.rows import Row

TAGS = """
import re

def extract(text):
    found = re.search(r"<answer>(.*)</answer>", text)
    return found.group(1).strip() if found else ""

def correct(completions, answer, **kwargs):
    return [2.0 if extract(c) in a else 0.0 for c, a in zip(completions, answer)]

def formatted(completions, **kwargs):
    form = r"^<think>.*</think>\\s*<answer>.*</answer>$"
    return [0.5 if re.match(form, c) else 0.0 for c in completions]
"""
SUM = Row(
    "1",
    {"prompt": "Ann saves 500 euros in May and 750 euros in June. How many euros?"},
    {"completion": "<think>500 + 750</think><answer>1250</answer>"},
    {"answer": "1250"},
)


def read(source: str) -> Recognized:
    found = recognize(source)
    assert isinstance(found, Recognized)
    return found


def capital(gold: str = "Paris") -> Row:
    return Row("1", {"question": "What is the capital of France?"}, {"answer": gold}, {"answer": gold})


@pytest.fixture(scope="module")
def tags():
    return examine(read(TAGS), [SUM])


def test_probes_vary_the_answer_inside_the_form(tags):
    (row,) = tags.probes
    assert (row.text, row.value) == (SUM.prediction["completion"], 2.5)
    comma = next(one for one in row.refused if one.name == "with a comma")
    assert comma.text == "<think>500 + 750</think><answer>1,250</answer>"
    assert (comma.value, comma.share) == (0.5, 0.2)


def test_the_best_paid_texts_without_an_answer_come_first(tags):
    paid = [(one.name, one.value) for one in tags.paid_for_nothing]
    assert paid[:3] == [("tags with nothing inside", 2.5), ("first two digits", 2.5), ("one digit", 2.5)]
    assert {("nothing", 2.0), ("spaces", 2.0), ("a refusal", 2.0), ("the question again", 2.0)} <= {*paid}


def test_the_verdict_counts_what_is_paid_and_what_is_refused(tags):
    assert (
        tags.verdict == "7 texts without the answer are paid, 3 of them in full. 5 right answers are refused."
    )
    assert tags.detail.startswith("25 probes built from the right answer “1250”; no model was called.")
    assert tags.detail.endswith("A right answer in the right form is paid 2.50.")


def test_reasoning_on_two_lines_is_paid_less_but_not_refused(tags):
    one = next(one for one in tags.refused if one.name == "reasoning on two lines")
    assert one.paid_like == "less"
    assert not one.is_refused


def test_a_form_that_no_row_shows_is_learned_from_the_source():
    row = Row("1", {"prompt": "2 + 2?"}, {"completion": "4"}, {"answer": "4"})
    (found,) = examine(read(TAGS), [row]).probes
    assert found.text.endswith("</think><answer>4</answer>")
    assert found.value == 2.5


def test_a_sound_reward_has_no_error_and_no_warning():
    source = "def reward(args, pred):\n    clean = lambda text: text.strip().strip('.*').lower()\n    return float(clean(pred.answer) == clean(args['answer']))"
    found = examine(read(source), [capital()])
    assert not found.has_error
    assert not found.has_warning
    assert found.verdict.startswith("No text without the answer is paid.")


def test_a_right_answer_that_fails_everywhere_is_an_error():
    found = examine(
        read("def reward(args, pred):\n    return float(pred.answer.lower() == args['answer'])"), [capital()]
    )
    assert [one.code for one in found.findings if one.severity == "error"] == ["right-answer-refused"]
    assert "“Paris” scores 0.00" in found.findings[0].evidence[0]


def test_a_reward_that_asks_a_judge_is_not_probed():
    source = "def reward(args, pred):\n    return judge('a -> score: float', a=pred.answer)['score']"
    found = examine(read(source), [capital()])
    assert not found.probes
    assert "asks-judge" in [one.code for one in found.findings]


def test_a_source_that_cannot_be_loaded_is_a_finding():
    found = examine(read("limit = 1 / 0\ndef reward(args, pred):\n    return 1.0"), [capital()])
    assert found.has_error
    assert found.findings[0].line == 1


def test_an_output_of_chat_messages_stays_one():
    source = "def reward(completions, answer, **kwargs):\n    return [float(c[-1]['content'] == a) for c, a in zip(completions, answer)]"
    messages = [{"role": "assistant", "content": "7"}]
    found = examine(read(source), [Row("1", {"prompt": "3 + 4?"}, {"completion": messages}, {"answer": "7"})])
    assert found.probes[0].value == 1.0
    assert [one.name for one in found.refused if one.is_refused] == [
        "spaces around it",
        "full stop",
        "decimals",
        "with a unit",
        "in bold",
    ]


@pytest.mark.parametrize(
    ("value", "paid", "source"),
    [
        (False, "the opposite", "def reward(args, pred):\n    return float(pred.answer or pred.answer == args['answer'])"),
        (42, "another number", "def reward(args, pred):\n    return float(pred.answer >= args['answer'])"),
        (["a", "b"], "an empty list", "def reward(args, pred):\n    return float(set(pred.answer) <= set(args['answer']))"),
        ({"a": "b"}, "an empty object", "def reward(args, pred):\n    return float(isinstance(pred.answer, dict))"),
    ],
)  # fmt: skip
def test_outputs_that_are_no_text_are_probed_in_their_type(value, paid, source):
    found = examine(read(source), [Row("1", {"question": "?"}, {"answer": value}, {"answer": value})])
    assert paid in [one.name for one in found.paid_for_nothing]
    assert found.has_warning


def test_an_answer_inside_json_is_varied_inside_json():
    source = "import json\ndef reward(args, pred):\n    try:\n        return float(json.loads(pred.answer)['city'] == args['gold'])\n    except (ValueError, KeyError):\n        return 0.0"
    row = Row(
        "1",
        {"question": "Capital of France?"},
        {"answer": '{"city": "Rome", "sure": true}'},
        {"gold": "Paris"},
    )
    (probes,) = examine(read(source), [row]).probes
    assert (probes.text, probes.value) == ('{"city": "Paris", "sure": true}', 1.0)
    assert '{"city": "Paris.", "sure": true}' in [one.text for one in probes.refused]


def test_a_penalty_that_leaves_the_right_answer_at_zero_is_no_fault():
    source = "def reward(args, pred):\n    return 0.0 if pred.answer.strip().lower() == args['answer'].lower() else -1.0"
    found = examine(read(source), [capital(), capital("Rome")])
    assert not found.has_error
    assert not found.has_warning


def test_a_tolerance_is_no_wrong_answer_that_is_paid():
    source = "def reward(args, pred):\n    try:\n        said = float(pred.answer.replace(',', ''))\n    except ValueError:\n        return 0.0\n    return float(abs(said - float(args['answer'])) <= 0.01 * float(args['answer']))"
    found = examine(read(source), [Row("1", {"question": "?"}, {"answer": "1250"}, {"answer": "1250"})])
    assert not found.has_warning


def test_a_threshold_that_a_wrong_text_reaches_makes_it_paid():
    source = "def reward(args, pred):\n    return 1.0 if pred.answer == args['answer'] else 0.5"
    assert examine(read(source), [capital()]).paid_for_nothing == ()
    assert "nothing" in [
        one.name for one in examine(read(source), [capital()], threshold=0.5).paid_for_nothing
    ]


def test_what_a_case_wants_refused_is_meant():
    source = "def reward(args, pred):\n    return float(pred.answer == args['answer'])"
    row = Row("1", {"question": "?"}, {"answer": "paris"}, {"answer": "Paris"})
    shown = {one.code: one.severity for one in examine(read(source), [row]).findings}
    strict = Case(
        "lower case", {"question": "?"}, {"answer": "paris"}, expected={"answer": "Paris"}, want=maximum(0)
    )
    meant = {one.code: one.severity for one in examine(read(source), [row], cases=[strict]).findings}
    assert (shown["refused-case"], meant["refused-case"]) == ("warning", "note")


def test_a_text_on_which_the_reward_hangs_is_named_and_ends_the_probing():
    source = "import re\ndef reward(args, pred):\n    return float(pred.answer == args['answer'] or bool(re.match(r'(\\w+\\s?)+$', pred.answer)))"
    found = examine(read(source), [capital(), capital("Rome")], timeout_s=0.3)
    hung = next(one for one in found.findings if one.code == "slow-pattern")
    assert (hung.severity, hung.line) == ("warning", 3)
    assert "took longer than" in hung.evidence[0]
    assert "hangs-on-text" not in [one.code for one in found.findings]  # the pattern says it
    assert len(found.probes) == 1
