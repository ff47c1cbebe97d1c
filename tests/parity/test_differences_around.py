"""Where refine_core differs from dspy.Refine, on purpose: what is around the loop. See test_differences.py."""

# ruff: noqa: D205 - a docstring here says what the original does, and then what we do

from __future__ import annotations

import logging
import threading

import pytest

from refine_core import LM, BestOfN, Collector, Parallel, Predict, Scope, ScriptedLM, context, use_scope
from refine_core import events as ev
from tests.parity.stage import advice, answering, ours, outcome, reply, scoring, shown, theirs

pytestmark = pytest.mark.timeout(900)  # the first test may have to wait for pip


# --- what a program may be, and its inputs


def test_inputs_that_a_program_changes_do_not_leak_into_the_next_attempt():
    """The original hands the same objects to each attempt, so that a program which appends to a list finds it longer
    each time, and the reward scores against the changed list. Here each attempt and each reward has its own copy.
    """

    def scene(dspy, model):
        seen = []

        class Program(dspy.Module):
            def __init__(self):
                super().__init__()
                self.answer = dspy.Predict("docs -> answer")

            def forward(self, docs):
                docs.append("more")
                return self.answer(docs=docs)

        def reward(args, pred):
            seen.append(len(args["docs"]))
            return 0

        docs = ["one"]
        with dspy.context(lm=model(answering("a", "b"))):
            dspy.BestOfN(Program(), N=2, reward_fn=reward, threshold=1)(docs=docs)
        return [*seen, len(docs)]

    assert ours(scene) == [1, 1, 1]
    assert theirs(scene) == [2, 3, 3]


def test_a_program_returns_a_prediction_or_a_dict_that_becomes_one():
    """The original scores anything, and fails when it wants to show the adviser what is no mapping. Here that is said at
    once, and a plain dict of outputs is taken for what it means.
    """

    def scene(dspy, model):
        class Program(dspy.Module):
            def __init__(self, made):
                super().__init__()
                self.made, self.answer = made, dspy.Predict("q -> answer")

            def forward(self, q):
                return self.made

        def run(made):
            return outcome(lambda: dspy.BestOfN(Program(made), N=1, reward_fn=scoring(1), threshold=1)(q="?"))

        with dspy.context(lm=model(answering("a"))):
            return [run("text"), type(run({"answer": "a"})).__name__]

    assert ours(scene) == ["TypeError", "Prediction"]
    assert theirs(scene) == ["text", "dict"]


def test_a_missing_input_is_an_error():
    """The original logs a warning and asks the model without it, which costs money and answers another question."""

    def scene(dspy, model):
        with dspy.context(lm=model(answering("a"))):
            return outcome(lambda: dspy.Predict("context, q -> answer")(q="?").answer)

    assert ours(scene) == "InputError"
    assert theirs(scene) == "a"


def test_inputs_are_read_as_the_types_of_their_fields():
    """The original takes any value for any type. Here text that says a number is that number, for the program's trace
    too, and what cannot be read as the type is refused before a model is asked.
    """

    def scene(dspy, model):
        trace = []
        program = dspy.Predict("count: int -> answer")
        with dspy.context(lm=model(answering("a", "b")), trace=trace):
            program(count="7")
            refused = outcome(lambda: program(count="many").answer)
        return [trace[0][1]["count"], refused]

    assert ours(scene) == [7, "InputError"]
    assert theirs(scene) == ["7", "b"]


def test_the_trace_holds_the_inputs_that_the_signature_names():
    """The original notes whatever a predictor was called with, though the model is shown only what its signature names.
    A demo made of it would show later models a field that does not exist.
    """

    def scene(dspy, model):
        trace = []
        with dspy.context(lm=model(answering("a")), trace=trace):
            dspy.Predict("q -> answer")(q="?", note="to myself")
        return list(trace[0][1])

    assert ours(scene) == ["q"]
    assert theirs(scene) == ["q", "note"]


