"""Settings: the default model and adapter, and the rest of what holds for a block of code or the whole process.

    configure(lm=LM("openai/…"))           for the whole process
    with context(lm=other): ...            for a block, also in threads that copy their context
    settings.lm                            what holds here

Source: dspy.settings. A value set by `context` wins over one set by `configure`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import ContextDecorator
from contextvars import ContextVar, Token
from typing import Any

logger = logging.getLogger("refine_core")

MAX_TRACED = 1000


class RecentTrace(list[Any]):
    """The default trace: a list of the last MAX_TRACED calls, since an endless one fills the memory."""

    def append(self, entry: Any, /) -> None:
        """Add one, and let old ones go."""
        super().append(entry)
        self._trim()

    def extend(self, entries: Iterable[Any], /) -> None:
        """Add several, and let old ones go."""
        super().extend(entries)
        self._trim()

    def _trim(self) -> None:
        if len(self) > MAX_TRACED:
            del self[: len(self) - MAX_TRACED]


_DEFAULTS: Mapping[str, Any] = {
    "lm": None,  # the model of predictors that have none of their own
    "adapter": None,  # how prompts are written and replies read; None: ChatAdapter
    "trace": None,  # the process begins with a RecentTrace: a list to which every predictor adds (predictor, inputs, prediction); None: nowhere
    "callbacks": (),  # the process begins with an empty list: told of every module, model and adapter call; see refine_core.BaseCallback
    "track_usage": False,  # whether predictions carry the tokens that they cost
    "usage_tracker": None,  # who counts the tokens of this block of code
    "disable_history": False,  # whether calls are kept for inspect_history
    "num_threads": 8,  # of Parallel and batch, unless they say otherwise
    "max_errors": 10,  # failures after which Parallel and batch give up, unless they say otherwise
    "_attempt": None,  # the attempt under way, by its trace; set by Refine, and nobody else's business
    "provide_traceback": False,  # whether Parallel and batch log the traceback of a failure
}

# Settings of 2.6.23 that change nothing here: name -> what they are there unless set, and what to do instead.
_WITHOUT_EFFECT: Mapping[str, tuple[Any, str]] = {
    "rm": (None, "there is no retrieval here; give passages to the program as inputs"),
    "experimental": (False, "it changes nothing here"),
    "async_max_workers": (8, "sync code under acall runs in as many threads as it needs"),
    "max_tokens": (None, "no model reads it; give it to the model, LM(…, max_tokens=…)"),
    "temperature": (None, "no model reads it; give it to the model, LM(…, temperature=…)"),
    "branch_idx": (0, "it changes nothing here"),
    "bypass_assert": (False, "there are no assertions here; use Refine"),
    "bypass_suggest": (False, "there are no suggestions here; use Refine"),
    "assert_failures": (0, "there are no assertions here; use Refine"),
    "suggest_failures": (0, "there are no suggestions here; use Refine"),
    "backoff_time": (10, "a model waits as long as its server asks; see LM(…, num_retries=…)"),
    "send_stream": (None, "there is no streamify here"),
    "stream_listeners": ((), "there is no streamify here"),
    "caller_predict": (None, "it changes nothing here"),
}

_CHECKED = frozenset(("lm", "adapter", "callbacks"))
_UNCHECKED = _DEFAULTS.keys() - _CHECKED
_HANDLERS = tuple(
    f"on_{kind}_{when}"
    for kind in ("module", "lm", "adapter_format", "adapter_parse", "tool", "evaluate")
    for when in ("start", "end")
)


class _ProcessValues:
    """The values of this process. values: replaced as a whole, so that readers in other threads see all or nothing."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: Mapping[str, Any] = {**_DEFAULTS, "trace": RecentTrace(), "callbacks": []}


