"""What Dask runs in a worker: one run, told to the app that sent it.

A process listens to one topic for each app, however many of its runs it does. Runs wait for the network for most of their time, so that
they leave the worker's few threads to others (secede); how many work at once is the app's affair.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final
from uuid import uuid4

import ujson
from distributed import get_worker, secede
from distributed.worker import Worker

from refine_core.executors.channel import Channel
from refine_core.executors.protocol import read_messages
from refine_core.executors.worker import work
from refine_core.log import codec
from refine_core.rewards.pool import RunnerPool
from refine_core.spec import ProgramSpec

LOOK_S: Final = 1.0
HEAR_S: Final = 0.1
FLUSH_S: Final = 0.02
IDLE_S: Final = 60.0
"""After so long without a run the process listens no more for an app, and ends its reward workers."""


class _Listener:
    """The topic under which an app answers the runs of this process."""

    def __init__(self, worker: Worker) -> None:
        self.topic, self.address = f"refinescope-{uuid4().hex}", worker.address
        self.pool = RunnerPool()
        self._channels: dict[str, Channel] = {}
        self._lock = threading.Lock()
        self._idle_since = time.monotonic()
        self.ended, self._runs = False, 0
        self._client: Any = worker._get_client()  # noqa: SLF001  # what get_client gives inside of a task
        self._to_flush = threading.Event()
        for work_on in (self._look_after, self._flush):
            threading.Thread(target=work_on, name="refinescope answers", daemon=True).start()
        self._subscribe()

    def _subscribe(self) -> None:
        """Listen from now on: wait until this process hears itself."""
        heard = threading.Event()
        self._client.subscribe_topic(self.topic, lambda _: heard.set())
        while not heard.is_set():
            self._client.log_event(self.topic, "")
            heard.wait(HEAR_S)
        self._listen()

    def _listen(self) -> None:
        self._client.subscribe_topic(self.topic, lambda event: self.receive(event[1]))

    def enter(self) -> bool:
        """A run comes. False where nothing is listened to any more."""
        with self._lock:
            self._runs += not self.ended
            return not self.ended

    def leave(self) -> None:
        """A run has ended."""
        with self._lock:
            self._runs -= 1
            self._idle_since = time.monotonic()

    def add(self, channel: Channel) -> None:
        """Pass on what is for this start of a run."""
        with self._lock:
            self._channels[channel.start] = channel

    def remove(self, channel: Channel) -> None:
        """Nothing for this start of a run is wanted any more."""
        with self._lock:
            self._channels.pop(channel.start, None)

    def receive(self, text: str) -> None:
        """Pass on what the app answers. Called in Dask's own loop, which must not wait."""
        for message in read_messages(text) if text else ():
            with self._lock:
                channel = self._channels.get(message.start)
            if channel is not None:
                channel.receive(message)

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
                self.ended = not self._runs and time.monotonic() - self._idle_since > IDLE_S
            if self.ended:
                self._client.unsubscribe_topic(self.topic)
                self.pool.close()
                return
            for channel in channels:
                if (
                    channel.look_after()
                ):  # a client that was cut off from its scheduler has to subscribe again
                    self._listen()


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


def deliver(topic: str, text: str) -> None:
    """Pass on what the app of a listener answers, in its process."""
    for listener in list(_listeners.values()):
        if listener.topic == topic:
            listener.receive(text)


def run_task(topic: str, run_id: str, spec: str, settings: str) -> None:
    """Do a run. topic: of the app that sent it. spec: the description; settings: of the run; as JSON text. Dask may start it again elsewhere."""
    secede()
    worker = get_worker()
    listener = _listener(topic, worker)
    channels = []

    def open_channel() -> Channel:
        channel = Channel(run_id, lambda text: worker.log_event(topic, text), listener.flush_soon)
        channels.append(channel)
        listener.add(channel)
        return channel

    try:
        described = codec.build(ProgramSpec, codec.loads(spec))  # type: ignore[arg-type]  # it is the text of a description
        work(
            described, ujson.loads(settings), open_channel, [listener.topic, listener.address], listener.pool
        )
    finally:
        for channel in channels:
            listener.remove(channel)
        listener.leave()


def _listener(topic: str, worker: Worker) -> _Listener:
    """The one of this process for that app, which the run has entered."""
    with _listeners_lock:
        listener = _listeners.get(topic)
        if listener is None or not listener.enter():
            _stop_profiler(worker)
            listener = _listeners[topic] = _Listener(worker)
            listener.enter()
        return listener
