"""This side of one worker process: start it, send a frame, await the reply, watch it, kill it.

    start ── ready ── loaded | request ── reply | request ── reply | … kill
             └─ runs, is watched ──┘ paused └─ runs, is watched ─┘ paused

A worker runs only while a frame is expected from it: on Linux it is paused soon after that has arrived (LOOK_EVERY_S),
so threads that a reward left behind get no time between scores, nor while the judge answers. What it writes is bounded.

Three threads serve it. One starts the process and then reads until its output ends: the kernel kills the child when
*that thread* ends (PR_SET_PDEATHSIG), so whoever asked for the process may come and go. The other writes, so that a
worker which does not read cannot hold up the caller. The third looks every LOOK_EVERY_S at what the worker has put into its
folder and what else it holds: no kernel limit bounds these. No select: pipes cannot be selected on Windows.
"""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from typing import IO

from refine_core.rewards import folder, wire
from refine_core.rewards.limits import REPLY_BYTES
from refine_core.rewards.process_resources import describe_excess_resources
from refine_core.rewards.spawn import spawn_worker
from refine_core.rewards.worker_replies import read_ready_reply

Frame = dict[str, object]

_HUNG_LINE = re.compile(r'File "reward\.py", line (\d{1,7}) in ')


LOOK_EVERY_S = 0.02
END_S = 1.0  # for a process to end that has closed its files
NOTE_S = 0.5  # for an interrupted process to note its line: it needs none of it, unless the machine is busy


