"""`Refine` and `BestOfN` of a script, sent as spans while they run: a callback, as nothing records such a call.

from refine_core.export.otel import live_spans
configure(lm=lm, callbacks=[live_spans()])
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from refine_core import __version__
from refine_core.callbacks import BaseCallback
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import LMError
from refine_core.events import Fault, RunFinished, RunStarted
from refine_core.export.otel.live import LiveSpans, find_watch_without
from refine_core.log.folds import timeline
from refine_core.log.recorder import Recorder
from refine_core.log.run_id import new_run_id
from refine_core.log.scope import SCOPE, Record, Scope, current_scope
from refine_core.log.span import RUN
from refine_core.loop import Stop, decide
from refine_core.refine.module import BestOfN
from refine_core.refine.program_job import LiveProgram, describe_program
from refine_core.spec.schedule import list_temperatures


def live_spans(leave_out: Iterable[str] | None = None) -> LiveSpanCallback:
    """A callback that sends each `Refine` and `BestOfN` to the OTLP endpoint of the environment, its spans as they end.

    leave_out: "prompts", "inputs" and names of fields; None for what REFINESCOPE_OTEL_LEAVE_OUT names. `flush()` waits until all that
    has ended was sent. An endpoint that is slow or gone changes nothing for the program: it is logged once.
    """
    return LiveSpanCallback(find_watch_without(leave_out))


@dataclass(slots=True)
class _Call:
    """A refinement under way. around: the scope that it was called in."""

    recorder: Recorder
    around: Scope
    records: list[Record] = field(default_factory=list)
    start: float = field(default_factory=time.perf_counter)


class LiveSpanCallback(BaseCallback):
    """See `live_spans`. A refinement that is part of another, or whose events somebody listens to already, is left alone."""

    def __init__(self, watch: LiveSpans) -> None:
        self._watch = watch
        self._calls: dict[str, _Call] = {}

    def __deepcopy__(self, _: object) -> LiveSpanCallback:  # a program is copied with its callbacks
        return self

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until all spans that have ended were sent, at most `timeout_s` seconds; whether they were."""
        return self._watch.flush(timeout_s)

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """A refinement begins: from now on its events are heard."""
        around = current_scope()
        if not isinstance(instance, BestOfN) or around.sinks:
            return
        file = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "Python"
        try:
            spec = describe_program(
                LiveProgram(instance, inputs["kwargs"], file, title=type(instance.module).__name__)
            )
        except LMError:
            return  # there is no model, and the refinement will say so
        records: list[Record] = []

        def append(new: Sequence[Record]) -> None:
            records.extend(new)
            self._watch.take(new)

        recorder = Recorder(new_run_id(), append, cancel=Cancel())
        self._calls[call_id] = _Call(recorder, around, records)
        names = tuple(name for name, _ in instance.module.named_predictors())
        planned = list_temperatures(
            spec.temperature_schedule, spec.model.temperature or 0.0, spec.attempt_count
        )
        recorder.accept(RUN, RunStarted(spec, planned, names, __version__, at_once=instance.num_threads))
        SCOPE.set(Scope((recorder,), cancel=around.cancel))

    def on_module_end(
        self, call_id: str, outputs: Any | None, exception: BaseException | None = None
    ) -> None:
        """The refinement has ended, and says why."""
        call = self._calls.pop(call_id, None)
        if call is None:
            return
        SCOPE.set(call.around)
        took_s = time.perf_counter() - call.start
        if (refinement := getattr(outputs, "refinement", None)) is not None:
            end = RunFinished(refinement.reason, refinement.best, refinement.returned, took_s)
        else:
            run = timeline(call.records)
            stop = next(iter(decide(run.loop)), None) if run is not None else None
            reason = stop.reason if isinstance(stop, Stop) else "error"
            fault = Fault.of(exception) if exception is not None else None
            end = RunFinished(reason, run.best if run is not None else None, None, took_s, fault)
        call.recorder.accept(RUN, end)
