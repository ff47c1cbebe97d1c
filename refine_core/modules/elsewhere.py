"""Calls of a batch on an executor of the caller's: threads of theirs, or other processes and machines.

    Pool -> CallElsewhere.run -> executor.submit(work, bytes) -> [another process: unpack, call, pack] -> result, usage, events

Rule 1: the executor is used and never shut down; one that can be asked how many workers it has sets how many calls wait in it.
Rule 2: what crosses is bytes that we have made, before any call is begun; a key is never among them.
Rule 3: a call leaves here what it cost and what it told its scope, whether it succeeded or not.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from refine_core.concurrency.effects import MaybeAwaitable, SyncOrAsync
from refine_core.concurrency.flows import Effect, run
from refine_core.concurrency.pools import inside_pool
from refine_core.configuration import describe_value, settings
from refine_core.errors import Halt, ProgramError, WorkerError
from refine_core.events import Event
from refine_core.lm.secrecy import redact
from refine_core.log.scope import Collector, Scope, current_scope, use_scope
from refine_core.log.span import RUN, Span
from refine_core.modules.carried import pack, unpack
from refine_core.modules.pickles import dumps
from refine_core.usage import UsageTracker

_STAY = ("trace", "callbacks", "usage_tracker")
"""Settings that stay in this process: what they collect, they collect here."""


def bind(module: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Effect[Any]:
    """A call for sync and async callers."""
    twin = getattr(module, "acall", None)
    if callable(twin):
        return SyncOrAsync((module, twin), *args, **kwargs)
    return MaybeAwaitable(module, *args, **kwargs)


@dataclass(frozen=True, slots=True)
class Bound:
    """A call that is not made yet. where: how an error names it."""

    where: str
    module: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def effect(self) -> Effect[Any]:
        """The call, made here."""
        return bind(self.module, *self.args, **self.kwargs)


def check_executor(executor: object) -> Executor:
    """The executor. Raises TypeError for anything else."""
    if isinstance(executor, Executor):
        return executor
    hint = "; of a Dask client give client.get_executor()" if hasattr(executor, "get_executor") else ""
    raise TypeError(
        f"executor must be a concurrent.futures.Executor such as ProcessPoolExecutor(), not {describe_value(executor)}{hint}"
    )


def count_workers(executor: Executor) -> int | None:
    """How many calls the executor does at once: its own number, or the threads of a Dask cluster; None if it does not say."""
    count = getattr(executor, "_max_workers", None)
    client: Any = getattr(executor, "_client", None)
    if count is None and hasattr(client, "nthreads"):
        count = sum(client.nthreads().values())
    return count if isinstance(count, int) and count > 0 else None


def make_calls(executor: Executor, calls: Sequence[Bound]) -> list[Effect[Any]]:
    """The calls as effects that wait for the executor. Raises TypeError and LMKeyError for what cannot travel."""
    if type(executor) is ThreadPoolExecutor:
        return [CallInThread(executor, one.effect()) for one in calls]
    values = {name: value for name, value in settings.copy().items() if name not in _STAY}
    programs: dict[int, bytes] = {}
    for one in calls:
        if id(one.module) not in programs:
            programs[id(one.module)] = pack((one.module, values), f"{one.where}: the program", one.module)
    return [
        CallElsewhere(
            executor,
            programs[id(one.module)],
            pack((one.args, dict(one.kwargs)), f"{one.where}: the example", one.kwargs or one.args),
        )
        for one in calls
    ]


@dataclass(frozen=True, slots=True)
class CallInThread:
    """Make a call in a thread of the executor, in a copy of this context, so that everything holds there as it does here."""

    executor: Executor
    effect: Effect[Any]

    def run(self) -> Any:
        return current_scope().cancel.result(self._submit())

    async def arun(self) -> Any:
        return await current_scope().cancel.aresult(self._submit())

    def _submit(self) -> Future[Any]:
        return self.executor.submit(copy_context().run, run, _one(self.effect))


def _one(effect: Effect[Any]) -> Any:
    """A flow of one effect."""
    return (yield effect)


@dataclass(frozen=True, slots=True)
class Returned:
    """What comes back of a call. raised_at: where its error was raised, as text. usage: by model. facts: what it told its scope."""

    value: Any
    error: BaseException | None
    raised_at: str
    usage: Mapping[str, Any]
    facts: Sequence[tuple[Span, Event]]


@dataclass(frozen=True, slots=True)
class CallElsewhere:
    """Make a call in another process, and take over what it leaves. Raises its own error; WorkerError if it never came back."""

    executor: Executor
    program: bytes
    arguments: bytes

    def run(self) -> Any:
        try:
            data = current_scope().cancel.result(self._submit())
        except Exception as error:
            raise _lost(error) from error
        return _take_over(unpack(data))

    async def arun(self) -> Any:
        try:
            data = await current_scope().cancel.aresult(self._submit())
        except Exception as error:
            raise _lost(error) from error
        return _take_over(unpack(data))

    def _submit(self) -> Future[bytes]:
        scope = current_scope()
        # Dask takes calls with equal arguments for one; the number sets them apart.
        return self.executor.submit(
            work, uuid4().hex, self.program, self.arguments, scope.span, bool(scope.sinks)
        )


def _lost(error: Exception) -> WorkerError:
    kind = type(error).__name__
    if isinstance(error, ImportError):
        return WorkerError(
            f"The executor's process cannot load the code ({error}); install refinescope and what the program needs there"
        )
    return WorkerError(
        f"The call did not come back from the executor ({kind}: {error}): its process was killed, ran out of memory, or the "
        "executor was shut down. Begin a new executor and call again"
    )


def _take_over(outcome: Returned) -> Any:
    """The call's result. What it cost and told is counted and told here, as if it had run here."""
    tracker = settings.usage_tracker
    if tracker is not None:
        for lm, usage in outcome.usage.items():
            tracker.add_usage(lm, usage)
    _notify(outcome.facts, current_scope())
    if outcome.error is None:
        return outcome.value
    outcome.error.add_note(f"It was raised in another process:\n{outcome.raised_at}")
    raise outcome.error


