"""Where refine_core differs from dspy.Refine, on purpose: each difference is one test. Here: the loop itself.

A docstring says what the original, dspy 2.6.23, does, and why this does not. A scene is a program that runs with either
library; what `theirs` gives is the original's own behaviour, run in its own environment.

    test_differences.py              failures, hints, advice, rewards
    test_differences_around.py       programs and their inputs, models, adapters, batches, files
    test_additions.py                what the original does not have
"""

# ruff: noqa: D205 - a docstring here says what the original does, and then what we do

from __future__ import annotations

import pytest

from refine_core import (
    Collector,
    LMError,
    Predict,
    Refine,
    RewardError,
    RewardRunner,
    Scope,
    ScriptedLM,
    context,
    use_scope,
)
from refine_core import events as ev
from tests import prompts
from tests.parity.stage import advice, answering, ours, outcome, reply, scoring, shown, theirs

pytestmark = pytest.mark.timeout(900)  # the first test may have to wait for pip


# --- failures


def test_failures_are_counted_afresh_for_each_call():
    """The original takes each failure off `self.fail_count`, and never puts it back: a program that has served for a
    day gives up at the first failure. Here every call tolerates as many as the one before.
    """

    def scene(dspy, model):
        rewards = scoring(ValueError(), 1, ValueError(), 1, ValueError(), 1)
        refine = dspy.Refine(dspy.Predict("q -> answer"), N=2, reward_fn=rewards, threshold=1, fail_count=1)
        with dspy.context(lm=model(answering(*"abcdef"))):
            return [outcome(lambda: refine(q="?").answer) for _ in range(3)]

    assert ours(scene) == ["b", "d", "f"]
    assert theirs(scene) == ["b", "d", "ValueError"]


def test_fail_count_is_how_many_failed_attempts_are_tolerated():
    """The original compares an attempt's index with a count that shrinks, so that one late failure ends a call that
    tolerates three. Here `fail_count` is the number that its documentation promises, and one more is too many.
    """

    def scene(dspy, model):
        def run(fail_count, *rewards):
            best = dspy.BestOfN(
                dspy.Predict("q -> answer"),
                len(rewards),
                scoring(*rewards),
                threshold=1,
                fail_count=fail_count,
            )
            with dspy.context(lm=model(answering(*"abcde"))):
                return outcome(lambda: best(q="?").answer)

        return [
            run(3, 0.1, 0.2, 0.3, 0.4, ValueError()),
            run(2, 0.1, ValueError(), KeyError(), 0.2),
            run(2, 0.1, ValueError(), KeyError(), ZeroDivisionError(), 0.2),
        ]

    assert ours(scene) == ["d", "d", "ZeroDivisionError"]
    assert theirs(scene) == ["ValueError", "KeyError", "KeyError"]


def test_a_fail_count_of_0_tolerates_no_failure():
    """The original reads 0 as "not given", and tolerates N. Whoever writes 0 wants the first failure to be the last."""

    def scene(dspy, model):
        best = dspy.BestOfN(
            dspy.Predict("q -> answer"), N=2, reward_fn=scoring(ValueError(), 1), threshold=1, fail_count=0
        )
        with dspy.context(lm=model(answering("a", "b"))):
            return outcome(lambda: best(q="?").answer)

    assert ours(scene) == "ValueError"
    assert theirs(scene) == "b"


def test_when_every_attempt_failed_the_last_error_is_raised_with_a_note():
    """The original prints each error and returns None, which then fails elsewhere as an AttributeError. Here the last
    error itself is raised, and its note says how many attempts failed.
    """

    def scene(dspy, model):
        rewards = scoring(ValueError("one"), ZeroDivisionError("two"))
        best = dspy.BestOfN(dspy.Predict("q -> answer"), N=2, reward_fn=rewards, threshold=1)
        with dspy.context(lm=model(answering("a", "b"))):
            try:
                return best(q="?")
            except ZeroDivisionError as error:
                return [str(error), *error.__notes__]

    assert ours(scene) == ["two", "2 of 2 attempts failed; this is the last failure."]
    assert theirs(scene) is None


# --- hints and advice


