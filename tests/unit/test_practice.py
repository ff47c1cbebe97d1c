"""The practice model: what it sees, how it samples, what it follows, and what it advises."""

from __future__ import annotations

import datetime
import json
import math
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from refine_core.adapters import ChatAdapter, JSONAdapter
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import LMRefusedError, LMTimeoutError, ParseError, RunCancelled
from refine_core.practice import PracticeLM
from refine_core.practice.request import read_request
from refine_core.practice.reward_reading import find_checks
from refine_core.practice.sampling import probabilities
from refine_core.refine.advice_request import OfferAdvice
from refine_core.signatures import InputField, OutputField, Signature

TEXT = (
    "The harbour of Ostend was rebuilt after the war, and ferries left for Dover twice a day until 1997. "
    "Trade moved to Zeebrugge."
)
CAPITAL = "What is the capital of Belgium?"
GARBLED = "Itâ€™s a great machine and the cafÃ© crÃ¨me is excellent â€“ but itâ€™s slow."


def messages(signature, hint=None, **inputs):
    shown = signature if isinstance(signature, type) else Signature(signature)
    if hint is not None:
        shown, inputs = shown.append("hint_", InputField()), {**inputs, "hint_": hint}
    return ChatAdapter().format(shown, [], inputs)


def reply(signature, hint=None, *, seed=0, temperature=0.0, params=None, **inputs):
    asked = messages(signature, hint, **inputs)
    return PracticeLM(seed).complete(asked, {"temperature": temperature, **(params or {})}).text


def value(signature, hint=None, **kwargs):
    shown = signature if isinstance(signature, type) else Signature(signature)
    return next(iter(ChatAdapter().parse(shown, reply(signature, hint, **kwargs)).values()))


# What it sees


def test_a_hint_changes_the_answer_by_its_words_alone():
    assert value("question -> answer", question=CAPITAL) == "The capital of Belgium is Brussels."
    assert value("question -> answer", "Answer with one single word.", question=CAPITAL) == "Brussels."


@pytest.mark.parametrize(
    "hint",
    [
        "One word only!",
        "Please give a single-word reply.",
        "Use exactly 1 word",
        "Only one word, please",
        "Keep it under two words.",
    ],
)
def test_any_wording_of_a_hint_works_as_well_as_ours(hint):
    assert value("question -> answer", hint, question=CAPITAL) == "Brussels."


def test_instructions_and_descriptions_are_read_like_hints():
    told = Signature("question -> answer", "Answer in one word, without punctuation.")
    assert value(told, question=CAPITAL) == "Brussels"
    described = Signature("question -> answer").with_updated_fields("answer", desc="one word, no punctuation")
    assert value(described, question=CAPITAL) == "Brussels"


def test_it_knows_the_question_wherever_it_stands_and_other_countries_too():
    assert "Paris" in value(
        "context, query -> reply", context="Geography.", query="Name the capital of France."
    )


def test_a_hint_that_is_not_for_this_module_changes_nothing():
    assert value("question -> answer", "N/A", question=CAPITAL) == value(
        "question -> answer", question=CAPITAL
    )


def test_earlier_turns_are_demos_and_only_the_last_question_is_answered():
    demo = {"question": "What is the capital of Spain?", "answer": "Madrid"}
    asked = ChatAdapter().format(Signature("question -> answer"), [demo], {"question": CAPITAL})
    assert "Brussels" in PracticeLM().complete(asked, {}).text


def test_other_sentences_round_the_same_marks_are_understood():
    asked = [
        {"role": "system", "content": (
            "Your input fields are:\n1. `question` [str]: what to answer\nYour output fields are:\n"
            "1. `reasoning` [str]\n2. `count` [int]: how many\n"
            "[[ ## question ## ]]\n{question}\n\n[[ ## reasoning ## ]]\n{reasoning}\n\n[[ ## count ## ]]\n{count}"
        )},
        {"role": "user", "content": (
            "[[ ## question ## ]]\nWhat is half of 84?\n\nAnswer with `[[ ## reasoning ## ]]`, then `[[ ## count ## ]]` "
            "(int), then `[[ ## completed ## ]]`."
        )},
    ]  # fmt: skip
    ask = read_request(asked)
    assert ask.inputs == {"question": "What is half of 84?"}
    assert [o.name for o in ask.outputs] == ["reasoning", "count"]
    assert "[[ ## count ## ]]\n84" in PracticeLM().complete(asked, {}).text


