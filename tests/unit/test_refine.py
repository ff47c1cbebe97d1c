"""Refine and BestOfN with a scripted model: temperatures, hints, selection, failures, events."""

from __future__ import annotations

import json
import logging

import pytest

from refine_core import (
    BestOfN,
    ChainOfThought,
    Collector,
    InputError,
    LMError,
    Module,
    ParseError,
    Predict,
    Prediction,
    Refine,
    Scope,
    Score,
    ScriptedLM,
    SpecError,
    context,
    settings,
    within,
)
from refine_core import events as ev
from tests.prompts import advice, asks_for_advice, model, reply, section


class TwoStep(Module):
    def __init__(self):
        self.draft = ChainOfThought("question -> draft")
        self.answer = Predict("question, draft -> answer")

    def forward(self, question):
        draft = self.draft(question=question).draft
        return self.answer(question=question, draft=draft)


def rewards(*values):
    """A reward that gives these values in turn."""
    left = list(values)

    def reward(args, pred):
        value = left.pop(0)
        if isinstance(value, Exception):
            raise value
        return value

    return reward


def answering(*texts):
    left = list(texts)
    return model(lambda m, p: reply(answer=left.pop(0)), lambda m: advice(self="be brief"))


def test_a_run_that_never_reaches_its_threshold_makes_n_attempts_and_n_minus_one_requests_for_advice():
    lm = answering("a", "b", "c")
    with context(lm=lm):
        best = Refine(Predict("q -> answer"), N=3, reward_fn=rewards(0.1, 0.3, 0.2), threshold=1.0)(q="?")
    assert best.answer == "b"
    assert [asks_for_advice(c.messages) for c in lm.calls] == [False, True, False, True, False]
    assert best.refinement.rewards == (0.1, 0.3, 0.2)
    assert best.refinement.reason == "attempts_used_up"


def test_the_temperatures_follow_the_schedule_and_advice_keeps_the_models_own():
    lm = answering("a", "b", "c")
    lm.kwargs["temperature"] = 0.7
    with context(lm=lm):
        Refine(Predict("q -> answer"), N=3, reward_fn=rewards(0, 0, 0), threshold=1)(q="?")
    assert [c.params["temperature"] for c in lm.calls] == pytest.approx([0.7, 0.7, 0.5, 0.7, 0.5 + 0.5 / 3])


def test_reaching_the_threshold_stops():
    lm = answering("a", "b")
    with context(lm=lm):
        best = Refine(Predict("q -> answer"), N=5, reward_fn=rewards(0.1, 0.9), threshold=0.9)(q="?")
    assert (best.answer, best.refinement.reason, best.refinement.returned) == ("b", "threshold_reached", 1)


def test_a_tie_keeps_the_first():
    with context(lm=answering("a", "b")):
        assert (
            Refine(Predict("q -> answer"), N=2, reward_fn=rewards(0.5, 0.5), threshold=1)(q="?").answer == "a"
        )


def test_hints_reach_the_predictor_that_they_name_as_its_last_input():
    lm = model(
        lambda m, p: reply(reasoning="r", draft="d", answer="a"),
        lambda m: advice(draft__predict="N/A", answer="answer with one word"),
    )
    with context(lm=lm):
        Refine(TwoStep(), N=2, reward_fn=rewards(0, 0), threshold=1)(question="?")
    first, second = (
        [c.messages for c in lm.calls if not asks_for_advice(c.messages)][:2],
        [c.messages for c in lm.calls if not asks_for_advice(c.messages)][2:],
    )
    assert [section(m, "hint_") for m in first] == [None, None]
    assert [section(m, "hint_") for m in second] == ["N/A", "answer with one word"]
    user = second[1][-1]["content"]
    assert user.index("[[ ## draft ## ]]") < user.index("[[ ## hint_ ## ]]") < user.index("Reply with")


def test_the_log_holds_hints_and_the_returned_trace_does_not():
    log, trace = Collector(), []
    with context(lm=answering("a", "b"), trace=trace), within(Scope(sinks=(log,))):
        Refine(Predict("q -> answer"), N=2, reward_fn=rewards(0, 1), threshold=1)(q="?")
    assert [e.hint for e in log.events if isinstance(e, ev.ModuleStarted)] == [None, "be brief"]
    assert [inputs for _, inputs, _ in trace] == [{"q": "?"}]


