"""A reward that a run does not hold, computed afterwards by the recorded reward: it is kept, and never taken for a recorded one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from refine_core.errors import SpecError
from refine_core.events import AttemptStarted, RewardComputed, RewardStarted, RunFinished, RunStarted
from refine_core.export import export_runs, import_runs, read_runs
from refine_core.figures.alt import describe_figure
from refine_core.log import Record
from refine_core.log.span import RUN, ChildSpans
from refine_core.log.summaries import summarize
from refine_core.messages import describe_computed, list_unknown
from refine_core.runs import Runs, explain_error
from refine_core.runs.computing import compute_rewards
from refine_core.spec import ProgramSpec, StageSpec
from refine_core.store import MemoryStore, open_store

TRACES = Path(__file__).parents[1] / "data" / "traces"
REFINE, BEST_OF_N = 0, 1


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def take_in(runs, which=REFINE):
    """The run of the trace whose last reward is absent."""
    return import_runs(runs.store, (TRACES / "openinference.otlp.jsonl").read_bytes()).run_ids[which]


def recorded(runs, reward, *, outputs=({"answer": "Brussels"},), left_out=()):
    """A run that a recorder watched until its script was killed while the reward ran."""
    spec = ProgramSpec(
        (StageSpec("self", "question -> answer"),), reward, inputs={"question": "?"}, N=3, threshold=1.0
    )
    start = RunStarted(spec, (1.0,) * 3, ("self",), "test", recorded_from="dspy 3.4.1", left_out=left_out)
    facts, spans = [(RUN, start)], ChildSpans()
    for index, values in enumerate(outputs):
        span = spans.begin(RUN, "attempt", index)
        facts += [(span, AttemptStarted(index, 1.0)), (span, RewardStarted(index, values))]
    facts.append((RUN, RunFinished("cancelled", None, None, 1.0)))
    records = [Record("r", seq, 1.7e9 + seq, span, event) for seq, (span, event) in enumerate(facts, 1)]
    summary = None
    for record in records:
        summary = summarize(summary, record)
    runs.store.append(records, summary)
    return "r"


def test_the_recorded_reward_fills_in_what_a_trace_lacks(runs):
    run_id = take_in(runs)
    before = runs.get(run_id).timeline
    assert (before.attempts[1].outcome, before.unscored, list_unknown(before)) == (
        "unknown",
        (1,),
        ["N", "reward of attempt 2"],
    )
    assert compute_rewards(runs, run_id).scored == {1: 1.0}
    after = runs.get(run_id).timeline
    assert [a.reward for a in after.attempts] == [0.0, 1.0]
    assert (after.unscored, after.computed, after.best) == ((), (1,), 1)


def test_a_computed_reward_is_called_so_wherever_it_stands(runs):
    run_id = take_in(runs)
    compute_rewards(runs, run_id)
    run = runs.get(run_id)
    words = "reward of attempt 2 computed here, not recorded"
    assert describe_computed(run.timeline) == words
    assert words[1:] in run.stop_summary
    assert list_unknown(run.timeline) == ["N"]
    assert "computed here" in describe_figure(run.timeline)
    for name in ("csv", "md", "html", "svg"):
        assert "computed here" in export_runs(read_runs(runs.store, [run_id]), name).data.decode()


def test_it_outlives_the_app_and_the_run_stays_imported(tmp_path):
    first = Runs(open_store(tmp_path))
    run_id = take_in(first)
    compute_rewards(first, run_id)
    first.close()
    again = Runs(open_store(tmp_path))
    row = again.store.row(run_id)
    assert (row.imported, row.summary.rewards, row.summary.best) == (True, (0.0, 1.0), 1)
    assert again.get(run_id).timeline.computed == (1,)
    assert compute_rewards(again, run_id).scored == {}
    again.close()


def test_what_if_as_recorded_knows_the_computed_reward(runs):
    run_id = take_in(runs)
    before = runs.what_ifs.ask(run_id).result
    assert before.attempts[1].new is None
    assert before.headline.startswith(
        "The reward of attempt 2 is unknown; of the others, attempt 1 is the best"
    )
    compute_rewards(runs, run_id)
    answer = runs.what_ifs.ask(run_id).result
    assert (answer.attempts[1].new, answer.stop) == (1.0, 2)


def test_a_run_with_a_computed_reward_comes_back_from_its_file(runs):
    run_id = take_in(runs)
    compute_rewards(runs, run_id)
    other = Runs(MemoryStore())
    import_runs(other.store, export_runs(read_runs(runs.store, [run_id]), "jsonl").data)
    assert other.get(run_id).timeline == runs.get(run_id).timeline
    other.close()


@pytest.mark.parametrize(
    ("reward", "word"),
    [
        ("def reward(args, pred):\n    return judge_program(pred)\n", "function alone"),
        ("def reward(args, pred):\n    raise ValueError('no')\n", "stays unknown"),
        ("def reward(args, pred):\n    return None\n", "stays unknown"),
    ],
)
def test_an_error_is_explained_and_the_reward_stays_unknown(runs, reward, word):
    run_id = recorded(runs, reward)
    events = len(runs.events(run_id))
    found = compute_rewards(runs, run_id)
    assert found.scored == {}
    assert word in explain_error(found.errors[0])
    assert len(runs.events(run_id)) == events
    assert runs.get(run_id).timeline.unscored == (0,)


def test_a_reward_that_never_ends_is_stopped(runs):
    run_id = recorded(runs, "def reward(args, pred):\n    while True: pass\n")
    timeline = runs.get(run_id).timeline
    quick = replace(timeline, spec=replace(timeline.spec, reward_timeout_s=0.2))
    [end] = runs.what_ifs.rescorer.score_as_recorded(quick).ends.values()
    assert end.error.type == "Timeout"


def test_one_attempt_that_fails_does_not_hide_the_others(runs):
    outputs = ({"answer": "Brussels"}, {"answer": ""})
    run_id = recorded(runs, "def reward(args, pred):\n    return 1 / len(pred.answer)\n", outputs=outputs)
    found = compute_rewards(runs, run_id)
    assert (found.scored, list(found.errors)) == ({0: 0.125}, [1])
    assert runs.get(run_id).timeline.unscored == (1,)


def test_a_trace_without_a_reward_says_what_is_missing(runs):
    run_id = take_in(runs, BEST_OF_N)
    with pytest.raises(SpecError, match="does not hold the reward"):
        compute_rewards(runs, run_id)


def test_a_run_shared_without_its_outputs_is_not_scored(runs):
    run_id = recorded(runs, "def reward(args, pred):\n    return 1.0\n", left_out=("outputs",))
    with pytest.raises(SpecError, match="shared without"):
        compute_rewards(runs, run_id)


def test_a_branch_keeps_a_computed_reward_as_scored_again(runs):
    outputs = ({"answer": "Brussels"}, {"answer": "Brussels probably"})
    run_id = recorded(runs, "def reward(args, pred):\n    return 1 / len(pred.answer)\n", outputs=outputs)
    compute_rewards(runs, run_id)
    plan = runs.branches.plan(run_id, 2)
    assert (plan.kept, plan.rewards) == (1, (0.125,))
    [scored] = [one.event for one in plan.events if one.event.kind == "reward_scored"]
    assert scored.rescored


def test_the_same_trace_is_not_imported_again_once_its_reward_is_computed(runs):
    run_id = take_in(runs)
    compute_rewards(runs, run_id)
    assert take_in(runs) == run_id
    assert runs.get(run_id).timeline.computed == (1,)


def test_no_event_but_a_computed_reward_follows_the_end(runs):
    run_id = take_in(runs)
    compute_rewards(runs, run_id)
    *_, end, last = runs.events(run_id)
    assert isinstance(end.event, RunFinished)
    assert isinstance(last.event, RewardComputed)
