"""What Dask runs in a worker: one run, told to the app that sent it.

A process listens on one queue for each app, however many of its runs it does. Runs wait for the network for most of their time, so that
they leave the worker's few threads to others (secede); how many work at once is the app's affair.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final
from uuid import uuid4

from distributed import Queue, get_worker, secede
from distributed.worker import Worker

from refine_core.executors.channel import Channel
from refine_core.executors.protocol import read_messages
from refine_core.executors.worker import work
from refine_core.log import codec
from refine_core.rewards.pool import RunnerPool
from refine_core.spec import ProgramSpec

LOOK_S: Final = 1.0
FLUSH_S: Final = 0.02
IDLE_S: Final = 60.0
"""After so long without a run the process listens no more for an app, and ends its reward workers."""


class _Listener:
    """The queue by which an app answers the runs of this process."""

    def __init__(self, worker: Worker) -> None:
        self.name = f"refinescope-{uuid4().hex}"
        self.pool = RunnerPool()
        self._channels: dict[str, Channel] = {}
        self._lock = threading.Lock()
        self._idle_since = time.monotonic()
        self.ended, self._coming = False, 0
        self._queue: Any = Queue(self.name, client=worker._get_client())  # noqa: SLF001  # what get_client gives inside of a task
        self._to_flush = threading.Event()
        for work_on in (self._listen, self._look_after, self._flush):
            threading.Thread(target=work_on, name="refinescope answers", daemon=True).start()

    def add(self, channel: Channel) -> None:
        """Pass on what is for this start of a run."""
        with self._lock:
            self._channels[channel.start] = channel
            self._coming -= 1

    def expect(self) -> bool:
        """A run is coming. False where nothing is listened to any more."""
        with self._lock:
            self._coming += not self.ended
            return not self.ended

    def remove(self, channel: Channel) -> None:
        """Nothing for this start of a run is wanted any more."""
        with self._lock:
            self._channels.pop(channel.start, None)
            self._idle_since = time.monotonic()

    def _listen(self) -> None:
        while text := _get(self._queue):
            for message in read_messages(text):
                with self._lock:
                    channel = self._channels.get(message.start)
                if channel is not None:
                    channel.receive(message)
        self._queue.close()
        self.pool.close()

    def flush_soon(self) -> None:
        """Have what waits to be sent go out together."""
        self._to_flush.set()

    def _flush(self) -> None:
        while not self.ended:
            if self._to_flush.wait(IDLE_S):
                time.sleep(FLUSH_S)
                self._to_flush.clear()
                with self._lock:
                    channels = list(self._channels.values())
                for channel in channels:
                    channel.flush()

    def _look_after(self) -> None:
        """See that no run waits in vain; end the listening once there has been none for a while."""
        while True:
            time.sleep(LOOK_S)
            with self._lock:
                channels = list(self._channels.values())
                self.ended = (
                    not channels and not self._coming and time.monotonic() - self._idle_since > IDLE_S
                )
            if self.ended:
                self._queue.put("")
                return
            for channel in channels:
                channel.look_after()


def _get(queue: Any) -> str:
    """The next message; "" for the end. It is waited for without a limit, as Dask logs each one that passes as an error."""
    while True:
        try:
            return str(queue.get())
        except (OSError, TimeoutError):  # the scheduler does not answer just now
            time.sleep(LOOK_S)


def _stop_profiler(worker: Worker) -> None:
    """Have Dask no longer look a hundred times a second at what each thread does.

    That may block a whole process for ever where memory is collected just then: https://github.com/python/cpython/issues/106883, seen
    here with Python 3.11.7 after 90 to 350 runs.
    """
    for name in ("profile", "profile-cycle"):
        callback = worker.periodic_callbacks.get(name)
        if callback is not None:
            worker.loop.add_callback(callback.stop)


_listeners: dict[str, _Listener] = {}
_listeners_lock: Final = threading.Lock()


def run_task(topic: str, run_id: str, spec: str) -> None:
    """Do a run. topic: of the app that sent it. spec: the description, as JSON text. Dask may start it again elsewhere."""
    secede()
    worker = get_worker()
    listener = _listener(topic, worker)
    channel = Channel(run_id, lambda text: worker.log_event(topic, text), listener.flush_soon)
    listener.add(channel)
    try:
        described = codec.build(ProgramSpec, codec.loads(spec))  # type: ignore[arg-type]  # it is the text of a description
        work(described, channel, listener.name, listener.pool)
    finally:
        listener.remove(channel)


def _listener(topic: str, worker: Worker) -> _Listener:
    """The one of this process for that app, which expects a run now."""
    with _listeners_lock:
        listener = _listeners.get(topic)
        if listener is None or not listener.expect():
            _stop_profiler(worker)
            listener = _listeners[topic] = _Listener(worker)
            listener.expect()
        return listener