_process = _ProcessValues()
BLOCK: ContextVar[Mapping[str, Any]] = ContextVar("refine_core_settings", default={})  # noqa: B039 - never mutated
"""What the blocks around this code have set; replaced as a whole. For `layered_context` in a thread that did not inherit it."""

_MISSING = object()


def get_setting(name: str, default: Any = None) -> Any:
    """The value that holds here; `settings.lm` and its like ask this, and take six times as long.

    default: for a name that is no setting.
    """
    block = BLOCK.get()
    if name in block:
        return block[name]
    values = _process.values
    if name in values:
        return values[name]
    if name in _WITHOUT_EFFECT:
        return _WITHOUT_EFFECT[name][0]
    return default


class Snapshot(dict[str, Any]):
    """All settings at one moment, read as items or as attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(_unknown_name(name)) from None


def configure(*unnamed: Any, **values: Any) -> None:
    """Set values for the whole process, each by its name.

    lm: BaseLM or None. adapter: Adapter or None (ChatAdapter). trace: list or None. callbacks: list of BaseCallback.
    track_usage, disable_history, provide_traceback: bool, False unless set. usage_tracker: UsageTracker or None.
    num_threads: of Parallel and batch, 8 unless set. max_errors: failures at which those give up, 10 unless set.
    Source: dspy.configure, version 2.6.23; any thread may call it here. Other settings of that version are kept and change
    nothing; a value other than their default is logged as a warning. Raises TypeError for an unknown name, and for a value
    that is not a model, an adapter or a list of callbacks.
    """
    if unnamed:
        raise _unnamed_value_error("configure", unnamed[0])
    _process.values = {**_process.values, **_check_values(values)}


class context(ContextDecorator):  # noqa: N801 - it reads as the statement that it is
    """Set values for a block of code: `with context(lm=other): ...`; for async code too; as a decorator, for a function.

    Threads that copy their context see them. Values and errors as for `configure`. Source: dspy.context, version 2.6.23.
    """

    __slots__ = ("_tokens", "_values")

    def __init__(self, *unnamed: Any, **values: Any) -> None:
        if unnamed:
            raise _unnamed_value_error("context", unnamed[0])
        self._values = _check_values(values)
        self._tokens: list[Token[Mapping[str, Any]]] = []  # one may be entered again within itself

    def _recreate_cm(self) -> context:
        return layered_context(
            {}, self._values
        )  # as a decorator it may be entered by several threads at once

    def __enter__(self) -> None:
        self._tokens.append(BLOCK.set({**BLOCK.get(), **self._values}))

    def __exit__(self, *_: object) -> None:
        BLOCK.reset(self._tokens.pop())


def layered_context(outer: Mapping[str, Any], inner: Mapping[str, Any] | None = None) -> context:
    """A context with what `outer` blocks had set, below what has been set here, or below `inner`."""
    block = context()
    block._values = {**outer, **(BLOCK.get() if inner is None else inner)}  # noqa: SLF001 - our own, and checked before
    return block


class Settings:
    """What holds here, as dspy's `settings` is used: `settings.lm`, `settings.lm = …`, `settings["lm"]`, `"lm" in settings`.

    Reading asks `get_setting`; writing is `configure`. It has no state of its own.
    """

    get = staticmethod(get_setting)
    configure = staticmethod(configure)
    context = context

    def copy(self) -> Snapshot:
        """All settings as they hold here. Source: dspy.settings.copy, version 2.6.23."""
        unset = {name: usual for name, (usual, _) in _WITHOUT_EFFECT.items()}
        values = {**unset, **_process.values, **BLOCK.get()}
        return Snapshot({name: value for name, value in values.items() if not name.startswith("_")})

    @property
    def config(self) -> Snapshot:
        """All settings as they hold here, under dspy's other name for them."""
        return self.copy()

    def __getattr__(self, name: str) -> Any:
        value = get_setting(name, _MISSING)
        if value is _MISSING:
            raise AttributeError(_unknown_name(name))
        return value

    def __setattr__(self, name: str, value: object) -> None:
        if name in self:
            configure(**{name: value})
        else:
            super().__setattr__(name, value)

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __setitem__(self, name: str, value: object) -> None:
        configure(**{name: value})

    def __contains__(self, name: object) -> bool:
        return name in _DEFAULTS or name in _WITHOUT_EFFECT


