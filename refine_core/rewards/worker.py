"""The process that runs one reward source; it is started by process.py and imports the standard library only.

    runner                                        worker
    load(source, name, rules, limits)    ->
                                         <-       ready(confinement)       Python is up and confined
                                         <-       loaded(stdout) | error
    reload(token)                        ->       for another run
                                         <-       loaded(stdout) | error
    score(token, args, prediction)       ->
                                         <-       call(token, signature, inputs)       any number of times
    answer(value | error)                ->
                                         <-       scored(token, value, ...) | error(token, ...)
    keep(token, rows)                    ->
                                         <-       kept(token, count)
    score_rows(token, units | first, last, slice_s)    ->                          calls as above, then
                                         <-       rows_scored(token, results, units_done, left, ...)
    more(token)                          ->
                                         <-       rows_scored(token, the results that did not fit into one frame)
    xray(token, rows, at, columns)       ->       of a source that was loaded for it; calls as above, then
                                         <-       xrayed(token, result, trace, refusals, ...)

One frame is expected at a time. The channel is a pair of duplicated descriptors: the user's code finds /dev/null at 0, 1
and 2, and what it prints is kept and sent along. End of input ends the process, without its exit handlers.

What this protects. The user's code runs in this very interpreter, so with enough reflection it can reach everything
here: the channel, the token, this module. All it gains is to answer with a number that it could have returned anyway.
The token and the one-frame rule ensure that blind writing is noticed, and that no answer is mistaken for that of
another request. The machine is kept safe elsewhere: in sandbox.py, in the runner's hard deadline, and in its
bounds on what it reads (worker_replies.py) and on what lies in the worker's folder (folder.py).
"""

# pathlib would add a tenth to the time in which this process starts.
# ruff: noqa: PTH109
from __future__ import annotations

import _thread
import faulthandler
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import CodeType
from typing import Any

from refine_core.rewards import restricted_library, sandbox, wire
from refine_core.rewards.arguments import Inputs, Prediction
from refine_core.rewards.awaiting import Awaiting, is_awaitable
from refine_core.rewards.channel import Channel
from refine_core.rewards.compiling import compile_source
from refine_core.rewards.error_frames import clip, make_error
from refine_core.rewards.error_report import ErrorReport
from refine_core.rewards.limits import FEEDBACK_CHARS, MESSAGE_CHARS, RESULTS_BYTES
from refine_core.rewards.reward_module import JudgeError, make_module
from refine_core.rewards.sandbox_api import (
    FILE,
    RULE_FILE,
    CapturedOutput,
    Deadline,
    FirstFrame,
    TimeLimit,
)
from refine_core.rewards.sandbox_refusals import RefusalWatch
from refine_core.rewards.score_conversion import NotAScore, check_parts, convert_score
from refine_core.rewards.value_codec import NotTransferable, decode, encode_fields


