"""RewardRunner: one reward source, run in a process of its own.

    start()   the process starts and loads the source in the background
    score()   one prediction at a time; a worker that died, hung or broke the protocol is replaced at the next call
    renew()   the next score is of a module loaded anew, in the same process, for another run of the same program
    close()   the process and its folder are gone

Whatever the reward does is a RewardError or a ScoreResult; only a Python that will not start is a WorkerError.
"""

from __future__ import annotations

import os
import secrets
import site
import sys
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self, TypeVar

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError, WorkerError
from refine_core.rewards.exchange import await_reply, empty_folder, encode_arguments, parse_reply, send_frame
from refine_core.rewards.failures import WorkerFailure
from refine_core.rewards.judge import JUDGE_CALLS, Judge, answer_judge
from refine_core.rewards.limits import MEMORY_BYTES
from refine_core.rewards.process import Frame, WorkerProcess
from refine_core.rewards.row_frames import encode_row
from refine_core.rewards.score import ScoreResult
from refine_core.rewards.shapes.types import SHAPES, Recognized
from refine_core.rewards.source import find_error_line, find_reward
from refine_core.rewards.worker_replies import (
    ErrorReply,
    JudgeRequest,
    ScoreReply,
    read_load_reply,
    read_score_reply,
)
from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.spec.rules import Rule

START_S = 10.0  # for Python to come up
CLOSED = "the reward runner was closed while it ran"  # at the end of the program, too
GRACE_S = 0.5  # for the worker to report its own timeout before it is killed

_Reply = TypeVar("_Reply")
_Done = TypeVar("_Done")
_Scored = tuple[ScoreReply | ErrorReply, Exception | None]
ReadReply = Callable[[Frame, str], _Reply | JudgeRequest]
"""Reads a frame of the worker that answers a token. Raises ValueError for one that is not as agreed."""


