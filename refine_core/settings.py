"""What holds for a block of code: the default model and adapter.

    configure(lm=LM("openai/…"))           for the whole process
    with context(lm=other): ...            for a block, also in threads that copy their context
    settings.lm                            what holds here; the module itself answers

Source: dspy.settings. A value set by `context` wins over one set by `configure`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


def __getattr__(name: str) -> Any:
    """`settings.lm` and its like: what holds here."""
    block = _block.get()
    if name in block:
        return block[name]
    if name in _process:
        return _process[name]
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    raise AttributeError(f"there is no setting {name!r}; there are {', '.join(_DEFAULTS)}")


def configure(**values: Any) -> None:
    """Set values for the whole process. Raises TypeError for a name that is no setting."""
    global _process  # noqa: PLW0603 - replaced as a whole, so that readers in other threads see all or nothing
    _process = {**_process, **_known(values)}


@contextmanager
def context(**values: Any) -> Iterator[None]:
    """Set values for a block of code. Raises TypeError for a name that is no setting."""
    token = _block.set({**_block.get(), **_known(values)})
    try:
        yield
    finally:
        _block.reset(token)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    for name in values:
        if name not in _DEFAULTS:
            raise TypeError(f"there is no setting {name!r}; there are {', '.join(_DEFAULTS)}")
    return values
