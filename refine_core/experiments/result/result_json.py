"""A result as JSON data, for scripts: what `refinescope batch --json` ends with."""

from __future__ import annotations

from refine_core.experiments.result.figures import ArmResult, Comparison, Result


def result_to_json(result: Result) -> dict[str, object]:
    """The verdict, the arms and all pairs. calls, tokens and cost are of all runs; what is not known is None."""
    return {
        "verdict": result.verdict.headline,
        "arms": [_arm(one) for one in result.arms],
        "comparisons": [_comparison(one) for one in result.comparisons],
    }


def _arm(one: ArmResult) -> dict[str, object]:
    return {
        "name": one.name,
        "runs": one.runs,
        "mean": one.mean,
        "interval": list(one.interval),
        "calls": one.calls.total,
        "tokens": one.tokens.total,
        "cost_usd": one.usd.total,
    }


def _comparison(one: Comparison) -> dict[str, object]:
    found = one.difference
    return {
        "a": one.first.name,
        "b": one.second.name,
        "difference": None if found is None else found.difference,
        "interval": None if found is None else [found.low, found.high],
        "p": one.p,
        "enough": one.enough,
        "needed": None if found is None else found.needed,
    }
