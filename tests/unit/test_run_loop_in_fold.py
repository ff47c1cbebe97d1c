"""`Timeline.loop` is the run's own loop: at every prefix of a log it decides what the run did next."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refine_core import BestOfN, Module, Predict, Scope, ScriptedLM, context
from refine_core.errors import RewardError
from refine_core.events import AdviceFailed, AdviceGiven, AttemptStarted, RunFinished, RunStarted
from refine_core.log import Record
from refine_core.log.folds import LOOP_EVENTS, Fold, timeline
from refine_core.log.span import RUN, Span
from refine_core.loop import AskAdvice, Plan, RunAttempt, Stop, decide
from refine_core.programs import EXAMPLES
from refine_core.refine.driver import Driver
from refine_core.refine.scoring import FunctionScorer, Validator
from refine_core.refine.stepping import Stepper
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, Schedule, StageSpec
from refine_core.store import MemoryStore
from tests import logs
from tests.old_store import EXPECTED, old_store
from tests.prompts import advice, asks_for_advice, reply

ENDS_OF_THE_LOOP = (
    "threshold_reached",
    "attempts_used_up",
    "too_many_failures",
    "every_attempt_failed",
    "reward_broken",
)


# ---- scripted runs, in all their kinds


class WatchDriver:
    """A sink: the records of a run, and how the driver's own loop stood after each."""

    def __init__(self, started: RunStarted) -> None:
        self.records = [Record("run", 1, 0.0, RUN, started)]
        self.decisions: dict[int, object] = {}  # seq -> what the driver's loop decided after it
        self.driver: Driver | None = None
        self._lock = threading.Lock()

    def accept(self, span: Span, event: object) -> None:
        with self._lock:
            if isinstance(event, LOOP_EVENTS) and not span.is_nested:
                self.note()
            self.records.append(Record("run", len(self.records) + 1, float(len(self.records)), span, event))

    def note(self) -> None:
        """Facts of the loop come one at a time, each before the loop takes it in; no other fact changes it."""
        for seq in range(len(self.decisions) + 1, len(self.records) + 1):
            self.decisions[seq] = decide(self.driver.progress.loop)


class Inner(Module):
    """A program that refines on its own."""

    def __init__(self) -> None:
        self.best = BestOfN(Predict("question -> answer"), N=2, reward_fn=lambda i, p: 0.5, threshold=0.9)

    def forward(self, question: str) -> object:
        return self.best(question=question)


SCORES = st.one_of(
    st.sampled_from([0.0, 0.5, 0.9, 1.0]),
    st.just("raises"),
    st.just("raises, and will again"),
    st.just("rule not met"),
)
SCHEDULES = st.sampled_from(["dspy-2.6", "dspy-3", "none", "list"])


@st.composite
def specs(draw):
    n = draw(st.integers(1, 4))
    kind, strategy = draw(SCHEDULES), draw(st.sampled_from(["refine", "best_of_n", "single"]))
    listed = 1 if strategy == "single" else n
    return ProgramSpec(
        stages=(StageSpec("answer", "question -> answer"),),
        reward="def reward(inputs, prediction): return 1.0",
        strategy=strategy,
        hints=draw(st.sampled_from(["adviser", "feedback", "none"])),
        N=n,
        threshold=draw(st.sampled_from([None, 0.9])),
        fail_count=draw(st.sampled_from([None, 0, 1])),
        schedule=Schedule(kind, (0.3,) * listed if kind == "list" else ()),
        stop_on_repeating_error=draw(st.booleans()),
        model=ModelSpec(temperature=draw(st.sampled_from([0.0, 0.7]))),
    )


def scripted(
    spec: ProgramSpec, scores, *, at_once: int, advice_fails: bool, is_nested: bool, edits=None
) -> WatchDriver:
    """Refine by `spec`, with these scores in turn; what was recorded and decided. edits: hints by hand, of attempts one at a time."""
    at_once = at_once if spec.hint_source == "none" else 1
    plan = Plan.of(
        spec.attempt_count,
        spec.model.temperature or 0.0,
        spec.threshold,
        spec.fail_count,
        hints=spec.hint_source,
        at_once=at_once,
        by=spec.temperature_schedule,
        stop_on_repeating_error=spec.stop_on_repeating_error,
    )
    left = iter(scores)
    rules = {}

    def reward(inputs, prediction):
        score = next(left)
        rules[id(prediction)] = score != "rule not met"
        if score == "raises":
            raise ValueError("of a sudden")
        if score == "raises, and will again":
            error = RewardError("NameError", "no such name", line=1)
            error.repeats = True
            raise error
        return 1.0 if score == "rule not met" else score

    def speak(messages, params):
        if asks_for_advice(messages):
            return "no advice at all" if advice_fails else advice(self="be brief")
        return reply(answer="x")

    watch = WatchDriver(RunStarted(spec, plan.temperatures, ("self",), "test", (), at_once))
    driver = watch.driver = Driver(
        program=Inner() if is_nested else Predict("question -> answer"),
        scorer=FunctionScorer(reward, "def reward(inputs, prediction): ..."),
        plan=plan,
        inputs={"question": "?"},
        scope=Scope((watch,)),
        validators=(Validator("short", lambda i, p: rules[id(p)], "Be short."),),
        stepper=Stepper(edits=edits) if at_once == 1 else None,
    )
    with context(lm=ScriptedLM(speak, temperature=spec.model.temperature)):
        driver.run()
    watch.note()
    return watch


