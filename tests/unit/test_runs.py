"""Runs: start, watch, cancel, failures of the store, what is on record when a run ends."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from refine_core import MemoryStore, ModelSpec, ProgramSpec, SpecError, StageSpec, StoreError
from refine_core import events as ev
from refine_core.programs import EXAMPLES
from refine_core.runs import Credentials, Runs
from tests.openai_server import Answer, OpenAIServer, polite, status
from tests.threads import eventually, finish, run_to_end, wait_for_event

REWARD = "def reward(args, pred):\n    return float(len(pred.answer.split()) == 1)\n"
SPEC = ProgramSpec((StageSpec("answer", "question -> answer"),), REWARD, {"question": "Is it so?"})


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_each_worked_example_runs_to_its_end(runs, name):
    run = run_to_end(runs, runs.start(EXAMPLES[name].spec))
    assert run.state == "finished"
    ends = {
        "bug": "attempts_used_up",
        "out_of_reach": "attempts_used_up",
    }  # which these two are there to show
    assert run.timeline.end.reason == ends.get(name, "threshold_reached")
    assert len(run.timeline.attempts) > 1


def test_the_one_word_example_needs_two_hints(runs):
    run = run_to_end(runs, runs.start(EXAMPLES["one_word"].spec))
    assert [bool(a.hints) for a in run.timeline.attempts] == [False, True, True]
    assert run.timeline.attempts[1].hints != run.timeline.attempts[2].hints


def test_two_stages_blames_the_wrong_one_first(runs):
    run = run_to_end(runs, runs.start(EXAMPLES["two_stages"].spec))
    blamed = [{n for n, h in a.hints.items() if h != "N/A"} for a in run.timeline.attempts if a.hints]
    assert blamed[0] == {"write"}
    assert {"extract"} in blamed


def test_some_attempts_of_the_flaky_example_fail(runs):
    run = run_to_end(runs, runs.start(EXAMPLES["flaky"].spec))
    errors = {a.error.type for a in run.timeline.attempts if a.state == "failed"}
    assert {"ParseError", "LMTimeoutError"} <= errors


def test_the_same_seed_repeats_a_run_and_another_seed_is_another_run(runs):
    def outputs(seed):
        spec = replace(EXAMPLES["flaky"].spec, seed=seed)
        return [a.outputs for a in run_to_end(runs, runs.start(spec)).timeline.attempts]

    assert outputs(0) == outputs(0)
    assert any(outputs(0) != outputs(seed) for seed in (1, 2, 3))


def test_the_program_code_that_the_adviser_sees_is_python_made_from_the_spec(runs):
    run = run_to_end(runs, runs.start(EXAMPLES["two_stages"].spec))
    (call, *_) = run.timeline.attempts[0].advice.calls
    assert "class Program(Module):" in call.messages[-1]["content"]


def test_a_spec_that_cannot_run_says_everything_that_is_wrong(runs):
    bad = replace(
        SPEC,
        stages=(StageSpec("answer", "question, n: int -> answer"),),
        reward="x = 1",
        N=0,
        threshold=float("nan"),
    )
    with pytest.raises(SpecError) as caught:
        runs.start(bad)
    assert [p.field for p in caught.value.problems] == ["inputs.n", "reward", "N", "threshold"]
    assert runs.recent() == []


@pytest.mark.parametrize(
    ("reward", "kind", "line"),
    [
        ("def reward(args, pred):\n    while True:\n        pass\n", "Timeout", (2, 3)),
        ("def reward(args, pred):\n    return len('x' * 10**11)\n", "MemoryLimit", (2,)),
        ("import sys\ndef reward(args, pred):\n    sys.exit(3)\n", "SystemExit", (3,)),
        ("def reward(args, pred):\n    return 'good'\n", "WrongType", (2,)),
        ("def reward(args, pred):\n    return pred.nothing\n", "AttributeError", (2,)),
    ],
)
def test_a_broken_reward_is_a_clear_error_on_the_attempt_and_the_run_goes_on(runs, reward, kind, line):
    run = run_to_end(runs, runs.start(replace(SPEC, reward=reward, N=2, reward_timeout_s=0.5)))
    assert [a.state for a in run.timeline.attempts] == ["failed", "failed"]
    assert {a.phase for a in run.timeline.attempts} == {"reward"}
    assert {a.error.type for a in run.timeline.attempts} == {kind}
    assert all(a.error.line in line for a in run.timeline.attempts)
    assert run.timeline.end.reason == "every_attempt_failed"


def test_a_reward_may_ask_a_judge(runs):
    reward = (
        "def reward(args, pred):\n    return judge('answer -> score: float', answer=pred.answer)['score']\n"
    )
    run = run_to_end(runs, runs.start(replace(SPEC, reward=reward, N=2, threshold=None)))
    assert [len(a.judge_calls) for a in run.timeline.attempts] == [1, 1]
    assert all(isinstance(a.reward, float) for a in run.timeline.attempts)
    assert [len(a.predictors) for a in run.timeline.attempts] == [1, 1], (
        "a judge is no predictor of the program"
    )


def test_cancel_ends_a_slow_run_within_a_second_and_keeps_what_there_is(runs):
    spec = replace(EXAMPLES["one_word"].spec, model=ModelSpec(delay_s=30))
    run_id = runs.start(spec)
    wait_for_event(runs, run_id, "attempt_started")
    assert runs.cancel(run_id)
    run = run_to_end(runs, run_id, within_s=1)
    assert run.timeline.end.reason == "cancelled"
    assert run.timeline.attempts[0].state == "cut_off"
    assert runs.cancel(run_id) is False


def test_cancel_ends_an_endless_reward(runs):
    spec = replace(
        SPEC, reward="def reward(args, pred):\n    while True:\n        pass\n", reward_timeout_s=60
    )
    run_id = runs.start(spec)
    wait_for_event(runs, run_id, "reward_started")
    runs.cancel(run_id)
    assert run_to_end(runs, run_id, 3).timeline.end.reason == "cancelled"


@pytest.mark.fault(44)
def test_join_waits_for_a_runs_end_and_raises_where_it_takes_too_long(runs):
    run_id = runs.start(replace(EXAMPLES["one_word"].spec, model=ModelSpec(delay_s=60)))
    with pytest.raises(TimeoutError, match=f"run {run_id} is still at work after 0.01 s"):
        runs.join(run_id, 0.01)
    runs.cancel(run_id)
    runs.join(run_id, 30)
    assert runs.get(run_id).timeline.end.reason == "cancelled"


@pytest.mark.fault(44)
def test_join_has_nothing_to_wait_for_in_a_run_of_another_process(runs):
    other = Runs(runs.store)
    run_id = other.start(replace(EXAMPLES["one_word"].spec, model=ModelSpec(delay_s=60)))
    runs.join(run_id, 30)
    runs.join("no such run", 30)
    assert runs.get(run_id).live
    other.cancel(run_id)
    other.join(run_id, 30)


class Breaking(MemoryStore):
    """A store whose disk is full from the fourth event on."""

    def append(self, records, summary, *, cancel=None):
        if records[-1].seq >= 4:
            raise StoreError("the disk is full")
        super().append(records, summary, cancel=cancel)


def test_a_run_that_cannot_be_recorded_stops_and_says_so():
    runs = Runs(Breaking())
    run_id = runs.start(EXAMPLES["one_word"].spec)
    run = run_to_end(runs, run_id)
    assert (run.state, run.error) == ("unrecorded", "It could not be recorded: the disk is full")
    assert [r.seq for r in runs.events(run_id)] == [1, 2, 3]
    assert run.stop_summary.startswith("Interrupted during attempt 1"), "it runs no more"
    assert [row.alive for row in runs.recent()] == [False]
    runs.close()


def test_a_store_that_refuses_the_first_event_refuses_the_run():
    class Full(MemoryStore):
        def append(self, records, summary, *, cancel=None):
            raise StoreError("the disk is full")

    runs = Runs(Full())
    with pytest.raises(StoreError, match="the disk is full"):
        runs.start(SPEC)
    assert runs.recent() == []
    runs.close()


def test_an_unknown_run_is_none(runs):
    assert runs.get("nothing") is None
    assert runs.events("nothing") == []
    assert runs.cancel("nothing") is False


def test_runs_at_once_do_not_mix(runs):
    ids = [runs.start(replace(EXAMPLES["two_stages"].spec, seed=seed)) for seed in range(6)]
    for seed, run_id in enumerate(ids):
        run = run_to_end(runs, run_id)
        assert run.timeline.spec.seed == seed
        assert [r.seq for r in runs.events(run_id)] == list(range(1, run.timeline.seq + 1))
    assert {row.run_id for row in runs.recent()} == set(ids)


def test_a_watcher_is_woken_by_an_event(runs):
    run_id = runs.start(replace(EXAMPLES["one_word"].spec, model=ModelSpec(delay_s=0.2)))
    seen = len(runs.events(run_id))
    woken = []
    watcher = threading.Thread(target=lambda: woken.append(runs.wait(run_id, seen, 10)))
    watcher.start()
    finish(watcher)
    assert woken == [True]
    run_to_end(runs, run_id)


def test_a_run_against_a_real_server_records_what_was_really_sent(runs):
    with OpenAIServer(polite) as server:
        model = ModelSpec("litellm", "test-model", api_base=server.url, temperature=0.3, timeout_s=30)
        spec = replace(SPEC, model=model, N=2, threshold=2.0)
        run = run_to_end(runs, runs.start(spec, Credentials({"model": "sk-canary-123"})), 90)
        sent = [r.json["messages"] for r in server.requests]
        recorded = [[dict(m) for m in c.messages] for c in run.timeline.calls]
        assert sent == recorded
        assert [r.json["temperature"] for r in server.requests] == [0.3, 0.3, 0.5]
        assert {r.headers["authorization"] for r in server.requests} == {"Bearer sk-canary-123"}
    assert "sk-canary-123" not in repr(runs.events(run.run_id))
    assert "sk-canary-123" not in repr(Credentials({"model": "sk-canary-123"}))


def test_a_refused_key_and_an_unreachable_server_end_the_run_in_words(runs):
    with OpenAIServer(status(401, "bad key")) as server:
        model = ModelSpec("litellm", "m", api_base=server.url, timeout_s=30)
        spec = replace(SPEC, model=model, N=2)
        run = run_to_end(runs, runs.start(spec, Credentials({"model": "a-wrong-key"})), 60)
        assert run.timeline.end.error.type == "LMKeyError", run.timeline.end.error.message
        assert "refused the key" in run.stop_summary
        run = run_to_end(runs, runs.start(spec), 60)
        assert "requires an API key (401). Give one" in run.stop_summary
        gone = server.url
    run = run_to_end(
        runs, runs.start(replace(SPEC, model=ModelSpec("litellm", "m", api_base=gone, retries=0), N=1)), 60
    )
    assert run.timeline.end.error.type == "LMUnavailableError"


def test_a_retry_is_on_record_as_a_retry_and_not_as_an_attempt(runs):
    with OpenAIServer(polite) as server:
        server.script(status(429, "slow down", retry_after=0.1), polite)
        model = ModelSpec("litellm", "m", api_base=server.url, timeout_s=30)
        run = run_to_end(runs, runs.start(replace(SPEC, model=model, N=1)), 60)
    (attempt,) = run.timeline.attempts
    assert attempt.error is None, attempt.error.message
    assert [r.ordinal for r in attempt.predictors[0].calls[0].retries] == [1]


def test_cancel_in_the_middle_of_a_real_call_closes_the_connection(runs):
    with OpenAIServer(Answer("late", hang_s=30)) as server:
        model = ModelSpec("litellm", "m", api_base=server.url, timeout_s=60)
        run_id = runs.start(replace(SPEC, model=model, N=1))
        server.wait_for_requests()
        runs.cancel(run_id)
        assert run_to_end(runs, run_id, within_s=1).timeline.end.reason == "cancelled"
        assert server.requests[0].disconnected.wait(5)


@pytest.mark.parametrize(
    "override", ["config={'api_base': 'URL'}", "lm=None", "demos=[]", "signature='a -> b'"]
)
def test_a_reward_cannot_choose_where_the_judges_request_and_its_key_go(runs, override):
    with OpenAIServer(polite) as thief:
        asked = f"judge('q -> a', q='x', {override.replace('URL', thief.url)})"
        spec = replace(
            SPEC,
            reward=f"def reward(args, pred):\n    {asked}\n    return 0.5\n",
            N=1,
            judge=ModelSpec("litellm", "openai/gpt-4o-mini", retries=0, timeout_s=5),
        )
        run = run_to_end(runs, runs.start(spec, Credentials({"judge": "sk-canary"})), 60)
        assert thief.requests == []
    assert run.timeline.attempts[0].state == "failed"
    assert "has no input" in run.timeline.attempts[0].error.message


def test_a_run_of_another_process_is_not_ours_to_cancel(runs):
    other = Runs(runs.store)
    run_id = other.start(replace(EXAMPLES["one_word"].spec, model=ModelSpec(delay_s=5)))
    assert (runs.get(run_id).is_local, other.get(run_id).is_local) == (False, True)
    assert runs.cancel(run_id) is False
    assert other.cancel(run_id) is True
    run_to_end(other, run_id)


def _drafts(runs, run_id, within_s=20.0):
    """Every draft that a viewer sees until the run ends, in order, without repetitions."""
    seen = []

    def ended():
        run = runs.get(run_id)
        now = [call.draft for call in run.timeline.calls if call.draft]
        assert len(now) <= 1
        if now and (not seen or seen[-1] != now[0]):
            seen.append(now[0])
        return not run.live

    eventually(ended, within_s)
    return seen


def test_a_reply_can_be_read_while_it_is_written(runs):
    example = EXAMPLES["one_word"].spec
    spec = replace(example, N=1, model=replace(example.model, delay_s=1.0))
    run_id = runs.start(spec)
    seen = _drafts(runs, run_id)
    (call,) = runs.get(run_id).timeline.calls
    assert len(seen) > 3
    assert all(call.reply.text.startswith(text) for text in seen)
    assert call.draft == "", "what is on record is no draft"


def test_a_draft_is_not_recorded_and_ends_with_a_cancel(runs):
    example = EXAMPLES["one_word"].spec
    run_id = runs.start(replace(example, model=replace(example.model, delay_s=2.0)))
    eventually(lambda: any(c.draft for c in runs.get(run_id).timeline.calls))
    assert runs.cancel(run_id)
    run = run_to_end(runs, run_id, within_s=1)
    (call,) = run.timeline.calls
    assert (call.reply, call.draft) == (None, "")
    assert not any(isinstance(r.event, ev.LMReplied) for r in runs.events(run_id))


def test_no_draft_is_left_on_a_run_that_ended_while_it_was_looked_at(runs):
    """The look takes the drafts, then the facts; the run's end comes in between."""
    example = EXAMPLES["one_word"].spec
    run_id = runs.start(replace(example, model=replace(example.model, delay_s=2.0)))
    eventually(lambda: any(c.draft for c in runs.get(run_id).timeline.calls))
    logs = runs._logs

    class EndsFirst:
        def timeline(self, run_id):
            runs._logs = logs
            assert runs.cancel(run_id)
            run_to_end(runs, run_id)
            return logs.timeline(run_id)

    runs._logs = EndsFirst()
    run = runs.get(run_id)
    (call,) = run.timeline.calls
    assert (run.state, call.waiting, call.draft) == ("finished", False, "")


def test_adviser_and_judge_get_no_temperature_that_their_model_refuses(runs):
    reward = (
        "def reward(args, pred):\n    return judge('answer -> score: float', answer=pred.answer)['score']\n"
    )
    with OpenAIServer(polite) as server:
        model = ModelSpec(kind="litellm", model="openai/o3-mini", api_base=server.url, cache=False)
        spec = replace(SPEC, model=model, reward=reward, N=2)
        run = run_to_end(runs, runs.start(spec, Credentials({"model": "a-key-for-tests"})))
        assert [a.error for a in run.timeline.attempts] == [None, None]
        assert run.timeline.attempts[0].advice.error is None
        assert all(request.json.get("temperature") is None for request in server.requests)
