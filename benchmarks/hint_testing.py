"""A hint test of 60 tries: from the press of "Run … calls" to the first try, and how long a redraw of its page reads.

python -m benchmarks --only hint-test
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.comparing import time_of
from benchmarks.table import Row
from refine_core.hint_tests import HintTestPlan, HintTests
from refine_core.hint_tests.plan import plan_hint_test
from refine_core.runs import Runs
from refine_core.spec.examples import EXAMPLES
from refine_core.store import open_store

TRIES = 20  # of each arm
FIRST_BOUND_S, PLAN_BOUND_S, REDRAW_BOUND_S, OPEN_BOUND_S = 0.2, 0.1, 0.05, 1.0


def measure(*, quick: bool) -> Iterator[Row]:
    """The rows. quick: three readings instead of nine."""
    readings = 3 if quick else 9
    with tempfile.TemporaryDirectory() as folder, closing(open_store(Path(folder))) as store:
        runs = Runs(store)
        run_id = runs.start(EXAMPLES["two_stages"].spec)
        runs.join(run_id, 60)
        arms = ("none", "this", "other")
        other = {"extract": "List what is asked for, and the date."}
        plan = partial(plan_hint_test, runs, run_id, 4, arms=arms, other=other, tries=TRIES)
        count = TRIES * len(arms)
        yield Row(
            f"A hint test of {count} tries, planned: calls, price, warnings",
            time_of(plan, readings),
            "bound",
            PLAN_BOUND_S,
            1.0,
        )
        yield Row(
            "the same: press until its first try has begun",
            median(_time_to_first(HintTests(runs), plan()) for _ in range(readings)),
            "bound",
            FIRST_BOUND_S,
            1.0,
        )
        tests = HintTests(runs)
        test_id = tests.start(plan())
        tests.join(test_id, 120)
        yield Row(
            "the same: what its page reads, each time it is drawn",
            time_of(partial(tests.get, test_id), readings),
            "bound",
            REDRAW_BOUND_S,
            1.0,
        )
        yield Row(
            "the same, for the first time after a restart",
            median(_time_cold(Runs(store), test_id) for _ in range(readings)),
            "bound",
            OPEN_BOUND_S,
            1.0,
        )


def _time_to_first(tests: HintTests, plan: HintTestPlan) -> float:
    """Seconds from the press until the first try is on record; the test is cancelled then."""
    pressed = time.perf_counter()
    test_id = tests.start(plan)
    assert plan.document is not None
    tests.runs.wait(plan.document.tries[0].run_id, 0, 10.0)
    took = time.perf_counter() - pressed
    tests.cancel(test_id)
    tests.join(test_id, 60)
    return took


def _time_cold(runs: Runs, test_id: str) -> float:
    began = time.perf_counter()
    HintTests(runs).get(test_id)
    return time.perf_counter() - began
