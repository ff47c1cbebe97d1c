"""How far typed code is kept apart on this system: tried, not assumed.

    SelfTest().start()  ...  .result(timeout_s) -> Isolation(profile, confinement, leaks)

A reward of ours tries to reach a socket, a file and another program. It is "sandboxed" only where every try is refused, and
the system's own restrictions hold; elsewhere a worker is a process of its own with limits, and no more.
"""

from __future__ import annotations

import logging
import secrets
import socket
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from refine_core.errors import RefineError
from refine_core.rewards import RewardRunner

logger = logging.getLogger("refine_core")

Profile = Literal["sandboxed", "separate process"]
DESCRIPTIONS: Final = {
    "sandboxed": "sandboxed",
    "separate process": "separate process, not a security boundary",
}
"""Profile -> how a screen names it."""

_PROBES = """
import os, socket, subprocess

def reward(args, pred):
    leaks = {}
    def attempt(name, act):
        try:
            leaks[name] = float(bool(act()))
        except BaseException:
            leaks[name] = 0.0
    def connect():
        with socket.create_connection(("127.0.0.1", args["port"]), timeout=1):
            return True
    def read():
        with open(args["path"]) as file:
            return file.read() == args["secret"]
    def write():
        with open(args["path"] + ".written", "w") as file:
            return file.write("x")
    attempt("network", connect)
    attempt("reading files", read)
    attempt("writing files", write)
    attempt("other programs", lambda: subprocess.run([args["python"], "-c", ""]).returncode == 0)
    return Score(sum(leaks.values()), parts=leaks)
"""
_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Isolation:
    """profile: what it amounts to. confinement: the restrictions that hold. leaks: what the code of the self-test reached.

    problem: why the self-test gave no answer; "" if it did.
    """

    profile: Profile
    confinement: tuple[str, ...] = ()
    leaks: tuple[str, ...] = ()
    problem: str = ""

    @property
    def description(self) -> str:
        """As a screen names it."""
        return DESCRIPTIONS[self.profile]


class SelfTest:
    """One self-test of this process, in a thread of its own. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._result = Isolation("separate process", problem="it has not been tried yet")

    def start(self) -> None:
        """Begin, unless it has begun."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="isolation self-test", daemon=True)
                self._thread.start()

    def result(self, timeout_s: float = 0.0) -> Isolation | None:
        """What it found; None if it is not done within `timeout_s` seconds. Begins it if need be."""
        self.start()
        return self._result if self._ended.wait(timeout_s) else None

    def _work(self) -> None:
        try:
            self._result = probe_isolation()
        finally:
            self._ended.set()
        level = logging.INFO if self._result.profile == "sandboxed" else logging.WARNING
        logger.log(level, "rewards run in a %s: %s", self._result.description, self._result)


def probe_isolation() -> Isolation:
    """Try what typed code can reach. Takes a fraction of a second."""
    secret = secrets.token_hex(8)
    try:
        with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as server:
            path = Path(folder) / "secret.txt"
            path.write_text(secret, encoding="utf-8")
            inputs = {
                "port": server.getsockname()[1],
                "path": str(path),
                "secret": secret,
                "python": sys.executable,
            }
            with RewardRunner(_PROBES, timeout_s=_TIMEOUT_S) as runner:
                found = runner.score(inputs, {})
                confinement = runner.confinement
    except (RefineError, OSError) as error:
        return Isolation("separate process", problem=str(error))
    leaks = tuple(name for name, reached in found.parts.items() if reached)
    held = "seccomp" in confinement and any(step.startswith("landlock-") for step in confinement)
    return Isolation("sandboxed" if held and not leaks else "separate process", confinement, leaks)
