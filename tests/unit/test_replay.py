"""A recorded run can be replayed: the same replies, without network, key or cost."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from refine_core import ModelSpec, ProgramSpec, StageSpec
from refine_core import events as ev
from refine_core.errors import LMNotFoundError, LMUnavailableError, RecordingEnded, SpecError
from refine_core.lm.recording import Recording
from refine_core.lm.replay import ReplayLM
from refine_core.log.span import Span
from refine_core.log.summaries import summarize
from refine_core.programs import EXAMPLES
from refine_core.runs import Credentials, Runs, replay_program
from refine_core.store import MemoryStore
from tests.openai_server import OpenAIServer, polite, status
from tests.threads import run_to_end

KEY = "a-key-for-tests"
REWARD = (
    "def reward(args, pred):\n"
    "    said = judge('answer -> score: float', answer=pred.answer)\n"
    "    return min(0.9, said['score'])\n"
)


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


def went(run):
    return (
        [(a.reward, a.temperature, dict(a.hints), a.state, a.outputs) for a in run.timeline.attempts],
        [(c.messages, c.reply and c.reply.text, len(c.retries)) for c in run.timeline.calls],
        run.timeline.end.reason,
    )


@pytest.fixture
def recorded(runs):
    """A run of a server that is now gone; its first reply was 503, and one attempt failed for good."""
    with OpenAIServer(polite, key=KEY) as server:
        model = ModelSpec(kind="litellm", model="tiny", api_base=server.url, retries=1, cache=False)
        server.script(status(503), polite, polite, polite, status(503), status(503))
        spec = ProgramSpec(
            (StageSpec("answer", "question -> answer"),), REWARD, {"question": "Why?"}, N=4, model=model
        )
        run = run_to_end(runs, runs.start(spec, Credentials({"model": KEY})))
    assert [a.state for a in run.timeline.attempts].count("failed") == 1
    return run


def test_a_run_is_given_again_without_the_server_and_the_key(runs, recorded):
    again = run_to_end(runs, runs.replay(recorded.run_id, delay_s=0.0))
    assert went(again) == went(recorded)
    assert again.timeline.spec.parent == recorded.run_id


def test_each_reply_says_that_it_is_replayed_and_costs_nothing(runs, recorded):
    again = run_to_end(runs, runs.replay(recorded.run_id, delay_s=0.0))
    replies = [c.reply for c in again.timeline.calls if c.reply]
    assert all(r.replayed and r.cost_usd == 0 and r.prompt_tokens for r in replies)
    assert again.timeline.spec.model.label == "replay of tiny"
    (row,) = [r for r in runs.recent() if r.run_id == again.run_id]
    assert [(s.free, s.prompt_tokens, s.cost_usd) for s in row.summary.spent] == [(len(replies), 0, 0.0)]


def test_failures_are_given_again_by_their_kind(runs, recorded):
    again = run_to_end(runs, runs.replay(recorded.run_id, delay_s=0.0))
    (fault,) = [a.error for a in again.timeline.attempts if a.error]
    (before,) = [a.error for a in recorded.timeline.attempts if a.error]
    assert fault == before
    assert fault.type == LMUnavailableError.__name__


def test_a_changed_program_has_no_reply_and_says_why(runs, recorded):
    spec = replace(
        replay_program(recorded.timeline.spec, recorded.run_id, delay_s=0.0), inputs={"question": "How?"}
    )
    again = run_to_end(runs, runs.start(spec))
    assert again.timeline.end.reason == "every_attempt_failed"
    assert "holds no reply to this request" in again.stop_summary
    assert recorded.run_id in again.stop_summary


def test_a_changed_reward_is_tried_on_the_same_replies(runs, recorded):
    """Only up to where the run would have gone another way."""
    lenient = "def reward(args, pred):\n    return 1.0\n"
    spec = replace(replay_program(recorded.timeline.spec, recorded.run_id, delay_s=0.0), reward=lenient)
    again = run_to_end(runs, runs.start(spec))
    assert again.timeline.end.reason == "threshold_reached"
    assert len(again.timeline.attempts) == 1


def test_a_replay_of_a_replay_names_the_first_recording(runs, recorded):
    second = run_to_end(runs, runs.replay(recorded.run_id, delay_s=0.0))
    third = run_to_end(runs, runs.replay(second.run_id, delay_s=0.0))
    assert third.timeline.spec.model.recording_id == recorded.run_id
    assert went(third) == went(recorded)


def test_the_practice_models_runs_can_be_replayed_too(runs):
    first = run_to_end(runs, runs.start(EXAMPLES["two_stages"].spec))
    again = run_to_end(runs, runs.replay(first.run_id, delay_s=0.0))
    assert went(again) == went(first)
    assert again.timeline.spec.model.label == "replay of practice model"


def test_replies_take_as_long_as_they_took_unless_told_otherwise(runs):
    spec = EXAMPLES["one_word"].spec
    first = run_to_end(runs, runs.start(replace(spec, model=replace(spec.model, delay_s=0.3))))
    at_once = run_to_end(runs, runs.replay(first.run_id, delay_s=0.0))
    as_then = run_to_end(runs, runs.replay(first.run_id))
    took = [sum(c.took_s for c in r.timeline.calls) for r in (first, at_once, as_then)]
    assert took[1] < took[0] / 3
    assert 0.8 < took[2] / took[0] < 1.5


def test_somebody_who_reads_along_sees_a_replayed_reply_grow():
    request = ev.LMRequested("tiny", ({"role": "user", "content": "hi"},), {"temperature": 0.0})
    reply = ev.LMReplied("one two three four", 0.5, 1, 4)
    lm = ReplayLM(Recording(_records(request, reply)), "tiny")
    seen = []
    flow = lm.flow([{"role": "user", "content": "hi"}], {"temperature": 0.0}, on_text=seen.append)
    from refine_core.concurrency.flows import run

    assert run(flow).text == "one two three four"
    assert len(seen) >= 4
    assert seen == sorted(seen, key=len)
    assert seen[-1] == "one two three four"


def test_a_call_that_was_cut_off_has_no_reply():
    request = ev.LMRequested("tiny", ({"role": "user", "content": "hi"},), {})
    lm = ReplayLM(Recording(_records(request)), "tiny", delay_s=0.0)
    with pytest.raises(RecordingEnded):
        lm.complete([{"role": "user", "content": "hi"}], {})


def test_the_same_request_gets_its_replies_in_their_order():
    request = ev.LMRequested("tiny", ({"role": "user", "content": "hi"},), {})
    end = ev.RunFinished("attempts_used_up", 0, 0, 1.0)
    lm = ReplayLM(
        Recording(_records(request, ev.LMReplied("1", 0.0), request, ev.LMReplied("2", 0.0), end)),
        "tiny",
        delay_s=0.0,
    )
    assert [lm.complete([{"role": "user", "content": "hi"}], {}).text for _ in range(3)] == ["1", "2", "2"]


@pytest.mark.fault(43)
def test_a_recording_tells_rollout_ids_apart_in_whatever_order_they_are_asked():
    messages = [{"role": "user", "content": "hi"}]
    asked = {rollout: {"temperature": 1.0, "rollout_id": rollout} for rollout in (0, 1, 2)}
    made = [
        event
        for rollout, params in asked.items()
        for event in (ev.LMRequested("tiny", tuple(messages), params), ev.LMReplied(f"of {rollout}", 0.0))
    ]
    end = ev.RunFinished("attempts_used_up", 0, 0, 1.0)
    lm = ReplayLM(Recording(_records(*made, end)), "tiny", delay_s=0.0)
    assert [lm.complete(messages, asked[rollout]).text for rollout in (2, 0, 1)] == ["of 2", "of 0", "of 1"]


def test_what_is_not_there_cannot_be_replayed(runs):
    with pytest.raises(SpecError, match="there is no run 'nothing'"):
        runs.replay("nothing")
    spec = replace(EXAMPLES["one_word"].spec, model=ModelSpec(kind="replay", model="x", recording_id="gone"))
    with pytest.raises(LMNotFoundError, match="no run 'gone' to replay"):
        runs.start(spec)


def test_a_recorded_pause_between_tries_is_waited_for_again():
    request = ev.LMRequested("tiny", ({"role": "user", "content": "hi"},), {})
    retried = ev.LMRetried(1, 0.3, ev.Fault("LMUnavailableError", "busy", "model"))
    lm = ReplayLM(Recording(_records(request, retried, ev.LMReplied("x", 0.4))), "tiny")
    told = []
    with ThreadPoolExecutor(1) as pool:
        messages = [{"role": "user", "content": "hi"}]
        call = pool.submit(lm.complete, messages, {}, on_retry=lambda *what: told.append(what))
        with pytest.raises(TimeoutError):
            call.result(timeout=0.35)
        call.result(timeout=5)
    assert [(n, wait, type(e)) for n, wait, e in told] == [(1, 0.3, LMUnavailableError)]


def _records(*events):
    from refine_core.log.scope import Record

    span = 0
    made = []
    for seq, event in enumerate(events, 1):
        span += isinstance(event, ev.LMRequested)
        made.append(Record("run-1", seq, float(seq), Span.parse(f"lm-{span}"), event))
    return made


def test_a_run_that_was_resumed_is_replayed_without_what_was_cut_off(runs):
    """The attempt that was cut off had replies, too; those of its second try are the run's."""
    from functools import reduce

    from refine_core.log.summaries import summarize

    first = run_to_end(runs, runs.start(EXAMPLES["two_stages"].spec))
    whole = runs.events(first.run_id)
    begun = [n for n, r in enumerate(whole) if isinstance(r.event, ev.AttemptStarted)]
    replies = [n for n, r in enumerate(whole) if isinstance(r.event, ev.LMReplied) and n > begun[1]]
    cut = [
        replace(r, event=replace(r.event, text="never read")) if n == replies[0] else r
        for n, r in enumerate(whole[: replies[0] + 1])
    ]
    store = MemoryStore()
    store.append(cut, reduce(summarize, cut, None))
    store.interrupt()
    other = Runs(store)
    other.resume(first.run_id)
    resumed = run_to_end(other, first.run_id)
    again = run_to_end(other, other.replay(first.run_id, delay_s=0.0))
    other.close()
    assert went(again)[0] == went(resumed)[0] == went(first)[0]


