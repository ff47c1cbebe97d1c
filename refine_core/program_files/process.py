"""A file's process as the app sees it: started, watched, told what to run, and started anew when the file changes.

    file, its modules --watched--> restart            RunRequest --> the child: child.py --> events, output
    snapshot()  all that a screen shows of it, at one moment         history.py  its runs, kept in the store

    starting --described--> ready --run--> running --ended--> ready
       |                      ^               | cancel --> cancelling --> ready
       +-- failed             +--- a change of the file, now or once the run has ended ---+

One thread supervises; two read what the child writes. The child ends with this process: its standard input closes.
"""

from __future__ import annotations

import atexit
import codecs
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from refine_core.errors import Problem, SpecError, StoreError
from refine_core.formatting import format_clock
from refine_core.program_child.descriptions import (
    Description,
    Failure,
    RunRequest,
    read_description,
    to_data,
)
from refine_core.program_files import history, problems
from refine_core.program_files.output import Output
from refine_core.program_files.problems import ProgramProblem

logger = logging.getLogger("refine_core")

State = Literal["starting", "ready", "running", "cancelling", "failed"]
POLL_S: Final = 0.3
READ_BYTES: Final = 65_536
SETTLE_S: Final = 0.3  # that a file has to rest after a change: an editor may write it in parts
CANCEL_S: Final = 5.0
LONG_S: Final = 15.0  # of an import, after which a screen says what it may be


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file's process at one moment.

    description: of the file as it last ran; it stays while the file is started again. problem: why it does not run. run_problem: why the last
    run failed or did not begin. notice: what else a person should know, such as that it was started again. since: when the state began.
    run_id: of the run under way, or the last one. changed: whether the file changed during the run. starts: how often it was started.
    imports_long: whether the import takes so long that it may never end.
    """

    path: Path
    state: State
    since: float
    revision: int = 0
    description: Description | None = None
    problem: ProgramProblem | None = None
    run_problem: ProgramProblem | None = None
    notice: str = ""
    output: str = ""
    run_id: str | None = None
    changed: bool = False
    starts: int = 0
    imports_long: bool = False

    @property
    def busy(self) -> bool:
        """Whether a run is under way."""
        return self.state in ("running", "cancelling")


@dataclass(slots=True)
class _Child:
    """A process, and what it has said. ended: its pipes are read to their end."""

    process: subprocess.Popen[str]
    readers: list[threading.Thread] = field(default_factory=list)
    failure: Failure | None = None
    described: bool = False


class ProgramProcess:
    """One file, run in a process of its own for as long as this object is open. Safe to use from any thread.

    python: the interpreter that runs it; None for this one. cancel_s: for a run to end by itself; then its process is killed.
    """

    def __init__(self, path: Path, python: str | None = None, *, cancel_s: float = CANCEL_S) -> None:
        self._cancel_s = cancel_s
        self.path, self.python = path.absolute(), python or sys.executable
        self._changed = threading.Condition()
        self._shown = Snapshot(self.path, "starting", time.time())
        self._output = Output()
        self._child: _Child | None = None
        self._request: RunRequest | None = None
        self._files: dict[str, float | None] = {str(self.path): None}
        self._wants_start = True
        self._stopped = False
        self._cancel_until: float | None = None
        self._open = True
        self._thread = threading.Thread(target=self._supervise, name="program file", daemon=True)

    def start(self) -> None:
        """Begin to serve the file."""
        atexit.register(self.close)
        self._thread.start()

    def snapshot(self) -> Snapshot:
        """What there is to show now."""
        with self._changed:
            return replace(self._shown, output=self._output.text)

    def wait_for_change(self, revision: int, timeout_s: float) -> Snapshot:
        """Wait until there is something else to show than at that revision, at most `timeout_s` seconds; return it."""
        with self._changed:
            self._changed.wait_for(lambda: self._shown.revision != revision, timeout_s)
        return self.snapshot()

    def run(self, request: RunRequest, key: str | None = None) -> None:
        """Begin a run. key: of the model that the request names; it goes through the pipe and nowhere else.

        Raises SpecError where the file is not ready, with what is wrong.
        """
        with self._changed:
            child = self._child
            if self._shown.state != "ready" or child is None:
                raise SpecError([Problem("program", _WHY_NOT[self._shown.state])])
            self._request = request
            self._show(state="running", run_id=None, run_problem=None, notice="")
            self._send(child, {"do": "run", "request": to_data(request), "key": key})

    def cancel(self) -> None:
        """End the run under way; its process is killed if it has not ended within five seconds."""
        with self._changed:
            if self._child is not None and self._shown.state == "running":
                self._cancel_until = time.monotonic() + self._cancel_s
                self._show(state="cancelling")
                self._send(self._child, {"do": "cancel"})

    def restart(self) -> None:
        """Start the file again; a run under way is not waited for."""
        with self._changed:
            self._wants_start = True
            self._changed.notify_all()

    def stop_import(self) -> None:
        """End an import that takes too long; the file is started again when it changes, or by `restart`."""
        with self._changed:
            if self._shown.state == "starting" and self._child is not None:
                self._stopped = True
                _kill(self._child.process)

    def close(self) -> None:
        """End the process."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(CANCEL_S)

    # The thread that supervises.

    def _supervise(self) -> None:
        try:
            while self._wait():
                wants_start, child = self._wants_start, self._child
                if child is not None and child.process.poll() is not None:
                    self._ended(child)
                elif self._cancel_until is not None and time.monotonic() > self._cancel_until and child:
                    self._cancel_until = None
                    self._note(
                        "The run did not end by itself, so its process was killed. The run is shown as interrupted."
                    )
                    _kill(child.process)
                elif wants_start:
                    self._start()
                elif self._shown.state == "starting" and self._is_long():
                    self._note_long()
                else:
                    self._look_at_files()
        except Exception:
            logger.exception("the process of %s is no longer supervised", self.path.name)
        finally:
            if self._child is not None:
                _kill(self._child.process)
                _join(self._child)

    def _wait(self) -> bool:
        """Wait a moment, or until there is something to do; whether this is still open."""
        with self._changed:
            return self._open and (self._changed.wait(POLL_S) or True) and self._open

    def _is_long(self) -> bool:
        return not self._shown.imports_long and time.time() - self._shown.since > LONG_S

    def _note_long(self) -> None:
        with self._changed:
            if self._shown.state == "starting":
                self._show(imports_long=True)

    def _start(self) -> None:
        with self._changed:
            old, self._child = self._child, None
            self._wants_start = self._stopped = False
            self._cancel_until = None
        if old is not None:
            _kill(old.process)
            _join(old)
        self._files = {str(self.path): _time_of(str(self.path)), **{f: _time_of(f) for f in self._files}}
        with self._changed:
            first = self._shown.starts == 0
            if not first:
                self._output.add_line(f"— started again at {format_clock(time.time())} —")
            if self._files[str(self.path)] is None:
                self._show(state="failed", problem=problems.describe_missing(self.path), changed=False)
                return
            self._show(state="starting", problem=None, changed=False, starts=self._shown.starts + 1)
        try:
            process = subprocess.Popen(  # noqa: S603 - the author's own file, by the Python that they named
                [self.python, "-P", "-u", "-m", "refine_core.program_child", str(self.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="backslashreplace",
                start_new_session=True,
            )
        except OSError as error:
            with self._changed:
                self._show(state="failed", problem=problems.describe_no_python(self.python, error))
            return
        child = _Child(process)
        with self._changed:
            self._child = child
        for target, name in ((self._read_events, "program events"), (self._read_output, "program output")):
            reader = threading.Thread(target=target, args=(child,), name=name, daemon=True)
            child.readers.append(reader)
            reader.start()

    def _ended(self, child: _Child) -> None:
        """The process is gone: by a word of its own, by a kill, or by a crash."""
        _join(child)
        with self._changed:
            self._child = None
            self._cancel_until = None
            code = child.process.returncode
            if child.failure is not None:
                problem = problems.describe_import_failure(child.failure, self.path, self.python)
                self._show(state="failed", problem=problem)
            elif self._stopped:
                self._show(state="failed", problem=problems.describe_stop(self.path))
            elif child.described:  # it will run again
                end = problems.describe_end(code, self.path, importing=False, output="", python=self.python)
                cancelled = self._shown.state == "cancelling"
                self._show(run_problem=self._shown.run_problem if cancelled else end)
                self._wants_start = True
            else:
                end = problems.describe_end(
                    code, self.path, importing=True, output=self._output.text, python=self.python
                )
                self._show(state="failed", problem=end)

    def _look_at_files(self) -> None:
        """Start again if a file of the program has changed and rests; once the run has ended, if there is one."""
        changed = [file for file, before in self._files.items() if _time_of(file) != before]
        if not changed:
            return
        newest = max((_time_of(file) or 0.0 for file in changed), default=0.0)
        if 0 <= time.time() - newest < SETTLE_S:
            return
        name = Path(changed[0]).name
        with self._changed:
            if self._shown.busy:
                if not self._shown.changed:
                    self._show(
                        changed=True, notice=f"{name} has changed. It starts again once this run has ended."
                    )
                return
            gone = _time_of(str(self.path)) is None
            if gone and self._shown.problem == problems.describe_missing(self.path):
                return
            again = f"Started again at {format_clock(time.time())}: {name} has changed."
            self._show(run_problem=None, notice="" if gone else again)
        self._start()

    # The threads that read.

    def _read_events(self, child: _Child) -> None:
        stream = child.process.stdout
        if stream is None:
            return
        with stream:
            for line in stream:
                try:
                    event: Mapping[str, Any] = json.loads(line)
                    self._take(child, event)
                except (ValueError, KeyError, TypeError):
                    logger.warning("the process of %s said something that is no event", self.path.name)

    def _read_output(self, child: _Child) -> None:
        stream, decoder = child.process.stderr, codecs.getincrementaldecoder("utf-8")("backslashreplace")
        if stream is None:
            return
        with stream:
            while data := os.read(stream.fileno(), READ_BYTES):
                with self._changed:
                    self._output.add(decoder.decode(data))
                    self._show()

    def _take(self, child: _Child, event: Mapping[str, Any]) -> None:
        with self._changed:
            if child is not self._child:
                return
            match event["event"]:
                case "described":
                    version = str(event["description"].get("refinescope", ""))
                    if other := problems.describe_other_version(version, self.python):
                        self._show(state="failed", problem=other)
                        return
                    description = read_description(event["description"])
                    child.described = True
                    self._watch(description.files)
                    problem = problems.describe_nothing_found(description, self.path)
                    self._show(
                        state="failed" if problem else "ready", description=description, problem=problem
                    )
                case "failed":
                    self._watch(event["files"])
                    child.failure = Failure(**event["failure"])
                case "started":
                    if self._shown.run_id is None:
                        self._show(run_id=event["run_id"])
                        self._keep(event["run_id"])
                case "ended":
                    self._cancel_until = None
                    failure = Failure(**event["failure"]) if event["failure"] else None
                    self._show(
                        state="ready",
                        notice=self._shown.notice if self._shown.changed else "",
                        run_problem=None
                        if failure is None
                        else problems.describe_run_failure(failure, self.path),
                    )

    def _keep(self, run_id: str) -> None:
        """Keep that this run is one of the file's."""
        if self._request is not None:
            try:
                history.add(self.path, run_id, self._request)
            except StoreError as error:
                logger.warning("the run %s is not in the list of the file's runs: %s", run_id, error)

    def _watch(self, files: Any) -> None:
        """Look at these from now on; as they are now, unless they were looked at before."""
        for file in files:
            self._files.setdefault(str(file), _time_of(str(file)))

    def _note(self, notice: str) -> None:
        with self._changed:
            self._show(notice=notice)

    def _show(self, **changes: Any) -> None:
        """Change what is shown. The lock must be held."""
        if changes.get("state", self._shown.state) != self._shown.state or "starts" in changes:
            changes = {**changes, "since": time.time()}
            changes.setdefault("imports_long", False)
        self._shown = replace(self._shown, revision=self._shown.revision + 1, **changes)
        self._changed.notify_all()

    def _send(self, child: _Child, command: Mapping[str, Any]) -> None:
        with suppress(OSError, ValueError):  # one that has just ended: the supervisor says so
            stdin = child.process.stdin
            if stdin is not None:
                stdin.write(json.dumps(command) + "\n")
                stdin.flush()


_WHY_NOT: Final[Mapping[State, str]] = {
    "starting": "the file is still being imported; wait for it",
    "running": "a run is under way; cancel it first",
    "cancelling": "a run is being cancelled; wait for its end",
    "failed": "the file does not run; fix it first",
    "ready": "its process has just ended; it starts again by itself",
}


def _kill(process: subprocess.Popen[str]) -> None:
    """End a process with all that it started."""
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(CANCEL_S)


def _join(child: _Child) -> None:
    """Wait until all that a process has written is read; one that it started may keep its pipes open, and is not waited for."""
    with suppress(OSError, ValueError):
        if child.process.stdin is not None:
            child.process.stdin.close()
    for reader in child.readers:
        reader.join(1.0)


def _time_of(file: str) -> float | None:
    """When a file was changed last; None where there is none."""
    try:
        return Path(file).stat().st_mtime
    except OSError:
        return None