def test_hints_are_keyed_by_the_predictors_name():
    """The original finds a predictor's hint by its signature, so of two predictors with one signature both are told
    what was meant for the last. A name is what the adviser was asked for, and no two predictors share one.
    """

    def scene(dspy, model):
        class Twice(dspy.Module):
            def __init__(self):
                super().__init__()
                signature = dspy.Signature("text -> answer")
                self.draft, self.polish = dspy.Predict(signature), dspy.Predict(signature)

            def forward(self, text):
                return self.polish(text=self.draft(text=text).answer)

        hints = []

        def answer(messages, params):
            hints.append(shown(messages).get("hint_"))
            return reply(answer="a")

        with dspy.context(lm=model(answer, lambda messages: advice(draft="a draft's", polish="a polish's"))):
            dspy.Refine(Twice(), N=2, reward_fn=scoring(0, 1), threshold=1)(text="?")
        return hints

    assert ours(scene) == [None, None, "a draft's", "a polish's"]
    assert theirs(scene) == [None, None, "a polish's", "a polish's"]


def test_an_error_in_asking_for_advice_costs_no_attempt():
    """The original counts it as a failed attempt, though the attempt had been scored, and may end the call. Here the
    next attempt goes on without new advice, and the log tells why.
    """

    def scene(dspy, model):
        refine = dspy.Refine(
            dspy.Predict("q -> answer"), N=3, reward_fn=scoring(0.1, 0.2, 0.3), threshold=1, fail_count=1
        )
        with dspy.context(lm=model(answering("a", "b", "c"), lambda messages: "no markers at all")):
            return outcome(lambda: refine(q="?").answer)

    assert theirs(scene) == "ValueError"
    log = Collector()
    with use_scope(Scope(sinks=(log,))):
        assert ours(scene) == "c"
    assert [event.after for event in log.events if isinstance(event, ev.AdviceFailed)] == [0, 1]


def test_the_latest_good_advice_stays_and_each_attempt_names_its_source():
    """As in the original, an attempt after a failed one is given the advice from before it. There nobody can see that;
    here the attempt's own event names the attempt that was advised on.
    """
    log, lm = Collector(), prompts.model(answering("a", "b", "c"), lambda m: advice(self="be brief"))
    with context(lm=lm), use_scope(Scope(sinks=(log,))):
        best = Refine(Predict("q -> answer"), N=3, reward_fn=scoring(0.1, ValueError(), 0.2), threshold=1)(
            q="?"
        )
    assert best.refinement.hints == ({}, {"self": "be brief"}, {"self": "be brief"})
    began = [event for event in log.events if isinstance(event, ev.AttemptStarted)]
    assert [event.advice_from for event in began] == [None, 0, 0]


def test_blank_advice_is_no_advice():
    """The original hands on whatever the adviser wrote, a hint of nothing but blanks included. A field without a word
    in it tells a model nothing; here it says N/A, as it does for a predictor that is not to blame.
    """

    def scene(dspy, model):
        hints = []

        def answer(messages, params):
            hints.append(shown(messages).get("hint_"))
            return reply(answer="a")

        with dspy.context(lm=model(answer, lambda messages: advice(self="  "))):
            dspy.Refine(dspy.Predict("q -> answer"), N=2, reward_fn=scoring(0, 1), threshold=1)(q="?")
        return hints

    assert ours(scene) == [None, "N/A"]
    assert theirs(scene) == [None, ""]


def test_advice_that_names_nobody_leaves_everybody_without_advice():
    """The original then drops the hint's field altogether, so that the prompt is that of the first attempt. Here every
    attempt after advice has the field, and it says N/A.
    """

    def scene(dspy, model):
        hints = []

        def answer(messages, params):
            hints.append(shown(messages).get("hint_"))
            return reply(answer="a")

        with dspy.context(lm=model(answer, lambda messages: advice())):
            dspy.Refine(dspy.Predict("q -> answer"), N=2, reward_fn=scoring(0, 1), threshold=1)(q="?")
        return hints

    assert ours(scene) == [None, "N/A"]
    assert theirs(scene) == [None, None]