def test_asked_for_one_json_object_it_writes_one():
    asked = [
        {"role": "system", "content": "Inputs:\n1. `text` (str):\nOutputs:\n1. `title` (str):\n2. `year` (int):\n\n[[ ## text ## ]]\n{text}"},
        {"role": "user", "content": f"[[ ## text ## ]]\n{TEXT}\n\nReply with a JSON object: `title`, then `year` (int)."},
    ]  # fmt: skip
    said = json.loads(PracticeLM().complete(asked, {}).text)
    assert list(said) == ["title", "year"]
    assert said["year"] == 1997


def test_a_plain_prompt_gets_a_plain_answer_that_says_who_speaks():
    assert "practice model" in PracticeLM()("hello")[0]
    assert PracticeLM()(CAPITAL) == ["The capital of Belgium is Brussels."]


def test_a_hint_that_names_the_outputs_is_not_taken_for_the_closing_request():
    asked = messages("text -> a, b", "Write `a` and `b` in lower case.", text=TEXT)
    assert read_request(asked).hint == "Write `a` and `b` in lower case."


# How it samples


def test_temperature_zero_is_deterministic_under_any_seed():
    assert len({reply("text -> summary", seed=seed, text=TEXT) for seed in range(20)}) == 1


def test_the_same_seed_repeats_and_another_seed_is_another_run():
    runs = [
        [reply("text -> summary", seed=s, temperature=t / 10, text=TEXT) for t in range(5, 10)]
        for s in (3, 3, 4)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_another_rollout_id_is_another_draw():
    said = {reply("text -> summary", temperature=1.0, params={"rollout_id": i}, text=TEXT) for i in range(20)}
    assert len(said) > 2


def test_higher_temperature_spreads_the_choices():
    def entropy(temperature):
        counts = Counter(
            reply("text -> summary", seed=s, temperature=temperature, text=TEXT) for s in range(80)
        )
        return -sum(n / 80 * math.log(n / 80) for n in counts.values())

    assert 0 == entropy(0.0) < entropy(0.3) < entropy(2.0)


def test_candidates_are_weighed_as_softmax_does():
    cold, warm = probabilities([2.0, 1.0, 0.0], 0.5), probabilities([2.0, 1.0, 0.0], 1.0)
    assert cold[0] / cold[1] == pytest.approx(math.exp(2))
    assert warm[0] / warm[1] == pytest.approx(math.exp(1))
    assert sum(warm) == pytest.approx(1)
    assert probabilities([1.0, 2.0, 2.0], 0.0) == (0.0, 1.0, 0.0)


def test_a_reply_is_the_same_in_every_process():
    code = (
        "from refine_core.practice import PracticeLM\n"
        f"print(PracticeLM(7).complete({messages('text -> summary', text=TEXT)!r}, {{'temperature': 0.9}}).text)"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": h, "PYTHONPATH": "."}).stdout.strip()
        for h in ("1", "2")
    }  # fmt: skip
    assert runs == {reply("text -> summary", seed=7, temperature=0.9, text=TEXT)}


def test_a_temperature_that_is_none_counts_as_zero_and_a_wrong_one_is_refused():
    asked = messages("text -> summary", text=TEXT)
    assert PracticeLM().complete(asked, {"temperature": None}).text == reply("text -> summary", text=TEXT)
    for wrong in (-1, "hot", math.nan, True):
        with pytest.raises(LMRefusedError, match="temperature must be a number"):
            PracticeLM().complete(asked, {"temperature": wrong})


def test_usage_counts_words_and_marks_and_a_reply_may_be_cut_at_max_tokens():
    whole = PracticeLM().complete([{"role": "user", "content": "Who are you?"}], {})
    assert (whole.usage.prompt_tokens, whole.cost_usd, whole.model) == (4, 0.0, "practice model")
    cut = PracticeLM().complete([{"role": "user", "content": "Who are you?"}], {"max_tokens": 3})
    assert (cut.text.strip(), cut.finish_reason, cut.usage.completion_tokens) == ("This is the", "length", 3)


# Waiting and failing


def test_cancel_ends_the_delay_at_once():
    cancel = Cancel()
    cancel.set()
    with pytest.raises(RunCancelled):
        PracticeLM(delay_s=60).complete(messages("text -> summary", text=TEXT), {}, cancel=cancel)


def test_garbled_text_makes_it_break_and_time_out_now_and_then():
    outcomes = Counter()
    for seed in range(60):
        try:
            said = reply("review -> mood, confidence: float", seed=seed, temperature=0.8, review=GARBLED)
        except LMTimeoutError:
            outcomes["late"] += 1
        else:
            try:
                ChatAdapter().parse(Signature("review -> mood, confidence: float"), said)
                outcomes["whole"] += 1
            except Exception:  # noqa: BLE001  # any way of not parsing counts
                outcomes["broken"] += 1
    assert min(outcomes["late"], outcomes["whole"], outcomes["broken"]) >= 3, outcomes


def test_asked_again_as_json_it_breaks_less_often_but_still_does():
    """So that a second asking saves some attempts and not all."""
    signature = Signature("review -> mood, confidence: float")

    def broken(adapter):
        """The share of broken replies among those that came in time."""
        asked = adapter.format(signature, [], {"review": GARBLED})
        outcomes = Counter()
        for seed in range(500):
            try:
                said = PracticeLM(seed, num_retries=0).complete(asked, {"temperature": 0.8}).text
                adapter.parse(signature, said)
                outcomes["whole"] += 1
            except LMTimeoutError:
                pass
            except ParseError:
                outcomes["broken"] += 1
        return outcomes["broken"] / outcomes.total()

    assert 0.2 < broken(JSONAdapter()) < 0.85 * broken(ChatAdapter())


def test_clean_text_never_does():
    for seed in range(60):
        value(
            "review -> mood, confidence: float",
            seed=seed,
            temperature=1.0,
            review="It\u2019s a great café \u2013 crème!",
        )


def test_a_retry_is_told_and_draws_anew():
    told, late = [], 0
    for seed in range(40):
        try:
            PracticeLM(seed).complete(
                messages("review -> mood", review=GARBLED), {}, on_retry=lambda *what: told.append(what)
            )
        except LMTimeoutError:
            late += 1
    assert 0 < late < len(told) < 40
    assert {(ordinal, type(error)) for ordinal, _, error in told} == {(1, LMTimeoutError)}


# What it improvises


class Place(BaseModel):
    name: str
    visitors: int
    open: bool


class Tree(BaseModel):
    name: str
    branches: list[Tree]
    above: Tree | None


class Rated(BaseModel):
    stars: int = Field(gt=0, lt=6)
    share: float = Field(ge=0, le=1)
    code: str = Field(min_length=70, max_length=80)


Colour = Enum("Colour", ["RED", "BLUE"])


@pytest.mark.parametrize(
    "kind",
    [str, int, float, bool, list[str], list[int], dict[str, float], dict[str, list[int]], Literal["sea", "trade"],
     int | None, int | str, Place, list[Place], dict[str, Place], datetime.date, list[datetime.datetime], UUID, Decimal,
     tuple[str, int], tuple[int, ...], set[str], dict[int, str], dict[Literal["sea", "trade"], int], Literal[1, 2] | None,
     Colour, Tree, Rated, Any, object, type(None), list[tuple[str, float]], Annotated[list[int], Field(min_length=5)]],
)  # fmt: skip
def test_it_improvises_every_type(kind):
    signature = Signature({"text": (str, InputField()), "made": (kind, OutputField())})
    for seed, temperature in ((0, 0.0), (1, 0.7), (2, 1.5)):
        value(signature, seed=seed, temperature=temperature, text=TEXT)


def test_bounds_on_a_number_are_kept():
    bounded = Signature({"text": (str, InputField()), "share": (float, OutputField(ge=0.2, le=0.4))})
    assert all(0.2 <= value(bounded, seed=s, temperature=1.0, text=TEXT) <= 0.4 for s in range(10))


def test_improvised_text_comes_from_the_inputs():
    assert "harbour" in value("text -> summary", text=TEXT).lower()


def followed(hint, holds, signature="text -> summary", tries=20):
    """How often a hint is followed at a temperature of 0.6."""
    return (
        sum(holds(value(signature, hint, seed=s, temperature=0.6, text=TEXT)) for s in range(tries)) / tries
    )


@pytest.mark.parametrize(
    ("hint", "holds"),
    [
        ("at most 3 words", lambda t: len(t.split()) <= 3),
        ("Use between 15 and 20 words.", lambda t: 15 <= len(t.split()) <= 20),
        ("Write at least 20 words.", lambda t: len(t.split()) >= 20),
        ('include "kettle"', lambda t: "kettle" in t),
        ("Mention the words 'sand' and 'salt'.", lambda t: "sand" in t and "salt" in t),
        ("Don't use the word \"harbour\".", lambda t: "harbour" not in t.lower()),
        ("valid JSON", lambda t: isinstance(json.loads(t), dict)),
        ('JSON with the keys "title" and "year"', lambda t: json.loads(t).keys() >= {"title", "year"}),
        ("a number between 5 and 8", lambda t: 5 <= float(t) <= 8),
        ("lower case, please", lambda t: t == t.lower()),
        ("no punctuation", lambda t: t.replace(" ", "").isalnum()),
        ("two sentences", lambda t: t.count(".") == 2),
        ("At most 20 characters.", lambda t: len(t) <= 20),
    ],
)  # fmt: skip
def test_simple_hints_are_mostly_followed(hint, holds):
    def safely(text):
        try:
            return holds(text)
        except ValueError:
            return False

    assert followed(hint, safely) >= 0.8


def test_shorter_is_shorter_than_before():
    before = value("text -> summary", text=TEXT)
    assert len(value("text -> summary", "Be shorter.", text=TEXT).split()) < len(before.split())


def test_a_wish_for_detail_makes_answers_longer_on_the_whole():
    def words(hint):
        said = (
            value("question -> answer", hint, seed=s, temperature=2.0, question=CAPITAL) for s in range(20)
        )
        return sum(len(answer.split()) for answer in said)

    assert words("In more detail.") > words("") + 10


def test_numbers_and_choices_follow_hints_too():
    assert followed("between 5 and 8", lambda n: 5 <= n <= 8, "text -> n: int") >= 0.8
    assert (
        followed("It should be trade.", lambda c: c == "trade", "text -> c: Literal['sea', 'trade']") >= 0.8
    )


def test_a_sentence_that_names_a_field_is_about_that_field():
    said = ChatAdapter().parse(
        Signature("text -> title, summary"), reply("text -> title, summary", "`title`: one word.", text=TEXT)
    )
    assert len(said["title"].split()) == 1 < len(said["summary"].split())


# What it advises

TWO_MODULES = ["draft", "answer"]


def advice(
    reward_code,
    outputs,
    *,
    seed=0,
    temperature=0.0,
    trajectory=None,
    inputs=None,
    modules=("answer",),
    says="",
):
    trajectory = trajectory or [{"module_name": modules[-1], "inputs": inputs or {}, "outputs": outputs}]
    given = {
        "program_code": "...", "modules_defn": "...", "program_inputs": json.dumps(inputs or {}, indent=2),
        "program_trajectory": json.dumps(trajectory, indent=2), "program_outputs": json.dumps(outputs, indent=2),
        "reward_code": reward_code, "target_threshold": "1.0", "reward_value": f"0.2\nThe reward says: {says}" if says else "0.2",
        "module_names": json.dumps(list(modules), indent=2),
    }  # fmt: skip
    asked = ChatAdapter().format(OfferAdvice, [], given)
    said = PracticeLM(seed).complete(asked, {"temperature": temperature}).text
    return ChatAdapter().parse(OfferAdvice, said)


def body(expression):
    return f"def reward(args, pred):\n    {expression}\n"


@pytest.mark.parametrize(
    ("code", "output", "wanted"),
    [
        ("return float(len(pred.answer.split()) == 1)", "two words", "one single word"),
        ("return 1.0 if len(pred.answer) <= 20 else 0.0", "x" * 40, "at most 20 characters"),
        ("return 1.0 if 'kettle' in pred.answer.lower() else 0.0", "tea", 'Mention "kettle"'),
        ("if 'sorry' in pred.answer: return 0.0\n    return 1.0", "so sorry", 'Do not use "sorry"'),
        ("score = 1.0\n    if len(pred.answer.split()) > 5:\n        score -= 0.5\n    return score", "a b c d e f", "at most 5 words"),
        ("return 0.6 * pred.answer.islower() + 0.4 * (len(pred.answer) > 3)", "LOUD", "lower case"),
        ("try:\n        json.loads(pred.answer)\n    except ValueError:\n        return 0.0\n    return 1.0", "no", "valid JSON"),
        ("return 1.0 if pred.answer.isdigit() else 0.0", "about 4", "digits only"),
        ("return 1.0 if 2 <= float(pred.answer) <= 4 else 0.0", "9", "between 2 and 4"),
        ("low, high = 5, 12\n    n = len(pred.answer.split())\n    if n < low:\n        return n / low\n    return 1.0 if n <= high else 0.5", "too few", "at least 5 words"),
        ("return 1.0 if pred.answer == 'yes' else 0.0", "maybe", 'exactly "yes"'),
        ("return 1.0 if re.search(r'\\d{4}-\\d\\d-\\d\\d', pred.answer) else 0.0", "soon", "Mention the date"),
        ("return 1.0 if pred.answer.startswith('Dear') else 0.0", "Hello there", 'Start with "Dear"'),
        ("if not pred.answer.endswith('.'):\n        return 0.3\n    return 1.0", "no stop", 'End with "."'),
        ("return 1.0 if not pred.answer.endswith('!') else 0.0", "Yes!", "drop the full stop"),
        ("return 0.0 if pred.answer.startswith('As an AI') else 1.0", "As an AI, no", 'Do not start with "As an AI"'),
        ("return 1.0 if pred.answer in ('yes', 'no') else 0.0", "maybe", 'exactly "yes" or "no"'),
    ],
)  # fmt: skip
def test_advice_says_what_the_reward_measures_and_the_output_misses(code, output, wanted):
    said = advice(body(code), {"answer": output})
    assert wanted in said["advice"]["answer"]
    assert "`answer`" in said["discussion"]


@pytest.mark.parametrize(
    ("code", "output", "wanted"),
    [
        ("return float(len(pred.answer) == 2)", ["Pump"], "exactly 2 items"),
        ("return 1.0 if len(pred.answer) <= 1 else 0.0", ["a", "b"], "at most 1 item."),
        ("return float(all(one.islower() for one in pred.answer))", ["Pump"], "lower case"),
        ("return 1.0 if pred.answer else 0.0", False, 'exactly "True"'),
        ("if pred.answer:\n        return 0.0\n    return 1.0", True, 'exactly "False"'),
    ],
)
def test_advice_on_lists_and_bools_is_in_their_own_words(code, output, wanted):
    assert wanted in advice(body(code), {"answer": output})["advice"]["answer"]


@pytest.mark.parametrize("output", ["", "no", ["a"], 0])
def test_a_value_that_is_no_bool_is_not_asked_to_be_true(output):
    assert "True" not in str(advice(body("return 1.0 if pred.answer else 0.5"), {"answer": output})["advice"])


@pytest.mark.parametrize(
    ("condition", "better"),
    [
        ("len(pred.answer.split()) == 1", "Brussels."),
        ("pred.answer.startswith('Well,')", "Well, The capital of Belgium is Brussels."),
        ("pred.answer.endswith('!')", "The capital of Belgium is Brussels!"),
        ("pred.answer in ('yes', 'no')", "yes"),
    ],
)
def test_the_advice_works_as_a_hint(condition, better):
    said = advice(body(f"return float({condition})"), {"answer": "The capital of Belgium is Brussels."})
    assert value("question -> answer", said["advice"]["answer"], question=CAPITAL) == better
    assert "short and exact" in str(
        advice(body(f"return float({condition})"), {"answer": better})["advice"]
    ), "met"


def test_what_already_holds_is_to_be_kept():
    code = body("return 0.5 * (len(pred.answer.split()) == 1) + 0.5 * pred.answer.isalpha()")
    said = advice(code, {"answer": "Brussels."})["advice"]["answer"]
    assert said.startswith("Use letters only")
    assert "one single word" in said


def test_advice_names_only_the_modules_of_the_program_and_all_of_them():
    for seed in range(20):
        said = advice(body("return 1.0"), {"answer": "x"}, seed=seed, temperature=1.0, modules=TWO_MODULES)
        assert list(said["advice"]) == TWO_MODULES
        assert sum(entry != "N/A" for entry in said["advice"].values()) == 1


def test_it_is_mostly_right_and_sometimes_wrong():
    said = Counter(
        advice(body("return float(len(pred.answer.split()) == 1)"), {"answer": "so many words"}, seed=s, temperature=1.0, modules=TWO_MODULES)["advice"]["answer"]
        for s in range(60)
    )  # fmt: skip
    assert said.most_common(1)[0][0] == "Answer with one single word."
    assert 0.5 < said["Answer with one single word."] / 60 < 1


def test_a_gap_left_open_points_to_the_module_that_left_something_out():
    code = body("return 1.0 if re.search(r'[A-Z]{2}-\\d{4}', pred.letter) else 0.0")
    vague, gap = "We will look into it.", "We look into order [order number]."
    for letter, blamed in ((vague, "write"), (gap, "extract")):
        trajectory = [
            {
                "module_name": "extract",
                "inputs": {"mail": "My order KT-4471 is late."},
                "outputs": {"facts": ["late"]},
            },
            {"module_name": "write", "inputs": {"facts": ["late"]}, "outputs": {"letter": letter}},
        ]
        said = advice(
            code, {"facts": ["late"], "letter": letter}, trajectory=trajectory, modules=("extract", "write")
        )
        assert [m for m, entry in said["advice"].items() if entry != "N/A"] == [blamed]


def test_a_reward_that_cannot_be_read_is_answered_from_its_own_words():
    said = advice("not python at all (", {"answer": "x"}, says="the tone is too cold")
    assert "the tone is too cold" in said["advice"]["answer"]


@pytest.mark.parametrize("code", ["", "x" * 30_000, "(" * 5_000, "a = b\nb = a\n" + body("return a"), "\x00"])
def test_no_reward_source_upsets_the_adviser(code):
    assert advice(code, {"answer": "x"})["advice"]["answer"] != "N/A"


def test_names_within_names_do_not_make_reading_slow():
    chain = "".join(f"    a{i} = {' + '.join([f'a{i + 1}'] * 20)}\n" for i in range(40))
    assert (
        len(
            find_checks(
                f"def reward(args, pred):\n{chain}    a40 = pred.answer == 'x'\n    return a0\n",
                {"answer": "y"},
            )
        )
        <= 1
    )