class Worker:
    """One loaded source and the loop that scores with it."""

    def __init__(self, channel: Channel, load: dict[str, Any]) -> None:
        self._channel, self._load = channel, load
        self._clock, self._output = TimeLimit(), CapturedOutput()
        self._awaiting = Awaiting(self._clock, load["timeout_s"])
        self._token: str | None = None
        self._judging = _thread.allocate_lock()
        self._errors = ErrorReport(self._clock, load["memory_bytes"])
        sys.stdout = sys.stderr = self._output
        self._refusals = RefusalWatch([], "")
        self._module = make_module(self._load, self.judge)
        self._reward: Callable[[Any, Any], object] = self._not_loaded
        self._scoring: Any = None  # shapes.scoring.Scoring, where the load frame holds a plan
        self._unsent: list[Any] = []
        self._xray: Any = None  # xray.tracing.XraySource, of a source that is loaded for it
        self._is_fresh = True
        self._rules: list[Callable[[Any, Any], object]] = []
        self._rule: int | None = None  # the place of the rule that is at work

    def load(self, confinement: list[str], folder: str) -> bool:
        """Run the source and send the result. False: it failed, and nothing is left to do. folder: where it may write."""
        self._refusals = RefusalWatch(confinement, folder)
        self._refusals.start()
        return self._load_source()

    def _load_source(self) -> bool:
        """Run the source and the rules, and send the result."""
        reply: dict[str, object] = {"op": "loaded"}
        try:
            try:
                self._clock.start(self._load["load_timeout_s"])
                self._run_source()
                self._load_rules()
            finally:
                self._clock.stop()
        except BaseException as error:  # noqa: BLE001  # SystemExit and KeyboardInterrupt too: every error is sent
            reply = self._failure(error, self._load["load_timeout_s"])
        if self._clock.expired and reply["op"] == "loaded":
            reply = self._failure(Deadline(), self._load["load_timeout_s"])
        reply["stdout"] = self._output.take()
        self._refusals.end_load()
        self._channel.send(reply)
        return reply["op"] == "loaded"

    def _run_source(self) -> None:
        if self._load["plan"] is None:
            self._execute()
            self._reward = self._find_reward(self._load["name"])
        else:
            from refine_core.rewards.shapes import absent_frameworks  # it is loaded: see main

            shapes = {one["shape"] for one in self._load["plan"]["functions"]}
            absent_frameworks.begin_load(self._module, self._load["source"], shapes)
            self._execute()
            self._plan_calls()
            absent_frameworks.end_load()

    def _execute(self) -> None:
        """Run the source; once more without evaluating annotations, if a name is missing.

        A recorded `def reward(args, pred: dspy.Prediction)` comes without the imports of its script.
        """
        code = self._compile(annotated=True)
        with suppress(NameError):
            exec(code, vars(self._module))  # noqa: S102  # what this process is for
            return
        exec(self._compile(annotated=False), vars(self._module))  # noqa: S102  # as above

    def _compile(self, *, annotated: bool) -> CodeType:
        source: str = self._load["source"]
        if not self._load["xray"]:
            return compile_source(source, annotated=annotated)
        from refine_core.rewards.xray.tracing import XraySource

        if self._xray is None or not annotated:
            self._xray = XraySource(source, annotated=annotated)
        self._is_fresh = True
        code: CodeType = self._xray.start()
        return code

    def score(self, request: dict[str, Any]) -> None:
        """Score one prediction and send the result."""
        token, first, end_line = request["token"], FirstFrame(), None
        sys.stdout = sys.stderr = self._output
        self._token, self._rule = token, None
        limit = self._load["timeout_s"]
        self._refusals.clear()
        try:
            args, prediction = Inputs(decode(request["args"])), Prediction(decode(request["prediction"]))
            try:
                self._clock.start(limit)
                sys.settrace(first)
                result = self._reward(args, prediction)
                sys.settrace(None)
                if type(result) is not float and is_awaitable(result):
                    first.follow(result)
                    result = self._awaiting.finish(result)
                end_line = first.take_line()
                value, feedback, parts = convert_score(result)
                check_parts(parts)
                unmet = self._find_unmet(args, prediction)
            finally:
                sys.settrace(None)
                self._clock.stop()
            reply: dict[str, object] = {"op": "scored", "value": value, "parts": parts}
            reply["feedback"] = clip(feedback, FEEDBACK_CHARS)
            reply["refusals"] = self._refusals.list_refusals()
            reply["unmet"] = unmet
        except NotAScore as error:
            reply = make_error(error.type_name, error.message, end_line)
        except BaseException as error:  # noqa: BLE001  # as in load
            reply = self._failure(error, limit)
        if self._clock.expired and reply.get("type") != "Timeout":  # rung, and the code went on regardless
            reply = self._failure(Deadline(), limit)
        self._token = None
        # Threads that keep running would use the machine between scores: the runner then starts a fresh worker.
        reply |= {"token": token, "stdout": self._output.take(), "threads": min(_thread._count(), 10_000)}  # noqa: SLF001  # threading.active_count() sees only its own
        with self._judging:  # a thread of the reward's may have asked, and its answer is still to come
            self._channel.send(reply)

    def serve(self, request: dict[str, Any]) -> None:
        """Do what a frame asks for."""
        operation = request["op"]
        if operation == "score":
            self.score(request) if self._scoring is None else self._score_shaped(request)
        elif operation == "reload":
            self._reload()
        elif operation == "keep":
            count = self._scoring.keep(request["rows"])
            self._channel.send({"op": "kept", "token": request["token"], "count": count})
        elif operation == "more":
            self._send_results(request["token"], 0)
        elif operation == "xray":
            self._score_traced(request)
        else:
            self._score_rows(request)

    def _reload(self) -> None:
        """Load the source anew, into a module that knows nothing of what was scored before."""
        sys.stdout = sys.stderr = self._output
        self._rules, self._rule, self._token = [], None, None
        self._refusals.clear()
        self._module = make_module(self._load, self.judge)
        self._load_source()

    def _score_shaped(self, request: dict[str, Any]) -> None:
        """Score one prediction with functions of another shape than `refine`, and send the result as `score` does."""
        token, limit = request["token"], self._load["timeout_s"]
        sys.stdout = sys.stderr = self._output
        self._token, self._rule = token, None
        self._refusals.clear()
        outcome = self._scoring.score_one(request["row"])
        result = outcome if isinstance(outcome, dict) else {"v": outcome, "f": "", "p": {}, "o": ""}
        if "e" in result:
            reply: dict[str, object] = result["e"]
        elif result["v"] is None:
            reply = make_error(
                "Unscored", "the reward gave no score (None or NaN); an attempt needs one", None
            )
        else:
            reply = {"op": "scored", "value": result["v"], "parts": result["p"], "feedback": result["f"]}
            reply |= {"refusals": self._refusals.list_refusals(), "unmet": []}
            if self._rules:
                reply |= self._check_rules(request, limit)
        self._token = None
        reply |= {"token": token, "stdout": result["o"], "threads": min(_thread._count(), 10_000)}  # noqa: SLF001  # as in score
        with self._judging:
            self._channel.send(reply)

    def _check_rules(self, request: dict[str, Any], limit: float) -> dict[str, object]:
        """The places of the rules that are not met, or the error of one."""
        try:
            try:
                self._clock.start(limit)
                args, prediction = Inputs(decode(request["args"])), Prediction(decode(request["prediction"]))
                return {"unmet": self._find_unmet(args, prediction)}
            finally:
                self._clock.stop()
        except BaseException as error:  # noqa: BLE001  # as in load
            return self._failure(error, limit)

    def _score_rows(self, request: dict[str, Any]) -> None:
        """Score kept rows until the slice of time is over, and send the results."""
        sys.stdout = sys.stderr = self._output
        self._token, self._rule = request["token"], None
        self._refusals.clear()
        if "units" in request:
            units = self._scoring.score_units(request["units"], request["slice_s"])
            self._unsent, units_done = [one for unit in units for one in unit], len(units)
        else:
            self._unsent = self._scoring.score_range(request["first"], request["last"], request["slice_s"])
            units_done = len(self._unsent)
        self._token = None
        self._unsent.reverse()
        with self._judging:  # as in score
            self._send_results(request["token"], units_done)

    def _score_traced(self, request: dict[str, Any]) -> None:
        """Score the rows of one unit, and send the result of one with the trace. Each runs in a module of its own."""
        sys.stdout = sys.stderr = self._output
        self._token, self._rule = request["token"], None
        self._refusals.clear()
        result: Any = None
        if not self._is_fresh:
            self._module = make_module(self._load, self.judge)
            try:
                try:
                    self._clock.start(self._load["load_timeout_s"])
                    self._run_source()
                finally:
                    self._clock.stop()
            except BaseException as error:  # noqa: BLE001  # as in load
                result = {
                    "e": self._failure(error, self._load["load_timeout_s"]),
                    "h": "exception",
                    "n": "",
                    "o": "",
                }
            self._output.take()
        self._is_fresh = False
        recorder = self._xray.recorder
        if recorder is not None:
            recorder.start, self._output.watch = len(recorder.calls), recorder.wrote
        if result is None:
            result = self._scoring.score_together(request["rows"], request["columns"])[request["at"]]
        self._output.watch = self._token = None
        reply = {"op": "xrayed", "token": request["token"], "result": result, "trace": None}
        with suppress(Exception):  # the reward may have spoilt its own trace
            trace = self._xray.take()
            wire.measure(trace)
            reply["trace"] = trace
        reply |= {"refusals": self._refusals.list_refusals(), "threads": min(_thread._count(), 10_000)}  # noqa: SLF001  # as in score
        with self._judging:
            self._channel.send(reply)

    def _send_results(self, token: str, units_done: int) -> None:
        """Send as many results as fit into a frame."""
        size, part = 0, []
        while self._unsent and size < RESULTS_BYTES:
            result = self._unsent.pop()
            part.append(result)
            size += 24 if not isinstance(result, dict) else len(ascii(result))
        self._channel.send(
            {
                "op": "rows_scored",
                "token": token,
                "results": part,
                "units_done": units_done,
                "left": len(self._unsent),
                "refusals": self._refusals.list_refusals(),
                # As in score; a worker that has something to send is not replaced yet.
                "threads": 0 if self._unsent else min(_thread._count(), 10_000),  # noqa: SLF001
            }
        )

    def judge(self, signature: str, /, **inputs: object) -> Prediction:
        """Ask the runner's judge. Waiting for it does not count towards the time limit."""
        if self._token is None:
            raise RuntimeError(
                "judge(…) can be asked only while a prediction is scored, not while the source loads"
            )
        call: dict[str, object] = {"op": "call", "token": self._token, "signature": str(signature)}
        try:
            call["inputs"] = encoded_inputs = encode_fields(inputs)
            if len(str(signature)) > MESSAGE_CHARS:
                raise ValueError(f"a signature of {len(str(signature))} characters is too long")  # noqa: TRY301  # as below
            wire.check_judge_inputs(encoded_inputs)
            frame = wire.pack_reply(call)
        except (ValueError, NotTransferable) as error:
            raise JudgeError(f"the judge's inputs cannot be sent: {error}") from None
        with self._judging:
            if self._token != call["token"]:
                raise JudgeError("the score was given before this call of the judge was sent")
            self._clock.pause()
            try:
                self._channel.send_frame(frame)
                answer = self._channel.receive()
            finally:
                self._clock.resume()
        if "error" in answer:
            raise JudgeError(answer["error"])
        return Prediction(decode(answer["value"]))

    def _load_rules(self) -> None:
        for i, rule in enumerate(self._load["rules"]):
            self._rule = i
            names = dict(vars(self._module))  # what the reward binds; what a rule binds is its own
            exec(compile(rule["source"], RULE_FILE, "exec", dont_inherit=True), names)  # noqa: S102  # as the reward
            self._rules.append(names[rule["name"]])
        self._rule = None

    def _find_unmet(self, args: object, prediction: object) -> list[int]:
        unmet = []
        for i, rule in enumerate(self._rules):
            self._rule = i
            met = rule(args, prediction)
            if not (self._awaiting.finish(met) if is_awaitable(met) else met):
                unmet.append(i)
        self._rule = None
        return unmet

    def _failure(self, error: BaseException, limit_s: float) -> dict[str, object]:
        return self._errors.describe(error, limit_s, self._refusals) | {"rule": self._rule}

    def _plan_calls(self) -> None:
        """Reach the functions that the plan names."""
        from refine_core.rewards.shapes.scoring import Scoring

        self._scoring = Scoring(
            self._load["plan"],
            self._module,
            self._load["timeout_s"],
            clock=self._clock,
            output=self._output,
            describe=self._failure,
        )

    def _find_reward(self, name: str) -> Callable[[Any, Any], object]:
        reward = vars(self._module).get(name, self)
        if reward is self:
            raise NameError(f"the source did not bind {name!r} when it ran")
        if not callable(reward):
            raise TypeError(f"{name!r} is not a function but a value of type {type(reward).__name__}")
        return reward  # type: ignore[no-any-return]  # what it returns is looked at anyway

    def _not_loaded(self, _args: object, _prediction: object) -> object:
        raise RuntimeError("no reward is loaded")