def test_advice_is_asked_with_the_nine_inputs_in_order():
    lm = model(lambda m, p: reply(reasoning="r", draft="d", answer="a"), lambda m: advice(answer="x"))
    with context(lm=lm):
        Refine(TwoStep(), N=2, reward_fn=rewards(0.25, 0), threshold=0.5)(question="é?")
    (asked,) = [c.messages for c in lm.calls if asks_for_advice(c.messages)]
    names = [
        "program_code", "modules_defn", "program_inputs", "program_trajectory", "program_outputs",
        "reward_code", "target_threshold", "reward_value", "module_names",
    ]  # fmt: skip
    user = asked[-1]["content"]
    places = [user.index(f"[[ ## {name} ## ]]") for name in names]
    assert places == sorted(places)
    assert "class TwoStep(Module)" in section(asked, "program_code")
    assert json.loads(section(asked, "program_inputs")) == {"question": "é?"}
    assert json.loads(section(asked, "program_trajectory")) == [
        {
            "module_name": "draft.predict",
            "inputs": {"question": "é?"},
            "outputs": {"reasoning": "r", "draft": "d"},
        },
        {"module_name": "answer", "inputs": {"question": "é?", "draft": "d"}, "outputs": {"answer": "a"}},
    ]
    assert section(asked, "target_threshold") == "0.5"
    assert section(asked, "reward_value") == "0.25"
    assert json.loads(section(asked, "module_names")) == ["draft.predict", "answer"]
    assert "def reward(args, pred)" in section(asked, "reward_code")


def test_the_rewards_own_words_reach_the_advice():
    lm = answering("a", "b")
    with context(lm=lm):
        Refine(
            Predict("q -> answer"), N=2, reward_fn=rewards(Score(0.2, "no year is named"), 1.0), threshold=1
        )(q="?")
    assert "no year is named" in section(lm.calls[1].messages, "reward_value")


def test_an_error_in_asking_for_advice_costs_no_attempt_and_is_told():
    log = Collector()
    lm = model(lambda m, p: reply(answer="a"), lambda m: "no markers at all")
    with context(lm=lm), within(Scope(sinks=(log,))):
        best = Refine(Predict("q -> answer"), N=3, reward_fn=rewards(0, 0, 0), threshold=1, fail_count=0)(
            q="?"
        )
    assert len(best.refinement.attempts) == 3
    assert [e.after for e in log.events if isinstance(e, ev.AdviceFailed)] == [0, 1]


def test_after_a_failure_the_latest_good_advice_stays_in_force():
    lm = answering("a", "b", "c")
    with context(lm=lm):
        best = Refine(Predict("q -> answer"), N=3, reward_fn=rewards(0.1, ValueError("x"), 0.2), threshold=1)(
            q="?"
        )
    assert best.refinement.hints == ({}, {"self": "be brief"}, {"self": "be brief"})
    assert sum(asks_for_advice(c.messages) for c in lm.calls) == 1


def test_one_failure_more_than_tolerated_raises_the_last_error_with_a_note():
    with context(lm=answering("a", "b", "c")), pytest.raises(ZeroDivisionError, match="two") as caught:
        Refine(
            Predict("q -> answer"),
            N=5,
            reward_fn=rewards(ValueError("one"), ZeroDivisionError("two")),
            threshold=1,
            fail_count=1,
        )(q="?")
    assert caught.value.__notes__ == ["2 of 5 attempts failed; this is the last failure."]


def test_failures_do_not_leak_from_one_call_to_the_next():
    refine = Refine(
        Predict("q -> answer"),
        N=2,
        reward_fn=rewards(ValueError(), 1.0, ValueError(), 1.0),
        threshold=1,
        fail_count=1,
    )
    with context(lm=answering("a", "b", "c", "d")):
        assert refine(q="?").answer == "b"
        assert refine(q="?").answer == "d"


def test_when_every_attempt_failed_the_error_is_raised_and_never_none_returned():
    with context(lm=ScriptedLM(["nothing"] * 4)), pytest.raises(ParseError):
        Refine(Predict("q -> answer"), N=2, reward_fn=rewards(), threshold=1)(q="?")


@pytest.mark.parametrize("bad", [None, "1.0", float("nan"), float("inf"), [1]])
def test_a_reward_of_the_wrong_kind_is_a_failure_and_not_a_silent_zero(bad):
    from refine_core import RewardError

    with context(lm=answering("a")), pytest.raises(RewardError):
        Refine(Predict("q -> answer"), N=1, reward_fn=rewards(bad), threshold=1)(q="?")


def test_best_of_n_asks_for_no_advice():
    lm = model(lambda m, p: reply(answer=f"{p['temperature']:.2f}"))
    with context(lm=lm):
        best = BestOfN(Predict("q -> answer"), N=4, reward_fn=lambda a, p: float(p.answer), threshold=None)(
            q="?"
        )
    assert len(lm.calls) == 4
    assert best.answer == f"{0.5 + 2 * 0.5 / 4:.2f}"


def test_no_model_says_so():
    with pytest.raises(LMError, match="no model is set"):
        Predict("q -> answer")(q="?")


def test_a_missing_input_names_the_field_and_the_signature():
    with (
        context(lm=answering("a")),
        pytest.raises(InputError, match=r"input 'b' of 'a, b -> answer' is missing"),
    ):
        Predict("a, b -> answer")(a=1)


