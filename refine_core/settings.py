"""What holds for a block of code: the default model and adapter.

    configure(lm=LM("openai/…"))           for the whole process
    with context(lm=other): ...            for a block, also in threads that copy their context
    settings.lm                            what holds here; the module itself answers

Source: dspy.settings. A value set by `context` wins over one set by `configure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

_DEFAULTS: Mapping[str, Any] = {
    "lm": None,  # the model of predictors that have none of their own
    "adapter": None,  # how prompts are written and replies read; None: ChatAdapter
    "trace": None,  # a list to which every predictor adds (predictor, inputs, prediction); None: nowhere
    "callbacks": (),  # told of every module, model and adapter call; see refine_core.BaseCallback
    "track_usage": False,  # whether predictions carry the tokens that they cost
    "usage_tracker": None,  # who counts the tokens of this block of code
    "disable_history": False,  # whether calls are kept for inspect_history
    "num_threads": 8,  # of Parallel and batch, unless they say otherwise
    "max_errors": 10,  # failures after which Parallel and batch give up, unless they say otherwise
    "provide_traceback": False,  # whether Parallel and batch log the traceback of a failure
}

_process: dict[str, Any] = {}
_block: ContextVar[Mapping[str, Any]] = ContextVar("refine_core_settings", default={})  # noqa: B039 - never mutated


_NONE = object()


def get(name: str, default: Any = _NONE) -> Any:
    """What holds here; `settings.lm` and its like ask this, and take six times as long to find it.

    Raises AttributeError for a name that is no setting, unless a default is given.
    """
    block = _block.get()
    if name in block:
        return block[name]
    if name in _process:
        return _process[name]
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    if default is not _NONE:
        return default
    raise AttributeError(f"there is no setting {name!r}; there are {', '.join(_DEFAULTS)}")


def __getattr__(name: str) -> Any:
    return get(name)


def configure(**values: Any) -> None:
    """Set values for the whole process. Raises TypeError for a name that is no setting."""
    global _process  # noqa: PLW0603 - replaced as a whole, so that readers in other threads see all or nothing
    _process = {**_process, **_known(values)}


class context:  # noqa: N801 - it reads as the statement that it is
    """Set values for a block of code: `with context(lm=other): ...`; for async code too.

    Threads that copy their context see them. Raises TypeError for a name that is no setting.
    """

    __slots__ = ("_token", "_values")

    def __init__(self, **values: Any) -> None:
        self._values = _known(values)

    def __enter__(self) -> None:
        self._token = _block.set({**_block.get(), **self._values})

    def __exit__(self, *_: object) -> None:
        _block.reset(self._token)


def block() -> Mapping[str, Any]:
    """What the blocks around this code have set; for `resumed` in a thread that did not inherit it."""
    return _block.get()


def resumed(outer: Mapping[str, Any]) -> context:
    """A context with what `outer` blocks had set, below what has been set here."""
    return context(**{**outer, **_block.get()})


def _known(values: dict[str, Any]) -> dict[str, Any]:
    for name in values:
        if name not in _DEFAULTS:
            raise TypeError(f"there is no setting {name!r}; there are {', '.join(_DEFAULTS)}")
    return values
