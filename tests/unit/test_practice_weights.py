"""weights.json: what the practice model knows is data, which a lesson may bring along."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from refine_core.adapters import ChatAdapter
from refine_core.practice import PracticeLM, WeightsError, learn, read_weights, unlearn
from refine_core.practice.weights import read_or_log
from refine_core.signatures import InputField, Signature

TOWN = {
    "asked": r"mayor of (?P<town>\w+)",
    "tables": {"mayor": {"Bruges": "Anna", "Ghent": "Tom"}},
    "answers": [
        {"text": "The mayor of {town} is {mayor}.", "weight": 30},
        {"text": "{mayor}.", "weight": 9, "when_told": {"pattern": "(?i)first name", "weight": 9000}},
        {"text": "{mayor}", "weight": 1},
        {"text": "{mayor}, since {year}", "weight": 900},
    ],
    "finds": r"(?P<year>\d{4})",
}


@pytest.fixture
def taught(tmp_path):
    """A function that has the practice model learn entries, until the test ends."""

    def teach(*entries):
        (tmp_path / "weights.json").write_text(json.dumps({"entries": entries}), encoding="utf-8")
        learn(tmp_path)

    yield teach
    unlearn(tmp_path)


def ask(signature, *, seed=0, temperature=0.0, hint="", **inputs):
    signature = Signature(signature)
    if hint:
        signature = signature.append("hint_", InputField())
        inputs["hint_"] = hint
    return signature, ChatAdapter().format(signature, [], inputs), {"temperature": temperature}, seed


def said(*given, **more):
    signature, messages, params, seed = ask(*given, **more)
    return ChatAdapter().parse(signature, PracticeLM(seed).complete(messages, params).text)


def test_an_answer_is_drawn_by_its_weight_to_the_power_of_one_over_t(taught):
    taught(TOWN)
    question = "Who is the mayor of Ghent?"
    for temperature in (0.5, 1.0, 2.0):
        drawn = Counter(
            said("question -> answer", seed=seed, temperature=temperature, question=question)["answer"]
            for seed in range(150)
        )
        weights = [30 ** (1 / temperature), 9 ** (1 / temperature), 1]
        for text, weight in zip(("The mayor of Ghent is Tom.", "Tom.", "Tom"), weights, strict=True):
            assert drawn[text] / 150 == pytest.approx(weight / sum(weights), abs=0.08)


def test_an_answer_whose_hole_cannot_be_filled_is_left_out(taught):
    taught(TOWN)
    assert said("question -> answer", question="mayor of Ghent?")["answer"] == "The mayor of Ghent is Tom."
    assert said("question -> answer", question="mayor of Ghent in 2019?")["answer"] == "Tom, since 2019"


def test_an_entry_of_which_nothing_can_be_said_is_passed_by(taught):
    taught(TOWN)
    assert "mayor of Paris is" not in said("question -> answer", question="mayor of Paris?")["answer"]
    assert isinstance(said("question -> n: int", question="mayor of Ghent?")["n"], int)


def test_hints_shift_its_answers_and_when_told_gives_another_weight(taught):
    taught(TOWN)
    question = "Who is the mayor of Bruges?"
    assert (
        said("question -> answer", hint="Answer with one single word.", question=question)["answer"]
        == "Anna."
    )
    assert said("question -> answer", hint="His first name will do.", question=question)["answer"] == "Anna."
    assert said("question -> answer", hint="Take your time.", question=question)["answer"].startswith(
        "The mayor"
    )


def test_what_was_learned_last_comes_before_what_is_built_in(taught):
    question = "What is the capital of Belgium?"
    assert said("question -> answer", question=question)["answer"] == "The capital of Belgium is Brussels."
    taught({"asked": "capital of Belgium", "answers": [{"text": "Bruges, surely.", "weight": 1}]})
    assert said("question -> answer", question=question)["answer"] == "Bruges, surely."


def test_values_of_other_types_are_json_and_their_texts_are_filled(taught):
    taught(
        {
            "asked": r"the (?P<thing>\w+) broke",
            "answers": [
                {"value": ["a {thing}", "{why|no reason}"], "weight": 3},
                {"value": 0.25, "weight": 1},
                {"value": True, "weight": 1},
            ],
            "finds": "because (?P<why>.+)",
        }
    )
    told = said("note -> facts: list[str], share: float, broken: bool", note="the cup broke")
    assert told == {"facts": ["a cup", "no reason"], "share": 0.25, "broken": True}


def test_each_place_in_the_inputs_multiplies_a_weight(taught):
    taught({"asked": "", "type": "Literal['yes', 'no']", "answers": [
        {"text": "yes", "weight": 1, "for_each": {"well": 3}}, {"text": "no", "weight": 5}]})  # fmt: skip
    field = "note -> verdict: Literal['yes', 'no', 'perhaps']"
    assert said(field, note="well")["verdict"] == "no"
    assert said(field, note="well, well")["verdict"] == "yes"


def test_what_it_said_before_is_read_for_the_next_output(taught):
    taught(
        {"asked": "", "output": "reason", "answers": [{"text": "It is wrong.", "weight": 1}]},
        {"asked": "It is wrong", "output": "score", "answers": [{"value": 0.1, "weight": 1}]},
    )
    assert said("text -> reason, score: float", text="x")["score"] == 0.1


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"asked": "(", "answers": [{"text": "x", "weight": 1}]}, "entry 1, asked 1: Input should be a valid regular expression"),
        ({"asked": "x", "answers": [{"text": "x", "weight": 0}]}, "entry 1, answer 1, weight: Input should be greater than 0"),
        ({"asked": "x", "answers": [{"text": "x", "weigth": 1, "weight": 1}]}, "entry 1, answer 1, weigth: Extra inputs"),
        ({"asked": "x", "answers": [{"text": "{who}", "weight": 1}]}, "entry 1: Value error, {who} is neither a named group"),
        ({"asked": "x", "answers": [{"weight": 1}]}, 'entry 1, answer 1: Value error, write either "text" or'),
        ({"asked": "x", "answers": []}, "entry 1: Value error, there is no answer"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_file_entry_and_key(tmp_path, entry, told):
    (tmp_path / "weights.json").write_text(json.dumps({"entries": [entry]}), encoding="utf-8")
    with pytest.raises(WeightsError) as refused:
        learn(tmp_path)
    assert str(tmp_path / "weights.json") in str(refused.value)
    assert told in str(refused.value)


def test_a_file_that_is_no_json_is_refused_by_name(tmp_path):
    (tmp_path / "weights.json").write_text("{", encoding="utf-8")
    with pytest.raises(WeightsError, match=r"weights\.json cannot be read"):
        read_weights(tmp_path / "weights.json")


def test_a_folder_without_weights_teaches_nothing_and_is_no_error(tmp_path):
    learn(tmp_path)
    assert "Brussels" in said("question -> answer", question="What is the capital of Belgium?")["answer"]
    unlearn(tmp_path)


# What is built in

COMPLAINT = "Hello, my kettle arrived with a cracked lid. It was order KT-4471. I would like a new one before 14 March."


def test_best_of_n_by_polite_words_ends_with_replies_that_help_nobody():
    replies = [
        said("message -> reply", seed=s, temperature=1.0, message=COMPLAINT)["reply"] for s in range(640)
    ]

    def polite(reply):
        return sum(word in reply.lower() for word in ("thank", "sorry", "glad", "happy"))

    def best_of(n):
        best = [max(replies[i : i + n], key=polite) for i in range(0, len(replies), n)]
        return sum(map(polite, best)) / len(best), sum("14 March" in reply for reply in best) / len(best)

    counts, helped = zip(*map(best_of, (1, 4, 16, 64)), strict=True)
    assert list(counts) == sorted(set(counts))
    assert list(helped) == sorted(set(helped), reverse=True)
    assert helped[0] > 0.7
    assert helped[-1] < 0.1


def test_a_judge_wobbles_at_a_temperature_and_agrees_with_itself_at_zero():
    def scores(temperature):
        return {
            said("question, answer -> score: float", seed=s, temperature=temperature, question="?", answer="!")["score"]
            for s in range(30)
        }  # fmt: skip

    assert scores(0.0) == {0.9}
    assert len(scores(1.0)) >= 3


def test_the_points_of_a_judge_go_with_its_reason():
    rubric = "10: right, complete and to the point. 7: right, but something small is missing. 0: wrong."
    asked = "rubric, output -> reason, points: float"
    marks = [said(asked, seed=s, temperature=1.0, rubric=rubric, output="x") for s in range(60)]
    lowest = min(one["points"] for one in marks if one["reason"] == "Right and to the point.")
    assert lowest > max(one["points"] for one in marks if one["reason"] == "Only partly right.")


def test_a_bundled_file_that_is_broken_is_left_out_and_named(tmp_path, caplog):
    broken = tmp_path / "weights.json"
    broken.write_text("{", encoding="utf-8")
    assert read_or_log(broken) == ()
    assert str(broken) in caplog.text
