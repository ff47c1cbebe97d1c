"""What a run and its worker say to each other, where messages get lost, come twice, or come from a worker that is given up."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from refine_core import events as ev
from refine_core.cli.following import LiveView
from refine_core.cli.terminal import Terminal
from refine_core.executors.channel import Channel
from refine_core.executors.protocol import Message, Workers, read_messages, write_messages
from refine_core.executors.worker import work
from refine_core.experiments import Experiments
from refine_core.rewards.pool import RunnerPool
from refine_core.runs import Runs
from refine_core.spec import ProgramSpec
from refine_core.store import MemoryStore
from tests.executors.same import tell
from tests.executors.test_dask import SPEC, experiment, inputs_of
from tests.experiments.made import make_dataset
from tests.threads import eventually, run_to_end

Line = Callable[[list[Message]], list[Message]]
"""What becomes of messages on their way to the app."""


class OneProcess:
    """An executor whose workers are threads of this process. line: what becomes of messages on the way."""

    name = "one process"

    def __init__(self, line: Line = lambda messages: messages) -> None:
        self.line = line
        self.starts: list[Channel] = []
        self.count, self.problem, self.lost, self.is_open = 1, "", False, True
        self.is_busy = False  # so that `begin` has to be called
        self.submitted: list[tuple[str, int]] = []
        self._messages: SimpleQueue[Message | None] = SimpleQueue()
        self._pool = RunnerPool()
        self._tasks: dict[str, tuple[ProgramSpec, Mapping[str, Any] | None]] = {}

    def submit(
        self, run_id: str, spec: ProgramSpec, after_seq: int, settings: Mapping[str, Any] | None = None
    ) -> None:
        self.submitted.append((run_id, after_seq))
        self._tasks[run_id] = spec, settings
        if not self.is_busy:
            self.begin(run_id)

    def begin(self, run_id: str) -> None:
        """Start the run, once more perhaps."""

        def open_channel() -> Channel:
            channel = Channel(run_id, self._send, lambda: None)
            channel.draft = lambda *_: None  # type: ignore[method-assign]
            self.starts.append(channel)
            return channel

        arguments = (*self._tasks[run_id], open_channel, "here", self._pool)
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def _send(self, text: str) -> None:
        for message in self.line(read_messages(text)):
            self._messages.put(message)

    def cancel(self, run_id: str) -> None:
        for channel in self.starts:
            if channel.run_id == run_id:
                channel.cancel.set()

    def answer(self, message: Message) -> None:
        for channel in self.starts:
            if channel.start == message.start:
                channel.receive(message)

    def events(self) -> Iterator[Message]:
        while (message := self._messages.get()) is not None:
            yield message

    def clear(self, run_id: str) -> None:
        pass

    def alive(self) -> Workers:
        return Workers(self.count, self.problem)

    def lose(self, run_id: str, *, again: bool) -> None:
        """Say that nobody works at the run any more."""
        self._messages.put(Message("lost", run_id, body={"why": "Its worker died.", "again": again}))

    def close(self) -> None:
        self.is_open = False
        self._messages.put(None)
        self._pool.close()


def log_of(executor: OneProcess | None) -> list[object]:
    runs = Runs(MemoryStore(), None if executor is None else lambda: executor)
    run_id = runs.start(SPEC)
    run_to_end(runs, run_id)
    told = tell(runs.events(run_id))
    runs.close()
    return list(told)


def test_a_message_that_is_lost_is_asked_for_again():
    lost: list[int] = []

    def lose_one(messages: list[Message]) -> list[Message]:
        for one in messages:
            if one.number == 5 and not lost:
                lost.append(one.number)
                return [other for other in messages if other is not one]
        return messages

    assert log_of(OneProcess(lose_one)) == log_of(None)
    assert lost == [5]


def test_messages_that_come_twice_count_once():
    assert log_of(OneProcess(lambda messages: messages + messages)) == log_of(None)


def test_messages_that_come_in_another_order_are_put_in_theirs():
    assert log_of(OneProcess(lambda messages: messages[::-1])) == log_of(None)


def test_the_second_start_goes_on_and_the_first_is_refused():
    """As where a cluster takes a worker for dead that is only cut off, and its messages come late."""
    held: list[Message] = []
    is_cut_off = threading.Event()

    def cut_off(messages: list[Message]) -> list[Message]:
        if is_cut_off.is_set() and messages[0].start == executor.starts[0].start:
            held.extend(messages)
            return []
        if any(one.body.get("kind") == "reward_scored" for one in messages):
            is_cut_off.set()
        return messages

    executor = OneProcess(cut_off)
    runs = Runs(MemoryStore(), lambda: executor)
    run_id = runs.start(SPEC)
    eventually(lambda: held)
    executor.begin(run_id)
    executor.line = lambda messages: messages
    run_to_end(runs, run_id)
    for message in held:  # the first start is heard again, too late
        executor._send(write_messages([message]))
    first = executor.starts[0]
    eventually(lambda: first.cancel.is_set or first._halt is not None or not first._awaited)
    records = runs.events(run_id)
    assert sum(isinstance(record.event, ev.RunResumed) for record in records) == 1
    assert isinstance(records[-1].event, ev.RunFinished)
    assert [r.event.index for r in records if isinstance(r.event, ev.RewardScored)] == [0, 1, 2, 3]
    runs.close()


def test_a_run_whose_end_is_lost_goes_on_to_the_same_end():
    """The worker has done all of it and is gone: the last attempt is done once more."""
    lost: list[str] = []

    def lose_the_end(messages: list[Message]) -> list[Message]:
        if any(one.body.get("kind") == "run_finished" for one in messages) and not lost:
            lost.append(messages[0].run_id)
            return []
        return messages

    executor = OneProcess(lose_the_end)
    runs = Runs(MemoryStore(), lambda: executor)
    run_id = runs.start(SPEC)
    eventually(lambda: lost)
    executor.lose(run_id, again=True)
    run = run_to_end(runs, run_id)
    assert run.state == "finished", run.error
    assert [r.event.index for r in runs.events(run_id) if isinstance(r.event, ev.RewardScored)] == [
        0,
        1,
        2,
        3,
    ]
    runs.close()


def test_a_run_that_begins_late_does_what_was_asked_for_meanwhile():
    """Its worker begins with what it was told at first, and is told to begin again."""
    executor = OneProcess()
    executor.is_busy = True
    runs = Runs(MemoryStore(), lambda: executor)
    run_id = runs.start(SPEC)
    eventually(lambda: executor.submitted)
    runs.pause(run_id)
    executor.begin(run_id)

    def waits() -> bool:
        run = runs.get(run_id)
        return run is not None and run.state == "paused"

    eventually(waits)
    assert [channel.is_to_begin_again for channel in executor.starts] == [True, False]
    assert not any(isinstance(record.event, ev.AttemptStarted) for record in runs.events(run_id))
    runs.go_on(run_id)
    run_to_end(runs, run_id)
    assert tell(runs.events(run_id))[-1] == log_of(None)[-1]
    runs.close()


def test_a_run_that_ends_its_workers_stops_and_may_be_resumed():
    """The fourth worker that dies at the same attempt is the last one."""
    executor = OneProcess(lambda _: [])
    runs = Runs(MemoryStore(), lambda: executor)
    run_id = runs.start(SPEC)
    for _ in range(4):
        executor.lose(run_id, again=True)
    run = run_to_end(runs, run_id)
    assert run.error is not None
    assert "Put that right, then resume." in run.error
    assert run.resumable
    assert len(executor.submitted) == 4
    runs.close()


def test_a_run_after_its_executor_was_lost_works_at_a_new_one():
    executors = [OneProcess(), OneProcess()]
    opened = iter(executors)
    runs = Runs(MemoryStore(), lambda: next(opened))
    first = runs.start(SPEC)
    run_to_end(runs, first)
    executors[0].lost = True
    second = runs.start(SPEC)
    assert run_to_end(runs, second).error is None
    assert [run_id for one in executors for run_id, _ in one.submitted] == [first, second]
    assert not executors[0].is_open
    runs.close()


def test_who_asks_for_the_workers_does_not_wait_for_them():
    answers = threading.Event()
    executor = OneProcess()
    executor.count = 3

    def open_it() -> OneProcess:
        answers.wait(30)
        return executor

    runs = Runs(MemoryStore(), open_it)
    assert runs.look_at_workers() is None
    answers.set()
    eventually(lambda: runs.look_at_workers() == Workers(3))
    runs.close()


def test_an_executor_that_opens_after_the_app_closed_is_let_go():
    answers = threading.Event()
    executor = OneProcess()

    def open_it() -> OneProcess:
        answers.wait(30)
        return executor

    runs = Runs(MemoryStore(), open_it)
    runs.look_at_workers()
    runs.close()
    assert executor.is_open
    answers.set()
    eventually(lambda: not executor.is_open)


def test_an_experiment_whose_workers_are_gone_blames_no_disk(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("refine_core.executors.remote_run.QUIET_S", 0.05)
    executor = OneProcess(lambda _: [])
    executor.count, executor.problem = 0, "It does not answer."
    runs = Runs(MemoryStore(), lambda: executor)
    experiments = Experiments(runs, lambda *_: make_dataset(2))
    one = experiment(inputs_of(SPEC))
    experiments.start(one)
    eventually(lambda: (now := experiments.get(one.id)) is not None and now.state == "stopped")
    stopped = experiments.get(one.id)
    assert stopped is not None
    assert (stopped.stopped_by, stopped.error) == ("error", "It does not answer.")
    runs.close()


def test_a_cancelled_run_ends_though_its_worker_is_gone():
    executor = OneProcess(lambda _: [])
    runs = Runs(MemoryStore(), lambda: executor)
    run_id = runs.start(SPEC)
    runs.cancel(run_id)
    executor.lose(run_id, again=True)
    assert run_to_end(runs, run_id).was_cancelled
    runs.close()


@pytest.mark.parametrize(("count", "problem"), [(0, ""), (1, "The scheduler does not answer.")])
def test_a_run_that_nobody_works_at_says_so(
    count: int, problem: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Where there are no workers, and no word comes."""
    monkeypatch.setattr("refine_core.executors.remote_run.QUIET_S", 0.05)
    executor = OneProcess(lambda _: [])
    executor.count, executor.problem = count, problem
    runs = Runs(MemoryStore(), lambda: executor)
    run_id = runs.start(SPEC)
    run = run_to_end(runs, run_id)
    assert run.error is not None
    assert (problem or "has no workers") in run.error
    shown = io.StringIO()
    LiveView(Terminal(shown)).end(run)
    assert (problem or "has no workers") in shown.getvalue()
    runs.close()
