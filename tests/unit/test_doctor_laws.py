"""Laws of probes over generated answers: what they claim is so, whatever the answer is. Nothing is scored here."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from refine_core.doctor.answers.forms import PLAIN, Form, learn_from_output
from refine_core.doctor.answers.right_answers import RightAnswer, classify, find_right_answer
from refine_core.doctor.findings.same_answers import name_difference
from refine_core.doctor.probes.making import list_probes, write_right_answer
from refine_core.rows import Row

NUMBERS = st.integers(-(10**7), 10**7).map(str) | st.decimals(-9999, 9999, places=2).map(str)
WORDS = st.lists(st.text("abcdefgXYZ", min_size=1, max_size=8), min_size=1, max_size=4).map(" ".join)
THOUGHTS = st.text("abc 123+=", min_size=1, max_size=20).filter(str.strip).map(str.strip)
FORMS = st.sampled_from(
    [
        PLAIN,
        Form("<think>", "so", "</think><answer>", "</answer>"),
        Form("<think>\n", "so", "\n</think>\n<answer>\n", "\n</answer>\n"),
        Form(thought="so", middle=" The answer is \\boxed{", tail="}."),
        Form(thought="so", middle="\n#### "),
    ]
)


def right(answer: str) -> RightAnswer:
    found = find_right_answer(Row("1", {"question": "?"}, {"answer": "x"}, {"answer": answer}))
    assert found is not None
    return found


@given(NUMBERS | WORDS, FORMS)
def test_no_probe_is_the_right_answer_and_none_comes_twice(answer, form):
    found = right(answer)
    outputs = [json.dumps(probe.prediction) for probe in list_probes(found, form)]
    assert len(outputs) == len(set(outputs))
    assert json.dumps(write_right_answer(found, form)) not in outputs


@given(NUMBERS | WORDS)
def test_a_wrong_answer_is_never_the_right_one_in_other_words(answer):
    for probe in list_probes(right(answer), PLAIN):
        if probe.claim in {"wrong", "nothing"}:
            assert name_difference(probe.text, answer, classify(answer)) is None, probe.name


@given(NUMBERS | WORDS)
def test_a_right_answer_written_differently_is_recognised_as_the_same(answer):
    for probe in list_probes(right(answer), PLAIN):
        if probe.claim == "right":
            assert name_difference(probe.text, answer, classify(answer)) == probe.family, probe.name


@given(NUMBERS | WORDS)
def test_texts_without_the_answer_do_not_hold_it(answer):
    for probe in list_probes(right(answer), PLAIN):
        if probe.claim == "nothing" and probe.family != "length" and len(answer) > 4:
            assert answer.lower() not in probe.text.lower()


@given(NUMBERS | WORDS, THOUGHTS, FORMS)
def test_a_form_is_learned_from_an_output_that_has_it(answer, thought, form):
    said = form.with_thought(thought) if form.thought else form
    texts = [learned.wrap("another") for learned in [PLAIN, *learn_from_output(said.wrap(answer), answer)]]
    assert said.wrap("another") in texts
