"""The worked examples tell the stories that they promise, on the real driver and the practice model."""

from __future__ import annotations

import dataclasses
import re

import pytest

from refine_core.events import (
    AdviceGiven,
    AttemptFailed,
    LMRetried,
    ParseFailed,
    PredictorTraced,
    RewardScored,
)
from refine_core.log.scope import Collector, Scope
from refine_core.loop import Plan
from refine_core.practice import PracticeLM
from refine_core.refine.build import Pipeline, find_problems
from refine_core.refine.driver import Driver
from refine_core.refine.scoring import FunctionScorer
from refine_core.rewards import Score
from refine_core.spec.examples import EXAMPLES


def reward_of(spec):
    names = {"Score": Score}
    exec(spec.reward, names)
    return names["reward"]


def everything(key, seed=None):
    """Every event of one run with its place, the reward called in this process."""
    spec = EXAMPLES[key].spec
    program = Pipeline(spec)
    program.set_lm(PracticeLM(spec.seed if seed is None else seed, temperature=spec.model.temperature))
    heard = Collector()
    driver = Driver(
        program=program,
        scorer=FunctionScorer(reward_of(spec), spec.reward),
        plan=Plan.of(spec.N, spec.model.temperature, spec.threshold, spec.fail_count),
        inputs=spec.inputs,
        scope=Scope((heard,)),
    )
    driver.run()
    return heard.facts


def run(key, seed=None):
    """The events of one run."""
    return [event for _, event in everything(key, seed)]


def rewards(facts):
    return [
        f.value if isinstance(f, RewardScored) else f.error.type
        for f in facts
        if isinstance(f, (RewardScored, AttemptFailed))
    ]


def blamed(facts):
    return [
        [m for m, entry in f.advice.items() if entry != "N/A"] for f in facts if isinstance(f, AdviceGiven)
    ]


@pytest.mark.parametrize("key", EXAMPLES)
def test_every_example_can_run(key):
    example = EXAMPLES[key]
    assert find_problems(example.spec) == []
    assert (example.key, example.spec.example) == (key, key)
    assert example.teaches.endswith(".")
    assert len(re.findall(r"[.](?: |$)", example.look_for)) == 2, "two sentences"


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_run_repeats_exactly(key):
    assert rewards(run(key)) == rewards(run(key))


def test_one_word_needs_two_hints():
    facts = run("one_word")
    assert rewards(facts) == [0.2, 0.6, 1.0]
    assert len(blamed(facts)) == 2


def test_json_scores_nothing_until_it_parses():
    facts = run("json")
    assert rewards(facts) == [0.0, 0.8, 1.0]
    assert EXAMPLES["json"].look_for.endswith("The last part comes once a hint asks for the date.")
    last = [f for f in facts if isinstance(f, AdviceGiven)][-1]
    assert last.advice["extract"].startswith("Mention the date."), "as the text says"
    gained = [
        {name for name, value in f.parts.items() if value} for f in facts if isinstance(f, RewardScored)
    ]
    assert gained[-1] - gained[-2] == {"date"}


def test_a_length_band_gains_its_parts_one_after_the_other():
    facts = run("length")
    scores = [f for f in facts if isinstance(f, RewardScored)]
    assert rewards(facts)[-1] == 1.0
    assert len({tuple(score.parts.items()) for score in scores}) >= 3
    assert any(0 < score.parts["length"] < 0.5 for score in scores), "partial credit"


def test_the_gamed_reward_pays_for_a_reply_that_helps_nobody():
    facts = run("gamed")
    replies = [f.outputs["reply"] for f in facts if isinstance(f, PredictorTraced)]
    assert rewards(facts) == [0.0, 0.5, 0.75, 1.0]
    assert "new kettle is on its way" in replies[0]
    assert "kettle" not in replies[-1]


def test_the_threshold_out_of_reach_stays_out_of_reach():
    facts = run("out_of_reach")
    assert max(rewards(facts)) == 0.9
    assert len(rewards(facts)) == EXAMPLES["out_of_reach"].spec.N


def test_the_bug_meets_only_the_best_answers():
    facts = run("bug")
    assert rewards(facts)[:3] == [0.2, 0.6, "ZeroDivisionError"]


def test_two_stages_blames_the_wrong_one_first():
    facts = run("two_stages")
    assert rewards(facts) == [0.2, 0.2, 0.6, 1.0]
    assert blamed(facts) == [["write"], ["extract"], ["extract"]]


def test_flaky_fails_in_both_ways_and_gets_there_all_the_same():
    """Which attempts fail depends on the seed and on every word of the prompts: if those change, choose another seed."""
    facts = everything("flaky")
    told = rewards([event for _, event in facts])
    assert {"ParseError", "LMTimeoutError"} <= set(told)
    assert told[-1] == 1.0
    assert len(told) <= 6, "a story that can be told in one sitting"
    assert any(isinstance(event, LMRetried) for _, event in facts)
    unread = [span for span, event in facts if isinstance(event, ParseFailed)]
    read = {span for span, event in facts if isinstance(event, PredictorTraced)}
    assert [span for span in unread if span in read], "a reply that was read on the second asking"
    assert [span for span in unread if unread.count(span) == 2], "one that was not read even then"


def test_the_other_examples_have_nothing_to_ask_again():
    for key in set(EXAMPLES) - {"flaky"}:
        assert not [event for event in run(key) if isinstance(event, (ParseFailed, LMRetried))]


@pytest.mark.parametrize(("key", "least"), [("one_word", 18), ("two_stages", 15), ("flaky", 14)])
def test_most_seeds_reach_the_threshold(key, least):
    assert sum(1.0 in rewards(run(key, seed)) for seed in range(20)) >= least


@pytest.mark.parametrize("key", EXAMPLES)
def test_another_seed_is_another_run(key):
    assert len({tuple(rewards(run(key, seed))) for seed in range(12)}) > 1


@dataclasses.dataclass
class Said:
    answer: str = ""
    reply: str = ""
    sentiment: str = ""
    confidence: float = 0.0


@pytest.mark.parametrize(
    ("answer", "value"),
    [("Brussels", 1.0), ("Brussels.", 0.6), ('"Brussels"', 0.6), ("It is Brussels.", 0.2), ("", 0.2), ("Brussels ", 0.6)],
)  # fmt: skip
def test_the_reward_of_one_word_scores_what_it_claims(answer, value):
    assert reward_of(EXAMPLES["one_word"].spec)({}, Said(answer=answer)) == value


@pytest.mark.parametrize(
    ("reply", "value"),
    [("Order KT-4471, before 14 March.", 1.0), ("Order KT-4471.", 0.6), ("Order KT-9999, 15 March.", 0.2), ("word " * 50 + "KT-4471 14 March", 0.8)],
)  # fmt: skip
def test_the_reward_of_two_stages_scores_what_it_claims(reply, value):
    spec = EXAMPLES["two_stages"].spec
    score = reward_of(spec)(spec.inputs, Said(reply=reply))
    assert score.value == value
    assert sum(score.parts.values()) == pytest.approx(value)


@pytest.mark.parametrize(
    ("mood", "sure", "value"),
    [("neutral", 0.5, 1.0), ("neutral", 0.9, 0.6), ("positive", 0.5, 0.4), ("negative", 1, 0)],
)
def test_the_reward_of_flaky_scores_what_it_claims(mood, sure, value):
    assert reward_of(EXAMPLES["flaky"].spec)({}, Said(sentiment=mood, confidence=sure)) == value