def main() -> None:
    """Load, then score until the input ends."""
    channel = Channel()
    with_parent = sandbox.die_with_parent()
    load = channel.receive()
    # For the runner, which reads it when this process had to be killed or crashed. Never closed: C code writes to it.
    stuck = os.open(load["stuck"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    faulthandler.enable(file=stuck, all_threads=False)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, file=stuck, all_threads=False)
    sys.argv, sys.dont_write_bytecode = [FILE], True
    sys.path[:] = sandbox.list_import_folders(load["path"])
    folder, files = os.getcwd(), load["files"]
    if files is not None:  # beside the reward, and where it looks for files without a path
        sys.path.insert(0, files)
        os.chdir(files)
    worker = Worker(channel, load)
    if load["plan"] is not None:
        from refine_core.rewards.shapes import absent_frameworks, scoring  # noqa: F401  # while our own code may still be read
    if load["xray"]:
        from refine_core.rewards.xray import tracing  # noqa: F401
    restricted_library.restrict_library(
        "\n".join([load["source"], *(rule["source"] for rule in load["rules"])])
    )  # our own code may not be read from now on
    confinement = with_parent + sandbox.limit_resources(load["memory_bytes"])
    confinement += sandbox.enter_sandbox(folder, load["private"], load["landlock_abi"])
    channel.send({"op": "ready", "confinement": confinement})
    if worker.load(confinement, folder):
        while True:
            worker.serve(channel.receive())
    channel.receive()  # nothing more comes: wait for the end of input
