"""A hint test as JSON data, for scripts."""

from __future__ import annotations

from refine_core.hint_tests.result import ArmResult, Comparison, HintTest
from refine_core.hint_tests.sentences import list_warnings, write_verdict
from refine_core.hint_tests.tries import Try


def test_to_json(test: HintTest) -> dict[str, object]:
    """All of it, with the ids of the tries' runs; what is not known is None."""
    verdict = write_verdict(test)
    return {
        "test": test.id,
        "run": test.document.run_id,
        "attempt": test.document.attempt,
        "state": test.state,
        "verdict": f"{verdict.answer} {verdict.headline}".strip(),
        "details": list(verdict.details),
        "warnings": list_warnings(test),
        "arms": [_arm(one) for one in test.arms],
        "differences": [_comparison(one) for one in test.comparisons],
        "full_marks": {part.name: dict(part.shares) for part in test.parts},
    }


test_to_json.__test__ = False  # type: ignore[attr-defined]  # no test of pytest's


def _arm(one: ArmResult) -> dict[str, object]:
    return {
        "kind": one.arm.kind,
        "hints": dict(one.arm.hints),
        "mean": one.mean,
        "interval": list(one.interval),
        "failed": one.failed,
        "tries": [_try(t) for t in one.tries],
    }


def _try(one: Try) -> dict[str, object]:
    return {
        "run": one.planned.run_id,
        "seed": one.planned.seed,
        "state": one.state,
        "reward": one.reward,
        "error": one.error or None,
        "calls": one.calls,
        "cost_usd": one.cost_usd,
    }


def _comparison(one: Comparison) -> dict[str, object]:
    found = one.difference
    return {
        "from": one.first.arm.kind,
        "to": one.second.arm.kind,
        "difference": None if found is None else found.difference,
        "interval": None if found is None else [found.low, found.high],
        "clear": None if found is None else found.is_clear,
        "tries_needed": one.needed,
    }
