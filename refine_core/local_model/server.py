"""The server as this process sees it: a child process that is started, waited for, and stopped.

Server(name, model).start() -> Future[Address]       a thread reads what the child says; nobody polls
stop()                                               closes the pipe that keeps it alive, and waits for its end
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from refine_core.errors import LMUnavailableError
from refine_core.local_model.facts import CONTEXT_TOKENS
from refine_core.local_model.folder import local_home

logger = logging.getLogger("refine_core")

STOP_S: Final = 5.0
RESERVE_BYTES: Final = 250_000_000  # beside the model's own file: its context and the program
GGUF: Final = b"GGUF"
_CHILD: Final = Path(__file__).parent / "child.py"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server answers, and by which key. The key lives in memory only."""

    url: str
    key: str = field(repr=False)


class Server:
    """One model file, served. name: of the model, as runs know it. model: its file. engine: the folder that has xllamacpp."""

    def __init__(self, name: str, model: Path, *, engine: Path) -> None:
        self.name, self.model = name, model
        self.address: Future[Address] = Future()
        self.started_at = time.monotonic()
        self._engine = engine
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def start(self) -> Future[Address]:
        """Start it, and return at once. The future fails with LMUnavailableError, whose text says what to do."""
        self.address.set_running_or_notify_cancel()
        threading.Thread(target=self._work, name="local model", daemon=True).start()
        return self.address

    def stop(self) -> None:
        """End it, and wait for its end. Calling twice is harmless."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is None:
            return
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return None if self._process is None else self._process.pid

    def ended(self) -> str | None:
        """Why it runs no longer, in a sentence; None while it runs or is being started, or where it was stopped."""
        with self._lock:
            process, stopped = self._process, self._stopped
        if process is None or stopped or (code := process.poll()) is None:
            return None
        return _explain_end(code, _read_log(), self.model)

    def _work(self) -> None:
        """The body of its thread: whatever happens, `address` is settled."""
        try:
            check_model_file(self.model)
            address = self._launch()
        except LMUnavailableError as error:
            self.address.set_exception(error)
        except OSError as error:
            words = f"the server of the small model cannot be started: {error.strerror or error}."
            self.address.set_exception(LMUnavailableError(words, model=self.name))
        except Exception as error:  # whoever waits must learn of it
            logger.exception("the small model was not started")
            words = f"the server of the small model was not started: {type(error).__name__}: {error}"
            self.address.set_exception(LMUnavailableError(words, model=self.name))
        else:
            self.address.set_result(address)
        finally:
            self._follow()

    def _follow(self) -> None:
        """Read on until the child ends, so that it never waits for a reader, and no trace of it is left."""
        process = self._process
        if process is None or process.stdout is None or process.stdin is None:
            return
        with process.stdout:
            for _ in process.stdout:
                pass
        process.wait()
        with suppress(OSError):
            process.stdin.close()

    def _launch(self) -> Address:
        key = secrets.token_urlsafe(24)
        local_home().mkdir(mode=0o700, parents=True, exist_ok=True)
        with _log_file().open("w", encoding="utf-8") as log:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and our own code
                [sys.executable, "-I", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(),
                cwd=local_home(),
                encoding="utf-8",
                errors="replace",
                start_new_session=os.name == "posix",  # Ctrl-C is for the app, which then ends it
            )
        with self._lock:
            self._process, stopped = process, self._stopped
        if stopped:
            self.stop()
        settings = {
            "engine": str(self._engine),
            "model": str(self.model),
            "alias": self.name,
            "key": key,
            "n_ctx": CONTEXT_TOKENS,
        }
        assert process.stdin is not None  # noqa: S101  # a pipe, as asked for
        assert process.stdout is not None  # noqa: S101
        with suppress(OSError, ValueError):  # it has ended already, or was stopped, and that is said below
            process.stdin.write(json.dumps(settings) + "\n")
            process.stdin.flush()
        for line in process.stdout:
            with suppress(ValueError, TypeError, KeyError):
                return Address(json.loads(line)["address"] + "/v1", key)
            if line.startswith('{"error"'):
                break
        code = process.wait()
        with self._lock:
            if self._stopped:
                raise LMUnavailableError("the small model was stopped before it was ready.", model=self.name)
        raise LMUnavailableError(_explain_end(code, _read_log(), self.model), model=self.name)


def check_model_file(model: Path, free_bytes: int | None = None) -> None:
    """Raise LMUnavailableError for a file that cannot be served, or one for which there is too little memory.

    free_bytes: the memory that can be had; None looks it up.
    """
    try:
        with model.open("rb") as file:
            head, size = file.read(len(GGUF)), os.fstat(file.fileno()).st_size
    except OSError as error:
        words = f"the model file {model} cannot be read: {error.strerror or error}."
        raise LMUnavailableError(words, model=model.stem) from error
    if head != GGUF:
        raise LMUnavailableError(
            f"{model} is no GGUF file: it does not begin as one. Give the path of a model file in llama.cpp's format.",
            model=model.stem,
        )
    free = available_bytes() if free_bytes is None else free_bytes
    if free is not None and free < size + RESERVE_BYTES:
        raise LMUnavailableError(
            f"there is too little memory for {model.name}: it takes about {(size + RESERVE_BYTES) / 1e6:,.0f} MB, and "
            f"{free / 1e6:,.0f} MB are available. Close other programs, or take a smaller model.",
            model=model.stem,
        )


def available_bytes() -> int | None:
    """Memory that can be had without swapping, where the system tells (Linux)."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _explain_end(code: int, log: str, model: Path) -> str:
    """Why the server is not there, and what to do."""
    if re.search(r"corrupted or incomplete|invalid magic|not within the file bounds|failed to read", log):
        return (
            f"the model file {model} is damaged or incomplete: llama.cpp cannot load it. {_how_again(model)}"
        )
    if re.search(r"failed to create.context|failed to allocate|bad_alloc|out of memory", log, re.IGNORECASE):
        return f"there is too little memory for {model.name}. Close other programs, or take a smaller model."
    if code in (-9, 137):
        return (
            "the server of the small model was killed: by the system, as happens when memory runs out, or by a person. Start it "
            "again on the page Models, or with `refinescope local`; where memory is short, close other programs first."
        )
    if "ModuleNotFoundError" in log or "ImportError" in log:
        return f"the server of the small model cannot be loaded on this system. Its log: {_log_file()}."
    if re.search(r"failed to load model|unknown model architecture", log):
        return f"llama.cpp cannot load {model.name}; it may be of a kind that it does not know. Its log: {_log_file()}."
    return f"the server of the small model ended by itself (exit code {code}). Its log: {_log_file()}."


def _how_again(model: Path) -> str:
    """How to get a model file anew."""
    home = local_home()
    if home not in model.parents:
        return "Download it again."
    return f"Delete {home / model.relative_to(home).parts[0]}, and set it up again."


def _environment() -> dict[str, str]:
    """Nothing of this process's environment: it may hold keys."""
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"}
    if os.name == "nt":
        environment |= {name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR") if name in os.environ}
    return environment


def _log_file() -> Path:
    return local_home() / "server.log"


def _read_log() -> str:
    try:
        return _log_file().read_text(encoding="utf-8", errors="replace")[-20_000:]
    except OSError:
        return ""
