"""A store that an earlier version wrote opens, shows the same, replays and resumes."""

from __future__ import annotations

import pytest

from refine_core.runs import Runs
from tests.old_store import EXPECTED, old_store
from tests.threads import run_to_end

INTERRUPTED = [run_id for run_id, run in EXPECTED.items() if run["state"] == "interrupted"]
WHOLE = [
    run_id for run_id, run in EXPECTED.items() if run["state"] == "finished" and run["reason"] != "cancelled"
]


@pytest.fixture
def runs(tmp_path):
    opened = Runs(old_store(tmp_path))
    yield opened
    opened.close()


def describe(runs, run_id):
    """A run, as expected.json describes it."""
    run = runs.get(run_id)
    timeline = run.timeline
    finished = timeline.end
    return {
        "strategy": timeline.spec.strategy,
        "model": timeline.spec.model.kind,
        "state": run.state,
        "reason": finished.reason if finished else None,
        "rewards": [attempt.reward for attempt in timeline.attempts],
        "temperatures": [attempt.temperature for attempt in timeline.attempts],
        "returned": finished.returned if finished else None,
        "calls": len(timeline.calls),
        "events": len(runs.events(run_id)),
    }


def outline(run):
    """What a run's attempts were given and what came of them."""
    return [
        (attempt.temperature, dict(attempt.hints), attempt.outputs, attempt.reward)
        for attempt in run.timeline.attempts
    ]


def test_the_history_lists_every_run_of_the_old_store(runs):
    assert {row.run_id: row.summary.reason for row in runs.recent()} == {
        run_id: run["reason"] for run_id, run in EXPECTED.items()
    }
    assert runs.notices == ()


@pytest.mark.parametrize("run_id", EXPECTED)
def test_an_old_run_shows_the_same(runs, run_id):
    assert describe(runs, run_id) == EXPECTED[run_id]


@pytest.mark.parametrize("run_id", WHOLE)
def test_an_old_run_replays_as_it_went(runs, run_id):
    again = run_to_end(runs, runs.replay(run_id, delay_s=0.0))
    assert outline(again) == outline(runs.get(run_id))
    assert again.timeline.spec.parent == run_id


@pytest.mark.parametrize("run_id", [run_id for run_id in EXPECTED if run_id not in WHOLE])
def test_a_replay_of_an_old_run_that_was_cut_short_goes_as_far(runs, run_id):
    again = run_to_end(runs, runs.replay(run_id, delay_s=0.0))
    scored = [one for one in outline(runs.get(run_id)) if one[-1] is not None]
    assert outline(again)[: len(scored)] == scored
    assert again.timeline.end.reason == "recording_ended"


@pytest.mark.parametrize("run_id", INTERRUPTED)
def test_an_old_run_that_was_interrupted_resumes_to_its_end(runs, run_id):
    before = outline(runs.get(run_id))
    runs.resume(run_id)
    resumed = run_to_end(runs, run_id)
    assert resumed.state == "finished"
    scored = [one for one in before if one[-1] is not None]
    assert outline(resumed)[: len(scored)] == scored
    assert len(resumed.timeline.attempts) > len(scored)
