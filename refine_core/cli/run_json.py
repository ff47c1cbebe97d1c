"""A run as JSON for scripts: what `run`, `resume` and `show` print with --json. docs/command-line.md describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from refine_core.jsonable import to_jsonable

if TYPE_CHECKING:
    from refine_core.log.timeline import Attempt, Call, PredictorRun
    from refine_core.runs import Run

MISSED: Final = frozenset({"attempts_used_up", "budget_used_up"})
"""Why a run ends without its threshold and with its best attempt."""


def run_to_json(run: Run) -> dict[str, object]:
    """A run with its attempts, which count from 1. What is unknown, or has not come, is null."""
    from refine_core import runs
    from refine_core.messages import list_unknown

    timeline, end = run.timeline, run.timeline.end
    spec, usage = timeline.spec, run.timeline.usage
    best = next((one for one in timeline.attempts if one.index == timeline.best), None)
    returned = next((one for one in timeline.attempts if one.is_returned), None)
    return {
        "run": run.run_id,
        "title": runs.annotation(run.run_id).name or runs.title(spec),
        "state": run.state,
        "reason": None if end is None else end.reason,
        "verdict": run.stop_summary,
        "model": spec.model.label,
        "strategy": spec.strategy,
        "N": None if "N" in timeline.unknown else spec.N,
        "threshold": spec.threshold,
        "reached": end is not None and end.reason == "threshold_reached",
        "best": None if best is None else {"attempt": best.index + 1, "reward": best.reward},
        "returned": None if returned is None else returned.index + 1,
        "outputs": None if returned is None else to_jsonable(returned.outputs),
        "attempts": [attempt_to_json(one) for one in timeline.attempts],
        "usage": {
            "calls": usage.calls,
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "cost_usd": usage.cost_usd,
        },
        "started_at": timeline.started_at,
        "took_s": None if end is None else end.took_s,
        "parent": spec.parent,
        "fork_attempt": spec.fork_attempt,
        "imported": run.imported,
        "recorded_from": timeline.recorded_from or None,
        "unknown": list_unknown(timeline),
    }


def attempt_to_json(attempt: Attempt) -> dict[str, object]:
    """An attempt, as a row of a run."""
    scored, error = attempt.score, attempt.error
    return {
        "attempt": attempt.index + 1,
        "state": attempt.state,
        "kept": attempt.kept,
        "temperature": attempt.temperature,
        "reward": attempt.reward,
        "computed_here": attempt.computed_at is not None,
        "parts": {} if scored is None else dict(scored.parts),
        "feedback": "" if scored is None else scored.feedback,
        "unmet": dict(attempt.unmet),
        "error": None
        if error is None
        else {"type": error.type, "message": error.message, "line": error.line},
        "hints": dict(attempt.real_hints),
        "outputs": to_jsonable(attempt.outputs),
        "took_s": attempt.took_s,
    }


def attempt_detail_to_json(attempt: Attempt) -> dict[str, object]:
    """The same with what was sent, what came back, and the advice after it."""
    advice = attempt.advice
    return attempt_to_json(attempt) | {
        "stdout": "" if attempt.score is None else attempt.score.stdout,
        "predictors": [_predictor_to_json(one) for one in attempt.predictors],
        "advice": None
        if advice is None
        else {
            "discussion": advice.discussion,
            "hints": dict(advice.hints),
            "calls": [*map(_call_to_json, advice.calls)],
        },
        "judge_calls": [*map(_call_to_json, attempt.judge_calls)],
    }


def _predictor_to_json(run: PredictorRun) -> dict[str, object]:
    return {
        "name": run.name,
        "hint": run.hint,
        "inputs": to_jsonable(run.inputs),
        "outputs": to_jsonable(run.outputs),
        "calls": [*map(_call_to_json, run.calls)],
    }


def _call_to_json(call: Call) -> dict[str, object]:
    reply = call.reply
    return {
        "model": call.model,
        "messages": [dict(one) for one in call.messages],
        "reply": None if reply is None else reply.text,
        "reasoning": None if reply is None else reply.reasoning,
        "error": None if call.error is None else {"type": call.error.type, "message": call.error.message},
        "prompt_tokens": None if reply is None else reply.prompt_tokens,
        "completion_tokens": None if reply is None else reply.completion_tokens,
        "cost_usd": None if reply is None else reply.cost_usd,
        "took_s": call.took_s,
    }