def test_a_predictor_outside_of_the_programs_tree_runs_without_a_hint():
    """The original looks it up, finds nothing, and the KeyError costs the advice or the attempt. A program may well make
    a predictor as it runs: nobody can be told to advise it, and that is no reason to fail.
    """

    def scene(dspy, model):
        class Program(dspy.Module):
            def forward(self, q):
                return dspy.Predict("q -> answer")(q=q)

        asked = []

        def advise(messages):
            asked.append(messages)
            return advice(someone="be brief")

        with dspy.context(lm=model(answering("a", "b"), advise)):
            program = Program()
            program.other = dspy.Predict("q -> answer")
            refine = dspy.Refine(program, N=2, reward_fn=scoring(0, 1), threshold=1)
            return [outcome(lambda: refine(q="?").answer), len(asked)]

    assert ours(scene) == ["b", 1]
    assert theirs(scene) == ["b", 0]


def test_a_programs_own_threads_see_the_hints_and_add_to_the_trace():
    """The original keeps hints in thread-local settings, which the threads of a program's own pool do not have;
    the trace is lost in the same way. Here both ride on the attempt's copy of each predictor, and go wherever that goes.
    """

    def scene(dspy, model):
        from concurrent.futures import ThreadPoolExecutor

        class Threaded(dspy.Module):
            def __init__(self):
                super().__init__()
                self.answer = dspy.Predict("q -> answer")

            def forward(self, q):
                with ThreadPoolExecutor(1) as pool:
                    return pool.submit(self.answer, q=q).result()

        hints, trace = [], []

        def answer(messages, params):
            hints.append(shown(messages).get("hint_"))
            return reply(answer="a")

        with dspy.context(lm=model(answer, lambda messages: advice(answer="be brief")), trace=trace):
            dspy.Refine(Threaded(), N=2, reward_fn=scoring(0, 1), threshold=1)(q="?")
        return [hints, [inputs for _, inputs, _ in trace if "q" in inputs]]

    assert ours(scene) == [[None, "be brief"], [{"q": "?"}]]
    assert theirs(scene) == [[None, None], []]


def test_nested_refine_gives_each_predictor_the_hints_of_both():
    """The original's outer Refine meets the inner one's copies in the trace and does not know them: a KeyError in the
    place of each request for advice, so that only the inner hints ever arrive. Here a predictor of the inner program is
    told both hints, the outer one first.
    """

    def scene(dspy, model):
        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.draft = dspy.Predict("q -> draft")
                self.polish = dspy.Refine(
                    dspy.Predict("draft -> answer"), N=2, reward_fn=lambda args, pred: 0, threshold=1
                )

            def forward(self, q):
                return self.polish(draft=self.draft(q=q).draft)

        hints = []

        def answer(messages, params):
            hints.append(shown(messages).get("hint_"))
            return reply(draft="d", answer="a")

        def advise(messages):
            outer = "polish.module" in shown(messages)["module_names"]
            return advice(draft="D", polish__module="P") if outer else advice(self="inner")

        with dspy.context(lm=model(answer, advise)):
            outcome(lambda: dspy.Refine(Program(), N=2, reward_fn=scoring(0, 0), threshold=1)(q="?"))
        return hints

    assert ours(scene) == [None, None, "inner", "D", "P", "P\ninner"]
    assert theirs(scene) == [None, None, "inner", None, None, "inner"]


def test_the_trace_does_not_hold_the_hints():
    """The original writes `hint_` into the inputs that the trace holds; its own source has a TODO about it. A trace is
    what a program did, and becomes demos for its next version, which has no such field. The log holds the hints.
    """

    def scene(dspy, model):
        trace = []
        with dspy.context(
            lm=model(answering("a", "b"), lambda messages: advice(self="be brief")), trace=trace
        ):
            dspy.Refine(dspy.Predict("q -> answer"), N=2, reward_fn=scoring(0, 1), threshold=1)(q="?")
        return trace[-1][1]

    assert theirs(scene) == {"q": "?", "hint_": "be brief"}
    log = Collector()
    with use_scope(Scope(sinks=(log,))):
        assert ours(scene) == {"q": "?"}
    assert [event.hint for event in log.events if isinstance(event, ev.ModuleStarted)] == [None, "be brief"]