@pytest.mark.fault(42)
@settings(max_examples=150, deadline=None)
@given(
    specs(),
    st.lists(SCORES, min_size=4, max_size=4),
    st.integers(1, 3),
    st.tuples(st.booleans(), st.booleans()),
    st.dictionaries(
        st.integers(0, 3), st.fixed_dictionaries({"self": st.sampled_from(["", "by hand", "other"])})
    ),
)
def test_the_folded_loop_decides_what_the_drivers_loop_decided(spec, scores, at_once, kind, edits):
    """Any strategy, schedule, source of hints, rule, several at once, nested, hints by hand: at every prefix of the log."""
    fails, is_nested = kind
    watch = scripted(spec, scores, at_once=at_once, advice_fails=fails, is_nested=is_nested, edits=edits)
    fold = Fold()
    for record in watch.records:
        fold.add(record)
        assert decide(fold.current().loop) == watch.decisions[record.seq]
    assert fold.current().loop == watch.driver.progress.loop


# ---- runs as they are recorded


def disagreements(records: list[Record]) -> list[str]:
    """Where the loop folded from what came before would not have taken the step that the run took next."""
    wrong = []
    for n in range(1, len(records)):
        event, span = records[n].event, records[n].span
        if span.is_nested:
            continue
        decided = decide(timeline(records[:n]).loop)
        match event:
            case AttemptStarted(index=i, temperature=t, advice_from=source):
                right = any(
                    isinstance(a, RunAttempt) and (a.index, a.temperature, a.advice_from) == (i, t, source)
                    for a in decided
                )
            case AdviceGiven(after=i) | AdviceFailed(after=i):
                right = decided == (AskAdvice(i),)
            case RunFinished(reason=reason, best=best, returned=returned) if reason in ENDS_OF_THE_LOOP:
                right = decided == (Stop(reason, best, returned),)
            case RunFinished(best=best):
                right = timeline(records[:n]).loop.best == best
            case _:
                continue
        if not right:
            wrong.append(f"{n + 1}: {event} where the loop said {decided}")
    return wrong


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    yield made
    made.close()


SPEC = EXAMPLES["two_stages"].spec


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        EXAMPLES["flaky"].spec,
        replace(SPEC, strategy="best_of_n", threshold=None, schedule=Schedule("dspy-3")),
        replace(SPEC, strategy="single"),
        replace(SPEC, hints="feedback", N=3),
        replace(SPEC, reward="def reward(args, pred):\n    return unknown", stop_on_repeating_error=True),
        replace(SPEC, reward="def reward(args, pred):\n    raise ValueError", fail_count=1),
    ],
    ids=["two stages", "failures", "best of n", "single", "feedback", "broken reward", "too many failures"],
)
def test_at_every_prefix_of_a_run_the_folded_loop_decides_its_next_step(runs, spec):
    run_id = runs.start(spec)
    runs.join(run_id, 60)
    assert disagreements(runs.events(run_id)) == []


@pytest.mark.fault(42)
def test_so_it_does_where_a_run_was_resumed_or_continued_anyway(runs):
    broken = "def reward(args, pred):\n    return unknown"
    run_id = runs.start(replace(SPEC, reward=broken, stop_on_repeating_error=True, N=3))
    runs.join(run_id, 60)
    runs.resume(run_id, anyway=True)
    runs.join(run_id, 60)
    records = runs.events(run_id)
    assert sum(isinstance(r.event, RunFinished) for r in records) == 2
    assert disagreements(records) == []


@pytest.mark.fault(42)
@pytest.mark.parametrize("run_id", EXPECTED)
def test_so_it_does_in_logs_that_an_earlier_version_wrote(tmp_path, run_id):
    store = old_store(tmp_path)
    records = store.events(run_id)
    store.close()
    assert len(records) == EXPECTED[run_id]["events"]
    assert disagreements(records) == []


@pytest.mark.parametrize(
    "broken", [{"temperatures": ()}, {"at_once": 0}, {"at_once": 3}], ids=["no temperatures", "0", "3"]
)
def test_a_log_whose_plan_makes_no_sense_still_folds(broken):
    log = logs.two_stages()
    first = log.records[0]
    records = [replace(first, event=replace(first.event, **broken)), *log.records[1:]]
    assert timeline(records).best == log.timeline.best


# ---- folding event by event is folding at once


@pytest.mark.parametrize("name", logs.SCENARIOS)
def test_folding_event_by_event_is_folding_at_once(name):
    records = logs.SCENARIOS[name]().records
    fold, snapshots = Fold(), []
    for record in records:
        fold.add(record)
        snapshots.append(fold.snapshot())
    for n, snapshot in enumerate(snapshots, start=1):  # none was changed by what came after it
        assert snapshot == timeline(records[:n])


@settings(max_examples=100, deadline=None)
@given(st.lists(SCORES, min_size=4, max_size=4), st.integers(1, 3), st.data())
def test_folding_a_log_in_any_pieces_is_folding_at_once(scores, at_once, data):
    """Several at once, and refinements inside attempts: snapshots are taken wherever one likes."""
    spec = data.draw(specs())
    records = scripted(
        spec, scores, at_once=at_once, advice_fails=False, is_nested=data.draw(st.booleans())
    ).records
    looks = data.draw(st.sets(st.integers(1, len(records))))
    fold, snapshots = Fold(), {}
    for record in records:
        fold.add(record)
        if record.seq in looks:
            snapshots[record.seq] = fold.snapshot()
    for n, snapshot in snapshots.items():
        assert snapshot == timeline(records[:n])


def test_without_news_a_snapshot_is_the_same_object():
    log = logs.running()
    fold = Fold()
    for record in log.records[:-1]:
        fold.add(record)
    before = fold.snapshot()
    assert fold.snapshot() is before
    fold.add(log.records[-1])
    after = fold.snapshot()
    assert after is not before
    assert [a is b for a, b in zip(after.attempts, before.attempts, strict=True)] == [True] * 3 + [False]
