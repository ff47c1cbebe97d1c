"""Refine for async callers, in threads of a user's own, nested, and with attempts at once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from refine_core import (
    BestOfN,
    Cancel,
    ChainOfThought,
    Collector,
    Module,
    Parallel,
    Predict,
    Prediction,
    Refine,
    RunCancelled,
    Scope,
    ScriptedLM,
    context,
    settings,
    track_usage,
    use_scope,
)
from refine_core import events as ev
from refine_core.log.scope import current_scope
from tests.prompts import advice, asks_for_advice, model, reply, section


def by_temperature(**more):
    """A model whose answer is the temperature that it was asked at."""
    return model(
        lambda m, p: reply(answer=f"{p['temperature']:.2f}", **more), lambda m: advice(self="higher")
    )


def value(args, pred):
    return float(pred.answer)


def test_acall_gives_what_a_call_gives():
    with context(lm=by_temperature()):
        program = Refine(Predict("q -> answer"), N=3, reward_fn=value, threshold=0.9)
        one, other = program(q="?"), asyncio.run(program.acall(q="?"))
    assert (one, one.refinement) == (other, other.refinement)


@pytest.mark.parametrize("kind", [Predict, ChainOfThought])
def test_predictors_can_be_awaited(kind):
    with context(lm=by_temperature(reasoning="r")):
        assert asyncio.run(kind("q -> answer").acall(q="?")).answer == "0.00"


def test_a_sync_forward_under_acall_runs_in_a_thread_with_its_context():
    seen = []

    class Program(Module):
        def __init__(self):
            self.answer = Predict("q -> answer")

        def forward(self, q):
            seen.append(threading.current_thread() is threading.main_thread())
            return self.answer(q=q)

    lm = by_temperature()

    async def main():
        with context(lm=lm):
            return await Refine(Program(), N=2, reward_fn=value, threshold=0.5).acall(q="?")

    assert asyncio.run(main()).answer == "0.50"
    assert seen == [False, False]
    assert section([c.messages for c in lm.calls][-1], "hint_") == "N/A"  # the advice names another predictor


def test_an_async_forward_is_awaited_and_can_be_called_from_sync_code():
    class Program(Module):
        def __init__(self):
            self.answer = Predict("q -> answer")

        async def aforward(self, q):
            one, two = await asyncio.gather(self.answer.acall(q=q), self.answer.acall(q=q))
            assert one == two
            return one

    with context(lm=by_temperature()):
        program = Refine(Program(), N=2, reward_fn=value, threshold=0.5)
        assert program(q="?").answer == asyncio.run(program.acall(q="?")).answer == "0.50"


def test_a_module_without_either_forward_says_so():
    class Empty(Module):
        pass

    with pytest.raises(NotImplementedError, match="Empty has no forward"):
        Empty()()
    with pytest.raises(NotImplementedError, match="Empty has no forward"):
        asyncio.run(Empty().acall())


def test_many_refinements_share_an_event_loop():
    """They wait together, not one after another: each attempt meets those of all the others."""
    meeting = []

    class Meeting(Module):
        def __init__(self):
            self.answer = Predict("q -> answer")

        async def aforward(self, q):
            await asyncio.wait_for(meeting[0].wait(), 30)
            return await self.answer.acall(q=q)

    async def main():
        meeting.append(asyncio.Barrier(50))
        program = Refine(Meeting(), N=2, reward_fn=value, threshold=0.5)
        return await asyncio.gather(*(program.acall(q=str(i)) for i in range(50)))

    with context(lm=by_temperature()):
        assert [made.answer for made in asyncio.run(main())] == ["0.50"] * 50


@pytest.mark.parametrize("threads", [2, 4, 8])
def test_attempts_at_once_give_what_attempts_one_after_another_give(threads):
    later = threading.Event()

    def slow_first(messages, params):
        if params["temperature"] in (0.0, 0.5):
            later.wait(0.05)  # the first ones end last, if there is a later one
        else:
            later.set()
        return reply(answer=f"{params['temperature']:.2f}")

    def went(num_threads):
        with context(lm=ScriptedLM(slow_first)):
            best = BestOfN(
                Predict("q -> answer"), N=6, reward_fn=value, threshold=0.5, num_threads=num_threads
            )(q="?")
        return best.answer, best.refinement.reason, best.refinement.best, best.refinement.returned

    assert went(threads) == went(1) == ("0.50", "threshold_reached", 1, 1)


def test_attempts_at_once_overlap_for_sync_and_async_callers():
    for call in (lambda program: program(q="?"), lambda program: asyncio.run(program.acall(q="?"))):
        meeting = threading.Barrier(4, timeout=10)

        def meets(messages, params, meeting=meeting):
            meeting.wait()
            return reply(answer="0")

        with context(lm=ScriptedLM(meets)):
            best = call(BestOfN(Predict("q -> answer"), N=4, reward_fn=value, threshold=None, num_threads=4))
        assert best.refinement.rewards == (0.0,) * 4


def test_an_error_at_once_is_the_one_that_would_have_come_one_after_another():
    later = threading.Event()

    def failing(args, pred):
        if pred.answer == "0.00":
            later.wait(5)
            raise ValueError("the first")
        later.set()
        raise KeyError("a later one")

    with context(lm=by_temperature()), pytest.raises(ValueError, match="the first"):
        BestOfN(Predict("q -> answer"), N=4, reward_fn=failing, threshold=1, fail_count=0, num_threads=4)(
            q="?"
        )


@pytest.mark.fault(43)
@pytest.mark.parametrize("threads", [2, 3, 7])
def test_no_attempt_is_begun_once_one_has_reached_the_threshold(threads):
    """The first attempt is still under way then, and could yet be the one that is returned."""
    happened = []

    async def main():
        reached = asyncio.Event()

        class Program(Module):
            async def aforward(self, q):
                happened.append("begun")
                if len(happened) > 1:
                    return Prediction(answer="1.00")
                await asyncio.wait_for(reached.wait(), 10)
                for _ in range(100):  # turns of the event loop, in which others could begin
                    await asyncio.sleep(0)
                return Prediction(answer="0.00")

        async def scored(args, pred):
            if value(args, pred) >= 1:
                happened.append("reached")
                reached.set()
            return value(args, pred)

        program = BestOfN(Program(), N=10, reward_fn=scored, threshold=1.0, num_threads=threads)
        return await program.acall(q="?")

    with context(lm=by_temperature()):
        best = asyncio.run(main())
    assert (best.answer, best.refinement.reason) == ("1.00", "threshold_reached")
    assert "begun" not in happened[happened.index("reached") :]


def test_attempts_that_no_longer_matter_are_cancelled():
    begun, gone = threading.Event(), threading.Event()

    class Program(Module):
        def __init__(self):
            self.answer = Predict("q -> answer")

        def forward(self, q):
            made = self.answer(q=q)
            if made.answer == "0.00":
                assert begun.wait(10)
                return made
            begun.set()
            try:
                current_scope().cancel.sleep(30)
            except RunCancelled:
                gone.set()
                raise

    with context(lm=by_temperature()):
        best = BestOfN(Program(), N=3, reward_fn=value, threshold=0.0, num_threads=3)(q="?")
    assert (best.answer, gone.is_set()) == ("0.00", True)


def test_a_cancelled_run_ends_its_attempts_at_once():
    cancel = Cancel()
    together = threading.Barrier(2, timeout=10, action=cancel.set)

    def cancels(messages, params):
        together.wait()
        return reply(answer="0")

    lm = ScriptedLM(cancels)
    with context(lm=lm), use_scope(Scope(cancel=cancel)), pytest.raises(RunCancelled):
        BestOfN(Predict("q -> answer"), N=50, reward_fn=value, threshold=1, num_threads=2)(q="?")
    assert len(lm.calls) < 10


class Inner(Module):
    def __init__(self, lm_reward):
        self.draft = Predict("q -> draft")
        self.polish = Refine(Predict("draft -> answer"), N=2, reward_fn=lm_reward, threshold=1.0)

    def forward(self, q):
        return self.polish(draft=self.draft(q=q).draft)


def nested_model(inner_advice="inner says so"):
    def speak(messages, params):
        return reply(draft="d") if "`[[ ## draft ## ]]`" in messages[-1]["content"] else reply(answer="a")

    def advise(messages):
        outer = "polish.module" in section(messages, "module_names")
        return (
            advice(draft="outer for draft", polish__module="outer for polish")
            if outer
            else advice(self=inner_advice)
        )

    return model(speak, advise)


def test_the_outer_adviser_sees_the_inner_predictor_by_its_path():
    lm = nested_model()
    with context(lm=lm):
        Refine(Inner(lambda a, p: 0.0), N=2, reward_fn=lambda a, p: 0.0, threshold=1.0)(q="?")
    asked = [c.messages for c in lm.calls if asks_for_advice(c.messages)]
    outer = next(m for m in asked if "polish.module" in section(m, "module_names"))
    assert '"module_name": "polish.module"' in section(outer, "program_trajectory")
    assert '"module_name": "draft"' in section(outer, "program_trajectory")


def test_everything_survives_a_users_own_threads():
    """Hints, settings, recording and usage: a ThreadPoolExecutor copies no context."""

    class Loud(ScriptedLM):
        pass

    class Threaded(Module):
        def __init__(self):
            self.inner = Inner(lambda a, p: 0.0)

        def forward(self, q):
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(self.inner, q=q).result()

    class Adapter(type(settings.adapter or __import__("refine_core").ChatAdapter())):
        def user_message_output_requirements(self, signature):
            return super().user_message_output_requirements(signature) + " Kindly."

    log, lm, trace = Collector(), nested_model(), []
    program = Refine(Threaded(), N=2, reward_fn=lambda a, p: 0.0, threshold=1.0, advice_lm=lm)
    with (
        context(adapter=Adapter(), lm=lm, trace=trace),
        use_scope(Scope(sinks=(log,))),
        track_usage() as tracker,
    ):
        program(q="?")
    asked = [c.messages[-1]["content"] for c in lm.calls]
    assert len(asked) == 9
    assert all(text.endswith("Kindly.") for text in asked)
    assert [e.hint for e in log.events if isinstance(e, ev.ModuleStarted)][:3] == [
        None,
        None,
        "inner says so",
    ]
    assert [list(inputs) for _, inputs, _ in trace] == [["q"], ["draft"]]
    assert sum(isinstance(e, ev.LMReplied) for e in log.events) == 9
    assert tracker is not None


def test_hints_and_recording_survive_parallel():
    class Fan(Module):
        def __init__(self):
            self.answer = Predict("q -> answer")

        def forward(self, q):
            pairs = [(self.answer, {"q": f"{q}{i}"}) for i in range(4)]
            return Parallel(num_threads=4, disable_progress_bar=True)(pairs)[0]

    log = Collector()
    lm = model(lambda m, p: reply(answer="0"), lambda m: advice(answer="be brief"))
    with context(lm=lm), use_scope(Scope(sinks=(log,))):
        Refine(Fan(), N=2, reward_fn=value, threshold=1)(q="?")
    assert [e.hint for e in log.events if isinstance(e, ev.ModuleStarted)] == [None] * 4 + ["be brief"] * 4
    assert {span.path.split("/")[0] for span, e in log.facts if isinstance(e, ev.LMReplied)} == {
        "attempt-0",
        "attempt-1",
    }


def test_what_on_attempt_raises_ends_the_refinement():
    def stop(tried):
        raise InterruptedError("enough")

    lm = by_temperature()
    with context(lm=lm), pytest.raises(InterruptedError):
        Refine(Predict("q -> answer"), N=3, reward_fn=value, threshold=9, on_attempt=stop)(q="?")
    assert len(lm.calls) == 1


def test_a_reward_that_is_a_module_is_no_part_of_the_program():
    class Judge(Module):
        def __init__(self):
            self.judge = Predict("answer -> score: float")

        def forward(self, args, pred):
            return self.judge(answer=pred.answer)

    lm = model(
        lambda m, p: reply(score=0.5) if "`[[ ## score ## ]]`" in m[-1]["content"] else reply(answer="a")
    )
    program = Refine(Predict("q -> answer"), N=1, reward_fn=Judge(), threshold=1)
    with context(lm=lm):
        assert program(q="?").refinement.rewards == (0.5,)
    assert [name for name, _ in program.named_predictors()] == ["module"]


def test_what_a_subclass_of_predict_has_added_is_copied_for_each_attempt():
    class Counting(Predict):
        def __init__(self, signature):
            super().__init__(signature)
            self.seen = []

        def forward(self, **inputs):
            self.seen.append(inputs)
            return super().forward(**inputs)

    program = Counting("q -> answer")
    with context(lm=by_temperature()):
        Refine(program, N=3, reward_fn=value, threshold=9)(q="?")
    assert program.seen == []


def test_a_judge_that_a_reward_asks_is_no_part_of_the_programs_trace():
    judge = Predict("answer -> score: float")
    lm = model(
        lambda m, p: reply(score=0.5) if "`[[ ## score ## ]]`" in m[-1]["content"] else reply(answer="a"),
        lambda m: advice(self="x"),
    )
    trace = []
    with context(lm=lm, trace=trace):
        Refine(Predict("q -> answer"), 2, lambda a, p: judge(answer=p.answer).score, 1.0)(q="?")
    (asked,) = [c.messages for c in lm.calls if asks_for_advice(c.messages)]
    assert "unknown" not in section(asked, "program_trajectory")
    assert [list(inputs) for _, inputs, _ in trace] == [["q"]]


def test_what_an_attempt_does_to_demos_and_config_stays_in_that_attempt():
    class Meddling(Module):
        def __init__(self):
            self.answer = Predict("q -> answer", stop=["x"])
            self.answer.demos = [{"q": "1", "answer": "b"}]

        def forward(self, q):
            self.answer.demos[0]["answer"] += "!"
            self.answer.config["stop"].append("y")
            return self.answer(q=q)

    program = Meddling()
    with context(lm=by_temperature()):
        BestOfN(program, N=2, reward_fn=value, threshold=9)(q="?")
    assert (program.answer.demos, program.answer.config) == ([{"q": "1", "answer": "b"}], {"stop": ["x"]})


def test_a_block_of_the_programs_own_may_have_a_trace_of_its_own():
    kept = []

    class Tracing(Module):
        def __init__(self):
            self.answer = Predict("q -> answer")

        def forward(self, q):
            with context(trace=[]):
                made = self.answer(q=q)
                kept.append(len(settings.trace))
                return made

    outer = []
    with context(lm=by_temperature(), trace=outer):
        BestOfN(Tracing(), N=1, reward_fn=value, threshold=9)(q="?")
    assert (kept, len(outer)) == ([1], 1)


def test_settings_are_used_as_dspys_are():
    lm = by_temperature()
    settings.lm = lm
    try:
        assert settings.lm is settings["lm"] is settings.get("lm") is lm
        assert "lm" in settings
        assert Predict("q -> answer")(q="?").answer == "0.00"
    finally:
        settings["lm"] = None
    assert settings.lm is None


def test_a_context_may_be_entered_within_itself():
    again = context(num_threads=3)
    with again, again:
        assert settings.num_threads == 3
    assert settings.num_threads == 8


def test_a_predictor_with_only_an_async_forward_gives_the_same_either_way():
    class Loud(Predict):
        async def aforward(self, **inputs):
            made = await super().aforward(**inputs)
            return type(made)(answer=made.answer + "!")

    with context(lm=by_temperature()):
        assert Loud("q -> answer")(q="?") == asyncio.run(Loud("q -> answer").acall(q="?"))


def test_a_cancelled_task_asks_nothing_more():
    third, over = threading.Event(), threading.Event()

    def asked(messages, params):
        if len(lm.calls) % 3 == 2:
            third.set()
            assert over.wait(10)
        return reply(answer="0")

    lm = ScriptedLM(asked)

    class Many(Module):
        def __init__(self):
            self.answer = Predict("q -> answer")

        def forward(self, q):
            for _ in range(20):
                made = self.answer(q=q)
            return made

    async def main(call):
        third.clear(), over.clear()
        task = asyncio.create_task(call)
        assert await asyncio.to_thread(third.wait, 10)
        task.cancel()
        for _ in range(3):  # turns of the event loop, in which it takes effect
            await asyncio.sleep(0)
        over.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    with context(lm=lm):
        asyncio.run(main(Many().acall(q="?")))
        asyncio.run(main(BestOfN(Many(), N=3, reward_fn=value, threshold=9).acall(q="?")))
    assert len(lm.calls) < 12


def test_a_predictor_taken_from_the_trace_sends_no_old_hint():
    trace, lm = [], model(lambda m, p: reply(answer="0"), lambda m: advice(self="be brief"))
    with context(lm=lm, trace=trace):
        Refine(Predict("q -> answer"), N=2, reward_fn=lambda a, p: len(lm.calls), threshold=9)(q="?")
        trace[-1][0](q="later", lm=lm)
    assert section([c.messages for c in lm.calls][-1], "hint_") is None


def test_a_program_may_return_one_object_again_and_again():
    class Same(Module):
        def __init__(self):
            self.answer = Predict("q -> answer")
            self.kept = None

        def forward(self, q):
            return once

    from refine_core import Prediction

    once = Prediction(answer="1")
    with context(lm=by_temperature()):
        one, two = (BestOfN(Same(), N=1, reward_fn=value, threshold=9)(q="?") for _ in range(2))
    assert one is not two
    assert once.refinement is None


def test_a_callback_that_changes_what_it_is_told_changes_nothing():
    from refine_core import BaseCallback

    class Meddler(BaseCallback):
        def on_adapter_format_start(self, call_id, instance, inputs):
            inputs["inputs"]["q"] = "changed"

        def on_adapter_format_end(self, call_id, outputs, exception=None):
            outputs[-1]["content"] = "changed"

        def on_adapter_parse_end(self, call_id, outputs, exception=None):
            outputs["answer"] = "changed"

    lm = by_temperature()
    with context(lm=lm, callbacks=[Meddler()]):
        assert Predict("q -> answer")(q="?").answer == "0.00"
    assert section(lm.calls[0].messages, "q") == "?"


def test_an_adapter_of_ones_own_that_leaves_an_output_out_is_told_so():
    from refine_core import Adapter, ParseError

    class Forgetful(Adapter):
        def format(self, signature, demos, inputs):
            return [{"role": "user", "content": "?"}]

        def parse(self, signature, reply):
            return {"wrong": 1}

    with context(lm=by_temperature(), adapter=Forgetful()), pytest.raises(ParseError, match="answer"):
        Predict("q -> answer")(q="?")


@pytest.mark.parametrize("kind", [Predict, ChainOfThought, BestOfN, Refine])
def test_sync_callers_need_no_event_loop(kind):
    from refine_core.modules.module import _is_async_only

    assert not _is_async_only(kind)
