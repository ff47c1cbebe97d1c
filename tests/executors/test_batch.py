"""`batch(executor=…)`: the same as on threads of its own, on every kind of executor."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from refine_core import LM, Example, Module, Predict, Prediction, Refine, ScriptedLM, settings, track_usage
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import BatchError, LMKeyError, RunCancelled, WorkerError
from refine_core.executors.dask.cluster import DaskExecutor
from refine_core.log.scope import Collector, Scope, use_scope
from refine_core.modules.parallel import Parallel, batch
from tests.openai_server import OpenAIServer, polite
from tests.threads import call_within

KEY, VARIABLE = "canary-7f31-of-this-process", "REFINESCOPE_TEST_BATCH_KEY"
OTHERS = ("fork", "spawn", "dask")


class Echo(Module):
    """Asks once, and breaks where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = Predict("question -> answer")

    def forward(self, question: str) -> Prediction:
        if "broken" in question:
            raise LookupError(f"nothing about {question}")
        return self.answer(question=question)


def say(messages: Any, _: Any) -> dict[str, str]:
    return {"answer": f"about {messages[-1]['content'].split(']]')[1].split()[0]}"}


def examples(*names: str) -> list[Example]:
    return [Example(question=name).with_inputs("question") for name in names]


@pytest.fixture(scope="module")
def executors(cluster: DaskExecutor) -> Iterator[dict[str, Executor]]:
    os.environ[VARIABLE] = KEY
    made: dict[str, Executor] = {
        "threads": ThreadPoolExecutor(2),
        "fork": ProcessPoolExecutor(2, multiprocessing.get_context("fork")),
        "spawn": ProcessPoolExecutor(2, multiprocessing.get_context("spawn")),
        "dask": cluster._client.get_executor(),
    }
    yield made
    for one in made.values():
        one.shutdown()
    del os.environ[VARIABLE]


@pytest.fixture(params=["threads", *OTHERS])
def executor(request: pytest.FixtureRequest, executors: dict[str, Executor]) -> Executor:
    return executors[request.param]


@pytest.fixture(params=OTHERS)
def elsewhere(request: pytest.FixtureRequest, executors: dict[str, Executor]) -> Executor:
    return executors[request.param]


def tell(outcome: Any) -> Any:
    results, failed, errors = outcome
    return results, failed, [(type(error), str(error)) for error in errors]


def test_results_failures_and_usage_are_those_of_threads(executor: Executor):
    rows = examples("a", "b", "broken", "c", "a", "a", "broken twice", "d")
    outcomes = []
    for one in (None, executor):
        with settings.context(lm=ScriptedLM(say)), track_usage() as usage:
            outcome = Echo().batch(rows, executor=one, return_failed_examples=True, disable_progress_bar=True)
        outcomes.append((tell(outcome), usage.get_total_tokens()))
    assert outcomes[0][0][0][0].answer == "about a"
    assert outcomes[0][1]
    assert outcomes[0] == outcomes[1]


def test_equal_examples_are_calls_of_their_own(executor: Executor):
    """Dask would take two calls with equal arguments for one."""
    made = batch(
        lambda question: os.urandom(8), examples("a", "a"), executor=executor, disable_progress_bar=True
    )
    assert made[0] != made[1]


def test_too_many_failures_stop_the_rest(executor: Executor):
    rows = examples(*["broken"] * 40)
    with pytest.raises(BatchError, match="2 of 40 examples failed") as caught:
        batch(Echo(), rows, executor=executor, num_threads=1, max_errors=2, disable_progress_bar=True)
    assert isinstance(caught.value.__cause__, LookupError)


def test_async_callers_get_the_same(executor: Executor):
    with settings.context(lm=ScriptedLM(say)):
        pairs = [(Echo(), one) for one in examples("a", "b", "c")]
        parallel = Parallel(executor=executor, disable_progress_bar=True)
        assert asyncio.run(parallel.acall(pairs)) == parallel(pairs)


def test_the_executor_can_be_used_afterwards(executor: Executor):
    with settings.context(lm=ScriptedLM(say)):
        Echo().batch(examples("a"), executor=executor, disable_progress_bar=True)
    assert executor.submit(len, "abc").result() == 3


