"""Observing a call of a module: callbacks are notified, and the tokens are counted for its prediction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from refine_core.callbacks import CallbackCall, callbacks_of, notify_callbacks
from refine_core.concurrency.cancellation import Cancel
from refine_core.configuration import get_setting
from refine_core.log.scope import current_scope, use_scope
from refine_core.usage import track_usage


def has_observers(module: Any) -> bool:
    """Whether this call has callbacks or its tokens are counted; mostly neither, so asking must be quick."""
    return bool(callbacks_of(module)) or (get_setting("track_usage") and get_setting("usage_tracker") is None)


@contextmanager
def cancel_on_error() -> Iterator[None]:
    """Ask work in threads to stop if the task that awaits it is cancelled or fails."""
    inner = Cancel(parent=current_scope().cancel)
    try:
        with use_scope(replace(current_scope(), cancel=inner)):
            yield
    except BaseException:
        inner.set()
        raise
    finally:
        inner.detach()


class observe_call:  # noqa: N801 - it reads as the statement that it is
    """`with watched(module, args, kwargs) as call: call.outputs = …`."""

    __slots__ = ("_call", "_stack", "args", "inputs", "instance", "outputs", "tracker")

    def __init__(self, instance: Any, args: tuple[Any, ...], inputs: Mapping[str, Any]) -> None:
        self.instance, self.args, self.inputs = instance, args, inputs
        self.outputs: Any = None
        self._stack: ExitStack | None = None
        self._call: CallbackCall | None = None
        self.tracker: Any = None

    def __enter__(self) -> Self:
        callbacks = callbacks_of(self.instance)
        counted = get_setting("track_usage") and get_setting("usage_tracker") is None
        if callbacks or counted:
            self._stack = ExitStack()
            if callbacks:
                inputs = {"args": self.args, "kwargs": dict(self.inputs)}
                self._call = self._stack.enter_context(
                    notify_callbacks("module", self.instance, inputs, callbacks)
                )
            if counted:
                self.tracker = self._stack.enter_context(track_usage())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stack is None:
            return
        if self.tracker is not None and hasattr(self.outputs, "set_lm_usage"):
            self.outputs.set_lm_usage(self.tracker.get_total_tokens())
        if self._call is not None:
            self._call.outputs = self.outputs
        self._stack.__exit__(kind, error, trace)
