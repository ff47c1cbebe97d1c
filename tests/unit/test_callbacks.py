"""Callbacks: they watch every call, and change nothing."""

from __future__ import annotations

import asyncio
import logging

import pytest

from refine_core import settings
from refine_core.callbacks import ACTIVE_CALL_ID, BaseCallback, callbacks_of, notify_callbacks
from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import Pause
from refine_core.concurrency.flows import arun, run
from refine_core.errors import LMError, RunCancelled
from refine_core.lm import LM, ScriptedLM

CANARY = "canary-66e0-of-any-shape"


class Noting(BaseCallback):
    def __init__(self):
        self.calls = []

    def on_lm_start(self, call_id, instance, inputs):
        self.calls.append(("start", call_id, ACTIVE_CALL_ID.get(), instance, inputs))

    def on_lm_end(self, call_id, outputs, exception=None):
        self.calls.append(("end", call_id, ACTIVE_CALL_ID.get(), outputs, exception))

    def on_module_start(self, call_id, instance, inputs):
        self.calls.append(("module", call_id, ACTIVE_CALL_ID.get(), instance, inputs))


@pytest.mark.parametrize(
    "ask", [lambda lm, *a, **k: lm(*a, **k), lambda lm, *a, **k: asyncio.run(lm.acall(*a, **k))]
)
def test_a_models_call_is_told_before_and_after(ask):
    watch = Noting()
    lm = ScriptedLM(["one"], callbacks=[watch])
    ask(lm, "why?", top_p=0.5)
    (start, call_id, parent, instance, inputs), end = watch.calls
    assert (start, parent, instance) == ("start", None, lm)
    assert inputs == {
        "prompt": "why?",
        "messages": [{"role": "user", "content": "why?"}],
        "kwargs": {"top_p": 0.5},
    }
    assert end == ("end", call_id, None, ["one"], None)


def test_a_failure_is_told_with_its_error():
    watch, error = Noting(), LMError("no")
    with pytest.raises(LMError):
        ScriptedLM([error], callbacks=[watch])("hi")
    assert watch.calls[-1][3:] == (None, error)


def test_those_of_the_settings_hear_of_every_model_and_come_first():
    everywhere, own = Noting(), Noting()
    lm = ScriptedLM(["one", "two"], callbacks=[own])
    with settings.context(callbacks=[everywhere]):
        assert list(callbacks_of(lm)) == [everywhere, own]
        lm("hi")
        ScriptedLM(["x"])("hi")
    lm("hi")
    assert (len(everywhere.calls), len(own.calls)) == (4, 4)


def test_a_copy_tells_the_callbacks_of_its_original():
    watch = Noting()
    ScriptedLM(["one"], callbacks=[watch]).copy(temperature=0.5)("hi")
    assert len(watch.calls) == 2


def test_a_call_within_a_call_knows_whose_it_is():
    watch = Noting()
    with (
        settings.context(callbacks=[watch]),
        notify_callbacks("module", "the module", {"kwargs": {"a": 1}}) as call,
    ):
        ScriptedLM(["one"])("hi")
        call.outputs = "made"
    (_, outer, above, instance, inputs), (_, inner, parent, *_), end = watch.calls
    assert (above, instance, inputs) == (None, "the module", {"kwargs": {"a": 1}})
    assert parent == outer != inner
    assert end[2] == outer, "the end is told where the start was"
    assert ACTIVE_CALL_ID.get() is None


def test_each_task_has_its_own_active_call():
    watch, cancel = Noting(), Cancel()

    def operation(name):
        with notify_callbacks("module", name, {}, [watch]):
            mine = ACTIVE_CALL_ID.get()
            yield Pause(0.05, cancel)
            assert ACTIVE_CALL_ID.get() == mine
        return mine

    async def both():
        return await asyncio.gather(arun(operation("a")), arun(operation("b")))

    one, other = asyncio.run(both())
    assert one != other
    assert [parent for _, _, parent, *_ in watch.calls] == [None, None]


def test_an_operation_that_is_given_up_ends_in_another_context_without_trouble():
    """As a generator does that is closed by whoever drops it."""
    ended = []

    class Ends(BaseCallback):
        def on_module_end(self, call_id, outputs, exception=None):
            ended.append(type(exception))

    def operation():
        with notify_callbacks("module", "m", {}, [Ends()]):
            yield Pause(1.0, Cancel())

    async def begin():
        flow = operation()
        next(flow)
        return flow

    asyncio.run(begin()).close()
    assert ended == [GeneratorExit]


def test_a_failing_callback_is_logged_and_the_call_goes_on(caplog):
    class Failing(BaseCallback):
        def on_lm_start(self, call_id, instance, inputs):
            raise ValueError("my own fault")

        def on_lm_end(self, call_id, outputs, exception=None):
            raise ValueError("again")

    watch = Noting()
    with caplog.at_level(logging.WARNING):
        assert ScriptedLM(["one"], callbacks=[Failing(), watch])("hi") == ["one"]
    assert len(watch.calls) == 2
    assert [r.getMessage() for r in caplog.records] == [
        "on_lm_start of callback Failing failed",
        "on_lm_end of callback Failing failed",
    ]
    assert "my own fault" in caplog.text


def test_a_halt_passes():
    class Stops(BaseCallback):
        def on_lm_start(self, call_id, instance, inputs):
            raise RunCancelled("enough")

    lm = ScriptedLM(["one"], callbacks=[Stops()])
    with pytest.raises(RunCancelled):
        lm("hi")
    assert lm.calls == []


def test_a_callback_cannot_change_what_is_asked_and_sees_no_secret():
    class Meddling(Noting):
        def on_lm_start(self, call_id, instance, inputs):
            super().on_lm_start(call_id, instance, inputs)
            inputs["messages"][0]["content"] = "changed"
            inputs["kwargs"]["temperature"] = 9

    watch = Meddling()
    lm = ScriptedLM(["one"], callbacks=[watch])
    lm("hi", api_key=CANARY, x_token=CANARY, temperature=0.5)
    assert lm.calls[0].messages[0]["content"] == "hi"
    assert lm.calls[0].params["temperature"] == 0.5
    assert CANARY not in repr(watch.calls)
    assert CANARY not in repr(LM("tiny", api_key=CANARY, callbacks=[watch]))


def test_every_handler_of_the_base_may_be_left_out():
    base = BaseCallback()
    for kind in ("module", "lm", "adapter_format", "adapter_parse", "tool", "evaluate"):
        with notify_callbacks(kind, base, {}, [base]) as call:
            call.outputs = {}


def test_nobody_listens_and_nothing_is_made():
    assert len(callbacks_of(object())) == 0
    with notify_callbacks("module", object(), {}) as call:
        assert ACTIVE_CALL_ID.get() is None
        call.outputs = 1


def test_an_operation_runs_the_same_with_and_without():
    def operation():
        with notify_callbacks("module", "m", {}) as call:
            yield Pause(0.0, Cancel())
            call.outputs = "made"
        return call.outputs

    with settings.context(callbacks=[Noting()]):
        heard = run(operation())
    assert heard == run(operation()) == "made"