def test_numbers_that_make_no_sense_are_refused_when_it_is_made():
    """The original takes N = 0, makes no attempt and returns None. Here the error names every number that is wrong."""

    def scene(dspy, model):
        def run():
            return dspy.BestOfN(dspy.Predict("q -> answer"), N=0, reward_fn=scoring(), threshold=1)(q="?")

        with dspy.context(lm=model(answering())):
            return outcome(run)

    assert ours(scene) == "SpecError"
    assert theirs(scene) is None


def test_best_of_n_takes_no_threshold_for_an_answer():
    """The original's BestOfN compares every reward with None, and so fails every attempt; its Refine does not. None
    means in both that the best of all N is wanted.
    """

    def scene(dspy, model):
        best = dspy.BestOfN(
            dspy.Predict("q -> answer"), N=3, reward_fn=scoring(0.1, 0.9, 0.5), threshold=None
        )
        with dspy.context(lm=model(answering("a", "b", "c"))):
            return outcome(lambda: best(q="?").answer)

    assert ours(scene) == "b"
    assert theirs(scene) == "TypeError"


def test_a_missing_outer_trace_does_not_break_the_run():
    """The original adds the best attempt's calls to `settings.trace` without looking whether there is one: once all the
    work is done and paid for, an AttributeError comes in the place of the result.
    """

    def scene(dspy, model):
        best = dspy.BestOfN(dspy.Predict("q -> answer"), N=1, reward_fn=scoring(1), threshold=1)
        with dspy.context(lm=model(answering("a")), trace=None):
            return outcome(lambda: best(q="?").answer)

    assert ours(scene) == "a"
    assert theirs(scene) == "AttributeError"


def test_refine_can_be_awaited():
    """The original's Refine has `acall`, which asks for an `aforward` that was never written. Here both ways run the
    same operation.
    """

    def scene(dspy, model):
        import asyncio

        refine = dspy.Refine(dspy.Predict("q -> answer"), N=2, reward_fn=scoring(1), threshold=1)
        with dspy.context(lm=model(answering("a"))):
            return outcome(lambda: asyncio.run(refine.acall(q="?")).answer)

    assert ours(scene) == "a"
    assert theirs(scene) == "AttributeError"


def test_nothing_is_printed(capsys, caplog):
    """The original prints every failed attempt, between whatever the user's program prints. Here it is logged."""

    def scene(dspy, model):
        import contextlib
        import io

        printed = io.StringIO()
        best = dspy.BestOfN(
            dspy.Predict("q -> answer"), N=2, reward_fn=scoring(ValueError("oops"), 1), threshold=1
        )
        with dspy.context(lm=model(answering("a", "b"))), contextlib.redirect_stdout(printed):
            best(q="?")
        return printed.getvalue()

    with caplog.at_level(logging.INFO, "refine_core"):
        assert ours(scene) == ""
    assert "oops" in caplog.text
    assert capsys.readouterr() == ("", "")
    assert "oops" in theirs(scene)


# --- models and adapters


def test_several_models_keep_their_places_and_get_their_temperatures():
    """The original calls `get_lm`, which raises for several models, as documented, and so nothing runs. Here each model
    follows a schedule of its own, from its own temperature; `get_lm` itself still raises.
    """

    def scene(dspy, model):
        class Two(dspy.Module):
            def __init__(self):
                super().__init__()
                self.draft, self.answer = dspy.Predict("q -> draft"), dspy.Predict("draft -> answer")

            def forward(self, q):
                return self.answer(draft=self.draft(q=q).draft)

        asked = []

        def named(name, temperature):
            def answer(messages, params):
                asked.append([name, params["temperature"]])
                return reply(draft="d", answer="a")

            return model(answer, temperature=temperature)

        program = Two()
        program.draft.lm, program.answer.lm = named("cool", 0.2), named("warm", 0.9)
        best = dspy.BestOfN(program, N=2, reward_fn=scoring(0, 0), threshold=1)
        return [outcome(program.get_lm), outcome(lambda: best(q="?").answer), asked]

    assert ours(scene) == ["ValueError", "a", [["cool", 0.2], ["warm", 0.9], ["cool", 0.5], ["warm", 0.5]]]
    assert theirs(scene) == ["ValueError", "ValueError", []]


