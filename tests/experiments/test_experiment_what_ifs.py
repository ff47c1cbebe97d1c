"""A whole experiment under another threshold or reward, out of what was recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core.experiments import Arm
from refine_core.experiments.outcomes import fold_outcome
from refine_core.experiments.result import build_result
from refine_core.experiments.what_ifs import start_what_if, what_if
from refine_core.runs.judge_memory import JudgeMemory
from refine_core.runs.what_ifs import WhatIfs
from tests.experiments.made import make_snapshot
from tests.logs import Log

REWARDS = (0.2, 0.5, 0.4, 0.8)


def record(run_id, strategy, rewards=REWARDS):
    """A run with these rewards by attempt, and advice between them where there are hints."""
    log = Log(
        stages=("answer",),
        N=4,
        threshold=0.9,
        run_id=run_id,
        strategy=strategy,
        hints_from="adviser" if strategy == "refine" else "none",
    )
    for place, reward in enumerate(rewards):
        if place and strategy == "refine":
            log.advise({"answer": f"hint {place}"})
        log.attempt(reward, outputs={"answer": "x"})
    log.finish()
    return log.timeline


@pytest.fixture
def recorded():
    """Three rows, Refine and best of 4, as if they had run; and their runs by id."""
    made = make_snapshot(arms=2, rows=3, attempts=4)
    timelines = {
        cell.run_id(made.experiment.id): record(
            cell.run_id(made.experiment.id), made.experiment.arm(cell.arm).spec.strategy
        )
        for cell in made.cells
    }
    specs = {
        arm.key: timelines[made.cells[place].run_id(made.experiment.id)].spec
        for place, arm in enumerate(made.experiment.arms)
    }
    arms = tuple(Arm(arm.key, arm.name, replace(specs[arm.key], inputs={})) for arm in made.experiment.arms)
    outcomes = {cell: fold_outcome(timelines[cell.run_id(made.experiment.id)]) for cell in made.cells}
    snapshot = replace(made, experiment=replace(made.experiment, arms=arms), outcomes=outcomes)
    return snapshot, timelines, WhatIfs(timelines.get, JudgeMemory())


def test_independent_attempts_are_exact_under_another_threshold(recorded):
    snapshot, timelines, what_ifs = recorded
    found = what_if(snapshot, timelines.get, what_ifs.ask_spec, {"threshold": 0.5})
    best = [found.snapshot.outcomes[cell] for cell in snapshot.cells if cell.arm == "b"]
    assert [(one.reward, one.returned, len(one.attempts), one.calls) for one in best] == [(0.5, 1, 2, 2)] * 3
    assert found.unknown["b"] == 0
    assert build_result(found.snapshot).arm("b").reached == 3


def test_an_adviser_who_would_have_read_another_threshold_makes_it_unknown(recorded):
    """With 0.7 the advice after attempt 1 would have been asked for otherwise; the first recorded one at the threshold counts."""
    snapshot, timelines, what_ifs = recorded
    found = what_if(snapshot, timelines.get, what_ifs.ask_spec, {"threshold": 0.7})
    assert found.unknown == {"a": 3, "b": 0}
    refined = [found.snapshot.outcomes[cell] for cell in snapshot.cells if cell.arm == "a"]
    assert [one.reward for one in refined] == [0.8] * 3
    assert found.describe()[0].startswith("3 runs of Refine, N 4 would have gone another way")


def test_an_unknown_run_counts_by_its_first_output_at_the_threshold(recorded):
    """With 0.5 that is the second attempt, though the fourth got more; advice and two attempts are what it took."""
    snapshot, timelines, what_ifs = recorded
    found = what_if(snapshot, timelines.get, what_ifs.ask_spec, {"threshold": 0.5})
    refined = [found.snapshot.outcomes[cell] for cell in snapshot.cells if cell.arm == "a"]
    assert [(one.reward, len(one.attempts), one.calls) for one in refined] == [(0.5, 2, 3)] * 3
    assert found.describe()[0].endswith(
        "Of these 9 calls 3 would have been made in any case; how many more is not known."
    )


def test_an_unknown_run_below_the_threshold_counts_by_all_that_it_took(recorded):
    snapshot, timelines, what_ifs = recorded
    found = what_if(snapshot, timelines.get, what_ifs.ask_spec, {"threshold": 0.85})
    refined = [found.snapshot.outcomes[cell] for cell in snapshot.cells if cell.arm == "a"]
    assert [(one.reward, len(one.attempts), one.calls) for one in refined] == [(0.8, 4, 7)] * 3
    assert (found.counted_calls, found.sure_calls) == (21, 3)


def test_a_run_none_of_whose_outputs_gets_a_reward_has_failed(recorded):
    snapshot, timelines, what_ifs = recorded
    broken = "def reward(inputs, prediction):\n    raise ValueError('no')\n"
    found = what_if(snapshot, timelines.get, what_ifs.ask_spec, {"reward": broken})
    assert {(one.state, one.reward, one.returned) for one in found.snapshot.outcomes.values()} == {
        ("failed", None, None)
    }


def test_what_if_with_a_reward_that_raises_says_the_error(recorded):
    """That all runs failed does not say what to correct."""
    snapshot, timelines, what_ifs = recorded
    raises = {"reward": "def reward(args, pred):\n    return args['answer']\n"}
    found = what_if(snapshot, timelines.get, what_ifs.ask_spec, raises)
    assert {one.state for one in found.snapshot.outcomes.values()} == {"failed"}
    assert found.describe()[-1].startswith("6 runs got no reward: KeyError: args has no 'answer'")


def test_a_run_that_is_gone_is_left_out_and_counted(recorded):
    snapshot, timelines, what_ifs = recorded
    gone = snapshot.cells[0].run_id(snapshot.experiment.id)
    del timelines[gone]
    found = what_if(snapshot, timelines.get, what_ifs.ask_spec, {"threshold": 0.5})
    assert (found.missing, len(found.snapshot.outcomes)) == (1, 5)
    assert found.describe()[-1] == "Left out, as they could not be scored again: 1 run."


def test_progress_counts_every_run_and_a_cancel_ends_it(recorded):
    snapshot, timelines, what_ifs = recorded
    seen = []

    def ask(**more):
        return what_if(snapshot, timelines.get, what_ifs.ask_spec, {"threshold": 0.5}, **more)

    ask(on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, 6) for n in range(1, 7)]
    assert ask(is_cancelled=lambda: True) is None


def test_the_recorded_reward_and_threshold_change_nothing(recorded):
    snapshot, timelines, what_ifs = recorded
    found = what_if(snapshot, timelines.get, what_ifs.ask_spec, {})
    assert [one.reward for one in found.snapshot.outcomes.values()] == [
        one.reward for one in snapshot.outcomes.values()
    ]
    assert found.describe() == ()


def test_another_reward_scores_every_output_in_the_background(recorded):
    snapshot, timelines, what_ifs = recorded

    class Stored:
        timeline = staticmethod(timelines.get)

    Stored.what_ifs = what_ifs
    job = start_what_if(
        Stored, snapshot, reward="def reward(inputs, prediction):\n    return 0.25 * len(prediction.answer)\n"
    )
    assert job.wait(60)
    assert job.error is None
    assert job.done == job.total == 6
    assert [one.reward for one in job.result.snapshot.outcomes.values()] == [0.25] * 6
    assert job.result.unknown == {"a": 3, "b": 0}
    assert build_result(job.result.snapshot).verdict.headline.startswith("No difference: every run got 0.25.")
