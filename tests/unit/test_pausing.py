"""A run that waits for a person before each step: what it records, what hints do, and what a pause does not count as."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import Predict, Scope, ScriptedLM, context
from refine_core.concurrency.flows import arun
from refine_core.events import (
    AttemptStarted,
    HintsEdited,
    LMRequested,
    PauseEnded,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
)
from refine_core.figures import build_ledger
from refine_core.figures.grid import build_grid
from refine_core.figures.story_hints import hints_of as hints_of_story
from refine_core.figures.strips import draw_bars
from refine_core.log import Record, codec
from refine_core.log.folds import timeline
from refine_core.log.span import RUN
from refine_core.log.summaries import summarize
from refine_core.loop import Plan, RunAttempt, decide, hints_of
from refine_core.messages import hint_source
from refine_core.play import list_steps
from refine_core.programs import EXAMPLES
from refine_core.refine.driver import Driver
from refine_core.refine.resuming import ResumeState
from refine_core.refine.scoring import FunctionScorer
from refine_core.refine.stepping import Stepper
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import MemoryStore, open_store
from tests import logs
from tests.prompts import advice, asks_for_advice, reply

WAIT_S = 20.0
SPEC = ProgramSpec(
    stages=(StageSpec("answer", "question -> answer"),),
    reward="def reward(inputs, prediction):\n    return 0.5",
    inputs={"question": "?"},
    N=3,
    threshold=0.9,
    model=ModelSpec(),
)


@pytest.fixture
def runs() -> Iterator[Runs]:
    opened = Runs(MemoryStore())
    yield opened
    opened.close()


def until_paused(runs: Runs, run_id: str, *, after: int = 0) -> int:
    """Wait until the run has paused beyond this record; the number of the record that says so."""
    while True:
        records = runs.events(run_id)
        pauses = [r.seq for r in records if isinstance(r.event, RunPaused)]
        if pauses and pauses[-1] > after:
            return pauses[-1]
        assert runs.wait(run_id, records[-1].seq, WAIT_S), runs.get(run_id)


def kinds(runs: Runs, run_id: str) -> list[str]:
    return [r.event.kind for r in runs.events(run_id)]


# ---- a run in the app


def test_a_stepwise_run_waits_before_each_attempt_and_each_advice(runs: Runs):
    run_id, seq, waits = runs.start(SPEC, stepwise=True), 0, []
    for _ in range(5):
        seq = until_paused(runs, run_id, after=seq)
        run = runs.get(run_id)
        assert run.state == "paused"
        assert run.live
        waits.append(run.stop_summary)
        assert runs.step(run_id)
    runs.join(run_id, WAIT_S)
    assert waits == [
        "Paused before attempt 1.",
        "Paused before the advice after attempt 1.",
        "Paused before attempt 2.",
        "Paused before the advice after attempt 2.",
        "Paused before attempt 3.",
    ]
    assert runs.get(run_id).state == "finished"


def test_nothing_happens_while_a_run_waits(runs: Runs):
    run_id = runs.start(SPEC, stepwise=True)
    seq = until_paused(runs, run_id)
    assert not runs.wait(run_id, seq, 0.0)
    assert not any(isinstance(r.event, AttemptStarted | LMRequested) for r in runs.events(run_id))


def test_go_on_ends_the_pauses_and_pause_begins_them_again(runs: Runs):
    run_id = runs.start(SPEC, stepwise=True)
    until_paused(runs, run_id)
    assert runs.go_on(run_id)
    runs.join(run_id, WAIT_S)
    assert kinds(runs, run_id).count("run_paused") == 1
    slow = replace(SPEC, model=replace(SPEC.model, delay_s=0.05))
    again = runs.start(slow)
    assert runs.pause(again)
    until_paused(runs, again)
    assert runs.get(again).state == "paused"


def test_a_run_that_waits_can_be_cancelled_and_resumed_where_it_waited(runs: Runs):
    run_id = runs.start(SPEC, stepwise=True)
    until_paused(runs, run_id)
    assert runs.cancel(run_id)
    runs.join(run_id, WAIT_S)
    run = runs.get(run_id)
    assert run.stop_summary.startswith("Cancelled before the first attempt")
    assert run.timeline.pause is None
    runs.resume(run_id)
    until_paused(runs, run_id, after=run.timeline.seq)
    assert runs.go_on(run_id)
    runs.join(run_id, WAIT_S)
    assert len(runs.get(run_id).timeline.attempts) == 3


def test_a_run_whose_app_died_while_it_waited_is_interrupted_and_waits_again(runs: Runs, tmp_path: Path):
    """Its log ends where it waited, so nothing that it did not do is on record."""
    run_id = runs.start(SPEC, stepwise=True)
    seq = until_paused(runs, run_id)
    runs.step(run_id)
    seq = until_paused(runs, run_id, after=seq)
    records = runs.events(run_id)[:seq]
    with closing(open_store(tmp_path)) as store:
        store.append(records, functools.reduce(summarize, records, None))
    later = Runs(open_store(tmp_path))
    run = later.get(run_id)
    assert run.state == "interrupted"
    assert run.stop_summary.startswith("Interrupted after attempt 1")
    later.resume(run_id)
    again = until_paused(later, run_id, after=seq)
    assert later.get(run_id).stop_summary == "Paused before the advice after attempt 1."
    assert not any(isinstance(r.event, LMRequested) for r in later.events(run_id, after=seq) if r.seq < again)
    later.go_on(run_id)
    later.join(run_id, WAIT_S)
    assert len(later.get(run_id).timeline.attempts) == 3
    later.close()


def test_only_a_run_that_waits_can_be_let_go_on(runs: Runs):
    assert not runs.step("nowhere")
    assert not runs.go_on("nowhere")
    assert not runs.pause("nowhere")
    run_id = runs.start(SPEC)
    runs.join(run_id, WAIT_S)
    assert not runs.step(run_id)


def test_two_who_press_next_at_once_let_one_step_happen(runs: Runs):
    run_id = runs.start(SPEC, stepwise=True)
    until_paused(runs, run_id)
    start, answers = threading.Barrier(2), []

    def press() -> None:
        start.wait(WAIT_S)
        answers.append(runs.step(run_id))

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert True in answers


def test_the_list_of_runs_says_which_ones_wait(runs: Runs):
    run_id = runs.start(SPEC, stepwise=True)
    until_paused(runs, run_id)
    assert [row.paused for row in runs.list.search().rows] == [True]
    runs.go_on(run_id)
    runs.join(run_id, WAIT_S)
    assert [row.paused for row in runs.list.search().rows] == [False]


# ---- hints by hand


def test_a_hint_by_hand_is_in_the_prompt_and_counts_as_edited(runs: Runs):
    run_id, seq = runs.start(SPEC, stepwise=True), 0
    seq = until_paused(runs, run_id, after=seq)
    runs.step(run_id)
    seq = until_paused(runs, run_id, after=seq)
    runs.step(run_id)
    until_paused(runs, run_id, after=seq)
    assert runs.go_on(run_id, {"answer": "Say exactly: blue."})
    runs.join(run_id, WAIT_S)
    first, second, third = runs.get(run_id).timeline.attempts
    assert first.edited_hints == ()
    assert second.hints == {"answer": "Say exactly: blue."}
    assert second.edited_hints == ("answer",)
    assert "Say exactly: blue." in str(second.calls[0].messages)
    assert hint_source(runs.timeline(run_id), second) == "from the advice after attempt 1, edited by hand"
    assert third.edited_hints == ()


def test_a_hint_may_be_given_before_any_advice_and_where_no_adviser_is_asked(runs: Runs):
    spec = replace(SPEC, strategy="best_of_n", N=2)
    run_id = runs.start(spec, stepwise=True)
    until_paused(runs, run_id)
    runs.go_on(run_id, {"answer": "Be brief."})
    runs.join(run_id, WAIT_S)
    attempts = runs.get(run_id).timeline.attempts
    assert [a.hints for a in attempts] == [{"answer": "Be brief."}] * 2
    assert hint_source(runs.timeline(run_id), attempts[0]) == "edited by hand"


def test_a_hint_that_is_left_as_it_was_is_no_edit(runs: Runs):
    run_id = runs.start(SPEC, stepwise=True)
    seq = until_paused(runs, run_id)
    runs.step(run_id, {"answer": ""})
    until_paused(runs, run_id, after=seq)
    assert "hints_edited" not in kinds(runs, run_id)


def test_an_edited_run_is_replayed_with_its_edits(runs: Runs):
    run_id = runs.start(SPEC, stepwise=True)
    until_paused(runs, run_id)
    runs.go_on(run_id, {"answer": "Be brief."})
    runs.join(run_id, WAIT_S)
    again = runs.replay(run_id, delay_s=0.0)
    runs.join(again, WAIT_S)
    old, new = runs.timeline(run_id), runs.timeline(again)
    assert new.end.reason == old.end.reason
    assert [a.hints for a in new.attempts] == [a.hints for a in old.attempts]
    assert [a.edited_hints for a in new.attempts] == [a.edited_hints for a in old.attempts]
    assert "run_paused" not in kinds(runs, again)


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_a_run_in_steps_goes_the_way_of_a_run_without(runs: Runs, name: str):
    spec = EXAMPLES[name] if isinstance(EXAMPLES[name], ProgramSpec) else EXAMPLES[name].spec
    plain = runs.start(replace(spec, model=replace(spec.model, delay_s=0.0)))
    runs.join(plain, WAIT_S)
    run_id = runs.start(replace(spec, model=replace(spec.model, delay_s=0.0)), stepwise=True)
    while (run := runs.get(run_id)).live:
        runs.step(run_id)
        runs.wait(run_id, run.timeline.seq, 0.05)
    runs.join(run_id, WAIT_S)
    a, b = runs.timeline(plain), runs.timeline(run_id)
    assert [(x.reward, x.hints, x.temperature, x.outputs) for x in a.attempts] == [
        (x.reward, x.hints, x.temperature, x.outputs) for x in b.attempts
    ]
    assert a.end.reason == b.end.reason


# ---- the driver, without an app


def driver(stepper: Stepper | None, records: list[Record], *, hints: str = "adviser") -> Driver:
    plan = Plan.of(3, 0.0, 0.9, None, hints=hints)

    class Sink:
        def accept(self, span, event):
            records.append(Record("run", len(records) + 1, float(len(records)), span, event))

    return Driver(
        Predict("question -> answer"),
        FunctionScorer(lambda inputs, prediction: 0.5, ""),
        plan,
        {"question": "?"},
        Scope((Sink(),)),
        stepper=stepper,
    )


def speak(messages, params):
    return advice(self="be brief") if asks_for_advice(messages) else reply(answer="x")


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_sync_and_async_drivers_wait_alike(kind: str):
    records: list[Record] = []
    pauses = threading.Semaphore(0)

    class Told(Stepper):
        def ask(self):
            permission = super().ask()
            pauses.release()
            return permission

    stepper = Told(stepwise=True)
    one = driver(stepper, records)

    def work() -> None:
        with context(lm=ScriptedLM(speak)):
            if kind == "sync":
                one.run()
            else:
                asyncio.run(arun(one.flow()))

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(5):
        assert pauses.acquire(timeout=WAIT_S)
        assert stepper.step()
    thread.join(WAIT_S)
    assert not thread.is_alive()
    assert sum(isinstance(r.event, RunPaused) for r in records) == 5
    assert sum(isinstance(r.event, PauseEnded) for r in records) == 5
    assert stepper.paused_s > 0.0


def test_a_driver_without_a_stepper_records_no_pause():
    records: list[Record] = []
    with context(lm=ScriptedLM(speak)):
        driver(None, records).run()
    assert not any(isinstance(r.event, RunPaused | PauseEnded | HintsEdited) for r in records)


# ---- the log


def paused_log(pause_s: float = 100.0, *, ended: bool = True, hint: str = "Be brief.") -> logs.Log:
    """An attempt, a long pause in which a hint is written, another attempt."""
    log = logs.Log(stages=("answer",), N=3, threshold=1.0)
    log.attempt(0.4)
    log.advise({"answer": "Say less."})
    log.emit("", RunPaused("attempt", 1))
    log.now += pause_s
    log.emit("", HintsEdited(1, {"answer": hint}, ("answer",)))
    if ended:
        log.emit("", PauseEnded(pause_s))
        log.hints = {"answer": hint}
        span = log.begin()
        start = log.records[-1]
        log.records[-1] = replace(start, event=replace(start.event, edited=("answer",)))
        log.predict(span, "answer", {"answer": "x"})
        log.emit(span, logs.ev.RewardScored(1, 0.5, 0.0))
    return log


@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 1e6))
def test_a_pause_counts_as_no_time(pause_s: float):
    """Whatever it took, every duration and every place in time of the fold is as if there had been none."""
    short, long = paused_log(0.0).timeline, paused_log(pause_s).timeline
    for a, b in zip(short.attempts, long.attempts, strict=True):
        assert a.started_at == pytest.approx(b.started_at, abs=1e-3)
        assert a.took_s == pytest.approx(b.took_s, abs=1e-3)
    worked = [ResumeState.of(paused_log(s).records).worked_s for s in (0.0, pause_s)]
    assert worked[0] == pytest.approx(worked[1], abs=1e-3)


def test_a_call_under_way_counts_from_when_it_began_and_not_from_the_pause():
    log = paused_log(100.0)
    log.emit(f"{log.begin()}/answer", logs.ev.ModuleStarted("answer", {"question": "x"}, None))
    call_began = log.records[-1].at
    (running,) = [row for row in build_ledger(log.timeline) if row.started_at is not None]
    layers = {layer["name"]: layer for layer in draw_bars(log.timeline, build_grid(log.timeline))}
    bars = layers["durations of answer"]
    assert log.timeline.paused_s == pytest.approx(100.0, abs=1.0)
    assert running.started_at == pytest.approx(call_began, abs=2.0)
    assert bars["since"][-1] == pytest.approx(call_began, abs=2.0)


def test_the_fold_knows_what_a_run_waits_before_and_that_it_waits_no_more():
    log = paused_log(ended=False)
    assert log.timeline.pause == RunPaused("attempt", 1)
    assert paused_log().timeline.pause is None
    log.emit("", RunResumed(1))
    assert log.timeline.pause is None
    cancelled = paused_log(ended=False)
    cancelled.emit("", RunFinished("cancelled", 0, None, 1.0))
    assert cancelled.timeline.pause is None


def test_the_loop_of_every_prefix_gives_the_hint_that_the_next_attempt_got():
    log = paused_log()
    started = next(r for r in log.records if isinstance(r.event, AttemptStarted) and r.event.index == 1)
    before = timeline(log.records[: started.seq - 1])
    action = decide(before.loop)[0]
    assert isinstance(action, RunAttempt)
    assert hints_of(action, before.predictors) == started.event.hints
    assert before.loop.edited == started.event.edited


def test_the_story_says_who_wrote_a_hint():
    story = [h.who for h in story_hints(paused_log().timeline, 1)]
    assert story == ["Hint, edited by hand"]
    removed = paused_log(hint="N/A").timeline
    assert [(h.who, h.words[0][0]) for h in story_hints(removed, 1)] == [("No hint", "removed by hand")]


def story_hints(run, index: int):
    before = run.attempts[index - 1] if index else None
    return hints_of_story(run, run.attempts[index], before, ())


def test_newer_advice_takes_the_place_of_a_hint_by_hand():
    log = paused_log()
    log.advise({"answer": "Say more."})
    assert log.timeline.loop.edited == ()
    assert log.timeline.loop.hints == {"answer": "Say more."}


def test_an_edit_for_an_attempt_that_was_cut_off_stays_in_force_after_a_resume():
    log = paused_log(ended=False)
    log.emit("", PauseEnded(1.0))
    log.begin()
    log.emit("", RunResumed(1))
    assert log.timeline.loop.hints == {"answer": "Be brief."}
    facts = ResumeState.of(log.records).facts
    assert [type(f) for f in facts][-1] is HintsEdited


def test_the_events_survive_the_codec_and_old_logs_have_no_edits():
    for event in (RunPaused("advice", 2), PauseEnded(1.5), HintsEdited(1, {"a": "x"}, ("a",))):
        assert codec.decode(*codec.encode(event)) == event
    old = '{"index": 0, "temperature": 0.0, "hints": {}, "advice_from": null, "untempered": []}'
    assert codec.decode("attempt_started", 1, old).edited == ()


def test_captions_tell_of_the_pause_and_of_who_wrote_the_hint():
    captions = [step.caption for step in list_steps(paused_log().records)]
    assert "Paused before attempt 2: the run waits for a person." in captions
    assert "A person writes the hint for answer: Be brief." in captions


def test_the_history_row_says_that_a_run_waits():
    row = None
    for record in paused_log(ended=False).records:
        row = summarize(row, record)
    assert row.paused
    assert not summarize(row, Record("run", 99, 0.0, RUN, PauseEnded(1.0))).paused
    assert isinstance(paused_log().records[0].event, RunStarted)