def test_a_model_without_a_temperature_does_not_break_the_run():
    """The original reads `lm.kwargs["temperature"]`, a KeyError for a model that was made without. Here it is 0.0, the
    temperature that the schedule is made for.
    """

    def scene(dspy, model):
        asked = []

        def answer(messages, params):
            asked.append(params.get("temperature"))
            return reply(answer="a")

        lm = model(answer)
        del lm.kwargs["temperature"]
        best = dspy.BestOfN(dspy.Predict("q -> answer"), N=2, reward_fn=scoring(0, 0), threshold=1)
        with dspy.context(lm=lm):
            return [outcome(lambda: best(q="?").answer), asked]

    assert ours(scene) == ["a", [0.0, 0.5]]
    assert theirs(scene) == ["KeyError", []]


@pytest.mark.fault(7)
def test_a_model_whose_temperature_is_none_is_sent_none_in_any_attempt():
    """The original leaves the temperature out of the first attempt and sends 0.5 and more in the later ones. Here None
    says that the model takes no temperature, and attempts differ by rollout ids.
    """

    def scene(dspy, model):
        asked = []

        def answer(messages, params):
            asked.append(params.get("temperature"))
            return reply(answer="a")

        lm = model(answer)
        lm.kwargs["temperature"] = None
        best = dspy.BestOfN(dspy.Predict("q -> answer"), N=3, reward_fn=scoring(0, 0, 0), threshold=1)
        with dspy.context(lm=lm):
            best(q="?")
        return asked

    assert ours(scene) == [None, None, None]
    assert theirs(scene) == [None, 0.5, 0.5 + 0.5 / 3]


def test_models_that_refuse_a_temperature_get_rollout_ids():
    """The original sends each attempt's temperature to any model, and those that reason refuse it. Here litellm is asked
    what the model takes; one that takes none gets a `rollout_id`, so that no attempt is answered from the cache with
    another's reply, and the attempt's event says so.
    """
    log, lm = Collector(), ScriptedLM(lambda m, p: reply(answer="a"), supports=())
    with context(lm=lm), use_scope(Scope(sinks=(log,))):
        BestOfN(Predict("q -> answer"), N=3, reward_fn=scoring(0, 0, 0), threshold=1)(q="?")
    asked = [(call.params.get("temperature"), call.params.get("rollout_id")) for call in lm.calls]
    assert asked == [(None, 0), (None, 1), (None, 2)]
    began = [event for event in log.events if isinstance(event, ev.AttemptStarted)]
    assert {event.fixed_temperature for event in began} == {("self",)}
    assert LM("openai/o3-mini").supports("temperature") is False


def test_a_configured_adapter_does_not_break_the_run():
    """The original makes the adapter's class anew, without arguments, to slip the hint in; for a class that needs one
    that fails every attempt with a hint. Here a hint is an input like any other, and adapters need not know.
    """

    def scene(dspy, model):
        class Toned(dspy.ChatAdapter):
            def __init__(self, tone):
                super().__init__()
                self.tone = tone

        refine = dspy.Refine(dspy.Predict("q -> answer"), N=2, reward_fn=scoring(0.1, 0.9), threshold=1)
        lm = model(answering("a", "b"), lambda messages: advice(self="be brief"))
        with dspy.context(lm=lm, adapter=Toned("friendly")):
            return refine(q="?").answer

    assert ours(scene) == "b"
    assert theirs(scene) == "a"


def test_the_json_fallback_is_tried_on_a_parse_error_only():
    """The original asks again as JSON after any error, so that a model that is down is called twice as often. Only a
    reply that could not be read can be better in another format.
    """

    def scene(dspy, model):
        asked = {"down": 0, "unreadable": 0}

        def down(messages, params):
            asked["down"] += 1
            raise RuntimeError("down")

        def unreadable(messages, params):
            asked["unreadable"] += 1
            return "no markers" if asked["unreadable"] == 1 else '{"answer": "a"}'

        for answer in (down, unreadable):
            outcome(lambda answer=answer: dspy.Predict("q -> answer")(q="?", lm=model(answer)))
        return asked

    assert ours(scene) == {"down": 1, "unreadable": 2}
    assert theirs(scene) == {"down": 2, "unreadable": 2}


