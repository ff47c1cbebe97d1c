"""Warm reward workers: lent to one run after the other, each with a module of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from refine_core.errors import RewardError
from refine_core.rewards import RewardRunner
from refine_core.rewards.pool import RunnerPool

COUNTING = "seen = []\n\ndef reward(args, pred):\n    seen.append(pred.answer)\n    return float(len(seen))\n"
JUDGED = "def reward(args, pred):\n    return judge('answer -> score: float', answer=pred.answer)['score']\n"
SHAPED = (
    "import math\ncalls = 0\n\ndef reward(args, pred):\n    global calls\n    calls += 1\n"
    "    if pred.answer == 'die':\n        import os\n        os._exit(3)\n    return float(calls)\n"
)


@pytest.fixture
def pool() -> Iterator[RunnerPool]:
    opened = RunnerPool()
    yield opened
    opened.close()


def judge_of(score: float):
    return lambda _signature, **_inputs: {"score": score}


def lease(pool: RunnerPool, source: str, score: float = 0.0) -> RewardRunner:
    return pool.lease(source, lambda: RewardRunner(source, judge=judge_of(score)), judge_of(score))


def score(runner: RewardRunner, answer: str = "yes") -> float:
    return runner.score({}, {"answer": answer}).value


def test_a_worker_is_used_again_and_remembers_nothing_of_another_run(pool):
    first = lease(pool, COUNTING)
    assert [score(first), score(first)] == [1.0, 2.0], "within a run it remembers"
    process = first.pid
    pool.release(COUNTING, first)
    second = lease(pool, COUNTING)
    assert (second, second.pid) == (first, process)
    assert [score(second), score(second)] == [1.0, 2.0]
    assert second.pid == process, "no other process was started"


def test_two_runs_at_once_never_share_a_worker(pool):
    first, second = lease(pool, COUNTING), lease(pool, COUNTING)
    assert first is not second
    assert (score(first), score(second)) == (1.0, 1.0)
    pool.release(COUNTING, first)
    pool.release(COUNTING, second)


def test_another_reward_gets_another_worker(pool):
    pool.release(COUNTING, lease(pool, COUNTING))
    assert lease(pool, SHAPED).source == SHAPED


def test_the_judge_is_that_of_the_run_that_asks(pool):
    first = lease(pool, JUDGED, 0.25)
    assert score(first) == 0.25
    pool.release(JUDGED, first)
    assert score(lease(pool, JUDGED, 0.75)) == 0.75


def test_a_worker_that_died_is_replaced(pool):
    first = lease(pool, SHAPED)
    with pytest.raises(RewardError):
        score(first, "die")
    pool.release(SHAPED, first)
    assert score(lease(pool, SHAPED)) == 1.0


def test_a_source_that_does_not_load_twice_gets_a_new_process(pool):
    once = "import math\nif hasattr(math, 'was_here'):\n    raise ValueError\nmath.was_here = True\ndef reward(args, pred):\n    return 1.0\n"
    first = lease(pool, once)
    assert score(first) == 1.0
    process = first.pid
    pool.release(once, first)
    second = lease(pool, once)
    assert score(second) == 1.0
    assert second.pid != process


def test_a_closed_pool_ends_what_is_given_back(pool):
    runner = lease(pool, COUNTING)
    pool.close()
    pool.release(COUNTING, runner)
    assert runner.is_closed