def test_a_refinement_with_a_lambda_tells_its_events_here(executor: Executor):
    """What a scope is told is the same, but for the order in which calls end."""
    told = []
    reward = lambda args, pred: float(args["question"] in pred.answer)  # noqa: E731
    for one in (None, executor):
        sink = Collector()
        with settings.context(lm=ScriptedLM(say)), use_scope(Scope((sink,))):
            refine = Refine(Echo(), 3, reward, 1.0)
            made = refine.batch(
                examples("a", "b", "a"), executor=one, num_threads=1, disable_progress_bar=True
            )
        told.append(
            (
                [(span.path, event.kind) for span, event in sink.facts],
                [(pred.answer, pred.refinement.rewards) for pred in made],
            )
        )
    assert ("attempt-0-3/answer/lm", "lm_replied") in told[0][0]
    assert told[0] == told[1]


def test_hints_of_an_attempt_travel(executor: Executor):
    """A program that makes its calls elsewhere is told the adviser's hint there."""

    class Spread(Module):
        def __init__(self) -> None:
            super().__init__()
            self.answer = Predict("question -> answer")

        def forward(self, question: str) -> Prediction:
            one, _ = self.batch_of(question)
            return one

        def batch_of(self, question: str) -> Any:
            rows = examples(question, question)
            return batch(self.answer, rows, executor=self.where(), disable_progress_bar=True)

        def where(self) -> Executor:
            return executor

    def reply(messages: Any, _: Any) -> dict[str, Any]:
        if "reward_code" in messages[-1]["content"]:
            return {"discussion": "longer", "advice": {"answer": "Say more."}}
        return {"answer": "hinted" if "Say more." in messages[-1]["content"] else "plain"}

    with settings.context(lm=ScriptedLM(reply)):
        best = Refine(Spread(), 2, lambda args, pred: float(pred.answer == "hinted"), 1.0)(question="a")
    assert best.refinement.rewards == (0.0, 1.0)


def test_settings_travel_and_a_nested_batch_obeys_them(executor: Executor):
    def count(question: str) -> tuple[int, list[str]]:
        inner = batch(Echo(), examples(question, "x"), disable_progress_bar=True)
        return settings.max_errors, [one.answer for one in inner]

    with settings.context(lm=ScriptedLM(say), max_errors=7):
        made = batch(count, examples("a"), executor=executor, disable_progress_bar=True)
    assert made == [(7, ["about a", "about x"])]


def test_an_error_says_where_it_was_raised(elsewhere: Executor):
    _, _, (error,) = Echo().batch(
        examples("broken"), executor=elsewhere, return_failed_examples=True, disable_progress_bar=True
    )
    assert 'raise LookupError(f"nothing about {question}")' in error.__notes__[0]


def test_what_cannot_be_pickled_is_named_before_a_call(elsewhere: Executor):
    program = Echo()
    program.guard = threading.Lock()  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match=r"exec_pairs\[0\]: the program.*guard.*thread.lock"):
        program.batch(examples("a"), executor=elsewhere)
    rows = [*examples("a"), Example(question=threading.Lock()).with_inputs("question")]
    with pytest.raises(TypeError, match=r"exec_pairs\[1\]: the example.*'question' cannot be pickled"):
        Echo().batch(rows, executor=elsewhere)


def test_a_result_that_cannot_come_back_is_a_failure(elsewhere: Executor):
    _, _, (error,) = batch(
        lambda question: threading.Lock(),
        examples("a"),
        executor=elsewhere,
        return_failed_examples=True,
        disable_progress_bar=True,
    )
    assert "the lock that it returned cannot come back" in str(error)


class Unreadable:
    """Can be pickled, but not be read again."""

    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("no number",)


def test_an_error_that_cannot_be_read_again_is_told_in_words(elsewhere: Executor):
    def fail(question: str) -> None:
        error = LookupError("it broke")
        error.what = Unreadable()  # type: ignore[attr-defined]
        raise error

    _, _, (error,) = batch(
        fail, examples("a"), executor=elsewhere, return_failed_examples=True, disable_progress_bar=True
    )
    assert str(error) == "LookupError: it broke"