def test_json_is_asked_for_once_and_the_error_is_about_the_reply():
    """The original's JSONAdapter first asks by a schema, and after any error again for any JSON object; if that fails
    too, a RuntimeError blames the model. Here there is one question, and the error says what the reply lacks.
    """

    def scene(dspy, model):
        asked = []

        def answer(messages, params):
            asked.append(params)
            return "no JSON at all"

        lm = model(answer)
        lm.model = "openai/gpt-4o-mini"  # litellm knows that it takes a response_format
        with dspy.context(lm=lm, adapter=dspy.JSONAdapter()):
            error = outcome(lambda: dspy.Predict("q -> answer")(q="?"))
        return [error, len(asked)]

    assert ours(scene) == ["ParseError", 1]
    assert (
        theirs(scene)[0] == "RuntimeError"
    )  # with some versions of pydantic its schema fails before it is sent


def test_the_note_under_an_enum_lists_its_values():
    """The original lists the names of its members, which a model then writes, and which are no values of the enum's."""

    def scene(dspy, model):
        import enum

        Mood = enum.Enum("Mood", {"GLAD": "very glad", "SAD": "rather sad"})
        told = []

        def answer(messages, params):
            told.append(messages[0]["content"])
            return reply(mood="very glad")

        signature = dspy.Signature(
            {"q": (str, dspy.InputField()), "mood": (Mood, dspy.OutputField())}, "Tell."
        )
        with dspy.context(lm=model(answer)):
            dspy.Predict(signature)(q="?")
        (note,) = [line for line in told[0].splitlines() if line.startswith("{mood}")]
        return ["GLAD; SAD" in note, "very glad; rather sad" in note]

    assert ours(scene) == [False, True]
    assert theirs(scene) == [True, False]


def test_a_demos_reply_ends_as_a_reply_must_end():
    """The original tells a model to end with `[[ ## completed ## ]]`, and then shows it worked examples that do not. A
    model does as it is shown.
    """

    def scene(dspy, model):
        told = []

        def answer(messages, params):
            told.extend(one["content"] for one in messages if one["role"] == "assistant")
            return reply(answer="a")

        program = dspy.Predict("q -> answer")
        program.demos = [{"q": "1 + 1?", "answer": "2"}]
        with dspy.context(lm=model(answer)):
            program(q="?")
        return told

    assert ours(scene) == ["[[ ## answer ## ]]\n2\n\n[[ ## completed ## ]]"]
    assert theirs(scene) == ["[[ ## answer ## ]]\n2"]


def test_an_indented_marker_is_a_marker():
    """The original finds a marker after blanks, and then takes the value from the wrong column, so that it begins with
    a piece of the marker.
    """

    def scene(dspy, model):
        def answer(messages, params):
            return "  [[ ## answer ## ]]\na\n\n[[ ## completed ## ]]"

        with dspy.context(lm=model(answer)):
            return dspy.Predict("q -> answer")(q="?").answer

    assert ours(scene) == "a"
    assert theirs(scene) == "]]\na"


def test_text_behind_the_closing_marker_is_no_part_of_the_value():
    """The original knows a marker at the start of a line alone, so what follows one at the end of a line stays in the
    value; it reads no marker with other blanks. Here both are read, once the strict reading has had its turn.
    """

    def scene(dspy, model):
        def read(text):
            with dspy.context(lm=model(lambda messages, params: text)):
                return outcome(lambda: dspy.Predict("q -> answer")(q="?").answer)

        return [
            read("[[ ## answer ## ]]\na [[ ## completed ## ]]\n\nLet me know."),
            read("[[## answer ## ]]\na\n[[## completed ## ]]"),
        ]

    assert ours(scene) == ["a", "a"]
    assert theirs(scene) == ["a [[ ## completed ## ]]\n\nLet me know.", "ValueError"]


