"""The process of a file: it imports it, says what it defines, and runs what it is told to, one run at a time.

    python -m refine_core.program_child PROGRAM.py

    standard input    commands, a line of JSON each: {"do": "run" | "cancel", ...}; its end is the end of the app, and of this process
    standard output   what there is to say, a line of JSON each: {"event": "described" | "failed" | "started" | "ended", ...}
    standard error    what the file prints, both streams, in order

The user's code finds an empty standard input, and its standard output leads to standard error.
"""

from __future__ import annotations

import _thread
import faulthandler
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TextIO

from refine_core import __version__
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RefineError, RunCancelled
from refine_core.program_child.descriptions import Description, Failure, RunRequest, to_data
from refine_core.program_child.finding import Found, find_all, find_dspy
from refine_core.program_child.loading import describe_failure, list_own_files, load_module
from refine_core.program_child.running import Runner

GRACE_S: Final = 3.0  # for a run to end once the app is gone


class Channel:
    """To and from the app. Made before anything of the user's runs, so that their code meets neither stream."""

    def __init__(self) -> None:
        self._commands: TextIO = os.fdopen(os.dup(0), encoding="utf-8")
        self._out: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self._lock = threading.Lock()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)

    def send(self, event: str, **data: Any) -> None:
        """Say something. Raises nothing: whoever listened may be gone."""
        with self._lock, suppress(OSError, ValueError):
            self._out.write(json.dumps({"event": event, **data}) + "\n")
            self._out.flush()

    def commands(self) -> Any:
        """The commands, until the app ends or closes its side."""
        for line in self._commands:
            with suppress(ValueError):
                yield json.loads(line)


class CommandLoop:
    """What this process is at. The main thread runs the user's code; another one listens, and interrupts it."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.waiting: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self.cancel = Cancel()
        self._busy = False
        self._interruptible = False
        self._lock = threading.Lock()

    def listen(self) -> None:
        """Take commands until there are no more; then end this process and all that it started."""
        for command in self.channel.commands():
            if command.get("do") == "cancel":
                self.interrupt()
            else:
                self.waiting.put(command)
        self.interrupt()
        time.sleep(GRACE_S if self._busy else 0)
        end_group()

    def interrupt(self) -> None:
        """End the run under way: one of this library's by its own means, one of dspy's as Ctrl-C would."""
        self.cancel.set()
        with self._lock:
            if not self._interruptible:
                return
            if hasattr(signal, "pthread_kill") and (main := threading.main_thread().ident):
                signal.pthread_kill(main, signal.SIGINT)  # it wakes a call that waits for the network, too
            else:
                _thread.interrupt_main()

    def run(self, path: Path, found: Found, command: Mapping[str, Any]) -> None:
        """Do one run, and say how it ended."""
        self.cancel = Cancel()
        request = RunRequest(**command["request"])
        is_dspys = found.programs[request.program].entry.library == "dspy"
        runner = Runner(path, found, lambda run_id: self.channel.send("started", run_id=run_id), self.cancel)
        failure: Failure | None = None
        self._busy = True
        try:
            try:
                with self._lock:
                    self._interruptible = is_dspys
                runner.run(request, command.get("key"))
            finally:
                with self._lock:
                    self._interruptible = False
        except (KeyboardInterrupt, RunCancelled):
            pass
        except RefineError as error:
            failure = replace(describe_failure("request", error, path), traceback="")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - of the user's code
            failure = describe_failure("run", error, path)
        self._busy = False
        self.channel.send("ended", failure=None if failure is None else to_data(failure))


def main() -> int:
    """Serve one file until the app is gone."""
    channel = Channel()
    path = Path(sys.argv[1])
    sys.argv = [str(path)]
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # ignored in what a shell starts in the background
    faulthandler.enable()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]  # they are text
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    work = CommandLoop(channel)
    threading.Thread(target=work.listen, name="commands", daemon=True).start()
    try:
        module = load_module(path)
        found = find_all(module)
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever the file does
        channel.send(
            "failed", failure=to_data(describe_failure("import", error, path)), files=list_own_files(path)
        )
        return 1
    description = Description(
        f"{sys.executable} ({sys.version.partition(' ')[0]})",
        __version__,
        tuple(_list_libraries(found)),
        tuple(one.entry for one in found.programs.values()),
        found.reward_entries,
        found.examples,
        tuple(list_own_files(path)),
    )
    channel.send("described", description=to_data(description))
    while True:
        command = work.waiting.get()
        work.run(path, found, command)


def end_group() -> None:
    """End this process with all that it started."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _list_libraries(found: Found) -> list[str]:
    dspy = find_dspy()
    used = {one.entry.library for one in found.programs.values()}
    names = {"dspy": f"dspy {getattr(dspy, '__version__', '')}", "refine_core": f"refine_core {__version__}"}
    return [names[one] for one in sorted(used)]


if __name__ == "__main__":
    sys.exit(main())
