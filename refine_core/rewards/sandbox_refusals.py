"""Notices what the sandbox refuses the reward's code, so that a refusal which the code ignores is reported, too.

    the interpreter announces an action (sys.addaudithook) -> is it one that is refused? -> "line 3: starting another program"

The announcement comes before the action and never says how it ended. Where the kernel refuses an action always, that is
known; for a file, the hook tries to open it. Only what the reward's own code asked for counts: libraries probe the machine
as they are imported, and manage without. An action outside the table is not noticed, which costs no more than a hint.
"""

# As in worker.py:
# ruff: noqa: PTH112, PTH120
from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from refine_core.rewards.limits import REFUSAL_CHARS, REFUSALS
from refine_core.rewards.sandbox_api import FILE


class RefusalWatch:
    """What was refused since the source was loaded.

    confinement: as sandbox.py names it; without any, nothing is refused. folder: where the reward may write.
    """

    def __init__(self, confinement: list[str], folder: str) -> None:
        self.confined = "seccomp" in confinement or any(step.startswith("landlock") for step in confinement)
        self._calls = "seccomp" in confinement
        self._files = any(step.startswith("landlock") for step in confinement)
        self._folder = os.path.realpath(folder)
        self._refusals: dict[tuple[int, str], str] = {}
        self._while_loading: tuple[str, ...] = ()
        self._looking = False

    def start(self) -> None:
        """Start to watch. It cannot be stopped."""
        if self.confined:
            sys.addaudithook(self._on_audit_event)

    def end_load(self) -> None:
        """The source is loaded: what was refused until now is reported with every score."""
        self._while_loading = tuple(self._refusals.values())
        self._refusals.clear()

    def clear(self) -> None:
        """Start a new score: what was refused before is discarded."""
        self._refusals.clear()

    def list_refusals(self) -> list[str]:
        """What was refused since `clear`, and while the source was loaded."""
        return [*self._while_loading, *self._refusals.values()][:REFUSALS]

    def _on_audit_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        check = _WATCHED.get(event)
        if check is None or self._looking or len(self._refusals) >= REFUSALS:
            return
        self._looking = True
        try:
            line = _line_of_reward()
            what = check(self, arguments) if line else ""
            if line and what:
                self._refusals.setdefault((line, what[:12]), f"line {line}: {what}"[:REFUSAL_CHARS])
        except Exception:  # noqa: BLE001, S110  # the action itself must not be disturbed
            pass
        finally:
            self._looking = False

    def check_program(self, arguments: tuple[Any, ...]) -> str:
        """Every start of a process."""
        program = next((_text(one) for one in arguments if isinstance(one, (str, bytes, os.PathLike))), "")
        return ("starting another program" + (f" ({program})" if program else "")) if self._calls else ""

    def check_socket(self, _arguments: tuple[Any, ...]) -> str:
        """Every socket but those made of a descriptor, as those of asyncio's own loop."""
        frame = sys._getframe(2)  # noqa: SLF001  # the constructor's
        has_descriptor = frame.f_code.co_name == "__init__" and frame.f_locals.get("fileno") is not None
        return "opening a network connection" if self._calls and not has_descriptor else ""

    def check_lookup(self, arguments: tuple[Any, ...]) -> str:
        """The address of a host, by its name."""
        host = _text(arguments[0] or "")
        numeric = ":" in host or not host.strip("0123456789.")
        return f"looking up the host {host}" if self._calls and not numeric else ""

    def check_permissions(self, arguments: tuple[Any, ...]) -> str:
        """Owner, mode, times and attributes of a file."""
        return f"changing the permissions or times of {_text(arguments[0])}" if self._calls else ""

    def check_signal(self, arguments: tuple[Any, ...]) -> str:
        """A signal to another process."""
        return "signalling another process" if self._calls and arguments[0] != os.getpid() else ""

    def check_open(self, arguments: tuple[Any, ...]) -> str:
        """A file for reading or writing."""
        path, mode, flags = arguments
        writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else False
        writes = writes or (isinstance(flags, int) and flags & os.O_ACCMODE != os.O_RDONLY)
        return self._check_file(path, "writing to" if writes else "reading", writes=bool(writes))

    def check_listing(self, arguments: tuple[Any, ...]) -> str:
        """A folder's names."""
        return self._check_file(arguments[0] or ".", "reading", writes=False)

    def check_change(self, arguments: tuple[Any, ...]) -> str:
        """Names in a folder: made, removed, renamed, linked."""
        for path in arguments:
            if isinstance(path, (str, bytes, os.PathLike)) and (
                what := self._check_file(path, "changing", writes=True)
            ):
                return what
        return ""

    def check_database(self, arguments: tuple[Any, ...]) -> str:
        """A file of SQLite's, which opens it for writing."""
        path = _text(arguments[0])
        return "" if path in {":memory:", ""} else self._check_file(path, "writing to", writes=True)

    def _check_file(self, path: Any, verb: str, *, writes: bool) -> str:
        if not self._files or not isinstance(path, (str, bytes, os.PathLike)):
            return ""
        real = os.path.realpath(os.fsdecode(path))
        if real == self._folder or real.startswith(self._folder + os.sep) or real == os.devnull:
            return ""
        if writes:
            is_refused = os.path.isdir(os.path.dirname(real))
        else:
            try:
                os.close(os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
            except PermissionError:
                is_refused = True
            except OSError:
                is_refused = False
            else:
                is_refused = False
        return f"{verb} {_text(path)}" if is_refused else ""


_WATCHED: dict[str, Callable[[RefusalWatch, tuple[Any, ...]], str]] = {
    **dict.fromkeys(
        (
            "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn",
            "pty.spawn",
        ),
        RefusalWatch.check_program,
    ),
    "socket.__new__": RefusalWatch.check_socket,
    **dict.fromkeys(("socket.getaddrinfo", "socket.gethostbyname"), RefusalWatch.check_lookup),
    **dict.fromkeys(
        ("os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr"), RefusalWatch.check_permissions
    ),
    **dict.fromkeys(("os.kill", "os.killpg"), RefusalWatch.check_signal),
    "open": RefusalWatch.check_open,
    **dict.fromkeys(("os.listdir", "os.scandir"), RefusalWatch.check_listing),
    **dict.fromkeys(
        ("os.mkdir", "os.rmdir", "os.remove", "os.rename", "os.link", "os.symlink", "os.truncate"),
        RefusalWatch.check_change,
    ),
    "sqlite3.connect": RefusalWatch.check_database,
}  # fmt: skip


def _line_of_reward() -> int:
    """The line of the reward's code that asked for it; 0 where it was a library that is being imported."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001  # past _on_audit_event
    while frame is not None:
        name = frame.f_code.co_filename
        if name == FILE:
            return frame.f_lineno or 0
        if name.startswith("<frozen importlib"):
            return 0
        frame = frame.f_back
    return 0


def _text(value: Any) -> str:
    return os.fsdecode(value)[:200] if isinstance(value, (str, bytes, os.PathLike)) else str(value)[:200]