def test_a_reply_that_the_token_limit_cut_off_is_not_scored():
    """The original reads what there is: `0.` of what was to be 0.95 is scored as 0, and nobody is told. Here it is an
    attempt that failed, and the error says what to raise.
    """

    def scene(dspy, model):
        from types import SimpleNamespace as Part

        class Short(dspy.BaseLM):
            def forward(self, prompt=None, messages=None, **kwargs):
                message = Part(content="[[ ## score ## ]]\n0.")
                return Part(
                    choices=[Part(message=message, finish_reason="length")],
                    usage={"prompt_tokens": 9, "completion_tokens": 8},
                    model="short",
                )

        with dspy.context(lm=Short("short")):
            return outcome(lambda: dspy.Predict("q -> score: float")(q="?").score)

    assert ours(scene) == "ParseError"
    assert theirs(scene) == 0.0


def test_the_history_is_bounded_and_shared_by_a_models_copies():
    """The original keeps every call of a model for as long as it lives, and copies all of them for each attempt. Here a
    history keeps the last 1,000; a copy shares it and copies nothing.
    """

    def scene(dspy, model):
        lm = model(lambda messages, params: "hello")
        for _ in range(1100):
            lm("hi")
        return len(lm.history)

    assert ours(scene) == 1000
    assert theirs(scene) == 1100
    lm = ScriptedLM(["hello"])
    assert lm.copy(temperature=1.0).history is lm.history


# --- many at once, and files


def test_failures_of_a_batch_are_really_returned():
    """The original's `return_failed_examples=True` returns two lists that nobody ever fills."""

    def scene(dspy, model):
        def answer(messages, params):
            if shown(messages)["q"] == "bad":
                raise RuntimeError("down")
            return reply(answer="a")

        examples = [dspy.Example(q=q).with_inputs("q") for q in ("good", "bad")]
        with dspy.context(lm=model(answer)):
            results, failed, errors = dspy.Predict("q -> answer").batch(
                examples, num_threads=1, return_failed_examples=True, disable_progress_bar=True
            )
        return [
            [made and made.answer for made in results],
            [one.q for one in failed],
            [str(e) for e in errors],
        ]

    assert ours(scene) == [["a", None], ["bad"], ["down"]]
    assert theirs(scene) == [["a", None], [], []]


def test_a_slow_call_is_not_made_twice():
    """The original submits the last few calls of a batch again after two minutes, beside the ones that still run: both
    are paid for, and whatever the program does it does twice. Slow is not lost; a model's own time limit is for that.
    """
    calls, release = [], threading.Event()

    def slow(x):
        calls.append(x)
        release.wait(10)
        return x

    def scene(dspy, model):
        import threading

        from dspy.utils.parallelizer import ParallelExecutor

        calls, again = [], threading.Event()

        def slow(x):
            calls.append(x)
            if len(calls) > 1:
                again.set()
            again.wait(10)
            return x

        ParallelExecutor(num_threads=2, timeout=0.1, disable_progress_bar=True).execute(slow, [1])
        return len(calls)

    assert theirs(scene) == 2  # with its two minutes set to a tenth of a second
    threading.Timer(1.5, release.set).start()
    assert Parallel(num_threads=2, disable_progress_bar=True)([(slow, (1,))]) == [1]
    assert calls == [1]


def test_what_runs_code_when_it_is_loaded_needs_allow_pickle():
    """The original unpickles whatever file it is given, and a pickle can run any code. Here the reader has to say that
    the file is to be trusted; a .json file needs no such word.
    """

    def scene(dspy, model):
        import os
        import pickle
        import tempfile
        from pathlib import Path

        class Trap:
            def __reduce__(self):
                return os.mkdir, (str(folder / "it ran"),)

        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "state.pkl").write_bytes(pickle.dumps(Trap()))
            error = outcome(lambda: dspy.Predict("q -> answer").load(str(folder / "state.pkl")))
            return [error, (folder / "it ran").exists()]

    assert ours(scene) == ["UnsafeLoadError", False]
    assert theirs(scene)[1] is True