settings = Settings()


def describe_value(value: object) -> str:
    """An argument, for an error: a text or a number as it is, anything else by its kind, since it may hold a key."""
    if value is None or isinstance(value, (str, int, float)):
        return f"{value!r:.80}"
    kind = value if isinstance(value, type) else type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return f"the class {name}" if kind is value else f"a value of type {name}"


def not_a_model_error(name: str, value: object) -> TypeError:
    """The error for an argument that is no model. name: of the parameter."""
    return TypeError(f"{name} must be a model such as LM('openai/…'), not {describe_value(value)}")


def check_callbacks(callbacks: object) -> list[Any]:
    """The callbacks as a list of their own; None is as none. Raises TypeError that names what handles no call."""
    if callbacks is None:
        return []
    if isinstance(callbacks, (str, bytes, Mapping)) or not isinstance(callbacks, Iterable):
        hint = "; put it in a list" if _is_callback(callbacks) else ""
        raise TypeError(f"callbacks is a list of BaseCallback, not {describe_value(callbacks)}{hint}")
    result = list(callbacks)
    for i, one in enumerate(result):
        if isinstance(one, type) or not _is_callback(one):
            hint = f"; write {one.__name__}()" if isinstance(one, type) and _is_callback(one) else ""
            raise TypeError(f"callbacks[{i}] must be a BaseCallback, not {describe_value(one)}{hint}")
    return result


def _is_callback(value: object) -> bool:
    return any(hasattr(value, name) for name in _HANDLERS)


def _check_values(values: dict[str, Any]) -> dict[str, Any]:
    """The values, checked by what they can do: the packages of models and adapters import this one."""
    if _UNCHECKED.issuperset(values):
        return values
    values.pop("inherit_config", None)  # 2.6.23's own way to say that the rest stays; it does
    for name, value in values.items():
        if name in _WITHOUT_EFFECT:
            usual, instead = _WITHOUT_EFFECT[name]
            if value != usual and not (value in ([], ()) and usual == ()):
                logger.warning("the setting %s=%s has no effect: %s", name, describe_value(value), instead)
        elif name not in _DEFAULTS:
            raise TypeError(_unknown_name(name))
    lm, adapter = values.get("lm"), values.get("adapter")
    if lm is not None and not _has(lm, "complete", "kwargs"):
        raise not_a_model_error("lm", lm)
    if adapter is not None and not _has(adapter, "format", "parse"):
        own = "; derive your own from Adapter" if callable(adapter) and not isinstance(adapter, type) else ""
        raise TypeError(
            f"adapter must be an adapter such as JSONAdapter(), not {describe_value(adapter)}{own}"
        )
    if "callbacks" in values:
        callbacks = check_callbacks(values["callbacks"])
        if not isinstance(values["callbacks"], (list, tuple)):  # a list stays the one that was given
            return {**values, "callbacks": callbacks}
    return values


def _has(value: object, *names: str) -> bool:
    return not isinstance(value, type) and all(hasattr(value, name) for name in names)


def _unknown_name(name: str) -> str:
    from difflib import get_close_matches  # after a mistake only

    close = [] if name.startswith("_") else get_close_matches(name, _DEFAULTS, 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    public = ", ".join(name for name in _DEFAULTS if not name.startswith("_"))
    return f"there is no setting {name!r}; there are {public}{hint}"


def _unnamed_value_error(call: str, value: object) -> TypeError:
    name = "adapter" if _has(value, "format", "parse") else "lm"
    return TypeError(f"{call} takes its values by name; write {call}({name}=…)")
