"""An executor of Dask distributed, as the app sees it.

    submit --task, its key names the run--> scheduler --> worker          events() <--topic of this app-- worker's log_event
    answer --topic of that worker process--> worker                       a welcome, with its records, goes there by itself (Client.run)

Dask starts a task again whose worker died; the app then tells the new start where the run stands. The scheduler keeps the last messages of a
topic (KEPT_MESSAGES), where every client of it can read them. So prompts and outputs are in the topic of the app alone, which it overwrites
when it closes.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import count
from queue import SimpleQueue
from typing import Any, Final
from uuid import uuid4

import ujson

from refine_core.executors.dask.local_process import LocalProcess
from refine_core.executors.protocol import ExecutorError, Message, Workers, read_messages, write_messages
from refine_core.log import codec
from refine_core.spec import ProgramSpec

logger = logging.getLogger("refine_core")

CONNECT_S: Final = 10
MAX_REPLIES: Final = 10_000
RELEASE_S: Final = 1.0
KEPT_MESSAGES: Final = 1000  # distributed.admin.low-level-log-length, unless the scheduler has it otherwise
_MISSING = 'Dask is not installed; run pip install "refinescope[dask]"'


class DaskExecutor:
    """Workers of Dask. address: of a scheduler; None for a cluster of processes on this machine. workers: how many of these; None: one a core.

    Raises ExecutorError where Dask is not installed, or the scheduler does not answer.
    """

    def __init__(
        self, address: str | None = None, *, workers: int | None = None, connect_s: float = CONNECT_S
    ) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise ExecutorError(f"Runs cannot work on Dask: {_MISSING}.") from error
        self._local = None if address is not None else LocalProcess(workers)
        try:
            where = self._local.wait_for_address() if self._local is not None else address
            self._client: Any = Client(where, timeout=connect_s, name="refinescope")
        except ValueError as error:
            raise ExecutorError(
                f"Runs cannot work on Dask: {address!r} is no address of a scheduler; write dask:tcp://host:8786."
            ) from error
        except (OSError, TimeoutError) as error:
            if self._local is not None:
                self._local.close()
            raise ExecutorError(
                f"Runs cannot work on Dask: its scheduler at {address or 'this machine'} does not answer "
                f"({type(error).__name__}); start it with dask scheduler, or correct REFINESCOPE_EXECUTOR."
            ) from error
        _quiet_dask()
        self._address = address
        self._topic = f"refinescope-{uuid4().hex}"
        self._messages: SimpleQueue[Message | None] = SimpleQueue()
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._futures: dict[str, Any] = {}
        # Run and start -> topic and address of its worker.
        self._replies: dict[tuple[str, str], list[str]] = {}
        self._answers: list[tuple[str, Message]] = []  # topic and message, in order, of those not sent yet
        self._unwanted: list[Any] = []  # futures to release
        self._sends = self._closed = False
        self._client.subscribe_topic(self._topic, self._receive)

    @property
    def name(self) -> str:
        """Dask at the scheduler's address, or on this machine."""
        return f"Dask at {self._address}" if self._address else "Dask on this machine"

    @property
    def lost(self) -> bool:
        """Whether its processes on this machine have ended, or Dask has given its scheduler up, as it does after CONNECT_S."""
        return self._client.status in ("closing", "closed") or (self._local is not None and self._local.ended)

    def submit(
        self, run_id: str, spec: ProgramSpec, after_seq: int, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Have a worker do the run. Raises ExecutorError."""
        from refine_core.executors.dask.task import run_task

        if self._client.status != "running":
            raise ExecutorError(self.alive().problem)
        # Once more: a client that was cut off has to.
        self._client.subscribe_topic(self._topic, self._receive)
        key = f"refinescope-{run_id}-{after_seq}-{next(self._numbers)}"
        try:
            future = self._client.submit(
                run_task,
                self._topic,
                run_id,
                codec.dumps(spec),
                ujson.dumps(settings),
                key=key,
                pure=False,
                retries=0,
            )
        except Exception as error:
            raise ExecutorError(f"{self.name} takes no runs: {error}") from error
        with self._lock:
            self._futures[run_id] = future
        future.add_done_callback(lambda done: self._on_done(run_id, done))

    def cancel(self, run_id: str) -> None:
        """Tell the worker. A task that has not begun is taken back."""
        with self._lock:
            starts = [start for run, start in self._replies if run == run_id]
            future = self._futures.get(run_id)
        for start in starts:
            self.answer(Message("cancel", run_id, start))
        if not starts and future is not None:
            with suppress(Exception):
                future.cancel()

    def answer(self, message: Message) -> None:
        """Have a message sent to the worker's process, in order; returns at once."""
        with self._lock:
            worker = self._replies.get((message.run_id, message.start))
            if worker is None:
                return
            topic, address = worker
            if message.kind != "welcome":
                self._answers.append((topic, message))
        if message.kind == "welcome":
            threading.Thread(target=self._deliver, args=(topic, address, message), daemon=True).start()
        else:
            self._client.loop.add_callback(self._send)

    def events(self) -> Iterator[Message]:
        """What the workers send, until this is closed."""
        while (message := self._messages.get()) is not None:
            yield message

    def clear(self, run_id: str) -> None:
        """Nothing of this run is wanted any more."""
        with self._lock:
            future = self._futures.pop(run_id, None)
            if future is None:
                return
            self._unwanted.append(future)
            is_first = len(self._unwanted) == 1
        if is_first:
            self._client.loop.add_callback(self._client.loop.call_later, RELEASE_S, self._release)

    def alive(self) -> Workers:
        """How many workers the scheduler has now."""
        if self._closed:
            return Workers(0, f"{self.name} was let go; start Refinescope again.")
        if self._client.status != "running" or self.lost:
            return Workers(0, self._describe_loss())
        try:
            # Client.scheduler_info gives its last answer where there is none.
            ask = self._client.scheduler.identity
            workers = int(self._client.sync(ask, n_workers=0, callback_timeout=CONNECT_S)["n_workers"])
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing can work there
            return Workers(0, self._describe_loss(f" ({error})"))
        return Workers(workers)

    def _describe_loss(self, why: str = "") -> str:
        """That the scheduler is gone, and what to do."""
        if self._local is not None:
            return f"{self.name} has ended{why}. Resume the run: that starts Dask again."
        return f"{self.name} does not answer{why}. See that its scheduler runs, then resume."

    def close(self) -> None:
        """Let the workers go. Calling twice is harmless."""
        if self._closed:
            return
        with self._lock:
            left = [*self._futures] if self.lost else []
        self._closed = True
        for run_id in left:  # Dask may not have said so yet
            self._messages.put(Message("lost", run_id, body={"why": self._describe_loss(), "again": False}))
        self._messages.put(None)
        with suppress(Exception):
            self._client.unsubscribe_topic(self._topic)
            overwrite = self._client.scheduler.log_event
            self._client.sync(overwrite, topic=[self._topic] * KEPT_MESSAGES, msg="", callback_timeout=2)
        with suppress(Exception):
            self._client.close(timeout=2)
        if self._local is not None:
            self._local.close()

    async def _send(self) -> None:
        """Send what waits to be sent: one text for each process. In Dask's own loop."""
        if self._sends:
            return
        self._sends = True
        try:
            while self._answers:
                with self._lock:
                    waiting, self._answers = self._answers, []
                topics = dict.fromkeys(topic for topic, _ in waiting)
                await asyncio.gather(
                    *(self._publish(topic, [one for to, one in waiting if to == topic]) for topic in topics)
                )
        finally:
            self._sends = False

    async def _publish(self, topic: str, messages: list[Message]) -> None:
        try:
            await self._client.scheduler.log_event(topic=topic, msg=write_messages(messages))
        except Exception as error:  # noqa: BLE001  # the worker asks again, or its future says that it is lost
            logger.warning("%s: a worker could not be answered: %s", self.name, error)

    def _deliver(self, topic: str, address: str, welcome: Message) -> None:
        """Hand a welcome to the worker. The body of a thread: it waits until it is there."""
        from refine_core.executors.dask.task import deliver

        try:
            self._client.run(deliver, topic, write_messages([welcome]), workers=[address])
        except Exception as error:  # noqa: BLE001  # the worker asks again, or its future says that it is lost
            if not (self._closed or self.lost):
                logger.warning("%s: a run could not be handed to a worker: %s", self.name, error)

    def _release(self) -> None:
        """Let go of futures that nobody wants any more. Not one by one: Dask sends no more than a message every 10 ms, and a task would wait."""
        with self._lock:
            unwanted, self._unwanted = self._unwanted, []
        for future in unwanted:
            with suppress(Exception):
                future.release()

    def _receive(self, event: tuple[float, Any]) -> None:
        """Take what a worker logged. Called in Dask's own loop, which must not wait."""
        for message in read_messages(event[1]) if event[1] else ():
            if message.kind == "hello":
                with self._lock:
                    self._replies[message.run_id, message.start] = message.body["reply_to"]
                    while len(self._replies) > MAX_REPLIES:  # those of runs that have ended long ago
                        del self._replies[next(iter(self._replies))]
            self._messages.put(message)

    def _on_done(self, run_id: str, future: Any) -> None:
        """A task ended. Where the run has said so before, nobody hears this."""
        status = future.status
        if self._closed:
            return
        with self._lock:
            is_current = self._futures.get(run_id) is future
        if not is_current:
            return
        error = future.exception() if status == "error" else None
        body = _explain(self.name, status, error) or {"why": self._describe_loss(), "again": False}
        self._messages.put(Message("lost", run_id, body=body))


def _quiet_dask() -> None:
    """Dask logs at length, with its traces, what the run says in a sentence: that the scheduler is gone, or that this process ends."""
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    logging.getLogger("tornado.application").addFilter(_is_no_farewell)


def _is_no_farewell(record: logging.LogRecord) -> bool:
    """Whether a line of Tornado's log is more than that callbacks find this process ending."""
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, RuntimeError) and "shutdown" in str(error))


def _explain(name: str, status: str, error: BaseException | None) -> dict[str, Any] | None:
    """Why a task came to nothing, and whether it is worth another one; None where Dask itself is gone."""
    kind = type(error).__name__
    if status == "finished":
        return {"why": f"The end of this run was lost on its way from {name}.", "again": True}
    if kind == "KilledWorker":
        return {"why": f"The workers of {name} that did this run died, one after the other.", "again": True}
    if kind in ("ModuleNotFoundError", "ImportError"):
        why = (
            f"The workers of {name} cannot load Refinescope ({error}); "
            "install refinescope there, in the same version, then resume."
        )
        return {"why": why, "again": False}
    if error is not None:
        return {
            "why": f"{name} could not do this run ({kind}: {error}). Put that right, then resume.",
            "again": False,
        }
    return None