def test_a_request_for_advice_leaves_no_entry_in_the_trace():
    """The original's requests for advice stand in the caller's trace, before the program's own calls, as if the program
    had made them. Whoever makes demos from a trace would learn from them.
    """

    def scene(dspy, model):
        trace = []
        with dspy.context(
            lm=model(answering("a", "b"), lambda messages: advice(self="be brief")), trace=trace
        ):
            dspy.Refine(dspy.Predict("q -> answer"), N=2, reward_fn=scoring(0, 1), threshold=1)(q="?")
        return ["reward_code" in inputs for _, inputs, _ in trace]

    assert ours(scene) == [False]
    assert theirs(scene) == [True, False]


def test_a_bare_predictor_sends_the_adviser_its_signature():
    """The original sends the source of the module's class, and for a bare Predict that is some 150 lines of dspy itself.
    An adviser can do nothing with them; the signature is what there is to know.
    """

    def scene(dspy, model):
        told = []

        def advise(messages):
            told.append(shown(messages)["program_code"])
            return advice(self="be brief")

        with dspy.context(lm=model(answering("a", "b"), advise)):
            dspy.Refine(dspy.Predict("q -> answer"), N=2, reward_fn=scoring(0, 1), threshold=1)(q="?")
        return told[0]

    assert ours(scene) == "Predict('q -> answer')"
    assert theirs(scene).startswith("class Predict(Module, Parameter):")


def test_source_text_is_carried_so_lambdas_notebooks_and_typed_code_work():
    """The original reads source files when Refine is made, and where there is none, as for code run by `exec`, it raises
    OSError. Here text rides on the function or the module as `__refine_source__`; without it, the adviser is told so.
    """

    def scene(dspy, model):
        text = "def reward(args, pred):\n    return len(pred.answer)\n"
        names = {}
        exec(text, names)
        reward, told = names["reward"], []

        def advise(messages):
            told.append(shown(messages)["reward_code"])
            return advice(self="more")

        def refine():
            with dspy.context(lm=model(answering("a", "bb"), advise)):
                return dspy.Refine(dspy.Predict("q -> answer"), N=2, reward_fn=reward, threshold=2)(
                    q="?"
                ).answer

        without = outcome(refine)
        reward.__refine_source__ = text
        return [without, outcome(refine), *told]

    first, second, unknown, carried = ours(scene)
    assert (first, second) == ("bb", "bb")
    assert unknown == "# the source of reward is not available"
    assert carried == "def reward(args, pred):\n    return len(pred.answer)"
    assert theirs(scene) == ["OSError", "OSError"]


def test_pydantic_values_are_shown_to_the_adviser_as_data():
    """The original shows `<non-serializable: Doc>` in the place of whatever its JSON library does not know. The adviser
    is to say what went wrong with just these values.
    """

    def scene(dspy, model):
        import pydantic

        Doc = pydantic.create_model("Doc", title=(str, ...))
        told = []

        def advise(messages):
            told.append(shown(messages)["program_inputs"])
            return advice(self="be brief")

        with dspy.context(lm=model(answering("a", "b"), advise)):
            refine = dspy.Refine(dspy.Predict("doc -> answer"), N=2, reward_fn=scoring(0, 1), threshold=1)
            refine(doc=Doc(title="Tides"))
        return "Tides" in told[0]

    assert ours(scene) is True
    assert theirs(scene) is False


def test_advice_comes_from_the_chosen_model_the_programs_own_or_the_current():
    """The original asks the one in force, whatever the program itself uses, and there is no way to choose another."""

    def scene(dspy, model, **more):
        asked = []

        def named(name):
            def answer(messages, params):
                return reply(answer="a")

            def advise(messages):
                asked.append(name)
                return advice(self="be brief")

            return model(answer, advise)

        chosen = {key: named(key) for key in more}
        for own in (True, False):
            program = dspy.Predict("q -> answer")
            program.lm = named("own") if own else None
            with dspy.context(lm=named("in force")):
                dspy.Refine(program, N=2, reward_fn=scoring(0, 1), threshold=1, **chosen)(q="?")
        return asked

    assert ours(scene) == ["own", "in force"]
    assert ours(lambda dspy, model: scene(dspy, model, advice_lm=True)) == ["advice_lm", "advice_lm"]
    assert theirs(scene) == ["in force", "in force"]


