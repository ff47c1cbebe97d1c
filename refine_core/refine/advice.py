"""Asking a model what went wrong: a discussion, and one piece of advice for each predictor."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from refine_core.adapters.complete_signature import Request, complete_signature
from refine_core.concurrency.flows import Flow
from refine_core.events import AdviceGiven, RewardScored
from refine_core.hints import hint_for
from refine_core.jsonable import to_jsonable
from refine_core.lm.base import BaseLM
from refine_core.log.scope import Scope
from refine_core.loop import collect_feedback
from refine_core.modules.attempt_context import Trace
from refine_core.modules.module import Module
from refine_core.modules.predict import Predict, current_adapter
from refine_core.modules.prediction import Prediction
from refine_core.refine.advice_request import FULL, AdviceStyle, build_advice_request


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
    style: AdviceStyle = FULL,
) -> Flow[AdviceGiven]:
    """Ask `lm` about the attempt that `scored` ended; its feedback and its unmet validators are told word for word.

    predictors: those of `program`, the attempt's own copy, each with its path. trace: what they did, in order.
    style: in full or compact, and the instructions.
    Returns AdviceGiven, with one entry a predictor. Raises: LMError, ParseError.
    """
    named = {id(one): name for name, one in predictors}
    names = [name for name, _ in predictors]
    trajectory = [
        {
            "module_name": named.get(id(who)) or _find_path(who, trace),
            "inputs": to_jsonable(given),
            "outputs": to_jsonable(made),
        }
        for who, given, made in trace
    ]
    words = collect_feedback(scored)
    who = "The reward says: " if scored.feedback and style.form == "full" else ""
    signature, texts = build_advice_request(
        style,
        program,
        predictors,
        inputs=to_jsonable(inputs),
        trajectory=trajectory,
        outputs=to_jsonable(outputs),
        reward_source=reward_source,
        threshold=threshold,
        reward=scored.value,
        feedback=f"{who}{words}",
    )
    start = time.perf_counter()
    request = Request(signature, signature, texts, lm, (), {}, "advice", scope)
    said, *_ = yield from complete_signature(request, current_adapter(lm))
    advised = cast("dict[str, str]", said["advice"])  # the signature's own type, which parsing has checked
    given = {k: v.strip() for k, v in advised.items() if k in names}
    advice = {name: hint_for(name, given) for name in names}
    return AdviceGiven(scored.index, str(said["discussion"]), advice, time.perf_counter() - start)


def _find_path(who: Predict, trace: Trace) -> str:
    """The name of a predictor that ran on a copy of its own, inside a refinement that is part of the program."""
    return (who.attempt_context.name_in(trace) if who.attempt_context is not None else None) or "unknown"
