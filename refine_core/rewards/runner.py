"""RewardRunner: one reward source, run in a process of its own.

    start()   the process comes up and loads the source in the background; ours goes on
    score()   one prediction at a time; a worker that died, hung or broke the protocol is replaced at the next call
    close()   nothing of it is left

Whatever the reward does is a RewardError or a ScoreResult; only a Python that will not start is a WorkerError.
"""

from __future__ import annotations

import os
import secrets
import signal
import site
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, Self, TypeVar

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError, WorkerError
from refine_core.rewards.process import Frame, WorkerProcess
from refine_core.rewards.score import ScoreResult
from refine_core.rewards.source import find_error_line, find_reward
from refine_core.rewards.value_codec import NotTransferable, decode, encode_fields
from refine_core.rewards.worker_replies import ErrorReply, JudgeRequest, read_load_reply, read_score_reply

START_S = 10.0  # for Python to come up
CLOSED = "the reward runner was closed while it ran"  # at the end of the program, too
GRACE_S = 0.5  # for the worker to report its own timeout before it is killed
JUDGE_CALLS = 32  # in one score; each costs somebody money

_Reply = TypeVar("_Reply")


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
    landlock_abi: use no newer Landlock than this, to see what an older kernel would do.
    What a reward writes into its folder lasts until its score is given, and loading counts as one.
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
        landlock_abi: int | None = None,
    ) -> None:
        self.source, self.name = source, find_reward(source, name)
        self.timeout_s, self.memory_bytes = timeout_s, memory_bytes
        self.load_timeout_s = 3 * timeout_s if load_timeout_s is None else load_timeout_s
        self._judge, self._landlock_abi = judge, landlock_abi
        self._confinement: tuple[str, ...] = ()
        self._loaded: WorkerProcess | None = None
        self._closed = False
        self._turn = threading.Lock()
        self._starting = threading.Lock()
        # At most one; a list, so that the finalizer need not hold us.
        self._processes: list[WorkerProcess] = []
        self._finalizer = weakref.finalize(self, _kill_all, self._processes, CLOSED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def confinement(self) -> tuple[str, ...]:
        """What the worker gave up, in sandbox.py's words; known once the source has been loaded, else empty."""
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
            _kill_all(self._processes, CLOSED)
            self._finalizer()

    def score(
        self, args: Mapping[str, object], prediction: Mapping[str, object], cancel: Cancel | None = None
    ) -> ScoreResult:
        """Score one prediction.

        args: the program's inputs. prediction: its outputs. Every value arrives as itself, with its type; one that cannot
        is an error, "NotTransferable": see value_codec.py. One score at a time: others wait for their turn.
        Raises: RewardError; WorkerError; RunCancelled once `cancel` is set; what the judge raises beyond Exception.
        """
        token = cancel or Cancel()
        request: Frame = {
            "args": _encode_arguments("input", args),
            "prediction": _encode_arguments("output", prediction),
        }
        with self._take_turn(token):
            process = self._process()
            try:
                if self._loaded is not process:
                    self._await_loaded(process, token)
                return self._exchange(process, request, token)
            except _FatalFailure as fatal:
                process.kill()
                raise fatal.error(self, process) from fatal.__cause__
            except RewardError:
                raise
            except BaseException:
                process.kill()  # cancelled, or our own fault: a late answer must meet nobody
                raise

    @contextmanager
    def _take_turn(self, cancel: Cancel) -> Iterator[None]:
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
            load: Frame = {
                "source": self.source,
                "name": self.name,
                "timeout_s": self.timeout_s,
                "load_timeout_s": self.load_timeout_s,
                "memory_bytes": self.memory_bytes,
                "judge": self._judge is not None,
                "landlock_abi": self._landlock_abi,
                **_list_folders(),
            }
            try:
                process = WorkerProcess(load, START_S + self.load_timeout_s + GRACE_S)
            except (OSError, ValueError, RuntimeError) as error:  # no folder, source too long, no thread
                raise WorkerError(f"the reward worker cannot be started: {error}") from error
            self._processes.append(process)
            return self._processes[0]

    def _await_loaded(self, process: WorkerProcess, cancel: Cancel) -> None:
        failure = _read_reply(read_load_reply, _await_reply(process, process.load_deadline, cancel))
        if failure is not None:
            process.kill()
            raise self._as_error(failure, loading=True)
        _empty_folder(process)
        self._confinement = process.confinement
        self._loaded = process

    def _exchange(self, process: WorkerProcess, request: Frame, cancel: Cancel) -> ScoreResult:
        token, began = secrets.token_hex(16), time.monotonic()
        deadline = began + self.timeout_s + GRACE_S
        judged = 0
        _send(process, {"op": "score", "token": token, **request})
        while True:
            reply = _read_reply(read_score_reply, _await_reply(process, deadline, cancel), token)
            if not isinstance(reply, JudgeRequest):
                break
            judged, asked = judged + 1, time.monotonic()
            answer, failure = self._answer_judge(reply, judged)
            deadline += time.monotonic() - asked
            _send(process, answer)
        took_s = time.monotonic() - began
        if reply.threads or (isinstance(reply, ErrorReply) and reply.type_name == "MemoryLimit"):
            process.kill()  # what it left behind would go on, or leave no memory for the next
        else:
            _empty_folder(process)
        if isinstance(reply, ErrorReply):
            raise self._as_error(reply) from (failure if judged and reply.type_name == "JudgeError" else None)
        return ScoreResult(reply.value, reply.feedback, reply.parts, reply.stdout, took_s, reply.refusals)

    def _answer_judge(self, call: JudgeRequest, count: int) -> tuple[Frame, Exception | None]:
        if self._judge is None:
            raise _ProtocolError
        if count > JUDGE_CALLS:
            return {
                "op": "answer",
                "error": f"{JUDGE_CALLS} calls of the judge are the limit for one score",
            }, None
        try:
            inputs: dict[str, object] = decode(call.inputs)
        except ValueError:
            raise _ProtocolError from None
        try:
            answer = self._judge(call.signature, **inputs)
            value = encode_fields(answer)
        except Exception as error:  # noqa: BLE001  # told to the reward, and kept as the cause
            return {"op": "answer", "error": f"{type(error).__name__}: {error}"}, error
        return {"op": "answer", "value": value}, None

    def _as_error(self, failure: ErrorReply, *, loading: bool = False) -> RewardError:
        """The worker's failure as an error. loading: it failed before its first score, so each score fails; else its own line is blamed."""
        line = self._line_in_source(failure.line)
        if line is None and not loading:
            returned = failure.type_name in {"WrongType", "NotFinite"}
            line = find_error_line(self.source, self.name, returned=returned)
        return RewardError(
            failure.message,
            type_name=failure.type_name,
            line=line,
            column=failure.column,
            stdout=failure.stdout,
            repeats=loading and failure.type_name not in {"Timeout", "MemoryLimit"},
            frames=tuple(
                (function, at) for function, at in failure.frames if self._line_in_source(at) is not None
            ),
        )

    def _line_in_source(self, line: int | None) -> int | None:
        """The line, if the source has it: code that a reward makes up may claim any."""
        return line if line is not None and 1 <= line <= self.source.count("\n") + 1 else None


class _FatalFailure(Exception):  # noqa: N818  # never leaves this module
    """The worker must be killed, and then says why."""

    def error(self, runner: RewardRunner, process: WorkerProcess) -> RewardError | WorkerError:
        raise NotImplementedError


class _WorkerTimeout(_FatalFailure):
    """No answer by the runner's own deadline: the code ignores the worker's timer."""

    def error(self, runner: RewardRunner, process: WorkerProcess) -> RewardError | WorkerError:
        if not process.ready:
            return WorkerError(f"the reward worker did not start in time. {process.start_error}")
        limit_s = runner.timeout_s if runner._loaded is process else runner.load_timeout_s  # noqa: SLF001  # same module
        return RewardError(
            f"took longer than {limit_s:g} s and would not stop; its process was killed",
            type_name="Timeout",
            line=runner._line_in_source(process.hung_at_line),  # noqa: SLF001  # same module
        )


class _WorkerDied(_FatalFailure):
    """The process ended without an answer."""

    def error(self, runner: RewardRunner, process: WorkerProcess) -> RewardError | WorkerError:
        if process.killed_for:
            return RewardError(
                f"{process.killed_for}; its process was killed",
                type_name="WorkerDied",
                line=runner._line_in_source(process.hung_at_line),  # noqa: SLF001  # same module
            )
        if not process.ready:
            return WorkerError(f"the reward worker did not start: {process.start_error or process.exit_code}")
        if process.protocol_error:
            return _ProtocolError().error(runner, process)
        code = process.exit_code
        if code is None or code >= 0:
            why = f"the reward ended its own process (exit code {code})"
        else:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            hint = {
                "SIGSEGV": ": endless recursion, or a broken extension",
                "SIGABRT": ": compiled code gave up, as it does when memory runs out",
                "SIGKILL": ", and not by Refinescope: the system does so when memory runs out",
            }
            why = f"the reward's process was ended by {name}{hint.get(name, '')}"
        line = runner._line_in_source(process.hung_at_line)  # noqa: SLF001  # same module
        return RewardError(why, type_name="WorkerDied", line=line)


class _ProtocolError(_FatalFailure):
    """A frame that was not owed, or not as agreed."""

    def error(self, runner: RewardRunner, process: WorkerProcess) -> RewardError | WorkerError:  # noqa: ARG002  # as above
        return RewardError(
            "the reward wrote into the worker's own channel, so no answer can be trusted; its process was killed",
            type_name="WorkerDied",
        )


def _encode_arguments(role: str, fields: Mapping[str, object]) -> object:
    try:
        return encode_fields(fields)
    except NotTransferable as error:
        raise RewardError(f"the {role} {error}", type_name="NotTransferable") from None


def _send(process: WorkerProcess, frame: Frame) -> None:
    try:
        process.request(frame)
    except ValueError as error:
        process.kill()  # it may be waiting for the judge's answer, and would take the next request for it
        raise RewardError(f"its inputs cannot be handed over: {error}", type_name="TooLarge") from None


def _await_reply(process: WorkerProcess, deadline: float, cancel: Cancel) -> Frame:
    """The frame that the worker owes. deadline: on the monotonic clock. Raises: _Fatal; RunCancelled."""
    try:
        frame = cancel.result(process.reply, max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        process.interrupt()
        raise _WorkerTimeout from None
    if frame is None:
        raise _WorkerDied
    return frame


def _read_reply(read: Callable[..., _Reply], frame: Frame, *arguments: str) -> _Reply:
    try:
        return read(frame, *arguments)
    except ValueError:
        raise _ProtocolError from None


def _empty_folder(process: WorkerProcess) -> None:
    if excess := process.empty_folder():
        process.kill(f"it put {excess} into its folder")
        raise _WorkerDied


def _list_folders() -> Frame:
    """Which folders of packages the worker may read besides Python's own, and which it may not whatever holds them."""
    user_site = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    ours = Path(__file__).resolve().parents[1]  # beside it, where a wheel was installed, the app's own folder
    private = [ours, ours.with_name("refinescope")]
    if ours.parent.name not in {"site-packages", "dist-packages"}:
        private.append(ours.parent)  # a checkout: what else lies in it is nobody's package
    if home := os.environ.get("REFINESCOPE_HOME"):
        private.append(Path(home))
    with suppress(OSError, RuntimeError):  # no working directory, no home
        private = [Path.cwd(), *(path.expanduser().absolute() for path in private)]
    return {
        "path": [path for path in user_site if path in sys.path],
        "private": [str(path) for path in private],
    }


def _kill_all(processes: list[WorkerProcess], reason: str | None = None) -> None:
    while processes:
        processes.pop().kill(reason)