def test_n_below_one_is_refused_before_anything_is_spent():
    with pytest.raises(SpecError, match="at least 1"):
        Refine(Predict("q -> answer"), N=0, reward_fn=rewards(), threshold=1)


def test_several_models_in_one_program_each_keep_their_own():
    program = TwoStep()
    ones = [
        model(lambda m, p: reply(reasoning="r", draft="d")),
        model(lambda m, p: reply(answer="a"), lambda m: advice(answer="x")),
    ]
    program.draft.predict.lm, program.answer.lm = ones
    refine = Refine(program, N=2, reward_fn=rewards(0, 1), threshold=1, advice_lm=ones[1])
    assert refine(question="?").answer == "a"
    assert [c.params["temperature"] for c in ones[0].calls] == [0.0, 0.5]
    with pytest.raises(ValueError, match="several models"):
        program.get_lm()


def test_the_program_itself_is_left_as_it_was():
    program = Predict("q -> answer")
    with context(lm=answering("a", "b")):
        Refine(program, N=2, reward_fn=rewards(0, 1), threshold=1)(q="?")
    assert program.lm is None
    assert program.ride is None


def test_hints_survive_a_users_own_threads():
    """They ride on the attempt's copy, since a thread pool copies no context."""
    from concurrent.futures import ThreadPoolExecutor

    class Threaded(Module):
        def __init__(self):
            self.answer = Predict("q -> answer")

        def forward(self, q):
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(self.answer, q=q).result()

    log = Collector()
    lm = model(lambda m, p: reply(answer="a"), lambda m: advice(answer="be brief"))
    with context(lm=lm), within(Scope(sinks=(log,))):
        Refine(Threaded(), N=2, reward_fn=rewards(0, 1), threshold=1)(q="?")
    told = [(span, e.hint) for span, e in log.facts if isinstance(e, ev.ModuleStarted)]
    assert told == [("attempt-0/answer", None), ("attempt-1/answer", "be brief")]


def test_nothing_is_printed(capsys, caplog):
    with caplog.at_level(logging.INFO, "refine_core"), context(lm=answering("a", "b")):
        Refine(Predict("q -> answer"), N=2, reward_fn=rewards(ValueError("oops"), 1), threshold=1)(q="?")
    assert capsys.readouterr() == ("", "")
    assert "oops" in caplog.text


def test_the_events_of_an_attempt_come_in_order():
    log = Collector()
    with context(lm=answering("a")), within(Scope(sinks=(log,))):
        Refine(Predict("q -> answer"), N=1, reward_fn=rewards(1), threshold=1)(q="?")
    assert [(span, type(e).__name__) for span, e in log.facts] == [
        ("attempt-0", "AttemptStarted"),
        ("attempt-0/self", "ModuleStarted"),
        ("attempt-0/self/lm", "LMRequested"),
        ("attempt-0/self/lm", "LMReplied"),
        ("attempt-0/self", "PredictorTraced"),
        ("attempt-0/self", "ModuleEnded"),
        ("attempt-0", "RewardStarted"),
        ("attempt-0", "RewardScored"),
    ]


def test_a_program_must_return_a_prediction():
    class Wrong(Module):
        def __init__(self):
            self.answer = Predict("q -> answer")

        def forward(self, q):
            return "text"

    with context(lm=answering("a")), pytest.raises(TypeError, match="must return a Prediction"):
        Refine(Wrong(), N=1, reward_fn=rewards(1), threshold=1)(q="?")


def test_named_predictors_walk_lists_dicts_and_shared_ones_once():
    class Tree(Module):
        def __init__(self):
            self.one = Predict("a -> b")
            self.many = [Predict("a -> b"), {"k": ChainOfThought("a -> b")}]
            self.again = self.one

    assert [name for name, _ in Tree().named_predictors()] == ["one", "many[0]", "many[1]['k'].predict"]
    assert [name for name, _ in Predict("a -> b").named_predictors()] == ["self"]


def test_context_holds_for_a_block_and_configure_for_the_process():
    one, two = ScriptedLM([]), ScriptedLM([])
    settings.configure(lm=one)
    try:
        with context(lm=two):
            assert settings.lm is two
        assert settings.lm is one
    finally:
        settings.configure(lm=None)
    with pytest.raises(TypeError, match="no setting 'llm'"):
        settings.configure(llm=one)


def test_a_prediction_reads_as_attribute_and_item_and_says_what_it_has():
    made = Prediction(answer="a", score=0.5)
    assert (made.answer, made["answer"], "answer" in made, float(made), made > 0.4) == (
        "a",
        "a",
        True,
        0.5,
        True,
    )
    with pytest.raises(AttributeError, match="its fields are: answer, score"):
        made.anwser  # noqa: B018
