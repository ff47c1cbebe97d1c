"""Refine and BestOfN as modules."""

from __future__ import annotations

from typing import Any

from refine_core.lm.base import BaseLM
from refine_core.log.scope import current
from refine_core.loop import Plan
from refine_core.modules.module import Module
from refine_core.modules.prediction import Prediction
from refine_core.refine.driver import Driver, first_temperature
from refine_core.refine.scoring import FunctionScorer, RewardFunction
from refine_core.refine.sources import source_of


class BestOfN(Module):
    """Run `module` up to `N` times at different temperatures; return the best prediction.

    reward_fn:  (inputs: dict[str, object], Prediction) -> float or Score; higher is better.
    threshold:  stop once reward >= threshold, in the reward's own unit; None never stops early.
    fail_count: failed attempts tolerated in one call; default N.
    Called with the module's inputs by keyword. The result carries `.refinement`.
    Raises: the last attempt's own error, with a note, once failures exceed fail_count or every attempt failed.
    Source: dspy.BestOfN, version 2.6.23. Differs: see refine_core.loop, at each "Differs".
    """

    _advise = False

    def __init__(
        self,
        module: Module,
        N: int,  # noqa: N803 - dspy's own name
        reward_fn: RewardFunction,
        threshold: float | None,
        fail_count: int | None = None,
    ) -> None:
        self.module, self.N, self.reward_fn = module, N, reward_fn
        self.threshold, self.fail_count = threshold, fail_count
        Plan.of(N, 0.0, threshold, fail_count)  # says what is wrong before anything is spent

    def forward(self, **inputs: Any) -> Prediction:
        """Refine once on these inputs."""
        driver = Driver(
            program=self.module,
            scorer=FunctionScorer(self.reward_fn, source_of(self.reward_fn)),
            plan=Plan.of(
                self.N, first_temperature(self.module), self.threshold, self.fail_count, advise=self._advise
            ),
            inputs=inputs,
            scope=current(),
            adviser=self._adviser(),
        )
        outcome = driver.run()
        if outcome.prediction is None:
            raise outcome.error or AssertionError("an outcome has a prediction or an error")
        return outcome.prediction

    def _adviser(self) -> BaseLM | None:
        return None


class Refine(BestOfN):
    """Run `module` up to `N` times with advice in between; return the best prediction.

    After an attempt that fell short, a model is asked what each predictor should do; its advice reaches the predictors
    as a hint in the next attempt, which runs at another temperature. Parameters as in BestOfN, and:
    advice_lm:  the model asked for advice; None means the program's own, else the one in force.
    Source: dspy.Refine, version 2.6.23. Differs: see refine_core.loop, at each "Differs".
    """

    _advise = True

    def __init__(
        self,
        module: Module,
        N: int,  # noqa: N803 - dspy's own name
        reward_fn: RewardFunction,
        threshold: float | None,
        fail_count: int | None = None,
        *,
        advice_lm: BaseLM | None = None,
    ) -> None:
        super().__init__(module, N, reward_fn, threshold, fail_count)
        self.advice_lm = advice_lm

    def _adviser(self) -> BaseLM | None:
        return self.advice_lm