def cut_short(recorded, at):
    """The log of a run that was killed after that many events, as a run of its own."""
    runs = Runs(MemoryStore())
    kept = recorded[:at]
    summary = functools.reduce(summarize, kept, None)
    runs.store.append(kept, summary)
    return runs, kept[0].run_id


def test_the_replay_of_a_run_that_was_cut_short_ends_where_its_recording_does(runs, recorded):
    log = runs.events(recorded.run_id)
    replies = 0
    for at, record in enumerate(log, 1):
        if not isinstance(record.event, ev.LMReplied | ev.LMFailed | ev.LMRequested | ev.RewardScored):
            continue
        replies += isinstance(record.event, ev.LMReplied)
        partial, run_id = cut_short(log, at)
        again = run_to_end(partial, partial.replay(run_id, delay_s=0.0))
        partial.close()
        if at < len(log) - 1 and again.timeline.end.reason == "recording_ended":
            assert again.stop_summary.startswith("The recording ends here: that run did not finish.")
            assert not any(a.error and "holds no reply" in a.error.message for a in again.timeline.attempts)
            assert sum(c.reply is not None for c in again.timeline.calls) == replies
            assert again.usage_summary.endswith("free")
        else:  # every reply that the loop needs was on record
            assert replies == sum(c.reply is not None for c in recorded.timeline.calls)


def test_the_replay_of_a_cancelled_run_says_that_it_was_cancelled(runs):
    spec = EXAMPLES["one_word"].spec
    run_id = runs.start(replace(spec, model=replace(spec.model, delay_s=30.0)))
    runs.cancel(run_id)
    assert run_to_end(runs, run_id).timeline.end.reason == "cancelled"
    again = run_to_end(runs, runs.replay(run_id, delay_s=0.0))
    assert again.timeline.end.reason == "recording_ended"
    assert again.stop_summary.startswith("The recording ends here: that run was cancelled.")
    thrice = run_to_end(runs, runs.replay(again.run_id, delay_s=0.0))
    assert thrice.stop_summary == again.stop_summary


def test_a_changed_program_on_a_run_that_was_cut_short_is_told_that_it_changed(runs, recorded):
    partial, run_id = cut_short(runs.events(recorded.run_id), 12)
    spec = replace(replay_program(recorded.timeline.spec, run_id, delay_s=0.0), inputs={"question": "How?"})
    again = run_to_end(partial, partial.start(spec))
    partial.close()
    assert "holds no reply to this request" in again.stop_summary
