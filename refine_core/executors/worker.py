"""A run as a worker does it: the program, its models and its reward are here; what happens is told to the app, which records it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from refine_core import __version__
from refine_core.errors import Halt, LMNotFoundError, RefineError
from refine_core.events import AttemptFailed, Event, LMFailed, LMRequested, LMRetried, RunFinished, RunPaused
from refine_core.executors.channel import Channel
from refine_core.executors.learned import learn, write_learned
from refine_core.executors.protocol import Message
from refine_core.executors.records import read_records
from refine_core.executors.turns import install_remote_rates, wanted_turn
from refine_core.lm.recording import Recording
from refine_core.log import codec
from refine_core.log.scope import Scope
from refine_core.log.span import RUN, ChildSpans, Span
from refine_core.refine.run_job import RunJob
from refine_core.refine.stepping import Stepper
from refine_core.rewards.pool import RunnerPool
from refine_core.spec import ProgramSpec

logger = logging.getLogger("refine_core")

CONFIRMED: Final = (LMRequested, LMRetried, LMFailed, AttemptFailed)
"""The events that the worker waits to see confirmed: before a call is paid for, and where the app may end the run."""


class RemoteSink:
    """A sink that tells the app of every event, and waits for it where the run may not go on without.

    spec: of the run, of whose servers the app is told, too, what calls have shown.
    """

    def __init__(self, channel: Channel, spec: ProgramSpec) -> None:
        self.channel, self._began_at = channel, time.monotonic()
        self._spec, self._learned = spec, write_learned(spec)

    def accept(self, span: Span, event: Event) -> None:
        """Tell the app. Raises the Halt by which it ends the run."""
        kind, version, payload = codec.encode(event)
        body: dict[str, Any] = {
            "span": span.path,
            "t": time.monotonic() - self._began_at,
            "kind": kind,
            "version": version,
            "payload": payload,
        }
        if not isinstance(event, CONFIRMED):
            self.channel.notify("fact", body)
            if isinstance(event, RunFinished | RunPaused):  # nothing follows soon
                self.channel.flush()
            return
        if isinstance(event, LMRequested) and (turn := wanted_turn()) is not None:
            body["turn"] = turn.wish
        if (learned := write_learned(self._spec)) != self._learned:
            body["learned"] = self._learned = learned
        body["asks"] = True
        self.channel.ask("fact", body).result()
        if isinstance(event, LMRequested):
            self.channel.begin_call()


def work(
    spec: ProgramSpec,
    settings: Mapping[str, Any] | None,
    open_channel: Callable[[], Channel],
    reply_to: Any,
    pool: RunnerPool,
) -> None:
    """Do a run, or what is left of it. Raises nothing: the app is told of every error.

    reply_to: where the executor finds this worker, as plain data.

    settings: to begin with at once, before the app says a word; it confirms, or has the run begun again. None: they are asked for.
    """
    install_remote_rates()
    if settings is None or settings["version"] != __version__ or not _do(spec, settings, open_channel(), reply_to, pool):  # fmt: skip
        _do(spec, None, open_channel(), reply_to, pool)


def _do(
    spec: ProgramSpec, settings: Mapping[str, Any] | None, channel: Channel, reply_to: Any, pool: RunnerPool
) -> bool:
    """One start of the run. False where the app wants it begun again."""
    hello = {"reply_to": reply_to, "version": __version__, "settings": settings}
    if settings is not None:
        channel.notify("hello", hello)
    else:
        try:
            settings = channel.ask("hello", hello).result()
        except Halt:
            return True
    channel.limited = bool(settings["limited"])
    learn(spec, settings["learned"])
    try:
        run_job = _make_job(spec, settings, channel.run_id, pool)
    except RefineError as error:
        _tell_end(channel, error)
        return True
    channel.on_control(lambda message: _control(run_job.stepper, message))
    sinks = (*run_job.before_record, RemoteSink(channel, spec), *run_job.after_record)
    used = run_job.resume_state.used if run_job.resume_state is not None else frozenset()
    scope = Scope(
        sinks, RUN, channel.cancel, lambda span, text: channel.draft(span.path, text), ChildSpans(used)
    )
    try:
        scope.emit(run_job.run(scope))
    except BaseException as error:  # noqa: BLE001  # the app says what became of the run
        _tell_end(channel, error)
    finally:
        run_job.close()
    return not channel.is_to_begin_again


def _make_job(spec: ProgramSpec, settings: Mapping[str, Any], run_id: str, pool: RunnerPool) -> RunJob:
    records = read_records(run_id, settings["records"])
    recordings = {
        one: Recording(read_records(one, text)) for one, text in dict(settings["recordings"]).items()
    }

    def recording(wanted: str) -> Recording:
        if wanted not in recordings:
            raise LMNotFoundError(f"There is no run {wanted!r} to replay; choose another, or ask a model.")
        return recordings[wanted]

    is_fresh = bool(settings["fresh"])
    return RunJob(
        spec,
        {},
        recording,
        () if is_fresh else records,
        kept=records[1:] if is_fresh else (),
        anyway=bool(settings["anyway"]),
        stepwise=bool(settings["stepwise"]),
        pool=pool,
    )


def _control(stepper: Stepper, message: Message) -> None:
    hints = message.body.get("hints")
    match message.kind:
        case "pause":
            stepper.pause()
        case "step":
            stepper.step(hints)
        case "go_on":
            stepper.go_on(hints)


def _tell_end(channel: Channel, error: BaseException) -> None:
    """Tell the app why the run has no last event; not where it wants no word of this start."""
    if channel.is_to_begin_again:
        return
    if isinstance(error, Halt):
        logger.info("run %s stopped: %s", channel.run_id, error)
    else:
        logger.warning("run %s ended by %s: %s", channel.run_id, type(error).__name__, error)
    body = {
        "type": type(error).__name__,
        "message": str(error),
        "is_ours": isinstance(error, RefineError | Halt),
    }
    try:
        channel.ask("ended", body).result()
    except Halt:  # the app does not want to know
        return