def _notify(facts: Sequence[tuple[Span, Event]], scope: Scope) -> None:
    """Tell this scope what was told over there. The spans that began directly in it get ordinals of their own here."""
    here: dict[Span, Span] = {scope.span: scope.span}

    def span_here(span: Span) -> Span:
        if span not in here:
            parent = span_here(span.parent or RUN)
            here[span] = (
                scope.children.begin(parent, span.kind, span.index)
                if parent == scope.span
                else Span(span.kind, span.index, parent, span.ordinal)
            )
        return here[span]

    for span, event in facts:
        for sink in scope.sinks:
            sink.accept(span_here(span), event)


def work(_number: str, program: bytes, arguments: bytes, span: Span, is_recorded: bool) -> bytes:
    """The other process's part: make the call, and pack what came of it. Raises what no program may catch, such as Ctrl-C."""
    return Context().run(_work, program, arguments, span, is_recorded)  # a fork would inherit a context


def _work(program: bytes, arguments: bytes, span: Span, is_recorded: bool) -> bytes:
    collector, tracker, trace = Collector(), UsageTracker(), list[Any]()
    inside_pool.set(True)  # its own batches draw no bar
    value: Any = None
    error: BaseException | None = None
    try:
        with (
            use_scope(Scope((collector,) if is_recorded else (), span)),
            settings.context(trace=trace, _attempt=trace, usage_tracker=tracker, callbacks=[]),
        ):
            module, values = unpack(program)
            args, kwargs = unpack(arguments)
            with settings.context(**values):
                value = run(_one(bind(module, *args, **kwargs)))
    except (Exception, Halt) as raised:  # noqa: BLE001  # it is raised again where the batch was called
        error = raised
    text = redact("".join(traceback.format_exception(error))) if error is not None else ""
    try:
        data = dumps(Returned(value, error, text, tracker.get_total_tokens(), collector.facts))
        unpack(data)  # an error may be pickled and still not be read
    except Exception as unpicklable:  # noqa: BLE001  # the batch goes on without this result
        what = f"the {type(value).__name__} that it returned" if error is None else "its error"
        instead = ProgramError(
            f"{what} cannot come back from another process ({unpicklable}); return plain values or a Prediction"
            if error is None
            else f"{type(error).__name__}: {redact(str(error))}"
        )
        return dumps(Returned(None, instead, text, tracker.get_total_tokens(), collector.facts))
    return data
