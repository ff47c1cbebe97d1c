"""What-ifs of runs as they lie in a store: old ones, resumed ones, deleted ones, and one that is still going on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refine_core import events as ev
from refine_core.errors import SpecError
from refine_core.log import Record
from refine_core.runs import Runs
from refine_core.store import MemoryStore
from refine_core.what_if import what_if
from tests.old_store import EXPECTED, old_store
from tests.threads import eventually
from tests.unit.test_what_if_runs import OTHER, SPEC, run_to_end

LOW = "def reward(args, pred):\n    return len(pred.answer) / 10_000\n"
CHANGES = (
    {"threshold": 0.3},
    {"threshold": None},
    {"n": 1},
    {"n": 2},
    {"n": 9},
    {"fail_count": 0},
    {"fail_count": None},
    {"threshold": 0.9, "n": 2, "fail_count": 1},
)


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """The runs that version 5bd9b18 wrote."""
    runs = Runs(old_store(tmp_path_factory.mktemp("old")))
    yield runs
    runs.close()


def check(asked):
    """What holds of every answer: it is about attempts that N allows, agrees with its curve, and is said in sentences."""
    told = asked.result
    assert told.headline.endswith(".")
    assert told.case.endswith(".")
    assert len(told.attempts) == max(told.limit, len(asked.timeline.attempts))
    assert told.stop is None or 1 <= told.stop <= told.limit
    assert (told.exact_until is None) is told.is_known
    assert all(one.why for one in told.attempts if one.state != "exact")
    if told.threshold is not None:
        (step,) = [one for one in asked.curve if one.contains(told.threshold)]
        assert (step.reason, step.returned) == (told.reason, told.returned)


@pytest.mark.parametrize("run_id", EXPECTED)
def test_every_old_run_answers_every_change_of_a_number(old, run_id):
    single = old.timeline(run_id).spec.strategy == "single"
    for changes in CHANGES:
        if single and changes.get("n", 1) != 1:
            with pytest.raises(SpecError, match="a single attempt, so it has no N to change"):
                old.what_ifs.ask(run_id, **changes)
            continue
        check(old.what_ifs.ask(run_id, **changes))


@pytest.mark.parametrize("run_id", EXPECTED)
def test_every_old_run_is_scored_again_with_another_reward(old, run_id):
    timeline = old.timeline(run_id)
    outputs = {a.index: a.outputs for a in timeline.attempts if a.outputs is not None}
    field = next(iter(next(iter(outputs.values()))))
    asked = old.what_ifs.ask(
        run_id, reward=f"def reward(args, pred):\n    return len(str(pred.{field})) / 100\n"
    )
    check(asked)
    new = {one.attempt - 1: one.new for one in asked.result.attempts if one.new is not None}
    assert new == {i: len(str(values[field])) / 100 for i, values in outputs.items()}


@pytest.fixture
def here():
    runs = Runs(MemoryStore())
    yield runs
    runs.close()


def broken_off(here, run_id, count):
    """A copy of a run's first events, as another process would have left them. Returns its id."""
    records = here.store.events(run_id)[:count]
    copy = f"{run_id}-copy-{count}"
    summary = here.store.row(run_id).summary
    here.store.append(
        [Record(copy, r.seq, r.at, r.span, r.event) for r in records], replace(summary, reason=None)
    )
    here.store.interrupt()
    return copy


def test_a_resumed_run_answers_as_one_that_was_never_interrupted(here):
    whole = run_to_end(here, here.start(SPEC))
    kinds = [record.event for record in here.store.events(whole.run_id)]
    cuts = [i for i, event in enumerate(kinds, 1) if isinstance(event, (ev.RewardScored, ev.RewardStarted))]
    for count in (cuts[0], cuts[2], cuts[3]):
        copy = broken_off(here, whole.run_id, count)
        here.resume(copy)
        run_to_end(here, copy)
        for changes in ({}, {"threshold": 0.1}, {"n": 2}, {"n": 6}, {"reward": OTHER}):
            told = here.what_ifs.ask(copy, **changes).result
            same = here.what_ifs.ask(whole.run_id, **changes).result
            assert (told.stop, told.returned, told.reason, told.exact_until) == (
                same.stop, same.returned, same.reason, same.exact_until,
            )  # fmt: skip
            assert [one.new for one in told.attempts] == [one.new for one in same.attempts]


def test_a_deleted_run_answers_as_before(here):
    run = run_to_end(here, here.start(SPEC))
    before = here.what_ifs.ask(run.run_id, reward=OTHER).result
    here.list.delete([run.run_id])
    assert here.what_ifs.ask(run.run_id, reward=OTHER).result == before


def test_a_run_that_goes_on_is_answered_as_far_as_it_is(here):
    """Attempts that come later are added to the answer; what was said of the first ones stays."""
    run_id = here.start(SPEC, stepwise=True)
    for count in (1, 2):
        eventually(lambda: here.get(run_id).state == "paused")
        here.step(run_id)
        eventually(
            lambda count=count: len([a for a in here.timeline(run_id).attempts if a.has_ended]) == count
        )
        told = here.what_ifs.ask(run_id, reward=LOW).result
        assert [one.state for one in told.attempts[:count]] == ["exact"] * count
        assert (told.stop, told.returned, told.exact_until) == (None, None, count)
        assert told.case.endswith("not been tried yet.")
    here.cancel(run_id)
    assert what_if(here.timeline(run_id)).exact_until == 2
