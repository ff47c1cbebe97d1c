"""dspy's callback: it finds out to which refinement each call belongs, and tells that refinement.

dspy gives each call an id, and a context variable holds the id of the call around it. What stands directly in a Refine is an
attempt, its request for advice, or a judge that the reward asks. A predictor that runs on a thread of the user's own has no call
around it; it is known by its identity.
"""

from __future__ import annotations

import functools
import logging
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self
from weakref import WeakKeyDictionary

try:
    import dspy  # type: ignore[import-not-found, unused-ignore]  # the user's own; the extra "dspy" names a version
    from dspy.utils.callback import BaseCallback  # type: ignore[import-not-found, unused-ignore]
except ImportError as error:
    raise ImportError("recording dspy needs dspy 2.6.23 or newer: pip install 'refinescope[dspy]'") from error

try:
    from dspy.utils.callback_context import ACTIVE_CALL_ID  # type: ignore[import-not-found, unused-ignore]  # dspy 3.4
except ImportError:
    from dspy.utils.callback import ACTIVE_CALL_ID  # type: ignore[import-not-found, unused-ignore]

from refine_core.events import LMFailed, ModuleEnded, ModuleStarted, ParseFailed, PredictorTraced
from refine_core.interop.dspy_recording import rewards
from refine_core.interop.dspy_recording.background import Background
from refine_core.interop.dspy_recording.description import (
    describe_refinement,
    list_planned_temperatures,
)
from refine_core.interop.dspy_recording.model_calls import (
    describe_fault,
    describe_reply,
    describe_request,
    find_last_entry,
)
from refine_core.interop.dspy_recording.refinement import Attempt, Refinement
from refine_core.interop.dspy_recording.run_log import RunLog, RunScope
from refine_core.jsonable import to_jsonable
from refine_core.log.run_id import new_run_id
from refine_core.store import Store, data_home, database_url, open_store

logger = logging.getLogger("refine_core")

VERSION: str = dspy.__version__
_HINT = "hint_"
_SETTINGS_OF_A_CALL = frozenset(
    {"signature", "new_signature", "demos", "config", "lm", "_trace", "prediction"}
)


class Place(NamedTuple):
    """What encloses a call. within: what of the refinement. scope: where its events belong."""

    refinement: Refinement
    within: Literal["refinement", "attempt", "predictor", "parsing", "advice", "reward"]
    scope: RunScope
    attempt: Attempt | None = None
    predictor: PredictorCall | None = None


class Call(NamedTuple):
    """A call under way. place: what encloses the calls inside it. end: told of what it returned, or of its error."""

    place: Place
    end: Callable[[Any, BaseException | None], None]


@dataclass(slots=True, eq=False)
class PredictorCall:
    """A predictor at work. Its start is recorded once its hint is known: dspy adds that where the prompt is written."""

    name: str
    scope: RunScope
    inputs: dict[str, object]
    began: float
    recorded: bool = False

    def record_start(self, hint: str | None) -> None:
        if not self.recorded:
            self.recorded = True
            self.scope.emit(ModuleStarted(self.name, self.inputs, hint))

    def end(self, outputs: Any, error: BaseException | None) -> None:
        self.record_start(None)
        if error is None and outputs is not None:
            values = {str(name): to_jsonable(value) for name, value in dict(outputs).items()}
            self.scope.emit(PredictorTraced(self.name, values))
        took_s = time.perf_counter() - self.began
        self.scope.emit(ModuleEnded(self.name, took_s, describe_fault(error) if error is not None else None))


