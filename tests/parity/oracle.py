"""dspy's own source, read where it is installed, with chosen differences made in it. Runs in dspy's Python.

Nothing of dspy is kept here but the few words that an edit looks for; each must be found exactly once, so that a change
in the original, or two edits in each other's way, are noticed.
"""

from __future__ import annotations

import copy
import inspect
import logging
import math
import textwrap
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import Enum
from importlib import import_module
from types import ModuleType, SimpleNamespace
from typing import Any

import dspy  # type: ignore[import-not-found]  # it is in an environment of its own
from dspy.dsp.utils.settings import thread_local_overrides
from pydantic import BaseModel, TypeAdapter, ValidationError

from tests.parity.edits import BEST_OF_N, REFINE, Edit, apply_edits
from tests.parity.switches import SWITCHES


class Unmodified:
    """Refine and BestOfN as dspy hands them out."""

    Refine, BestOfN = dspy.Refine, dspy.BestOfN

    def active(self) -> AbstractContextManager[None]:
        """Nothing needs to be put in place."""
        return nullcontext()


class Original:
    """Refine and BestOfN of the original with these switches on. Raises LookupError for an edit that does not fit."""

    def __init__(self, switches: Collection[str]) -> None:
        edits: defaultdict[str, dict[Edit, None]] = defaultdict(
            dict
        )  # an ordered set: two switches may share an edit
        for switch in SWITCHES:
            if switch.name in switches:
                for edit in switch.edits:
                    edits[edit.where][edit] = None
        self.Refine = _module(REFINE, edits.pop(REFINE, {})).Refine
        self.BestOfN = _module(BEST_OF_N, edits.pop(BEST_OF_N, {})).BestOfN
        self._functions = [_function(where, changes) for where, changes in edits.items()]

    @contextmanager
    def active(self) -> Iterator[None]:
        """With the changed functions of other modules in their places."""
        kept = [(owner, name, owner.__dict__[name]) for owner, name, _ in self._functions]
        for owner, name, changed in self._functions:
            setattr(owner, name, changed)
        try:
            yield
        finally:
            for owner, name, was in kept:
                setattr(owner, name, was)


def _module(name: str, edits: Iterable[Edit]) -> ModuleType:
    original = import_module(name)
    module = ModuleType(name)
    module.__dict__.update(HELPERS, __package__=original.__package__, __file__=original.__file__)
    exec(
        compile(apply_edits(inspect.getsource(original), edits), f"<{name}, edited>", "exec"), module.__dict__
    )
    return module


def _function(where: str, edits: Iterable[Edit]) -> tuple[Any, str, Any]:
    """(where it stands, its name, the changed function). where: "module:name" or "module:Class.name".

    A method is handed its class under the name by which `super()` looks for it.
    """
    module, _, path = where.partition(":")
    owner: Any = import_module(module)
    *classes, name = path.split(".")
    for one in classes:
        owner = getattr(owner, one)
    function = inspect.unwrap(getattr(owner, name))
    body = apply_edits(inspect.getsource(function), edits)
    inside = body if classes else textwrap.indent(body, "    ")
    space = {**function.__globals__, **HELPERS}
    exec(compile(f"def made(__class__):\n{inside}\n    return {name}\n", f"<{where}, edited>", "exec"), space)
    return owner, name, space["made"](owner)


# What the replacements use.


class InvalidInput(ValueError):  # noqa: N818 - its text stands for our InputError
    """Stands for our InputError."""

    def __str__(self) -> str:
        return "an input does not fit"


def require_finite(reward: Any) -> Any:
    """The reward if it is a finite number. Raises ValueError."""
    if not isinstance(reward, (bool, int, float)) or not math.isfinite(reward):
        raise ValueError("the reward is no number")
    return reward


def check_limits(n: int, fail_count: int | None) -> None:
    """Raises ValueError for numbers with which nothing can be done."""
    if n < 1 or (fail_count is not None and fail_count < 0):
        raise ValueError("a number makes no sense")