def test_a_call_without_an_adviser_is_refused_before_it_spends_anything():
    """The original finds out when it wants the advice, after an attempt has been paid for, and counts that as a failure;
    without any model at all it stumbles over None. Here it is the first thing that is looked at.
    """

    def scene(dspy, model):
        spent = []

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.answer = dspy.Predict("q -> answer")

            def forward(self, q):
                spent.append(q)
                return self.answer(q=q)

        program = Program()
        program.set_lm(model(answering("a", "b", "c"), lambda messages: advice(answer="be brief")))
        outcome(
            lambda: dspy.Refine(program, N=3, reward_fn=scoring(0, 0, 0), threshold=1, fail_count=1)(q="?")
        )
        program.set_lm(None)
        error = outcome(lambda: dspy.Refine(program, N=3, reward_fn=scoring(0, 0), threshold=1)(q="?"))
        return [len(spent), error]

    assert ours(scene) == [3, "LMError"]  # the program's own model gives the advice
    assert theirs(scene) == [2, "AttributeError"]
    with pytest.raises(LMError, match=r"No model is set\. Call configure"):
        Refine(Predict("q -> answer"), N=2, reward_fn=scoring(), threshold=1)(q="?")


# --- rewards


@pytest.mark.parametrize("bad", [None, "good", [1]])
def test_a_reward_that_is_no_number_names_its_line(bad):
    """The original compares whatever comes with a number. What does not compare is a TypeError about '>' somewhere in
    dspy, printed and counted; the line at fault is in the reward, and here the error says which.
    """

    def reward(args, pred):
        return bad

    with context(lm=ScriptedLM([reply(answer="a")])), pytest.raises(RewardError) as caught:
        Refine(Predict("q -> answer"), N=1, reward_fn=reward, threshold=1)(q="?")
    assert caught.value.line == reward.__code__.co_firstlineno + 1
    assert "reward in test_differences.py" in str(caught.value)


def test_a_reward_of_nan_is_an_error_and_not_a_silent_zero():
    """To the original NaN is a reward that is never best and reaches no threshold: all N attempts are paid for, and None
    comes back. NaN is what a division by an empty text gives, a fault in the reward.
    """

    def scene(dspy, model):
        best = dspy.BestOfN(
            dspy.Predict("q -> answer"), N=2, reward_fn=lambda args, pred: float("nan"), threshold=1
        )
        with dspy.context(lm=model(answering("a", "b"))):
            return outcome(lambda: best(q="?"))

    assert ours(scene) == "RewardError"
    assert theirs(scene) is None


def test_a_reward_is_the_function_reward_or_the_only_one_of_two_parameters():
    """The original takes a function and no source. Here a reward may also be typed into a page or read from a file: the
    function called `reward`, else the only one that takes two arguments; if that leaves a choice, the person has it.
    """

    def named(source):
        with RewardRunner(source) as runner:
            return runner.name

    assert named("def other(a, b): return 0\ndef reward(args, pred): return 1") == "reward"
    assert named("def words(text): return text.split()\ndef metric(args, pred): return 1") == "metric"
    with pytest.raises(RewardError) as caught:
        named("def one(args, pred): return 1\ndef two(args, pred): return 1")
    assert caught.value.candidates == ("one", "two")


def test_a_reward_may_be_async():
    """The original compares the coroutine with a number, which fails each attempt. Here it is awaited, by sync callers
    as well.
    """

    def scene(dspy, model):
        async def reward(args, pred):
            return 1.0

        with dspy.context(lm=model(answering("a", "b"))):
            best = dspy.BestOfN(dspy.Predict("q -> answer"), N=2, reward_fn=reward, threshold=1)
            made = best(q="?")
            return made and made.answer

    assert ours(scene) == "a"
    assert theirs(scene) is None
