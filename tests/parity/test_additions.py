"""What refine_core has and dspy.Refine has not. See test_differences.py."""

# ruff: noqa: D205 - a docstring here says what the original does, and then what we do

from __future__ import annotations

import asyncio

from refine_core import BestOfN, Predict, Refine, Score, ScriptedLM, Validator, context
from tests import prompts
from tests.parity.stage import advice, answering, asks_for_advice, reply, scoring, shown


def test_a_rewards_own_words_reach_the_advice():
    """The original's adviser sees a number and the reward's source. Here a reward may also say why, as a Score or as a
    prediction with `score` and `feedback`, such as a judge's; the adviser reads those words.
    """
    judged = type("Judged", (), {"score": 0.3, "feedback": "and no source"})()
    lm = prompts.model(answering("a", "b", "c"), lambda m: advice(self="be brief"))
    with context(lm=lm):
        best = Refine(
            Predict("q -> answer"),
            N=3,
            reward_fn=scoring(Score(0.2, "no year is named", {"length": 0.4}), judged, 1),
            threshold=1,
        )(q="?")
    first, second = [
        shown(call.messages)["reward_value"] for call in lm.calls if asks_for_advice(call.messages)
    ]
    assert "no year is named" in first
    assert "and no source" in second
    assert best.refinement.rewards == (0.2, 0.3, 1.0)
    assert best.refinement.attempts[0].parts == {"length": 0.4}


def test_a_validators_message_reaches_the_advice_word_for_word():
    """The original has no such thing: a rule is part of the reward, and the adviser has to guess which of them was
    broken. Here a rule has a name, a check and a message, and the message is told as it is written.
    """
    lm = prompts.model(answering("a", "b"), lambda m: advice(self="be brief"))
    rule = Validator("short", lambda args, pred: pred.answer != "a", "At most three words, «please».")
    with context(lm=lm):
        best = Refine(
            Predict("q -> answer"), N=3, reward_fn=lambda a, p: 1.0, threshold=1.0, validators=[rule]
        )(q="?")
    assert best.answer == "b"
    assert best.refinement.attempts[0].unmet == {"short": "At most three words, «please»."}
    (asked,) = [call.messages for call in lm.calls if asks_for_advice(call.messages)]
    assert "At most three words, «please»." in shown(asked)["reward_value"]


def test_on_attempt_hears_of_each_attempt_as_it_ends():
    """The original says nothing until the end. Here a function, sync or async, is told of each attempt, failed or not,
    with its prediction.
    """
    heard = []

    async def listen(tried):
        heard.append((tried.index, tried.reward, tried.error and tried.error.type))

    def refine():
        return BestOfN(
            Predict("q -> answer"),
            N=3,
            reward_fn=scoring(0.1, ValueError("no"), 0.2),
            threshold=1,
            on_attempt=listen,
        )

    told = [(0, 0.1, None), (1, None, "ValueError"), (2, 0.2, None)]
    with context(lm=ScriptedLM([reply(answer=one) for one in "abcdef"])):
        refine()(q="?")
        assert heard == told
        asyncio.run(refine().acall(q="?"))
    assert heard == told * 2


def test_the_result_carries_how_it_came_about():
    """The original returns the best prediction and nothing about the others. Here it has `.refinement`: attempts,
    rewards, temperatures, hints and why it stopped.
    """
    lm = prompts.model(answering("a", "b"), lambda m: advice(self="be brief"))
    with context(lm=lm):
        told = Refine(Predict("q -> answer"), N=3, reward_fn=scoring(0.1, 1), threshold=1)(q="?").refinement
    assert (told.rewards, told.temperatures) == ((0.1, 1.0), (0.0, 0.5))
    assert told.hints == ({}, {"self": "be brief"})
    assert (told.reason, told.best, told.returned) == ("threshold_reached", 1, 1)
