"""Which model each predictor of an attempt asks, and at which temperature.

program, plan --prepare--> a schedule for each model --equip--> the attempt's copy of the program, ready to run
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow
from refine_core.configuration import BLOCK, get_setting
from refine_core.events import AttemptStarted
from refine_core.hints import hint_for
from refine_core.lm.base import BaseLM
from refine_core.lm.effects import CheckSupport
from refine_core.log.scope import Scope
from refine_core.loop import Plan
from refine_core.modules.attempt_context import AttemptContext, Trace
from refine_core.modules.module import Module
from refine_core.modules.predict import Predict
from refine_core.spec.schedule import list_temperatures


@dataclass(frozen=True, slots=True)
class TemperatureSchedule:
    """A model of the program with the temperatures that it gets, one an attempt; None where it takes none.

    has_rollouts: whether each attempt gets a rollout id as well, counted from the model's own.
    """

    lm: BaseLM
    temperatures: tuple[float, ...] | None
    has_rollouts: bool = False

    @classmethod
    def of(cls, lm: BaseLM, plan: Plan, *, supported: bool = True) -> TemperatureSchedule:
        """The temperatures of `lm` by the plan's schedule. supported: whether the model takes any."""
        by = plan.schedule
        # LM(temperature=None) asks for none.
        unset = by.kind == "dspy-2.6" and lm.kwargs.get("temperature", 0.0) is None
        if not supported or unset or by.kind == "none":
            return cls(lm, None)
        return cls(lm, list_temperatures(by, temperature_of(lm), len(plan.temperatures)), by.has_rollouts)

    def at(self, index: int) -> BaseLM:
        """The model for this attempt."""
        start = self.lm.kwargs.get("rollout_id")
        rollout = (start if isinstance(start, int) else 0) + index
        if self.temperatures is None:
            return self.lm.copy(temperature=None, rollout_id=rollout)
        lm = self.lm.at_temperature(self.temperatures[index])
        return lm.copy(rollout_id=rollout) if self.has_rollouts else lm


@dataclass(slots=True)
class ProgramModels:
    """The models that a program's predictors ask, with their temperatures.

    names: of the predictors. fixed_temperature: of those whose models take no temperature, as far as is known.
    """

    plan: Plan
    names: list[str] = field(default_factory=list)
    fixed_temperature: tuple[str, ...] = ()
    _schedules: dict[int, TemperatureSchedule] = field(default_factory=dict)  # by the model's id()
    _models: dict[str, int] = field(default_factory=dict)  # predictor -> its model's id()

    def prepare(self, program: Module, cancel: Cancel) -> Flow[None]:
        """Find the program's models, and which temperatures each of them gets."""
        for name, predictor in program.named_predictors():
            self.names.append(name)
            lm = predictor.lm or get_setting("lm")
            if lm is None:
                continue
            if id(lm) not in self._schedules:
                yield from lm.prepare(cancel)  # the first to ask may have to load litellm
                supported = yield CheckSupport(lm.supports, "temperature")
                self._schedules[id(lm)] = TemperatureSchedule.of(lm, self.plan, supported=supported)
            self._models[name] = id(lm)
        self._find_fixed()

    def notice_refusals(self) -> None:
        """A model whose server has refused a temperature in the meantime gets none any more; see LM.supports."""
        for key, schedule in self._schedules.items():
            if schedule.temperatures is None or schedule.lm.supports("temperature"):
                continue
            self._schedules[key] = replace(schedule, temperatures=None)
            self._find_fixed()

    def equip(
        self, program: Module, start: AttemptStarted, scope: Scope, trace: Trace
    ) -> Sequence[tuple[str, Predict]]:
        """Give each predictor of an attempt's own copy its model at this temperature, its hint and its scope."""
        block = BLOCK.get()
        models: dict[int, BaseLM] = {}
        predictors = program.named_predictors()
        for name, predictor in predictors:
            lm = predictor.lm or get_setting("lm")
            if lm is not None:
                if id(lm) not in models:
                    schedule = self._schedules.get(id(lm)) or TemperatureSchedule.of(lm, self.plan)
                    models[id(lm)] = schedule.at(start.index)
                predictor.lm = models[id(lm)]
            hint = hint_for(name, start.hints) if start.hints else None
            outer = predictor.attempt_context
            predictor.attempt_context = AttemptContext(name, scope, hint, trace, block, outer)
        return predictors

    def _find_fixed(self) -> None:
        fixed = [name for name, key in self._models.items() if self._schedules[key].temperatures is None]
        self.fixed_temperature = tuple(fixed)


def first_temperature(program: Module) -> float:
    """T0: that of the model of the program's first predictor; 0.0 where none is set."""
    lm = find_lm(program)
    return temperature_of(lm) if lm is not None else 0.0


def find_lm(program: Module) -> BaseLM | None:
    """The model of the program's first predictor that has one, else the configured one."""
    for predictor in program.predictors():
        if predictor.lm is not None:
            return predictor.lm
    configured: BaseLM | None = get_setting("lm")
    return configured


def temperature_of(lm: BaseLM) -> float:
    """The model's own temperature; 0.0 where it has none."""
    temperature = lm.kwargs.get("temperature")
    return float(temperature) if isinstance(temperature, (int, float)) else 0.0