class WorkerProcess:
    """One child process. Creating one takes no time: the child starts in the background.

    load: the first frame. Its answer arrives at `reply`, as does every later one; None there means that the process
    ended first. load_within_s: after this it is killed. files: name -> content, in a folder that the worker may read.
    hash_seed: PYTHONHASHSEED.
    confinement: the restrictions that the worker reported before it ran the user's code. Once `ended`: exit_code; kill_reason,
    why we killed it, if we did and it mattered; hung_at_line, the reward's line at which it crashed or was interrupted.
    """

    def __init__(
        self,
        load: Mapping[str, object],
        load_within_s: float = 60.0,
        files: Mapping[str, bytes] | None = None,
        hash_seed: int = 0,
    ) -> None:
        self._hash_seed = hash_seed
        self.ready = False
        self.confinement: tuple[str, ...] = ()
        self.ended = False
        self.protocol_error = False
        self.kill_reason: str | None = None
        self.exit_code: int | None = None
        self.hung_at_line: int | None = None
        self.start_error = ""
        self.started = time.monotonic()
        self.reply: Future[Frame | None] = Future()
        self._lock = threading.RLock()
        self._child: subprocess.Popen[bytes] | None = None
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.load_deadline = self.started + load_within_s
        self._loading, self._paused, self._interrupted = True, False, False
        self._busy, self._over = threading.Event(), threading.Event()
        self._busy.set()
        folder.sweeper.start(Path(tempfile.gettempdir()))
        self._folder = Path(tempfile.mkdtemp(prefix=f"{folder.PREFIX}{os.getpid()}-"))
        self._notes, self._stderr_path = self._folder / "stuck", self._folder / "stderr"
        self._cwd = self._folder / "cwd"
        self._cwd.mkdir()
        try:
            modules = folder.write_files(self._folder / "files", files) if files else None
            self._out.put(wire.pack({**load, "stuck": str(self._notes), "files": modules}))
        except (OSError, ValueError):  # no space for the files; the source is too long
            folder.empty_folder(self._cwd)
            folder.remove_folder(self._folder)
            raise
        threading.Thread(target=self._run, name="reward-worker", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """The process id, once there is one."""
        return self._child.pid if self._child else None

    @property
    def alive(self) -> bool:
        """Whether it can take a request."""
        with self._lock:
            return not self.ended and (self._child is None or self._child.poll() is None)

    def request(self, frame: Frame) -> None:
        """Send a frame; `reply` will bring the one that answers it. Raises: ValueError if it is too long."""
        data = wire.pack(frame)
        with self._lock:
            self.reply = Future()
            if self.ended:
                self.reply.set_result(None)
            self._loading = False
            self._pause(False)
            self._busy.set()
        self._out.put(data)

    def interrupt(self) -> None:
        """Make the process write down the line at which it is, whatever it is doing. It cannot be used afterwards."""
        with self._lock:
            if self._child is None or self.ended or not hasattr(signal, "SIGUSR1"):
                return
            self._pause(False)
            self._interrupted = True
            with suppress(OSError):
                self._child.send_signal(signal.SIGUSR1)
        give_up_at = time.monotonic() + NOTE_S
        while self._read_hung_line() is None and not self.ended and time.monotonic() < give_up_at:
            time.sleep(0.01)

    def empty_folder(self) -> str:
        """Remove what the worker has written into its folder. Returns what exceeded the limits, or ""."""
        if not folder.has_content(self._cwd):
            return ""
        with self._lock:
            self._pause(True)
        excess = folder.describe_excess(self._cwd)
        if not folder.empty_folder(self._cwd) and not excess:
            excess = "what cannot be removed"
        return excess

    def kill(self, reason: str | None = None) -> None:
        """End the process and what it started, and remove its folder. May be repeated.

        reason: for the error of the caller that waits for a reply.
        """
        with self._lock:
            if not self.ended and (self._child is None or self._child.poll() is None):
                self.kill_reason = reason
            self.ended = True
            if self._child is not None and self.exit_code is None:
                with suppress(OSError):
                    if os.name == "posix":
                        os.killpg(self._child.pid, signal.SIGKILL)
                    else:
                        self._child.kill()
                with suppress(subprocess.TimeoutExpired):
                    self.exit_code = self._child.wait(5)
            self.hung_at_line = self.hung_at_line or self._read_hung_line()
            if not self.ready and not self.start_error:
                self.start_error = _read_start(self._stderr_path)[-2000:].strip()
            self._deliver(None)
        self._over.set()
        self._busy.set()
        self._out.put(None)
        folder.empty_folder(self._cwd)
        folder.remove_folder(self._folder)

    def _run(self) -> None:
        try:
            with self._stderr_path.open("wb") as trouble:
                child = spawn_worker(self._folder, self._cwd, trouble, self._hash_seed)
        except (OSError, ValueError) as error:
            self.start_error = str(error)
            self.kill()
            return
        with self._lock:
            self._child = child
            given_up = self.ended
        if given_up:
            self.kill()
        if child.stdin is not None and child.stdout is not None:  # both are pipes
            for name, work, arguments in (
                ("reward-frames", self._write, (child.stdin,)),
                ("reward-watch", self._watch, (child.pid,)),
            ):
                threading.Thread(target=work, args=arguments, name=name, daemon=True).start()
            with child.stdout as pipe:
                self._read(pipe)
        self.kill(
            None
            if self.protocol_error or _wait_for_end(child)
            else "it closed the channel by which it answers"
        )

    def _write(self, pipe: IO[bytes]) -> None:
        with suppress(OSError):  # the child is gone; the reader says so
            while (data := self._out.get()) is not None:
                pipe.write(data)
                pipe.flush()
        with suppress(OSError):
            pipe.close()

    def _read(self, pipe: IO[bytes]) -> None:
        with suppress(OSError):
            while len(header := pipe.read(wire.HEADER_BYTES)) == wire.HEADER_BYTES:
                length = int.from_bytes(header, "little")
                try:
                    if length > REPLY_BYTES:
                        raise ValueError(f"{length} bytes")  # noqa: TRY301  # handled like every other broken rule
                    frame = wire.unpack_reply(pipe.read(length))
                    if not self.ready:
                        self.confinement = read_ready_reply(frame)
                except ValueError:
                    self.protocol_error = True
                    return
                if not self.ready:
                    self.ready = True
                elif not self._deliver(frame):
                    self.protocol_error = True
                    return

    def _watch(self, pid: int) -> None:
        """While the worker runs, check what no kernel limit bounds; pause it once no frame is expected."""
        while self._busy.wait() and not self._over.wait(LOOK_EVERY_S):
            with self._lock:
                if self.ended:
                    return
                if self.reply.done() and not self._interrupted:  # else it has a line to note
                    self._pause(True)
                    self._busy.clear()
                overdue = (
                    self._loading and time.monotonic() > self.load_deadline + 1 and not self.reply.done()
                )
            excess = folder.describe_excess(self._cwd)
            if excess:
                self.kill(f"it put {excess} into its folder")
            elif excess_resources := describe_excess_resources(pid):
                self.kill(excess_resources)
            elif overdue:
                self.interrupt()
                self.kill("it did not finish loading in time")

    def _pause(self, pause: bool) -> None:
        """Stop the process, or let it continue. Linux only: elsewhere a stopped one could outlive this process."""
        if sys.platform != "linux" or pause == self._paused or self._child is None or self.ended:
            return
        with suppress(OSError):
            self._child.send_signal(signal.SIGSTOP if pause else signal.SIGCONT)
            self._paused = pause

    def _deliver(self, frame: Frame | None) -> bool:
        """Deliver the frame that is expected. False: none was expected."""
        with self._lock:
            try:
                self.reply.set_result(frame)
            except InvalidStateError:  # already answered, or the caller has given up
                return False
            return True

    def _read_hung_line(self) -> int | None:
        match = _HUNG_LINE.search(_read_start(self._notes))
        return int(match[1]) if match else None


def _wait_for_end(child: subprocess.Popen[bytes]) -> bool:
    """Whether the process ends soon: its output ends a moment before itself."""
    with suppress(subprocess.TimeoutExpired):
        child.wait(END_S)
    return child.returncode is not None


def _read_start(path: Path) -> str:
    """The first 64 KB of a text; "" if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(64_000).decode("utf-8", "replace")
    except OSError:
        return ""