@dataclass
class Spy(Executor):
    """Notes what crosses. inner: who does the work."""

    inner: Executor
    crossed: list[Any]

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.crossed.append(args)
        return self.inner.submit(fn, *args, **kwargs)


def test_a_key_is_read_over_there_and_never_crosses(executors: dict[str, Executor]):
    spy = Spy(executors["fork"], [])
    with OpenAIServer(default=polite) as server:
        lm = LM("openai/tiny", api_base=server.url, api_key=os.environ[VARIABLE], cache=False)
        with settings.context(lm=lm):
            made = Echo().batch(examples("a"), executor=spy, disable_progress_bar=True)
        assert made[0].answer
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert VARIABLE in str(spy.crossed)
    assert KEY not in str(spy.crossed)


def test_keys_that_would_have_to_cross_are_refused(elsewhere: Executor):
    typed = LM("openai/tiny", api_key="canary-typed-by-hand")
    login = LM("openai/tiny", api_base="http://me:canary@127.0.0.1:1/v1")
    for lm, words in ((typed, "api_key.*was typed"), (login, "holds a login")):
        with settings.context(lm=lm), pytest.raises(LMKeyError, match=words) as caught:
            Echo().batch(examples("a"), executor=elsewhere)
        assert "canary" not in str(caught.value)
    key = os.environ[VARIABLE]
    with pytest.raises(LMKeyError, match=f"holds the value of {VARIABLE}"):
        batch(lambda question: key, examples("a"), executor=elsewhere)


def test_a_key_that_is_missing_over_there_is_named(executors: dict[str, Executor]):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REFINESCOPE_TEST_LATE_KEY", "canary-set-too-late")
        lm = LM("openai/tiny", api_key=os.environ["REFINESCOPE_TEST_LATE_KEY"])
        with settings.context(lm=lm):
            _, _, (error,) = Echo().batch(
                examples("a"),
                executor=executors["dask"],
                return_failed_examples=True,
                disable_progress_bar=True,
            )
    assert isinstance(error, LMKeyError)
    assert "REFINESCOPE_TEST_LATE_KEY, which is not set" in str(error)


def test_a_killed_worker_fails_its_calls_plainly():
    def die(question: str) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return question

    with ProcessPoolExecutor(1) as pool:
        _, failed, errors = batch(
            die, examples("a", "b"), executor=pool, return_failed_examples=True, disable_progress_bar=True
        )
    assert len(failed) == 2
    assert all(isinstance(one, WorkerError) and "did not come back" in str(one) for one in errors)


class Idle(Executor):
    """Begins nothing. futures: what it was given."""

    def __init__(self) -> None:
        self.futures: list[Future[Any]] = []
        self.has_some = threading.Event()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(Future())
        self.has_some.set()
        return self.futures[-1]


def test_a_cancelled_batch_takes_back_what_waits():
    idle, cancel = Idle(), Cancel()
    threading.Thread(target=lambda: idle.has_some.wait() and cancel.set()).start()

    def call() -> Any:
        with use_scope(Scope(cancel=cancel)):
            return Echo().batch(examples(*"abcdefgh"), executor=idle, num_threads=2)

    with pytest.raises(RunCancelled):
        call_within(10, call)
    assert 1 <= len(idle.futures) <= 2
    assert all(one.cancelled() for one in idle.futures)


def test_as_many_calls_wait_in_an_executor_as_it_has_workers():
    """Each call waits for another one, so that one at a time would never end."""
    together = threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool, settings.context(num_threads=1):
        made = batch(
            lambda question: together.wait(10) >= 0,
            examples(*"abcd"),
            executor=pool,
            disable_progress_bar=True,
        )
    assert made == [True] * 4


def test_what_is_no_executor_is_refused_with_a_hint(cluster: DaskExecutor):
    with pytest.raises(TypeError, match=r"client\.get_executor\(\)"):
        Echo().batch(examples("a"), executor=cluster._client)