def _guarded(handler: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(handler)
    def guarded(self: DspyRecorder, *args: Any, **kwargs: Any) -> None:
        try:
            handler(self, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - logged
            self.log_once(error)

    return guarded


_claimed: set[str] = set()
"""Ids of the refinements that a recorder records, so that of two recorders one does."""

_blocks: ContextVar[tuple[AbstractContextManager[Any], ...]] = ContextVar("refinescope_blocks", default=())
"""The `with` blocks around this code, of all recorders: a thread or a task leaves those that it entered."""


@functools.cache
def _find_background(home: Path, database: str | None) -> Background:
    """The one of a database, or of a data folder: all its recorders share a thread and a store."""
    return Background(functools.partial(open_store, home, database=database))


class DspyRecorder(BaseCallback):  # type: ignore[misc, unused-ignore]
    """Records every Refine and BestOfN of dspy's as a run. See `refine_core.interop.dspy_recorder`.

    home: the data folder; None for the app's history, wherever that is. open: opens the store, in place of the one in `home`. started: called with the
    id of each run as it begins.
    """

    def __init__(
        self,
        home: Path | None = None,
        open: Callable[[], Store] | None = None,  # noqa: A002
        started: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._started = started
        if open is None:
            self.background = _find_background(home or data_home(), None if home else database_url())
        else:
            self.background = Background(open)
        self._calls: dict[str, Call] = {}
        self._by_predictor: dict[int, Place] = {}
        self._first_fail_counts: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._logged = False

    def __enter__(self) -> Self:
        block = dspy.context(callbacks=[*(dspy.settings.get("callbacks") or []), self])
        block.__enter__()
        _blocks.set((*_blocks.get(), block))
        return self

    def __exit__(self, *error: object) -> None:
        *outer, block = _blocks.get()
        _blocks.set(tuple(outer))
        block.__exit__(*error)  # type: ignore[arg-type]
        if not self.background.is_failing:  # else each block would wait for nothing
            self.flush()

    def __deepcopy__(self, _: object) -> Self:  # dspy copies models with their callbacks
        return self

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all that was recorded is in the store, at most `timeout_s` seconds; whether it is."""
        return self.background.flush(timeout_s)

    def log_once(self, error: Exception) -> None:
        """Log an error of ours, if it is the first one. The program goes on."""
        first, self._logged = not self._logged, True
        if first:
            logger.error("Refinescope could not record a part of this; the program goes on", exc_info=error)

    # What dspy calls.

    @_guarded
    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """A module is called; a model of the user's own class, too, which older versions take for a module."""
        if call_id in self._calls:
            return
        place = self._find_place(instance)
        if isinstance(instance, dspy.BaseLM):
            self._start_model(call_id, place, instance, inputs)
        elif isinstance(instance, dspy.Refine | dspy.BestOfN):
            self._start_refinement(call_id, place, instance, inputs)
        elif place is None:
            return
        elif place.within == "refinement":
            self._start_in_refinement(call_id, place, instance, inputs)
        elif isinstance(instance, dspy.Predict) and place.within in ("attempt", "predictor", "reward"):
            self._start_predictor(call_id, place, instance, inputs)
        else:
            self._calls[call_id] = Call(place, _ignore)

    @_guarded
    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """A model is asked."""
        if call_id not in self._calls:
            self._start_model(call_id, self._find_place(None), instance, inputs)

    @_guarded
    def on_adapter_format_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:  # noqa: ARG002 - as dspy calls it
        """A prompt is written; its inputs hold the hint."""
        place = self._find_place(None)
        if place is not None and place.predictor is not None:
            hint = (inputs.get("inputs") or {}).get(_HINT)
            place.predictor.record_start(None if hint is None else str(hint))

    @_guarded
    def on_adapter_parse_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:  # noqa: ARG002 - as dspy calls it
        """A reply is read. An adapter that is derived from another is reported twice, one inside the other."""
        place = self._find_place(None)
        if place is None or place.within == "parsing" or call_id in self._calls:
            return
        inside = Place(place.refinement, "parsing", place.scope, place.attempt, place.predictor)
        self._calls[call_id] = Call(inside, functools.partial(_end_parsing, place, inputs.get("signature")))

    @_guarded
    def on_module_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        """Whatever began has ended."""
        call = self._calls.pop(call_id, None)
        if call is not None:
            call.end(outputs, exception)

    on_lm_end = on_module_end
    on_adapter_parse_end = on_module_end

    # Which call is what.

    def _find_place(self, instance: Any) -> Place | None:
        """What encloses a call that begins now."""
        around = self._calls.get(ACTIVE_CALL_ID.get() or "")
        if around is None:
            return self._by_predictor.get(id(instance))
        place = around.place
        if place.scope.log.has_ended:
            return None  # this thread outlived the run
        if place.within == "refinement" and (scoring := place.refinement.scoring) is not None:
            return Place(place.refinement, "reward", scoring, place.refinement.attempt, place.predictor)
        return place

    def _start_refinement(
        self, call_id: str, place: Place | None, instance: Any, inputs: Mapping[str, Any]
    ) -> None:
        if call_id in _claimed:
            return
        is_attempt = place is not None and place.within == "refinement"
        if place is not None and is_attempt:
            place, _ = self._begin_attempt(place.refinement, instance)
        named = instance.module.named_predictors()
        lm = _find_model(named)
        planned = list_planned_temperatures(instance, lm, VERSION)
        asks = isinstance(instance, dspy.Refine)
        if place is None:
            adviser = dspy.settings.lm or lm
            describe = describe_refinement(instance, named, _arguments(inputs), lm, adviser, version=VERSION)
            refinement = Refinement(instance, self._open_scope(), planned, asks, describe)
        else:
            refinement = Refinement(instance, place.scope.begin("refine"), planned, asks)
        first = self._first_fail_counts.setdefault(instance, instance.fail_count)
        refinement.started(tuple(name for name, _ in named), first, f"dspy {VERSION}")
        around = sys.exception()

        def end(outputs: Any, error: BaseException | None) -> None:
            _claimed.discard(call_id)
            rewards.release(instance)
            for attempt in refinement.attempts:
                for key in attempt.names:
                    self._by_predictor.pop(key, None)
            if error is None and outputs is None and (passing := sys.exception()) is not around:
                error = passing  # an interrupt, of which older versions do not tell
            refinement.ended(outputs, error)
            if place is not None and place.attempt is not None and is_attempt:
                place.refinement.attempt_ended(place.attempt, outputs, error)

        _claimed.add(call_id)
        self._calls[call_id] = Call(Place(refinement, "refinement", refinement.scope), end)
        rewards.watch(instance, self._find_scoring)

    def _find_scoring(self) -> rewards.Listener | None:
        """Who is told of a reward that is asked now: the refinement whose call is the innermost."""
        call = self._calls.get(ACTIVE_CALL_ID.get() or "")
        if call is None or call.place.within != "refinement":
            return None
        return _Guard(self, call.place.refinement)

    def _start_in_refinement(
        self, call_id: str, place: Place, instance: Any, inputs: Mapping[str, Any]
    ) -> None:
        """What a Refine calls itself: the adviser, or an attempt."""
        refinement = place.refinement
        signature = getattr(instance, "signature", None)
        if getattr(signature, "__name__", "") == "OfferFeedback":
            scope = refinement.advice_started()
            if scope is not None:
                inside = Place(refinement, "advice", scope, refinement.attempt)
                self._calls[call_id] = Call(inside, functools.partial(refinement.advice_ended, scope))
            return
        inside, attempt = self._begin_attempt(refinement, instance)
        self._calls[call_id] = Call(inside, functools.partial(refinement.attempt_ended, attempt))
        if isinstance(instance, dspy.Predict):  # the attempt and its predictor in one
            self._start_predictor(call_id, inside, instance, inputs)

    def _begin_attempt(self, refinement: Refinement, program: Any) -> tuple[Place, Attempt]:
        attempt = refinement.attempt_started(program)
        inside = Place(refinement, "attempt", attempt.scope, attempt)
        for key in attempt.names:
            self._by_predictor[key] = inside
        return inside, attempt

    def _start_predictor(self, call_id: str, place: Place, instance: Any, inputs: Mapping[str, Any]) -> None:
        names = place.attempt.names if place.attempt is not None else {}
        name = names.get(id(instance), "judge" if place.within == "reward" else "predict")
        outer = self._calls.get(call_id)
        began = PredictorCall(
            name,
            place.scope.begin(name),
            to_jsonable({k: v for k, v in _arguments(inputs).items() if k not in _SETTINGS_OF_A_CALL}),
            time.perf_counter(),
        )

        def end(outputs: Any, error: BaseException | None) -> None:
            began.end(outputs, error)
            if outer is not None:
                outer.end(outputs, error)

        within = "reward" if place.within == "reward" else "predictor"
        self._calls[call_id] = Call(
            Place(place.refinement, within, began.scope, place.attempt, began),  # type: ignore[arg-type]
            end,
        )

    def _start_model(self, call_id: str, place: Place | None, lm: Any, inputs: Mapping[str, Any]) -> None:
        if place is None:
            return
        if place.predictor is not None:
            place.predictor.record_start(None)
        purpose = {"advice": "advice", "reward": "judge"}.get(place.within, "predict")
        scope, began, last_entry = place.scope.begin("lm"), time.perf_counter(), find_last_entry(lm)
        scope.emit(describe_request(lm, inputs, purpose))  # type: ignore[arg-type]

        def end(outputs: Any, error: BaseException | None) -> None:
            took_s = time.perf_counter() - began
            if error is not None:
                scope.emit(LMFailed(describe_fault(error), took_s))
            else:
                scope.emit(describe_reply(lm, outputs, took_s, last_entry))

        inside = Place(place.refinement, place.within, scope, place.attempt, place.predictor)
        self._calls[call_id] = Call(inside, end)

    def _open_scope(self) -> RunScope:
        run_id = new_run_id()
        self._started(run_id)
        return RunScope(RunLog(run_id, self.background))


@dataclass(frozen=True, slots=True)
class _Guard:
    """Tells a refinement of its reward, guarded as the callbacks are."""

    recorder: DspyRecorder
    refinement: Refinement

    def reward_started(self, outputs: Any) -> None:
        try:
            self.refinement.reward_started(outputs)
        except Exception as bug:  # noqa: BLE001 - logged
            self.recorder.log_once(bug)

    def reward_ended(self, value: Any, error: BaseException | None) -> None:
        try:
            self.refinement.reward_ended(value, error)
        except Exception as bug:  # noqa: BLE001 - logged
            self.recorder.log_once(bug)


def _find_model(named: list[tuple[str, Any]]) -> Any:
    """The model that answers: the first own one of a predictor, else the one in force. dspy itself refuses several."""
    return next((lm for _, one in named if (lm := getattr(one, "lm", None))), None) or dspy.settings.lm


def _arguments(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments of a call, as dspy hands them to a callback."""
    return dict(inputs.get("kwargs") or {})


def _end_parsing(place: Place, signature: Any, _: Any, error: BaseException | None) -> None:
    if error is None:
        return
    fields = list(getattr(signature, "output_fields", ()))
    parsed = getattr(error, "parsed_result", None)
    missing = tuple(name for name in fields if name not in parsed) if isinstance(parsed, Mapping) else ()
    message = describe_fault(error).message
    place.scope.emit(ParseFailed(missing, {} if missing else {fields[0] if fields else "reply": message}))


def _ignore(outputs: Any, error: BaseException | None) -> None:
    """Nothing is to be recorded at its end."""
