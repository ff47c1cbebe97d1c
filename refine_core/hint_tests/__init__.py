"""Does the hint help? An attempt run again several times with and without its hint, all else equal.

    plan = plan_hint_test(run_id, attempt=3, tries=10)      calls, price and problems, before anything is asked
    test_id = start(plan)                                   each try is an ordinary run of one attempt, never from the cache
    write_verdict(get(test_id))                             Yes. The hint raised the reward by 0.31 [0.12, 0.50], 10 tries each.

plan       what will be run             estimates  what it will take         giveaways  hints that quote the reward
document   the test as it is kept       tries      one try: its run          running    tries in the background
result     arms, differences            sentences  the verdict in words      markdown   the same for a pull request
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from refine_core import runs as _runs
from refine_core.hint_tests.document import LABELS, Arm, ArmKind, PlannedTry
from refine_core.hint_tests.estimates import Estimate
from refine_core.hint_tests.giveaways import Giveaway, find_giveaways
from refine_core.hint_tests.markdown import format_share, write_markdown
from refine_core.hint_tests.plan import (
    AT_ONCE,
    MAX_AT_ONCE,
    MAX_TRIES,
    MIN_TRIES,
    TRIES,
    HintTestPlan,
    list_notes,
)
from refine_core.hint_tests.plan import plan_hint_test as _plan
from refine_core.hint_tests.result import ArmResult, Comparison, FullMarks, HintTest
from refine_core.hint_tests.results_json import test_to_json
from refine_core.hint_tests.running import HintTests
from refine_core.hint_tests.sentences import TestVerdict, describe_briefly, list_warnings, write_verdict
from refine_core.hint_tests.tries import Try
from refine_core.runs import Credentials

__all__ = [
    "AT_ONCE",
    "LABELS",
    "MAX_AT_ONCE",
    "MAX_TRIES",
    "MIN_TRIES",
    "TRIES",
    "Arm",
    "ArmKind",
    "ArmResult",
    "Comparison",
    "Estimate",
    "FullMarks",
    "Giveaway",
    "HintTest",
    "HintTestPlan",
    "HintTests",
    "PlannedTry",
    "TestVerdict",
    "Try",
    "cancel",
    "default",
    "describe_briefly",
    "find_giveaways",
    "format_share",
    "get",
    "join",
    "list_notes",
    "list_tests",
    "list_warnings",
    "plan_hint_test",
    "plan_more",
    "run_more",
    "run_rest",
    "start",
    "test_to_json",
    "wait",
    "write_markdown",
    "write_verdict",
]


class _Default:
    """The hint tests of the user's data folder, one for this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tests: HintTests | None = None

    def open(self) -> HintTests:
        """Those of the runs that are open now; another data folder has others."""
        runs = _runs.default()
        with self._lock:
            if self._tests is None or self._tests.runs is not runs:
                self._tests = HintTests(runs)
            return self._tests


default = _Default().open


def plan_hint_test(
    run_id: str,
    attempt: int,
    *,
    arms: Sequence[ArmKind] = ("none", "this"),
    other: Mapping[str, str] | None = None,
    tries: int = TRIES,
    at_once: int = AT_ONCE,
    seeds: Sequence[int] | None = None,
) -> HintTestPlan:
    """Plan a test of the hints of an attempt, which counts from 1. See refine_core.hint_tests.plan.plan_hint_test."""
    return _plan(
        _runs.default(), run_id, attempt, arms=arms, other=other, tries=tries, at_once=at_once, seeds=seeds
    )


def start(plan: HintTestPlan, credentials: Credentials | None = None) -> str:
    """Begin a test and return its id. See HintTests.start."""
    return default().start(plan, credentials)


def get(test_id: str) -> HintTest | None:
    """The test as far as it is recorded. See HintTests.get."""
    return default().get(test_id)


def list_tests(run_id: str, attempt: int | None = None) -> list[HintTest]:
    """The tests of a run, or of one of its attempts. See HintTests.list_tests."""
    return default().list_tests(run_id, attempt)


def wait(test_id: str, timeout_s: float) -> bool:
    """Wait until nothing of a test is at work in this process, at most `timeout_s` seconds; whether that is so."""
    return default().wait(test_id, timeout_s)


def join(test_id: str, timeout_s: float) -> None:
    """Wait until nothing of a test is at work in this process. See HintTests.join."""
    default().join(test_id, timeout_s)


def cancel(test_id: str) -> bool:
    """Stop a test. See HintTests.cancel."""
    return default().cancel(test_id)


def run_rest(test_id: str, credentials: Credentials | None = None) -> None:
    """Run what is left of a test. See HintTests.run_rest."""
    default().run_rest(test_id, credentials)


def run_more(test_id: str, tries: int = TRIES, credentials: Credentials | None = None) -> None:
    """Run more tries of each arm. See HintTests.run_more."""
    default().run_more(test_id, tries, credentials)


def plan_more(test_id: str, tries: int = TRIES) -> HintTestPlan:
    """What more tries of each arm would take. See HintTests.plan_more."""
    return default().plan_more(test_id, tries)
