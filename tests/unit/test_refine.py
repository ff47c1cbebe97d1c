"""Refine and BestOfN with a scripted model: temperatures, hints, selection, failures, events."""

from __future__ import annotations

import gc
import json
import weakref

import pytest

from refine_core import (
    BestOfN,
    ChainOfThought,
    Collector,
    LMError,
    Module,
    Predict,
    Prediction,
    Refine,
    Scope,
    ScriptedLM,
    context,
    settings,
    use_scope,
)
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


def test_a_run_below_its_threshold_makes_n_attempts_and_n_minus_1_requests():
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


def test_best_of_n_asks_for_no_advice():
    lm = model(lambda m, p: reply(answer=f"{p['temperature']:.2f}"))
    with context(lm=lm):
        best = BestOfN(Predict("q -> answer"), N=4, reward_fn=lambda a, p: float(p.answer), threshold=None)(
            q="?"
        )
    assert len(lm.calls) == 4
    assert best.answer == f"{0.5 + 2 * 0.5 / 4:.2f}"


def test_no_model_says_so():
    with pytest.raises(LMError, match="No model is set"):
        Predict("q -> answer")(q="?")


def test_the_program_itself_is_left_as_it_was():
    program = Predict("q -> answer")
    with context(lm=answering("a", "b")):
        Refine(program, N=2, reward_fn=rewards(0, 1), threshold=1)(q="?")
    assert program.lm is None
    assert program.attempt_context is None


def test_the_events_of_an_attempt_come_in_order():
    log = Collector()
    with context(lm=answering("a")), use_scope(Scope(sinks=(log,))):
        Refine(Predict("q -> answer"), N=1, reward_fn=rewards(1), threshold=1)(q="?")
    assert [(span.path, type(e).__name__) for span, e in log.facts] == [
        ("attempt-0", "AttemptStarted"),
        ("attempt-0/self", "ModuleStarted"),
        ("attempt-0/self/lm", "LMRequested"),
        ("attempt-0/self/lm", "LMReplied"),
        ("attempt-0/self", "PredictorTraced"),
        ("attempt-0/self", "ModuleEnded"),
        ("attempt-0", "RewardStarted"),
        ("attempt-0", "RewardScored"),
    ]


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


class Remembered(Module):
    """Notes a weak reference to the predictor of each copy that runs, and how many there are meanwhile."""

    def __init__(self):
        self.answer = Predict("question -> answer")
        self.notes = Notes()

    def forward(self, question):
        self.notes.copies.append(weakref.ref(self.answer))
        self.notes.alive.append(sum(ref() is not None for ref in self.notes.copies))
        return self.answer(question=question)


class Notes:
    """Shared by all copies."""

    def __init__(self):
        self.copies, self.alive = [], []

    def __deepcopy__(self, memo):
        return self


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    "values", [(0.1, 0.5, 0.2, 0.3, 0.4, 0.1), (0.3,) * 6, (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)]
)
def test_only_the_best_attempt_and_the_last_stay_in_memory(values):
    """The others are freed at once, and not when Python's collector comes by."""
    program = Remembered()
    refine = BestOfN(program, N=6, reward_fn=rewards(*values), threshold=1.0)
    gc.collect()
    gc.disable()
    try:
        with context(lm=ScriptedLM(lambda *_: {"answer": "Brussels"}), trace=None):
            refine(question="?")
        assert len(program.notes.copies) == 6
        assert max(program.notes.alive) <= 3, "the best one, the last one and the one that runs"
        assert [ref() for ref in program.notes.copies] == [None] * 6
    finally:
        gc.enable()


@pytest.mark.fault(43)
def test_an_attempt_that_failed_leaves_nothing_in_memory_after_the_run():
    program = Remembered()

    def reward(_, __):
        if len(program.notes.copies) == 2:
            raise ValueError
        return 0.1

    refine = BestOfN(program, N=3, reward_fn=reward, threshold=1.0)
    gc.collect()
    gc.disable()
    try:
        with context(lm=ScriptedLM(lambda *_: {"answer": "Brussels"}), trace=None):
            refine(question="?")
        assert [ref() for ref in program.notes.copies] == [None] * 3
    finally:
        gc.enable()


@pytest.mark.fault(43)
def test_one_error_raised_by_several_runs_has_its_note_once():
    error = ValueError("always the same")

    def reward(_, __):
        raise error

    with context(lm=ScriptedLM(lambda *_: {"answer": "Brussels"})):
        for _ in range(2):
            with pytest.raises(ValueError, match="always"):
                BestOfN(Predict("question -> answer"), N=2, reward_fn=reward, threshold=1.0)(question="?")
    assert error.__notes__ == ["2 of 2 attempts failed; this is the last failure."]


@pytest.mark.fault(43)
def test_rollout_ids_are_counted_from_the_models_own():
    lm = ScriptedLM(lambda *_: {"answer": "Brussels"}).copy(rollout_id=7)
    with context(lm=lm):
        BestOfN(Predict("question -> answer"), 3, rewards(0.1, 0.2, 0.3), 1.0, schedule="dspy-3")(
            question="?"
        )
    assert [call.params.get("rollout_id") for call in lm.calls] == [7, 8, 9]
