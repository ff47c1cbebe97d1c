"""Callbacks: called before and after every call of a module, a model or an adapter.

    configure(callbacks=[MyCallback()])        of everything in this process; `context(callbacks=…)` for a block
    LM("openai/…", callbacks=[MyCallback()])   of one model; any object may have `callbacks`

A callback observes and changes nothing. An error in it is logged and the call continues, except for a Halt. Inputs whose
name looks like a secret are left out. Source: dspy.utils.callback, version 2.6.23.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from refine_core.configuration import get_setting

logger = logging.getLogger("refine_core")

F = TypeVar("F", bound=Callable[..., Any])
Kind = Literal["module", "lm", "adapter_format", "adapter_parse", "tool", "evaluate"]

ACTIVE_CALL_ID: ContextVar[str | None] = ContextVar("refine_core_active_call_id", default=None)
"""The call_id of the innermost call under way; None outside any. In a start handler: that of the parent."""


class BaseCallback:
    """Derive from it and write the handlers that you want; the others do nothing.

    call_id: the same for the start and the end of one call; for the call around it, see ACTIVE_CALL_ID.
    instance: the module, model or adapter that is called. inputs: parameter name -> value.
    outputs: what was returned, or None if it raised; then `exception` is what it raised.
    An error in a handler is logged and the call continues, except for a Halt.
    Source: dspy.utils.callback.BaseCallback, version 2.6.23.
    """

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """A module is called. inputs: {"args": positional ones, "kwargs": those by keyword}."""

    def on_module_end(
        self, call_id: str, outputs: Any | None, exception: BaseException | None = None
    ) -> None:
        """The module returned or raised. outputs: its prediction."""

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """A model is asked. inputs: {"prompt": text or None, "messages": as sent, "kwargs": the call's parameters}."""

    def on_lm_end(
        self, call_id: str, outputs: list[str] | None, exception: BaseException | None = None
    ) -> None:
        """The model answered, retries and cache included, or failed. outputs: [text]."""

    def on_adapter_format_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """An adapter will write a prompt. inputs: {"signature", "demos", "inputs"}."""

    def on_adapter_format_end(
        self, call_id: str, outputs: Any | None, exception: BaseException | None = None
    ) -> None:
        """The prompt is written. outputs: the messages."""

    def on_adapter_parse_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """An adapter will read a reply. inputs: {"signature", "completion"}."""

    def on_adapter_parse_end(
        self, call_id: str, outputs: dict[str, Any] | None, exception: BaseException | None = None
    ) -> None:
        """The reply is read, or could not be. outputs: field name -> value."""

    def on_tool_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Never called here, as there are no tools; it is here so that a callback written for dspy fits."""

    def on_tool_end(self, call_id: str, outputs: Any | None, exception: BaseException | None = None) -> None:
        """As on_tool_start."""

    def on_evaluate_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """As on_tool_start."""

    def on_evaluate_end(
        self, call_id: str, outputs: Any | None, exception: BaseException | None = None
    ) -> None:
        """As on_tool_start."""


def callbacks_of(instance: object) -> Sequence[Any]:
    """The callbacks for a call of `instance`: those of the settings, then its own."""
    everywhere: Sequence[Any] = get_setting("callbacks")
    own: Sequence[Any] | None = getattr(instance, "callbacks", None)
    return [*everywhere, *own] if own else everywhere


class CallbackCall:
    """A call that callbacks are notified of. Set `outputs` before the block ends."""

    __slots__ = ("_call_id", "_callbacks", "_inputs", "_instance", "_kind", "_parent", "outputs")

    def __init__(
        self, kind: Kind, instance: object, inputs: Mapping[str, Any], callbacks: Sequence[Any]
    ) -> None:
        self.outputs: Any = None
        self._kind, self._instance, self._inputs, self._callbacks = kind, instance, inputs, callbacks

    def __enter__(self) -> Self:
        self._parent = ACTIVE_CALL_ID.get()
        if self._callbacks:
            import uuid  # for those who are watched

            self._call_id = uuid.uuid4().hex
            self._notify("start", instance=self._instance, inputs=dict(self._inputs))
            ACTIVE_CALL_ID.set(self._call_id)
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._callbacks:
            # Not reset by its token: an operation that is given up may be closed in another context.
            ACTIVE_CALL_ID.set(self._parent)
            self._notify("end", outputs=self.outputs if error is None else None, exception=error)

    def _notify(self, when: Literal["start", "end"], **what: Any) -> None:
        handler = f"on_{self._kind}_{when}"
        for callback in self._callbacks:
            try:
                getattr(callback, handler)(call_id=self._call_id, **what)
            except Exception:  # an error in a callback must not fail the program
                logger.warning("%s of callback %s failed", handler, type(callback).__name__, exc_info=True)


def notify_callbacks(
    kind: Kind, instance: object, inputs: Mapping[str, Any], callbacks: Sequence[Any] | None = None
) -> CallbackCall:
    """Notify the callbacks of `instance` of one call; use it with `with … as call`, and set `call.outputs` inside.

    For sync code, async code and flows alike. callbacks: the result of `callbacks_of`, if the caller has it already; a
    caller that builds `inputs` only where there are callbacks pays almost nothing without any.
    """
    return CallbackCall(kind, instance, inputs, callbacks_of(instance) if callbacks is None else callbacks)


def with_callbacks(function: F) -> F:
    """A decorator: callbacks are notified of this method, sync or async, as of a call of its module. inputs: parameter name -> value.

    Not needed for a module's or model's `__call__` or an adapter's `format` and `parse`.
    Source: dspy.utils.callback.with_callbacks, version 2.6.23.
    """
    signature = inspect.signature(function)

    def call(instance: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> CallbackCall:
        bound = signature.bind(instance, *args, **kwargs).arguments
        return notify_callbacks("module", instance, dict(list(bound.items())[1:]))

    @functools.wraps(function)
    def sync(self: Any, *args: Any, **kwargs: Any) -> Any:
        with call(self, args, kwargs) as one:
            one.outputs = function(self, *args, **kwargs)
        return one.outputs

    @functools.wraps(function)
    async def later(self: Any, *args: Any, **kwargs: Any) -> Any:
        with call(self, args, kwargs) as one:
            one.outputs = await function(self, *args, **kwargs)
        return one.outputs

    return later if inspect.iscoroutinefunction(function) else sync  # type: ignore[return-value]  # of the same shape
