"""The small model of this process: whether it is set up, whether it runs, and starting and stopping it. Any thread may ask.

status() -> Status        start_setup(), cancel_setup()        start(file), stop()
require(name) -> Future[Address]        what a call of the model waits for: it starts the server where need be
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from refine_core.errors import LMUnavailableError
from refine_core.local_model.facts import ENGINE, NAME, WEIGHTS, Package
from refine_core.local_model.folder import find_weights, missing_packages, package_folder
from refine_core.local_model.server import Address, Server
from refine_core.local_model.setup import Progress, SetUp

Phase = Literal["absent", "setting_up", "stopped", "starting", "running", "failed"]


@dataclass(frozen=True, slots=True)
class Status:
    """phase: where it is. name: of the model that runs, or would. progress: of the last setting up of this process, or None.

    for_s: how long it has been starting, in seconds. message: why it failed. address: while it runs.
    """

    phase: Phase
    name: str
    progress: Progress | None = None
    for_s: float = 0.0
    message: str = ""
    address: str = ""


class LocalModel:
    """At most one setting up and one server. engine, weights: what is set up."""

    def __init__(self, engine: Package = ENGINE, weights: Package = WEIGHTS) -> None:
        self._engine, self._weights = engine, weights
        self._lock = threading.Lock()
        self._set_up: SetUp | None = None
        self._server: Server | None = None

    def status(self) -> Status:
        """What is the case now."""
        with self._lock:
            set_up, server = self._set_up, self._server
        progress = set_up.state() if set_up is not None else None
        if server is not None:
            return _describe_server(server, progress)
        if progress is not None and not progress.is_over:
            return Status("setting_up", NAME, progress)
        return Status("absent" if self._missing() else "stopped", NAME, progress)

    def start_setup(self, *, needs_weights: bool = True) -> SetUp:
        """Begin to set up what is missing; the one that goes on, if there is one."""
        with self._lock:
            if self._set_up is None or self._set_up.state().is_over:
                self._set_up = SetUp(self._missing(needs_weights=needs_weights))
                self._set_up.start()
            return self._set_up

    def cancel_setup(self) -> None:
        """End the setting up that goes on, if any. What is there as a whole stays."""
        with self._lock:
            if self._set_up is not None:
                self._set_up.cancel()

    def start(self, model: Path | None = None) -> Future[Address]:
        """Start the server, or return the one that runs. model: a GGUF file; None for SmolLM2. Raises LMUnavailableError."""
        file = model or find_weights(self._weights)
        name = model.stem if model is not None else NAME
        if self._missing(needs_weights=model is None) or file is None:
            raise LMUnavailableError(NOT_SET_UP, model=name)
        with self._lock:
            old = self._server
            if old is not None and old.model == file and not _has_ended(old):
                return old.address
            self._server = server = Server(name, file, engine=package_folder(self._engine))
        if old is not None:
            old.stop()
        return server.start()

    def stop(self) -> None:
        """Stop the server, if there is one."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.stop()

    def find_end(self) -> str | None:
        """Why the server that just answered does so no longer, in a sentence; None while it runs."""
        with self._lock:
            server = self._server
        if server is None:
            return "The small model was stopped while it answered. The next run on it starts it again."
        why = server.ended()
        return None if why is None else _capital(why)

    def require(self, name: str) -> Future[Address]:
        """Where the model of this name answers: at once while it runs, else as soon as it does. The future fails with LMUnavailableError."""
        with self._lock:
            server = self._server
        if server is not None and server.name == name:
            if (why := server.ended()) is None:
                return server.address
            return _failed(_capital(why), name)
        if server is not None:
            return _failed(
                f"The model that runs on this machine is {server.name}, and {name} was asked for. Start that one with "
                f"`refinescope local{'' if name == NAME else f' PATH/TO/{name}.gguf'}`, or choose the one that runs.",
                name,
            )
        if name != NAME:
            return _failed(
                f"{name} does not run on this machine. Start it with `refinescope local PATH/TO/{name}.gguf`.",
                name,
            )
        try:
            return self.start()
        except LMUnavailableError as error:
            return _failed(str(error), name)

    def _missing(self, *, needs_weights: bool = True) -> tuple[Package, ...]:
        return missing_packages(needs_weights=needs_weights, engine=self._engine, weights=self._weights)


NOT_SET_UP = "The small model is not set up on this machine. Set it up on the page Models, or with `refinescope local`."


def _has_ended(server: Server) -> bool:
    """Whether it has failed to start, or runs no longer."""
    done = server.address.done()
    return (done and server.address.exception() is not None) or server.ended() is not None


def _failed(message: str, name: str) -> Future[Address]:
    future: Future[Address] = Future()
    future.set_exception(LMUnavailableError(message, model=name))
    return future


def _describe_server(server: Server, progress: Progress | None) -> Status:
    for_s = time.monotonic() - server.started_at
    if not server.address.done():
        return Status("starting", server.name, progress, for_s)
    error = server.address.exception()
    if error is not None:
        return Status("failed", server.name, progress, message=_capital(str(error)))
    if (why := server.ended()) is not None:
        return Status("failed", server.name, progress, message=_capital(why))
    return Status("running", server.name, progress, address=server.address.result().url)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


local_model = LocalModel()
"""The one of this process."""
