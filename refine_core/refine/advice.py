"""Asking a model what went wrong: nine inputs, a discussion and one piece of advice a predictor.

The inputs, their names and their order are those of dspy.Refine 2.6.23; the words are ours.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from refine_core.adapters.fill import fill
from refine_core.adapters.values import as_json
from refine_core.effects import Steps
from refine_core.events import AdviceGiven, RewardScored
from refine_core.lm.base import BaseLM
from refine_core.log.plain import plain
from refine_core.log.scope import Scope
from refine_core.loop import feedback_of
from refine_core.modules.module import Module
from refine_core.modules.predict import NO_HINT, Predict, Trace, adapter_in_force
from refine_core.modules.prediction import Prediction
from refine_core.refine.sources import modules_text, source_of
from refine_core.signatures import InputField, OutputField, Signature


class OfferAdvice(Signature):
    """Find out which modules of the program kept the reward below its target, and tell each of those what to do.

    In the discussion, go through the trajectory and say what each module contributed to the reward that was reached.
    In the advice, give every module named in `module_names` one entry. The program will run again on the same inputs,
    and each module will see its own entry and nothing else of this attempt: so make it concrete, complete by itself and
    something that can be acted on. A module that is not to blame gets N/A.
    """

    program_code: str = InputField(desc="the source code of the program")
    modules_defn: str = InputField(
        desc="each module of the program: its input fields, output fields and instructions"
    )
    program_inputs: str = InputField(desc="what the program was given")
    program_trajectory: str = InputField(desc="what each module was given and what it returned, in order")
    program_outputs: str = InputField(desc="what the program returned")
    reward_code: str = InputField(desc="the source code of the reward function that scored the outputs")
    target_threshold: float = InputField(desc="the reward to reach")
    reward_value: float = InputField(desc="the reward that these outputs got")
    module_names: list[str] = InputField(
        desc="the names of the modules, each of which needs an entry in the advice"
    )
    discussion: str = OutputField(desc="which module is to blame for what, with evidence from the trajectory")
    advice: dict[str, str] = OutputField(desc="module name -> what it should do next time, or N/A")


def advise(
    lm: BaseLM,
    program: Module,
    predictors: Sequence[tuple[str, Predict]],
    *,
    inputs: Mapping[str, Any],
    trace: Trace,
    outputs: Prediction,
    reward_source: str,
    threshold: float | None,
    scored: RewardScored,
    scope: Scope,
) -> Steps[AdviceGiven]:
    """Ask `lm` about the attempt that `scored` ended; its feedback and its unmet validators are told word for word.

    predictors: those of `program`, the attempt's own copy, each with its path. trace: what they did, in order.
    Returns AdviceGiven, with one entry a predictor. Raises: LMError, ParseError.
    """
    named = {id(one): name for name, one in predictors}
    names = [name for name, _ in predictors]
    trajectory = [
        {
            "module_name": named.get(id(who)) or _path(who, trace),
            "inputs": plain(given),
            "outputs": plain(made),
        }
        for who, given, made in trace
    ]
    asked = {
        "program_code": source_of(program),
        "modules_defn": modules_text(predictors),
        "program_inputs": plain(inputs),
        "program_trajectory": trajectory,
        "program_outputs": plain(outputs),
        "reward_code": reward_source,
        "target_threshold": threshold,
        "reward_value": _told(scored),
        "module_names": names,
    }
    texts = {
        name: value if isinstance(value, str) else as_json(value, indent=2) for name, value in asked.items()
    }
    start = time.perf_counter()
    said, *_ = yield from fill(
        _for_predictors(tuple(names)),
        texts,
        lm=lm,
        adapter=adapter_in_force(lm),
        params={},
        purpose="advice",
        scope=scope,
    )
    advised = cast("dict[str, str]", said["advice"])  # the signature's own type, which parsing has checked
    given = {k: v.strip() for k, v in advised.items() if k in names}
    advice = {name: given.get(name) or NO_HINT for name in names}
    return AdviceGiven(scored.index, str(said["discussion"]), advice, time.perf_counter() - start)


@lru_cache(maxsize=128)
def _for_predictors(names: tuple[str, ...]) -> type[Signature]:
    """The signature of advice; where a JSON schema is sent, it makes each predictor a key that must be there."""
    keys = {"properties": {name: {"type": "string"} for name in names}, "additionalProperties": False}
    return OfferAdvice.with_updated_fields("advice", json_schema_extra=keys)


def _told(scored: RewardScored) -> object:
    """The reward's value and, below it, its own words and those of the validators."""
    words = feedback_of(scored)
    who = "The reward says: " if scored.feedback else ""
    return f"{scored.value!r}\n{who}{words}" if words else scored.value


def _path(who: Predict, trace: Trace) -> str:
    """The name of a predictor that ran on a copy of its own, inside a refinement that is part of the program."""
    return (who.ride.named_for(trace) if who.ride is not None else None) or "unknown"