def convert_inputs(signature: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs with each value as its field's type; what the signature does not name stays. Raises InvalidInput."""
    values = dict(inputs)
    if signature.__name__ == "OfferFeedback":  # its inputs are given as text, on both sides
        return values
    for name, field in signature.input_fields.items():
        if name in inputs and field.annotation is not str:
            try:
                values[name] = TypeAdapter(field.annotation).validate_python(inputs[name])
            except ValidationError:
                raise InvalidInput from None
    return values


def check_outputs(outputs: Any) -> None:
    """Raises TypeError unless a program may return this."""
    if not isinstance(outputs, (dspy.Prediction, dict)):
        raise TypeError("the program must return a Prediction")


def link_copies(copied: Any, source: Any) -> None:
    """Note of every predictor in the copy of a program what it is a copy of."""
    for one, other in zip(copied.predictors(), source.predictors(), strict=True):
        one.copy_of = lambda other=other: (
            other
        )  # in a function, else it would be taken for a parameter and copied


def find_name(predictor: Any, names: dict[Any, str]) -> str | None:
    """The name of a predictor, or of the one that it is a copy of; None for one from elsewhere."""
    while predictor is not None:
        if predictor in names:
            return names[predictor]
        predictor = getattr(predictor, "copy_of", lambda: None)()
    return None


@contextmanager
def keep_context(module: Any, **values: Any) -> Iterator[None]:
    """`dspy.context`, which every predictor of the attempt's own copy takes along into other threads."""
    with dspy.context(**values):
        block = thread_local_overrides.overrides
        for one in module.predictors():
            one.block = lambda: block  # in a function, else it would be copied
        yield


def restore_context(predictor: Any) -> None:
    """Have this thread see what the predictor's attempt sees. A thread in which nothing is set is somebody's own."""
    if not thread_local_overrides.overrides and hasattr(predictor, "block"):
        thread_local_overrides.overrides = predictor.block()


def join_hints(around: str, inside: str | None) -> str:
    """The hints of two refinements around one predictor, those that say something."""
    real = [hint for hint in (around, inside) if hint not in (None, "N/A")]
    return "\n".join(real) if real else inside or around


def to_data(value: Any) -> Any:
    """A pydantic value or a member of an enum as plain data; anything else as it is."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return value.value if isinstance(value, Enum) else value


def first_model(module: Any) -> Any:
    """The first model that a predictor of the program has of its own, else the one in force."""
    return next((one.lm for one in module.predictors() if one.lm is not None), None) or dspy.settings.lm


def stand_in_model(module: Any) -> Any:
    """Stands for the model of a program without predictors; None for any other program."""
    nobody = SimpleNamespace(kwargs={"temperature": 0.0}, copy=lambda **_: nobody)
    return None if module.predictors() else nobody


def set_temperatures(module: Any, index: int, n: int) -> None:
    """Give every predictor a copy of its own model, at that model's own temperature for this attempt."""
    for one in module.predictors():
        lm = one.lm or dspy.settings.lm
        temps = [lm.kwargs.get("temperature") or 0.0] + [0.5 + i * (0.5 / n) for i in range(n)]
        left_out = lm.kwargs.get("temperature", 0.0) is None
        one.lm = lm.copy(temperature=None if left_out else list(dict.fromkeys(temps))[index])


def get_code(module: Any) -> str:
    """What the adviser is shown of a program: its signature where it is a bare predictor, else its source."""
    if isinstance(module, (dspy.Predict, dspy.ChainOfThought)):
        return f"{type(module).__name__}({module.predictors()[0].signature.signature!r})"
    return inspect.getsource(type(module))


HELPERS = {
    "InvalidInput": InvalidInput,
    "to_data": to_data,
    "get_code": get_code,
    "copy": copy,
    "link_copies": link_copies,
    "require_finite": require_finite,
    "first_model": first_model,
    "convert_inputs": convert_inputs,
    "join_hints": join_hints,
    "find_name": find_name,
    "logger": logging.getLogger("oracle"),
    "stand_in_model": stand_in_model,
    "restore_context": restore_context,
    "check_outputs": check_outputs,
    "keep_context": keep_context,
    "check_limits": check_limits,
    "set_temperatures": set_temperatures,
}
