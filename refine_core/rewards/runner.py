"""RewardRunner: one reward source, run in a process of its own.

    start()   the process comes up and loads the source in the background; ours goes on
    score()   one prediction at a time; a worker that died, hung or went mad is replaced at the next call
    close()   nothing of it is left

Whatever the reward does is a RewardError or a Scored; only a Python that will not start is a WorkerError.
"""

from __future__ import annotations

import math
import secrets
import signal
import site
import sys
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, Self, cast

from refine_core.errors import RewardError, WorkerError
from refine_core.rewards import wire
from refine_core.rewards.process import Frame, WorkerProcess
from refine_core.rewards.score import Scored
from refine_core.rewards.source import blame_line_of_reward, find_reward
from refine_core.waiting import Cancel

START_S = 10.0  # for Python to come up
GRACE_S = 0.5  # for the worker to report its own timeout before it is killed
JUDGE_CALLS = 32  # in one score; each costs somebody money


class Judge(Protocol):
    """What answers `judge("question -> score: float", question=…)` inside a reward: field name -> value."""

    def __call__(self, signature: str, /, **inputs: object) -> Mapping[str, object]: ...


class RewardRunner:
    """Runs one reward source, apart from this process and confined as far as the system can.

    source: Python text. name: which of its functions; see find_reward.
    timeout_s: for one score, seconds of wall clock, waiting for the judge excluded.
    load_timeout_s: for running the source's top level, imports included; three times `timeout_s` unless given.
    memory_bytes: of address space (where the system limits it).
    judge: what answers the reward's `judge(…)`; without one a reward that asks fails.
    Raises: RewardError if the source has a syntax error or no reward to find. Starts nothing.
    """

    def __init__(
        self,
        source: str,
        *,
        name: str | None = None,
        timeout_s: float = 5.0,
        memory_bytes: int = 1 << 30,
        judge: Judge | None = None,
        load_timeout_s: float | None = None,
    ) -> None:
        self.source, self.name = source, find_reward(source, name)
        self.timeout_s, self.memory_bytes = timeout_s, memory_bytes
        self.load_timeout_s = 3 * timeout_s if load_timeout_s is None else load_timeout_s
        self._judge = judge
        self._confinement: tuple[str, ...] = ()
        self._loaded: WorkerProcess | None = None
        self._closed = False
        self._turn = threading.Lock()
        self._starting = threading.Lock()
        # At most one; a list, so that the finalizer need not hold us.
        self._processes: list[WorkerProcess] = []
        self._finalizer = weakref.finalize(self, _kill_all, self._processes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def confinement(self) -> tuple[str, ...]:
        """What the worker gave up, in confine.py's words; known once the source has been loaded, else empty."""
        return self._confinement

    @property
    def pid(self) -> int | None:
        """The worker's process id while there is one."""
        return self._processes[0].pid if self._processes else None

    def start(self) -> None:
        """Bring the worker up in the background. Repeating it is harmless. Raises: WorkerError if closed."""
        self._process()

    def close(self) -> None:
        """Kill the worker. A score that runs in another thread ends with a RewardError. May be repeated."""
        with self._starting:
            self._closed = True
            self._finalizer()

    def score(
        self, args: Mapping[str, object], prediction: Mapping[str, object], cancel: Cancel | None = None
    ) -> Scored:
        """Score one prediction.

        args: the program's inputs. prediction: its outputs. Values that JSON does not know are converted: see
        wire.plain. One score at a time: others wait for their turn.
        Raises: RewardError; WorkerError; RunCancelled once `cancel` is set; what the judge raises beyond Exception.
        """
        token = cancel or Cancel()
        request: Frame = {"args": wire.plain(args), "prediction": wire.plain(prediction)}
        with self._taking_turns(token):
            process = self._process()
            try:
                if self._loaded is not process:
                    self._await_loaded(process, token)
                return self._exchange(process, request, token)
            except _Fatal as fatal:
                process.kill()
                raise fatal.error(self, process) from fatal.__cause__
            except RewardError:
                raise
            except BaseException:
                process.kill()  # cancelled, or our own fault: a late answer must meet nobody
                raise

    @contextmanager
    def _taking_turns(self, cancel: Cancel) -> Iterator[None]:
        cancel.check()
        while not self._turn.acquire(timeout=0.05):
            cancel.check()
        try:
            yield
        finally:
            self._turn.release()

    def _process(self) -> WorkerProcess:
        with self._starting:
            if self._closed:
                raise WorkerError("this reward runner is closed; make a new one")
            if self._processes and self._processes[0].alive:
                return self._processes[0]
            _kill_all(self._processes)
            user_site = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
            load: Frame = {
                "source": self.source,
                "name": self.name,
                "timeout_s": self.timeout_s,
                "load_timeout_s": self.load_timeout_s,
                "memory_bytes": self.memory_bytes,
                "judge": self._judge is not None,
                "path": [path for path in user_site if path in sys.path],
            }
            try:
                self._processes.append(WorkerProcess(load))
            except (OSError, ValueError, RuntimeError) as error:  # no folder, source too long, no thread
                raise WorkerError(f"the reward worker cannot be started: {error}") from error
            return self._processes[0]

    def _await_loaded(self, process: WorkerProcess, cancel: Cancel) -> None:
        deadline = process.started + START_S + self.load_timeout_s + GRACE_S
        frame = _awaited(process, deadline, cancel)
        if frame["op"] == "error":
            process.kill()
            raise self._told(frame, at_fault=False)
        confinement = frame.get("confinement")
        if frame["op"] != "loaded" or not isinstance(confinement, list):
            raise _Nonsense
        self._confinement = tuple(map(str, confinement))
        self._loaded = process

    def _exchange(self, process: WorkerProcess, request: Frame, cancel: Cancel) -> Scored:
        token, began = secrets.token_hex(16), time.monotonic()
        deadline = began + self.timeout_s + GRACE_S
        judged = 0
        _send(process, {"op": "score", "token": token, **request})
        while True:
            frame = _awaited(process, deadline, cancel)
            if frame.get("token") != token:
                raise _Nonsense
            if frame["op"] != "call":
                break
            judged, asked = judged + 1, time.monotonic()
            answer, failure = self._judged(frame, judged)
            deadline += time.monotonic() - asked
            _send(process, answer)
        took_s = time.monotonic() - began
        if frame.get("threads") != 0 or frame.get("type") == "MemoryLimit":
            process.kill()  # what it left behind would go on, or leave no memory for the next
        if frame["op"] == "error":
            raise self._told(frame) from (failure if judged and frame.get("type") == "JudgeError" else None)
        return _scored(frame, took_s)

    def _judged(self, frame: Frame, count: int) -> tuple[Frame, Exception | None]:
        signature, inputs = frame.get("signature"), frame.get("inputs")
        if self._judge is None or not isinstance(signature, str) or not isinstance(inputs, dict):
            raise _Nonsense
        if count > JUDGE_CALLS:
            return {
                "op": "answer",
                "error": f"{JUDGE_CALLS} calls of the judge are the limit for one score",
            }, None
        try:
            answer = self._judge(signature, **cast("dict[str, object]", inputs))
            value = wire.plain({name: answer[name] for name in answer})
        except Exception as error:  # noqa: BLE001  # told to the reward, and kept as the cause
            return {"op": "answer", "error": f"{type(error).__name__}: {error}"}, error
        return {"op": "answer", "value": value}, None

    def _told(self, frame: Frame, *, at_fault: bool = True) -> RewardError:
        """The worker's error frame as ours. at_fault: without a line, blame the reward's own."""
        kind, message, line, column = (frame.get(key) for key in ("type", "message", "line", "column"))
        stdout, frames = frame.get("stdout"), frame.get("frames")
        if not (isinstance(kind, str) and isinstance(message, str) and isinstance(stdout, str)):
            raise _Nonsense
        if not isinstance(line, int):
            returned = kind in {"WrongType", "NotFinite"}
            line = blame_line_of_reward(self.source, self.name, returned=returned) if at_fault else None
        pairs = [pair for pair in frames if isinstance(pair, list)] if isinstance(frames, list) else []
        return RewardError(
            message,
            type_name=kind,
            line=line,
            column=column if isinstance(column, int) else None,
            stdout=stdout,
            frames=tuple((str(function), int(at)) for function, at in pairs),
        )


class _Fatal(Exception):  # noqa: N818  # never leaves this module
    """The worker must be killed, and then says why."""

    def error(self, runner: RewardRunner, process: WorkerProcess) -> RewardError | WorkerError:
        raise NotImplementedError


class _TooLate(_Fatal):
    """No answer by the runner's own deadline: the code ignores the worker's timer."""

    def error(self, runner: RewardRunner, process: WorkerProcess) -> RewardError | WorkerError:
        if not process.ready:
            return WorkerError(f"the reward worker did not start in time. {process.start_trouble}")
        limit_s = runner.timeout_s if runner._loaded is process else runner.load_timeout_s  # noqa: SLF001  # same module
        return RewardError(
            f"took longer than {limit_s:g} s and would not stop; its process was killed",
            type_name="Timeout",
            line=process.stuck_line,
        )


class _Died(_Fatal):
    """The process ended without an answer."""

    def error(self, runner: RewardRunner, process: WorkerProcess) -> RewardError | WorkerError:
        if not process.ready:
            return WorkerError(
                f"the reward worker did not start: {process.start_trouble or process.exit_code}"
            )
        if process.nonsense:
            return _Nonsense().error(runner, process)
        code = process.exit_code
        if code is None or code >= 0:
            why = f"the reward ended its own process (exit code {code})"
        else:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            hint = {
                "SIGSEGV": ": endless recursion, or a broken extension",
                "SIGKILL": ": by hand, or for its memory",
            }
            why = f"the reward's process was ended by {name}{hint.get(name, '')}"
        return RewardError(why, type_name="WorkerDied", line=process.stuck_line)


class _Nonsense(_Fatal):
    """A frame that was not owed, or not as agreed."""

    def error(self, runner: RewardRunner, process: WorkerProcess) -> RewardError | WorkerError:  # noqa: ARG002  # as above
        return RewardError(
            "the reward wrote into the worker's own channel, so no answer can be trusted; its process was killed",
            type_name="WorkerDied",
        )


def _send(process: WorkerProcess, frame: Frame) -> None:
    try:
        process.request(frame)
    except ValueError as error:
        process.kill()  # it may be waiting for the judge's answer, and would take the next request for it
        raise RewardError(f"its inputs cannot be handed over: {error}", type_name="TooLarge") from None


def _awaited(process: WorkerProcess, deadline: float, cancel: Cancel) -> Frame:
    """The frame that the worker owes. deadline: on the monotonic clock. Raises: _Fatal; RunCancelled."""
    try:
        frame = cancel.result(process.reply, max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        process.interrupt()
        raise _TooLate from None
    if frame is None:
        raise _Died
    if not isinstance(frame.get("op"), str):
        raise _Nonsense
    return frame


def _scored(frame: Frame, took_s: float) -> Scored:
    value, feedback, parts, stdout = (frame.get(key) for key in ("value", "feedback", "parts", "stdout"))
    if frame["op"] != "scored" or not _is_number(value) or not isinstance(parts, dict):
        raise _Nonsense
    if not (isinstance(feedback, str) and isinstance(stdout, str) and all(map(_is_number, parts.values()))):
        raise _Nonsense
    return Scored(
        cast("float", value), feedback, {str(k): float(v) for k, v in parts.items()}, stdout, took_s
    )


def _is_number(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)  # JSON reads 1e999 as infinity


def _kill_all(processes: list[WorkerProcess]) -> None:
    while processes:
        processes.pop().kill()
