"""A predictor's state as plain data, in the shape of dspy's files: demos, signature and model."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from refine_core.errors import StateError
from refine_core.lm.base import BaseLM

logger = logging.getLogger("refine_core")

_KEYS = frozenset(("traces", "train", "demos", "signature", "lm"))
_NO_STATE = frozenset(("config", "callbacks", "attempt_context"))  # of a predictor, and never written

if TYPE_CHECKING:
    from refine_core.modules.predict import Predict


def dump_predictor(one: Predict) -> dict[str, Any]:
    """The state of a predictor: traces, train, demos, signature, lm (None, or its settings without the key)."""
    return {
        "traces": list(one.traces),
        "train": list(one.train),
        "demos": [_to_data(demo) for demo in one.demos],
        "signature": one.signature.dump_state(),
        "lm": _dump_lm(one.lm) if one.lm is not None else None,
    }


def load_predictor(one: Predict, state: Mapping[str, Any]) -> None:
    """Put a dumped state into a predictor; everything is checked before anything changes. Raises StateError."""
    if not isinstance(state, Mapping):
        raise StateError(f"a predictor's state is a mapping, not {type(state).__name__}")
    if "extended_signature" in state:
        raise StateError("this state was written by dspy 2.5 or older; load and save it with dspy 2.6 first")
    missing = [name for name in ("demos", "signature") if name not in state]
    if missing:
        raise StateError(f"a predictor's state has no {missing[0]!r}; was it written by dump_state?")
    demos = state["demos"]
    if not isinstance(demos, list) or not all(isinstance(demo, Mapping) for demo in demos):
        raise StateError("a predictor's demos are a list of mappings, field name -> value")
    signature = one.signature.load_state(state["signature"])
    lm = _load_lm(state.get("lm"))
    lists = {name: state.get(name, []) for name in ("traces", "train")}
    for name, value in lists.items():
        if not isinstance(value, list):
            raise StateError(f"a predictor's {name} is a list, not {type(value).__name__}")
    more = {name: value for name, value in state.items() if name not in _KEYS}
    for name in more:
        if name.startswith("_") or name in _NO_STATE or callable(getattr(type(one), name, None)):
            raise StateError(f"a predictor's state cannot hold {name!r}; was it written by dump_state?")
    vars(one).update(more)  # what a subclass put into it; as in dspy, it becomes its attribute again
    one.signature, one.lm = signature, lm
    one.demos = [dict(demo) for demo in demos]
    one.traces, one.train = list(lists["traces"]), list(lists["train"])


def _dump_lm(lm: BaseLM) -> dict[str, Any]:
    """The settings of a model; its kind among them where dspy has none of the kind."""
    kind = getattr(lm, "kind", "own")
    return {**lm.dump_state(), **({"kind": kind} if kind != "litellm" else {})}


def _load_lm(state: object) -> BaseLM | None:
    if state is None:
        return None
    if not isinstance(state, Mapping) or not isinstance(state.get("model"), str):
        raise StateError("a predictor's lm is null or the settings of a model, with its name under 'model'")
    from refine_core.lm import LM
    from refine_core.practice import PracticeLM

    kind = state.get("kind", "litellm")
    if kind == "practice":
        return PracticeLM(state.get("seed", 0), temperature=state.get("temperature", 0.0))
    if kind != "litellm":
        logger.warning(
            "the state has a model that no file can hold (%r); give the program one with set_lm(…)",
            state["model"],
        )
        return None
    try:
        return LM(**state)
    except (TypeError, ValueError) as error:
        raise StateError(f"the settings of model {state['model']!r} do not make a model: {error}") from None


def _to_data(value: Any) -> Any:
    """A demo as plain containers: pydantic models dumped, examples and mappings as dicts; other values stay."""
    if isinstance(value, Mapping):
        return {key: _to_data(value[key]) for key in value}
    if hasattr(value, "model_dump") and not isinstance(value, type):
        return value.model_dump()
    if isinstance(value, (list, tuple)):
        return [_to_data(inner) for inner in value]
    return value
