"""An interrupted run goes on from its last complete attempt, as if nothing had happened."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import reduce

import pytest

from refine_core.errors import LMKeyError, SpecError, StoreError
from refine_core.events import (
    AdviceGiven,
    AttemptFailed,
    AttemptStarted,
    LMReplied,
    LMRequested,
    RewardScored,
    RunFinished,
    RunResumed,
    RunStarted,
)
from refine_core.log.summaries import summarize
from refine_core.messages import resume_summary
from refine_core.programs import EXAMPLES, ModelSpec, ProgramSpec, StageSpec
from refine_core.runs import Credentials, Runs
from refine_core.store import MemoryStore
from tests.openai_server import OpenAIServer, polite
from tests.threads import finish

TWO_STAGES, FAILING = EXAMPLES["two_stages"].spec, EXAMPLES["flaky"].spec


def ended(runs, run_id):
    """Wait for the end; the records."""
    runs.join(run_id, 30)
    return runs.events(run_id)


@pytest.fixture(scope="module", params=["two stages", "failures"])
def whole(request):
    """The records of a run that nothing interrupted."""
    runs = Runs(MemoryStore())
    spec = TWO_STAGES if request.param == "two stages" else FAILING
    records = ended(runs, runs.start(spec))
    runs.close()
    assert isinstance(records[-1].event, RunFinished)
    return records


def interrupted(records):
    """A store with the beginning of a run, whose process has died."""
    store = MemoryStore()
    store.append(records, reduce(summarize, records, None))
    store.interrupt()
    return Runs(store)


def went(records):
    """What the run came to, whatever was done twice."""
    told = {}
    for record in records:
        match record.event:
            case RewardScored(index=i, value=value):
                told["reward", i] = value
            case AttemptFailed(index=i, error=error):
                told["failed", i] = error.type
            case AttemptStarted(index=i, temperature=t, hints=hints):
                told["begun", i] = t, dict(hints)
            case AdviceGiven(after=i, advice=advice):
                told["advice", i] = dict(advice)
            case RunFinished(reason=reason, best=best, returned=returned):
                told["end"] = reason, best, returned
    return told


def test_a_run_cut_off_anywhere_ends_as_if_it_had_not_been(whole):
    """After every third event, and where attempts and advice begin and end."""
    turning = (AttemptStarted, RewardScored, AttemptFailed, AdviceGiven, LMRequested)
    places = [n for n in range(1, len(whole)) if n % 3 == 0 or isinstance(whole[n - 1].event, turning)]
    assert len(places) > 15
    for n in places:
        runs = interrupted(whole[:n])
        (row,) = runs.recent()
        runs.resume(row.run_id)
        records = ended(runs, row.run_id)
        assert went(records) == went(whole), f"cut off after event {n}, {whole[n - 1].event}"
        assert [r.seq for r in records] == list(range(1, len(records) + 1))
        assert records[:n] == whole[:n]
        assert isinstance(records[n].event, RunResumed)
        runs.close()


@pytest.mark.fault(39)
def test_a_run_cancelled_anywhere_and_resumed_ends_as_if_it_had_not_been(whole):
    """After every third event, and where attempts and advice begin and end; the cancel is on record."""
    turning = (AttemptStarted, RewardScored, AttemptFailed, AdviceGiven, LMRequested)
    places = [n for n in range(1, len(whole)) if n % 3 == 0 or isinstance(whole[n - 1].event, turning)]
    for n in places:
        best = max((r.event.index for r in whole[:n] if isinstance(r.event, RewardScored)), default=None)
        end = replace(whole[n], event=RunFinished("cancelled", best, None, 1.0), span=whole[0].span)
        store = MemoryStore()
        store.append([*whole[:n], end], reduce(summarize, [*whole[:n], end], None))
        runs = Runs(store)
        run_id = end.run_id
        before = runs.get(run_id)
        assert (before.state, before.resumable, before.was_cancelled) == ("finished", True, True)
        runs.resume(run_id)
        records = ended(runs, run_id)
        assert went(records) == went(whole), f"cancelled after event {n}, {whole[n - 1].event}"
        assert records[: n + 1] == [*whole[:n], end]
        after = runs.get(run_id)
        assert (after.resumable, after.timeline.cancel_count, after.timeline.resume_count) == (False, 1, 0)
        assert after.timeline.attempts_when_continued is None
        assert resume_summary(after.timeline).startswith("Cancelled and resumed once")
        assert store.row(run_id).summary == reduce(summarize, records, None)
        runs.close()


@pytest.mark.fault(39)
def test_a_run_that_a_person_cancelled_goes_on_where_it_was():
    runs = Runs(MemoryStore())
    spec = replace(TWO_STAGES, model=replace(TWO_STAGES.model, delay_s=0.2))
    run_id = runs.start(spec)
    while not any(isinstance(r.event, RewardScored) for r in runs.events(run_id)):
        assert runs.wait(run_id, len(runs.events(run_id)), 10)
    runs.cancel(run_id)
    cancelled = ended(runs, run_id)
    assert cancelled[-1].event.reason == "cancelled"
    runs.resume(run_id)
    assert ended(runs, run_id)[-1].event.reason != "cancelled"
    scored = [r.event.index for r in runs.events(run_id) if isinstance(r.event, RewardScored)]
    assert scored == sorted(set(scored)), "no attempt that was complete is made again"
    runs.close()


def test_the_prompts_after_an_interruption_are_those_of_the_whole_run(whole):
    """Advice is asked about the attempt as it was: trajectory, outputs and reward are read back from the log."""
    scored = [n for n, r in enumerate(whole) if isinstance(r.event, RewardScored)]
    cut = scored[0] + 1
    runs = interrupted(whole[:cut])
    (row,) = runs.recent()
    runs.resume(row.run_id)
    after = [r.event for r in ended(runs, row.run_id)[cut:] if isinstance(r.event, LMRequested)]
    runs.close()
    assert [(e.messages, e.params) for e in after] == [
        (r.event.messages, r.event.params) for r in whole[cut:] if isinstance(r.event, LMRequested)
    ]


def test_only_what_was_cut_off_is_asked_again(whole):
    replies = [n for n, r in enumerate(whole) if isinstance(r.event, LMReplied)]
    cut = replies[len(replies) // 2] + 1
    runs = interrupted(whole[:cut])
    (row,) = runs.recent()
    runs.resume(row.run_id)
    records = ended(runs, row.run_id)
    line = runs.get(row.run_id).timeline
    runs.close()
    complete = [r.event.index for r in whole[:cut] if isinstance(r.event, RewardScored | AttemptFailed)]
    begun = [r.event.index for r in records[cut:] if isinstance(r.event, AttemptStarted)]
    assert not set(begun) & set(complete)
    assert line.resume_count == 1
    spans = [(r.span, type(r.event)) for r in records if isinstance(r.event, LMRequested)]
    assert len(spans) == len(set(spans)), "no two calls share a place"
    assert len(line.calls) == len(spans), "calls of the attempt that was cut off count, too"


def test_a_run_that_is_finished_or_unknown_is_not_resumed(whole):
    runs = interrupted(whole)
    with pytest.raises(SpecError, match="finished, neither interrupted nor cancelled"):
        runs.resume(whole[0].run_id)
    with pytest.raises(SpecError, match="not there"):
        runs.resume("20990101-000000-00000000")
    runs.close()


def test_a_run_that_works_is_not_resumed():
    runs = Runs(MemoryStore())
    spec = replace(TWO_STAGES, model=replace(TWO_STAGES.model, delay_s=1.0))
    run_id = runs.start(spec)
    with pytest.raises(SpecError, match="running, neither interrupted nor cancelled"):
        runs.resume(run_id)
    runs.cancel(run_id)
    ended(runs, run_id)
    runs.close()


def test_a_clock_that_was_set_back_turns_nothing_round(whole):
    """The records before the interruption may be of tomorrow."""
    ahead = [replace(r, at=r.at + 86_400) for r in whole[: len(whole) // 2]]
    runs = interrupted(ahead)
    (row,) = runs.recent()
    runs.resume(row.run_id)
    records = ended(runs, row.run_id)
    runs.close()
    assert [r.at for r in records] == sorted(r.at for r in records)
    assert went(records) == went(whole)
    assert records[-1].event.took_s < 3600


def test_where_a_run_was_interrupted_is_told_as_it_was(whole):
    def why(event):
        cut = next(n for n, r in enumerate(whole, 1) if event(r))
        runs = interrupted(whole[:cut])
        said = runs.get(whole[0].run_id).stop_summary
        runs.close()
        return said.partition(":")[0]

    assert why(lambda r: isinstance(r.event, RunStarted)) == "Interrupted before the first attempt"
    assert why(lambda r: isinstance(r.event, AttemptStarted)) == "Interrupted during attempt 1"
    assert why(lambda r: isinstance(r.event, RewardScored)) == "Interrupted after attempt 1"
    asked = why(lambda r: isinstance(r.event, LMRequested) and r.event.purpose == "advice")
    assert asked == "Interrupted while advice was asked for, after attempt 1"


def test_a_run_that_began_with_a_typed_key_does_not_go_on_without_it():
    """It would fail at every attempt, and be used up."""
    with OpenAIServer(polite, key="a-typed-key") as server:
        model = ModelSpec(kind="litellm", model="tiny", api_base=server.url, retries=0, cache=False)
        spec = ProgramSpec(
            (StageSpec("answer", "question -> answer"),),
            "def reward(args, pred):\n    return 0.1\n",
            {"question": "Why?"},
            N=2,
            model=model,
        )
        first = Runs(MemoryStore())
        run_id = first.start(spec, Credentials({"model": "a-typed-key"}))
        records = ended(first, run_id)
        first.close()
        assert records[0].event.typed_key_roles == ("model",)
        assert "a-typed-key" not in repr(records)
        cut = next(n for n, r in enumerate(records, 1) if isinstance(r.event, RewardScored))
        runs = interrupted(records[:cut])
        with pytest.raises(LMKeyError, match="started with a key entered for tiny"):
            runs.resume(run_id)
        assert runs.get(run_id).resumable
        assert len(runs.events(run_id)) == cut, "nothing was begun"
        runs.resume(run_id, Credentials({"model": "a-mistyped-key"}))
        assert "refused the key" in ended(runs, run_id)[-1].event.error.message, "and it did not end by that"
        refused = runs.get(run_id)
        assert (refused.state, refused.resumable) == ("unrecorded", True)
        assert refused.error.endswith("Resume it with the right key.")
        assert len(runs.events(run_id)) < len(records) + 2, "one request, and no more attempts"
        runs.resume(run_id, Credentials({"model": "a-typed-key"}))
        assert ended(runs, run_id)[-1].event.reason == "attempts_used_up"
        assert [a.error for a in runs.get(run_id).timeline.attempts] == [None, None]
        runs.close()


def test_of_many_who_resume_a_run_at_once_one_does(whole):
    runs = interrupted(whole[: len(whole) // 2])
    run_id, went_on, refused, together = whole[0].run_id, [], [], threading.Barrier(4)

    def press():
        together.wait()
        try:
            runs.resume(run_id)
            went_on.append(run_id)
        except (SpecError, StoreError) as error:
            refused.append(str(error))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    finish(*threads)
    assert (len(went_on), len(refused)) == (1, 3)
    records = ended(runs, run_id)
    assert sum(isinstance(r.event, RunResumed) for r in records) == 1
    assert isinstance(records[-1].event, RunFinished)
    runs.close()
