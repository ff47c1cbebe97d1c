"""This side of one worker process: start it, send a frame, await the one that is owed, kill it.

Two threads serve it. One starts the process and then reads until its output ends: the kernel kills the child when
*that thread* ends (PR_SET_PDEATHSIG), so whoever asked for the process may come and go. The other writes, so that a
worker which does not read cannot hold up the caller. No select: pipes cannot be selected on Windows.
"""

from __future__ import annotations

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

from refine_core.rewards import wire

Frame = dict[str, object]

# Our packages by their folders and without their __init__: the worker imports only the few modules that it needs.
_BOOT = """
import sys
for name, folder in zip(("refine_core", "refine_core.rewards"), sys.argv[1:]):
    sys.modules[name] = module = type(sys)(name)
    module.__path__ = [folder]
from refine_core.rewards import worker
worker.main()
"""
_HERE = Path(__file__).resolve().parent
_STUCK_LINE = re.compile(r'File "reward\.py", line (\d+) in ')


PREFIX = "refinescope-reward-"
STALE_S = 86_400.0


@cache
def _sweep(place: Path) -> None:
    """Remove what processes that were killed left behind: once a process, and nothing younger than a day."""
    if os.name != "posix":
        return
    for folder in place.glob(f"{PREFIX}*"):
        maker = folder.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError):
            stale = time.time() - folder.stat().st_mtime > STALE_S
            if stale and maker.isdecimal() and not _lives(int(maker)):
                shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


class WorkerProcess:
    """One child process. Making one takes no time: the child comes up in the background.

    load: the first frame. Its answer arrives at `reply`, as does every later one; None there means that the process
    ended first. Once `ended`: exit_code, and stuck_line, the reward's line at which it crashed or was interrupted.
    """

    def __init__(self, load: Mapping[str, object]) -> None:
        self.ready = False
        self.ended = False
        self.nonsense = False
        self.exit_code: int | None = None
        self.stuck_line: int | None = None
        self.start_trouble = ""
        self.started = time.monotonic()
        self.reply: Future[Frame | None] = Future()
        self._lock = threading.RLock()
        self._child: subprocess.Popen[bytes] | None = None
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        _sweep(Path(tempfile.gettempdir()))
        self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        self._notes, self._trouble = self._folder / "stuck", self._folder / "stderr"
        (self._folder / "cwd").mkdir()
        self._out.put(wire.pack({**load, "stuck": str(self._notes)}))
        threading.Thread(target=self._run, name="reward-worker", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """The process id, once there is one."""
        return self._child.pid if self._child else None

    @property
    def alive(self) -> bool:
        """Whether it can be asked something."""
        with self._lock:
            return not self.ended and (self._child is None or self._child.poll() is None)

    def request(self, frame: Frame) -> None:
        """Send a frame; `reply` will bring the one that answers it. Raises: ValueError if it is too long."""
        data = wire.pack(frame)
        with self._lock:
            self.reply = Future()
            if self.ended:
                self.reply.set_result(None)
        self._out.put(data)

    def interrupt(self) -> None:
        """Make the process note the line at which it is, whatever it is doing; it is good for nothing afterwards."""
        with self._lock:
            if self._child is None or self.ended or not hasattr(signal, "SIGUSR1"):
                return
            with suppress(OSError):
                self._child.send_signal(signal.SIGUSR1)
        for _ in range(10):
            if self._stuck_at() is not None:
                return
            time.sleep(0.01)

    def kill(self) -> None:
        """End the process and what it started, and remove its folder. May be repeated."""
        with self._lock:
            self.ended = True
            if self._child is not None and self.exit_code is None:
                with suppress(OSError):
                    if os.name == "posix":
                        os.killpg(self._child.pid, signal.SIGKILL)
                    else:
                        self._child.kill()
                with suppress(subprocess.TimeoutExpired):
                    self.exit_code = self._child.wait(5)
            self.stuck_line = self.stuck_line or self._stuck_at()
            if not self.ready and not self.start_trouble:
                with suppress(OSError):
                    self.start_trouble = self._trouble.read_text("utf-8", "replace")[-2000:].strip()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._deliver(None)
        self._out.put(None)

    def _run(self) -> None:
        try:
            with self._trouble.open("wb") as trouble:
                child = self._spawn(trouble)
        except (OSError, ValueError) as error:
            self.start_trouble = str(error)
            self.kill()
            return
        with self._lock:
            self._child = child
            given_up = self.ended
        if given_up:
            self.kill()
        if child.stdin is not None and child.stdout is not None:  # both are pipes
            threading.Thread(
                target=self._write, args=(child.stdin,), name="reward-frames", daemon=True
            ).start()
            with child.stdout as pipe:
                self._read(pipe)
        self.kill()

    def _spawn(self, trouble: IO[bytes]) -> subprocess.Popen[bytes]:
        if not sys.executable:
            raise ValueError("this Python does not know its own program")
        cwd = str(self._folder / "cwd")
        # Nothing of this process's environment: it may hold keys.
        environment = {
            "PATH": os.defpath,
            "HOME": str(self._folder / "home"),  # there is none, so nothing is read from it or left in it
            "TMPDIR": cwd,
            "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
            # More threads and arenas than these reserve address space, which is what is limited.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        if os.name == "nt":
            environment |= {name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR") if name in os.environ}
            environment |= {"TEMP": cwd, "TMP": cwd}
        return subprocess.Popen(  # noqa: S603  # our own interpreter and our own code
            [sys.executable, "-s", "-P", "-c", _BOOT, str(_HERE.parent), str(_HERE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=trouble,
            env=environment,
            cwd=cwd,
            start_new_session=os.name == "posix",
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
                    if length > wire.MAX_FRAME_BYTES:
                        raise ValueError(f"{length} bytes")  # noqa: TRY301  # handled like every other nonsense
                    frame = wire.unpack(pipe.read(length))
                except ValueError:
                    self.nonsense = True
                    return
                if not self.ready and frame == {"op": "ready"}:
                    self.ready = True
                elif not self._deliver(frame):
                    self.nonsense = True
                    return

    def _deliver(self, frame: Frame | None) -> bool:
        """Hand over the frame that is owed. False: none was owed."""
        with self._lock:
            try:
                self.reply.set_result(frame)
            except InvalidStateError:  # already answered, or the caller has given up
                return False
            return True

    def _stuck_at(self) -> int | None:
        with suppress(OSError):
            if found := _STUCK_LINE.search(self._notes.read_text("utf-8", "replace")[:64_000]):
                return int(found[1])
        return None