class RewardRunner:
    """Runs one reward source, apart from this process and confined as far as the system can.

    source: Python text. name: which of its functions; see find_reward.
    timeout_s: for one score, seconds of wall clock, waiting for the judge excluded.
    load_timeout_s: for running the source's top level, imports included; three times `timeout_s` unless given.
    memory_bytes: of address space (where the system limits it).
    judge: what answers the reward's `judge(…)`; without one a reward that asks fails.
    rules: checked after the reward, within its time, by code of the same worker.
    landlock_abi: use no newer Landlock than this, to see what an older kernel would do.
    recognized: how its functions are called, where that is not `reward(inputs, prediction)`; they replace `name`.
    expected_inputs: names of inputs that are expected values; only functions of another shape are told them apart.
    files: name -> content of files that the source may import or read; they lie in a folder that nobody can write to.
    hash_seed: the worker's PYTHONHASHSEED, on which the order of sets depends.
    xray: load the source so that it can be X-rayed (xray_runner.py).
    What a reward writes into its folder lasts until its score is given, and loading counts as one.
    Raises: RewardError if the source has a syntax error or no reward to find. Starts nothing.
    """

    def __init__(
        self,
        source: str,
        *,
        name: str | None = None,
        timeout_s: float = REWARD_TIMEOUT_S,
        memory_bytes: int = MEMORY_BYTES,
        judge: Judge | None = None,
        load_timeout_s: float | None = None,
        landlock_abi: int | None = None,
        rules: Sequence[Rule] = (),
        recognized: Recognized | None = None,
        expected_inputs: Collection[str] = (),
        files: Mapping[str, bytes] | None = None,
        hash_seed: int = 0,
        xray: bool = False,
    ) -> None:
        self._hash_seed = hash_seed
        self.source = source
        self.name = find_reward(source, name) if recognized is None else recognized.functions[0].name
        self._binding = self.name if recognized is None else recognized.functions[0].access[0]
        self._recognized, self._expected, self._files = recognized, expected_inputs, dict(files or {})
        self.timeout_s, self.memory_bytes = timeout_s, memory_bytes
        self.load_timeout_s = 3 * timeout_s if load_timeout_s is None else load_timeout_s
        self._xray = xray
        self._judge, self._landlock_abi, self._rules = judge, landlock_abi, tuple(rules)
        self._confinement: tuple[str, ...] = ()
        self._loaded: WorkerProcess | None = None
        self._is_used = False
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
        """The restrictions on the worker, as sandbox.py names them; empty until the source has been loaded."""
        return self._confinement

    @property
    def pid(self) -> int | None:
        """The worker's process id while there is one."""
        return self._processes[0].pid if self._processes else None

    def start(self) -> None:
        """Start the worker in the background. May be repeated. Raises: WorkerError if closed."""
        self._running_process()

    def load(self, cancel: Cancel | None = None) -> None:
        """Wait until the worker has run the source's top level. Raises: as `score`."""
        self._guard(lambda _process: None, cancel or Cancel())

    def renew(self, judge: Judge) -> None:
        """Have the source loaded anew before the next score, so that nothing is left of what earlier ones did to its module.

        judge: in place of the one that there was. Only while nothing is scored.
        """
        self._judge, self._is_used = judge, self._loaded is not None

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

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
        request: Frame = {
            "op": "score",
            "args": encode_arguments("input", args),
            "prediction": encode_arguments("output", prediction),
        }
        if self._recognized is not None:
            request["row"] = self._encode_row(args, prediction)
        began = time.monotonic()
        answer: _Scored = self.exchange(request, read_score_reply, cancel or Cancel())
        reply, failure = answer
        took_s = time.monotonic() - began
        if isinstance(reply, ErrorReply):
            raise self.to_error(reply) from (failure if reply.type_name == "JudgeError" else None)
        unmet = tuple(rule.name for i, rule in enumerate(self._rules) if i in reply.unmet)
        return ScoreResult(
            reply.value, reply.feedback, reply.parts, reply.stdout, took_s, reply.refusals, unmet
        )

    def exchange(
        self,
        request: Frame,
        read: ReadReply[_Reply],
        cancel: Cancel,
        *,
        judge_calls: int = JUDGE_CALLS,
        prepare: Callable[[WorkerProcess], None] | None = None,
    ) -> tuple[_Reply, Exception | None]:
        """Send one request to the loaded worker, answer what it asks of the judge, and return its reply.

        judge_calls: allowed until the reply. prepare: called with the process before the request is sent.
        Returns the reply, and the last error of the judge. Raises: as `score`.
        """

        def ask(process: WorkerProcess) -> tuple[_Reply, Exception | None]:
            if prepare is not None:
                prepare(process)
            return self._exchange(process, request, read, cancel, judge_calls)

        return self._guard(ask, cancel)

    def exchange_with(
        self, process: WorkerProcess, request: Frame, read: ReadReply[_Reply], cancel: Cancel
    ) -> _Reply:
        """One request more, from within `prepare`."""
        return self._exchange(process, request, read, cancel, 0)[0]

    def _guard(self, work: Callable[[WorkerProcess], _Done], cancel: Cancel) -> _Done:
        """Do something with the loaded worker, alone, and end the worker if it fails."""
        with self._take_turn(cancel):
            process = self._running_process()
            if self._is_used and self._loaded is process and not self._reload(process, cancel):
                process = self._running_process()
            self._is_used = False
            try:
                if self._loaded is not process:
                    self._await_loaded(process, cancel)
                return work(process)
            except WorkerFailure as failure:
                process.kill()
                limit_s = self.timeout_s if self._loaded is process else self.load_timeout_s
                line = self._line_in_source(process.hung_at_line)
                raise failure.to_error(process, limit_s, line) from failure.__cause__
            except RewardError:
                raise
            except BaseException:
                process.kill()  # cancelled, or a bug of ours: a late answer must not be taken for the next one
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

    def _running_process(self) -> WorkerProcess:
        with self._starting:
            if self._closed:
                raise WorkerError("this reward runner is closed; make a new one")
            if self._processes and self._processes[0].alive:
                return self._processes[0]
            _kill_all(self._processes)
            load: Frame = {
                "source": self.source,
                "name": self.name,
                "rules": [{"source": rule.source, "name": rule.function} for rule in self._rules],
                "timeout_s": self.timeout_s,
                "load_timeout_s": self.load_timeout_s,
                "memory_bytes": self.memory_bytes,
                "judge": self._judge is not None,
                "landlock_abi": self._landlock_abi,
                "xray": self._xray,
                "plan": None if self._recognized is None else self._recognized.to_plan(),
                **_list_folders(),
            }
            try:
                process = WorkerProcess(
                    load, START_S + self.load_timeout_s + GRACE_S, self._files, self._hash_seed
                )
            except (OSError, ValueError, RuntimeError) as error:  # no folder, source too long, no thread
                raise WorkerError(f"the reward worker cannot be started: {error}") from error
            self._processes.append(process)
            return self._processes[0]

    def _await_loaded(self, process: WorkerProcess, cancel: Cancel) -> None:
        failure = parse_reply(read_load_reply, await_reply(process, process.load_deadline, cancel))
        if failure is not None:
            process.kill()
            raise self.to_error(failure, loading=True)
        empty_folder(process)
        self._confinement = process.confinement
        self._loaded = process

    def _reload(self, process: WorkerProcess, cancel: Cancel) -> bool:
        """Have the worker load the source anew. False if it could not: then it is gone, and a new one has to."""
        deadline = time.monotonic() + self.load_timeout_s + GRACE_S
        try:
            send_frame(process, {"op": "reload", "token": secrets.token_hex(16)})
            if parse_reply(read_load_reply, await_reply(process, deadline, cancel)) is None:
                empty_folder(process)
                return True
        except WorkerFailure:
            pass
        except BaseException:
            process.kill()  # as in _guard
            raise
        process.kill()
        return False

    def _exchange(
        self,
        process: WorkerProcess,
        request: Frame,
        read: ReadReply[_Reply],
        cancel: Cancel,
        judge_calls: int,
    ) -> tuple[_Reply, Exception | None]:
        token, began = secrets.token_hex(16), time.monotonic()
        slice_s = request.get("slice_s", 0.0)
        deadline = began + self.timeout_s + GRACE_S + (slice_s if isinstance(slice_s, float) else 0.0)
        calls, failure = 0, None
        send_frame(process, {**request, "token": token})
        while True:
            reply = parse_reply(read, await_reply(process, deadline, cancel), token)
            if not isinstance(reply, JudgeRequest):
                break
            calls, asked_at = calls + 1, time.monotonic()
            answer, failure = answer_judge(self._judge, reply, calls, judge_calls)
            deadline += time.monotonic() - asked_at
            send_frame(process, answer)
        threads = getattr(reply, "threads", 0)
        if threads or (isinstance(reply, ErrorReply) and reply.type_name == "MemoryLimit"):
            process.kill()  # its threads would keep running, or leave no memory for the next score
        else:
            empty_folder(process)
        return reply, failure

    def _encode_row(self, args: Mapping[str, object], prediction: Mapping[str, object]) -> list[object]:
        """Inputs that are expected values stand apart from the others."""
        inputs = {name: value for name, value in args.items() if name not in self._expected}
        expected = {name: value for name, value in args.items() if name in self._expected}
        return encode_row(inputs, prediction, expected)

    def to_error(self, failure: ErrorReply, *, loading: bool = False, name: str | None = None) -> RewardError:
        """The worker's failure as an error.

        loading: it failed before its first score, so each score fails; else its own line is blamed. name: of the function.
        """
        line, message = self._line_in_source(failure.line), failure.message
        failed = self._rules[failure.rule : failure.rule + 1] if failure.rule is not None else ()
        rule = failed[0].name if failed else None
        if loading and self._recognized is not None and failure.type_name == "ModuleNotFoundError":
            message = f"{message} (The source is read as {SHAPES[self._recognized.shape]}.)"
        if rule is not None:
            message = f"the check of {rule} failed: {message}"
        elif line is None and not loading:
            returned = failure.type_name in {"WrongType", "NotFinite", "Unscored", "WrongLength"}
            line = find_error_line(self.source, name or self._binding, returned=returned)
        return RewardError(
            message,
            type_name=failure.type_name,
            line=line,
            column=failure.column,
            stdout=failure.stdout,
            repeats=loading and failure.type_name not in {"Timeout", "MemoryLimit"},
            frames=tuple(
                (function, at) for function, at in failure.frames if self._line_in_source(at) is not None
            ),
            rule=rule,
        )

    def _line_in_source(self, line: int | None) -> int | None:
        """The line, if the source has it: code that a reward makes up may claim any."""
        return line if line is not None and 1 <= line <= self.source.count("\n") + 1 else None


def _list_folders() -> Frame:
    """path: folders of packages that the worker may read besides Python's own. private: folders that it must not read."""
    user_site = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    ours = Path(__file__).resolve().parents[1]  # beside it, where a wheel was installed, the app's own folder
    private = [ours, ours.with_name("refinescope")]
    if ours.parent.name not in {"site-packages", "dist-packages"}:
        private.append(ours.parent)  # a checkout: what else is in it is no package
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
