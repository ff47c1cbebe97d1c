"""Asking a reward: a Python function in this process, or an isolated worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from refine_core.log.scope import Scope
from refine_core.modules.prediction import Prediction
from refine_core.rewards import Scored, as_score

RewardFunction = Callable[[dict[str, Any], Any], Any]


class Scorer(Protocol):
    """Whatever can score a prediction."""

    @property
    def source(self) -> str:
        """The reward's source text, as the adviser is shown it."""

    def score(self, inputs: Mapping[str, Any], prediction: Prediction, scope: Scope) -> Scored:
        """The reward of `prediction`. Raises RewardError, or the reward's own exception."""


class FunctionScorer:
    """A reward that is a Python function of this process: (inputs, prediction) -> number or Score."""

    def __init__(self, function: RewardFunction, source: str) -> None:
        self.function, self.source = function, source

    def score(self, inputs: Mapping[str, Any], prediction: Prediction, scope: Scope) -> Scored:  # noqa: ARG002
        start = time.perf_counter()
        said = as_score(self.function(dict(inputs), prediction))
        return Scored(said.value, said.feedback, said.parts, "", time.perf_counter() - start)
