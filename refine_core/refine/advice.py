"""Asking a model what went wrong: a discussion, and one piece of advice for each predictor."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

from refine_core.adapters.ask_with_fallback import Request, complete_signature
from refine_core.concurrency.flows import Flow
from refine_core.events import AdviceGiven, RewardScored
from refine_core.hints import hint_for
from refine_core.jsonable import to_jsonable
from refine_core.lm.base import BaseLM
from refine_core.log.scope import Scope
from refine_core.modules.attempt_context import Trace
from refine_core.modules.module import Module
from refine_core.modules.predict import Predict, current_adapter
from refine_core.modules.prediction import Prediction
from refine_core.refine.advice_request import build_advice_request, collect_advice_feedback
from refine_core.refine.advice_style import FULL, AdviceStyle


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
    """Ask `lm` about the attempt that `scored` ended; the request holds its feedback and its unmet validators word for word.

    predictors: those of `program`, the attempt's own copy, each with its path. trace: their calls, in order.
    style: full or compact, and the instructions.
    Returns AdviceGiven, with one entry for each predictor; advice for a name that is no predictor is set apart. Raises: LMError, ParseError.
    """
    paths = {id(one): name for name, one in predictors}
    names = [name for name, _ in predictors]
    trajectory = [
        {
            "module_name": paths.get(id(predictor)) or _find_path(predictor, trace),
            "inputs": to_jsonable(arguments),
            "outputs": to_jsonable(returned),
        }
        for predictor, arguments, returned in trace
    ]
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
        feedback=collect_advice_feedback(style.form, scored),
    )
    start = time.perf_counter()
    request = Request(signature, signature, texts, lm, (), {}, "advice", scope)
    answer, *_ = yield from complete_signature(request, current_adapter(lm))
    entries = cast("dict[str, str]", answer["advice"])  # the signature's own type, which parsing has checked
    advised = {k: v.strip() for k, v in entries.items() if k in names}
    advice = {name: hint_for(name, advised) for name in names}
    return AdviceGiven(
        scored.index,
        str(answer["discussion"]),
        advice,
        time.perf_counter() - start,
        dropped={k: v.strip() for k, v in entries.items() if k not in names},
        unnamed=tuple(name for name in names if name not in entries),
    )


def _find_path(predictor: Predict, trace: Trace) -> str:
    """The name of a predictor that ran as a copy, inside a refinement that is part of the program."""
    context = predictor.attempt_context
    return (context.name_in(trace) if context is not None else None) or "unknown"
