"""Playing a run: steps, captions, prefixes, and rewards that wait for a guess. Laws over generated logs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.log.folds import timeline
from refine_core.play import Playback, find_gate, list_steps, prefix
from tests import logs
from tests.old_store import EXPECTED, old_store

TRY = st.fixed_dictionaries(
    {
        "reward": st.none() | st.sampled_from([-1.0, 0.0, 0.4, 0.4, 0.9, 1.0]),
        "met": st.booleans(),
        "unread": st.booleans(),
        "retries": st.integers(0, 2),
        "raises_in_reward": st.booleans(),
        "advice": st.sampled_from(["none", "fails", "draft", "both"]),
    }
)


@st.composite
def generated(draw) -> logs.Log:
    """A run of any kind that a recorder could have written, finished or not."""
    stages = draw(st.sampled_from([("answer",), ("draft", "answer")]))
    tries = draw(st.lists(TRY, min_size=0, max_size=5))
    log = logs.Log(stages=stages, N=len(tries) + 1, threshold=draw(st.none() | st.just(0.9)))
    for one in tries:
        outputs = {"answer": "x"} if one["reward"] is not None or one["raises_in_reward"] else None
        log.attempt(
            one["reward"],
            outputs=outputs,
            unmet=None if one["met"] else logs.LIMIT,
            unread=stages[:1] if one["unread"] else (),
            retries={stages[-1]: one["retries"]},
        )
        if one["advice"] == "fails":
            log.advice_fails()
        elif one["advice"] != "none":
            log.advise(dict.fromkeys(stages if one["advice"] == "both" else stages[:1], "Say less."))
    match draw(st.sampled_from(["ends", "goes on", "stops here", "is resumed"])):
        case "ends":
            log.finish()
        case "goes on":
            log.running()
        case "is resumed":
            log.running()
            log.emit("", ev.RunResumed(log.count - 1))
    return log


ALL = st.one_of(generated(), st.sampled_from(list(logs.SCENARIOS.values())).map(lambda make: make()))


@settings(max_examples=60, deadline=None)
@given(ALL)
def test_playing_every_step_gives_the_run(log):
    played = Playback(log.records)
    for step in played.all_steps:
        shown = played.timeline(step.index)
    assert shown == log.timeline
    assert shown.seq == log.records[-1].seq


@settings(max_examples=60, deadline=None)
@given(ALL, st.data())
def test_a_step_is_the_fold_of_its_records_in_whatever_order_one_jumps(log, data):
    played = Playback(log.records)
    for _ in range(8):
        step = data.draw(st.sampled_from(played.all_steps))
        assert played.timeline(step.index) == timeline(log.records[: step.seq])
        assert prefix(log.records, step.index) == played.timeline(step.index)


@settings(max_examples=60, deadline=None)
@given(ALL, st.data())
def test_a_step_knows_of_no_later_event(log, data):
    """Without the rest of the log, its timeline and its caption are the same."""
    steps = list_steps(log.records)
    for _ in range(8):
        step = data.draw(st.sampled_from(steps))
        cut = log.records[: step.seq]
        assert list_steps(cut)[-1] == step
        assert prefix(cut, step.index) == prefix(log.records, step.index)


@settings(max_examples=60, deadline=None)
@given(ALL)
def test_steps_part_the_log_without_a_gap_and_each_says_something(log):
    parts = list_steps(log.records)
    assert [step.index for step in parts] == list(range(len(parts)))
    ends = [step.seq for step in parts]
    assert ends == sorted(set(ends))
    assert ends[-1] == log.records[-1].seq
    assert all(step.caption.strip() for step in parts)


@settings(max_examples=40, deadline=None)
@given(ALL)
def test_a_step_keeps_its_number_while_the_run_goes_on(log):
    live = Playback()
    for end in range(1, len(log.records) + 1):
        before = live.all_steps
        live.extend(log.records[:end])
        assert live.all_steps[: max(len(before) - 1, 0)] == before[:-1]
        assert live.all_steps == list_steps(log.records[:end])


def test_a_call_that_has_not_ended_by_then_is_running_and_not_cut_off():
    log = logs.cancelled()
    asked = next(s for s in list_steps(log.records) if s.caption == "draft asks the model.")
    then = prefix(log.records, asked.index)
    assert [run.state for run in then.attempts[0].predictors] == ["running"]
    assert then.end is None


def test_a_timeline_that_was_given_out_does_not_change_when_one_steps_on():
    log = logs.two_stages()
    played = Playback(log.records)
    early = played.timeline(4)
    copy = [attempt.copy() for attempt in early.attempts]
    for step in played.all_steps:
        played.timeline(step.index)
    assert early.attempts == copy


def test_a_step_that_there_is_not_is_an_index_error():
    played = Playback(logs.one().records)
    for step in (-1, len(played.all_steps)):
        with pytest.raises(IndexError):
            played.timeline(step)


def test_a_log_without_a_beginning_has_no_steps():
    assert list_steps(logs.one().records[1:]) == ()


def test_captions_tell_the_run_in_plain_sentences():
    assert [step.caption for step in list_steps(logs.two_stages().records)[:13]] == [
        "The run starts: up to 5 attempts; it stops at a reward of 0.90.",
        "Attempt 1 starts at temperature 0.",
        "draft asks the model.",
        "The model replies for draft: notes 1.",
        "answer asks the model.",
        f"The model replies for answer: {logs.WORDS[0]}",
        f"Attempt 1 returns: {logs.WORDS[0]}",
        "The reward gives 0.20.",
        "The adviser reads attempt 1: its output, the reward and the prompts.",
        "The adviser gives hints for draft and answer.",
        "Attempt 2 starts at temperature 0.625, with hints for draft and answer.",
        "draft asks the model, with its hint in the prompt.",
        "The model replies for draft: notes 2.",
    ]


@pytest.mark.parametrize(
    ("make", "caption"),
    [
        (logs.failures, "Sent again after 200 ms: too many requests."),
        (logs.failures, "No advice comes: too many requests."),
        (logs.failures, "Attempt 2 fails: no field 'answer' in the reply."),
        (logs.failures, "Attempt 5 fails: ZeroDivisionError: division by zero."),
        (logs.rules, "The reward gives 0.95, but the rule “at most 3 words” is not met."),
        (logs.rules, "The reward gives 0.92, which reaches the threshold 0.90."),
        (logs.asked_again, "The reply cannot be read: it has no field 'answer'."),
        (logs.asked_again, "The model is asked again."),
        (logs.no_temperature, "Attempt 2 starts as rollout 1, with a hint for answer."),
        (logs.nested, "Inside attempt 1: the reward gives 0.10, but the rule “at most 3 words” is not met."),
        (logs.nested, "Inside attempt 1: inner attempt 1 starts at temperature 0.5."),
        (logs.two_stages, "The adviser's hint for draft: Leave the river out."),
        (logs.one, "Stopped at attempt 1: reward 1.00 ≥ threshold 0.90."),
    ],
)
def test_each_kind_of_event_has_its_sentence(make, caption):
    assert caption in [step.caption for step in list_steps(make().records)]


def test_an_event_of_a_newer_version_is_a_step_that_says_so():
    log = logs.two_stages(finished=False)
    log.emit("attempt-3", ev.Unknown("dreamt", 1, {}))
    assert list_steps(log.records)[-1].caption == "An event of a newer version of Refinescope: dreamt."


def test_long_text_is_quoted_by_its_beginning():
    assert max(len(step.caption) for step in list_steps(logs.long_words().records)) < 300


def test_the_beats_tell_attempt_by_attempt_what_it_returned_and_scored():
    beats = [(step.attempt, step.beat) for step in list_steps(logs.two_stages().records) if step.beat]
    assert beats[:6] == [
        (None, "start"),
        (0, "start"),
        (0, "output"),
        (0, "score"),
        (0, "advice"),
        (1, "start"),
    ]
    assert beats[-1] == (None, "end")


def test_a_refinement_inside_an_attempt_has_no_beats():
    parts = list_steps(logs.nested().records)
    assert [s.attempt for s in parts if s.beat == "score"] == [0, 1]


@pytest.mark.parametrize("run_id", EXPECTED)
def test_old_logs_can_be_played(run_id, tmp_path):
    records = old_store(tmp_path).events(run_id)
    parts = list_steps(records)
    assert all(step.caption for step in parts)
    assert prefix(records, len(parts) - 1) == timeline(records)


# ---- guess first


@settings(max_examples=60, deadline=None)
@given(ALL, st.data())
def test_nothing_that_waits_for_a_guess_is_shown(log, data):
    parts = list_steps(log.records)
    wanted = data.draw(st.integers(0, len(parts) - 1))
    guessed = data.draw(st.sets(st.integers(0, 5)))
    gate = find_gate(parts, wanted, guessed)
    shown = prefix(log.records, wanted if gate is None else gate.step)
    assert {a.index for a in shown.attempts if a.reward is not None} <= guessed
    if gate is not None:
        assert gate.step < wanted
        assert gate.attempt not in guessed
        assert find_gate(parts, wanted, guessed | {a.index for a in log.timeline.attempts}) is None


def test_the_gate_stands_where_the_output_is_seen_and_the_reward_is_not():
    log = logs.two_stages()
    parts = list_steps(log.records)
    gate = find_gate(parts, len(parts) - 1, {0})
    assert gate is not None
    assert gate.attempt == 1
    waiting = prefix(log.records, gate.step).attempts[1]
    assert waiting.outputs == {"answer": logs.WORDS[1]}
    assert waiting.reward is None


def test_a_failed_attempt_has_nothing_to_guess():
    parts = list_steps(logs.failures().records)
    failed = {s.attempt for s in parts if s.beat == "failure"}
    scored = {s.attempt for s in parts if s.beat == "score"}
    assert failed
    assert find_gate(parts, len(parts) - 1, scored) is None
