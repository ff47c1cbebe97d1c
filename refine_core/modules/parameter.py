"""What a program can be tuned in: parameters, and the predictors among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

PREDICTOR_ATTRIBUTES = frozenset(
    ("signature", "config", "lm", "traces", "train", "demos", "attempt_context", "callbacks")
)
"""A predictor's own data, which holds no other predictor."""


class Parameter:
    """What a program can be tuned in; every predictor is one.

    Raises NotImplementedError where a subclass lacks reset, dump_state or load_state.
    Source: dspy.predict.parameter.Parameter, version 2.6.23.
    """

    def reset(self) -> None:
        """Forget all that was learned or set since it was created."""
        raise NotImplementedError(f"{type(self).__name__} has no reset; define reset(self)")

    def dump_state(self) -> dict[str, Any]:
        """What was learned, as data."""
        raise NotImplementedError(f"{type(self).__name__} keeps no state; define dump_state(self)")

    def load_state(self, state: Mapping[str, Any]) -> Self:
        """Take what `dump_state` gave."""
        raise NotImplementedError(f"{type(self).__name__} keeps no state; define load_state(self, state)")


class Predictor(Parameter):
    """A parameter that asks a model. Predict is the only one; the tree of a program knows it by this name."""
