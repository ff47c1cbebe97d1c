"""Recorded runs of generated programs, on a model that answers by prompt, and the same runs done again with changes.

    run = record(spec, model)          timeline and end of a run that really took place: driver, adapters, loop
    scores(timeline, changed)          what the changed reward and validators make of its outputs
    branch(plan, model)                the run that a ForkPlan describes, with what it keeps
    again(spec, records, model)        an interrupted run, resumed

The model answers by messages, temperature and rollout id, so the same request always gets the same answer. A reward is a
function of its own source text and of the output.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from refine_core import ScriptedLM
from refine_core import events as ev
from refine_core.errors import LMError, RewardError
from refine_core.log import Record
from refine_core.log.folds import timeline as fold
from refine_core.log.scope import Collector, Scope
from refine_core.log.span import RUN, ChildSpans
from refine_core.log.timeline import Timeline
from refine_core.loop import Plan
from refine_core.refine.advice_style import AdviceStyle
from refine_core.refine.build import Pipeline
from refine_core.refine.driver import Driver
from refine_core.refine.resuming import ResumeState
from refine_core.refine.scoring import FunctionScorer, Validator
from refine_core.refine.stepping import Stepper
from refine_core.rewards import Score
from refine_core.runs.forking import ForkPlan
from refine_core.runs.forking.prefix import to_records
from refine_core.spec import ProgramSpec, StageSpec, ValidatorSpec
from refine_core.spec.schedule import Schedule, list_temperatures

TWO_STAGES = (StageSpec("draft", "question -> notes"), StageSpec("answer", "notes -> answer"))
ONE_STAGE = (StageSpec("answer", "question -> answer"),)
VALUES = (0.0, 0.25, 0.5, 0.5, 0.75, 1.0)


def pick(choices, *what):
    """One of the choices, always the same for the same `what`."""
    digest = hashlib.blake2b(json.dumps(what, sort_keys=True, default=str).encode(), digest_size=6).digest()
    return choices[int.from_bytes(digest) % len(choices)]


@dataclass(frozen=True)
class Model:
    """How a scripted model answers. fails: how many of ten requests fail, of the program and of the adviser."""

    seed: int
    fails: int = 1
    supports: tuple[str, ...] = ("temperature",)

    def answer(self, messages, params):
        asked = (
            self.seed,
            [dict(m) for m in messages],
            params.get("temperature"),
            params.get("rollout_id"),
        )
        if pick(range(10), "fails", asked) < self.fails:
            raise LMError("no answer to this request")
        system = messages[0]["content"]
        if "discussion" in system:
            names = [name for name in ("draft", "answer") if f"{name}" in messages[-1]["content"]]
            hints = {name: pick(("N/A", "be brief", "name it"), name, asked) for name in names}
            return {"discussion": "because", "advice": hints}
        field = "notes" if "notes" in system.split("outputs")[-1] and "`answer`" not in system else "answer"
        words = pick(("red", "blue", "green", "grey", "pink", "black", "white"), asked)
        return {"notes": words, "answer": words, field: words}

    def lm(self):
        return ScriptedLM(self.answer, supports=self.supports)


def reward(source: str, answer: object) -> Score:
    """What the reward with this source text makes of an output. Raises RewardError for some."""
    fate = pick(range(12), "fate", source, answer)
    if fate == 0:
        raise RewardError("it fails", type_name="ValueError", line=2)
    if fate == 1:
        raise RewardError("it always fails", type_name="NameError", line=2, repeats=True)
    feedback = pick(("", "too long", "no name"), "feedback", source, answer)
    return Score(pick(VALUES, "value", source, answer), feedback)


def is_met(check: str, answer: object) -> bool:
    return pick((True, True, False), check, answer)


@dataclass(frozen=True)
class Done:
    """A run that took place."""

    records: list[Record]
    stop: ev.RunFinished

    @property
    def timeline(self) -> Timeline:
        return cut(self.records)


def cut(records) -> Timeline:
    folded = fold(records)
    assert folded is not None
    return folded


def record(
    spec: ProgramSpec,
    model: Model,
    *,
    edits: Mapping[int, Mapping[str, str]] | None = None,
    at_once: int = 1,
    kept: Sequence[Record] = (),
    so_far: Sequence[Record] = (),
) -> Done:
    """Run `spec` on the model, by the driver. at_once: attempts that may be under way together, where there are no hints.

    kept: of a branch, what it keeps. so_far: the log of the same run, which is resumed.
    """
    program = Pipeline(spec)
    program.set_lm(model.lm())
    temperatures = list_temperatures(spec.temperature_schedule, 0.0, spec.attempt_count)
    names = tuple(name for name, _ in program.named_predictors())
    started = ev.RunStarted(spec, temperatures, names, "test", at_once=at_once, kept_events=len(kept))
    state = ResumeState.of(so_far or kept) if so_far or kept else None
    collector = Collector()
    collector.facts += [(r.span, r.event) for r in so_far or (Record("", 1, 0.0, RUN, started), *kept)]
    scope = Scope((collector,), children=ChildSpans(state.used if state is not None else frozenset()))
    if so_far and state is not None:
        scope.emit(ev.RunResumed(state.next_index))
    rules = tuple(
        Validator(one.name, lambda _, pred, check=one.check: is_met(check, pred.answer), one.message)
        for one in spec.validators
    )
    driver = Driver(
        program,
        FunctionScorer(lambda _, pred: reward(spec.reward, pred.answer), spec.reward),
        Plan.of_run(started),
        spec.inputs,
        scope,
        validators=rules,
        advice_style=AdviceStyle("", spec.advice_form),
        stepper=Stepper(stepwise=False, edits=edits) if edits else None,
        resume_state=state,
    )
    how = driver.run().refinement
    stop = ev.RunFinished(how.reason, how.best, how.returned, 0.0)
    scope.emit(stop)
    records = [
        Record("run-1", i, float(i), span, event) for i, (span, event) in enumerate(collector.facts, 1)
    ]
    return Done(records, stop)


def branch(plan: ForkPlan, model: Model) -> Done:
    """The branch that was planned."""
    spec = plan.spec
    return record(spec, model, kept=to_records(plan.events, "run-2", 0.0), edits=_edits(spec))


def again(so_far: Sequence[Record], model: Model) -> Done:
    """A run whose log so far is this, resumed."""
    started = so_far[0].event
    assert isinstance(started, ev.RunStarted)
    return record(started.spec, model, so_far=so_far, edits=_edits(started.spec))


def _edits(spec: ProgramSpec) -> dict[int, Mapping[str, str]] | None:
    return {spec.kept_attempts: spec.starting_hints} if spec.starting_hints else None


def score(spec: ProgramSpec, index: int, answer: object) -> ev.RewardScored | ev.AttemptFailed:
    """How an attempt with this output ends under the reward and the validators of `spec`."""
    try:
        given = reward(spec.reward, answer)
    except RewardError as error:
        return ev.AttemptFailed(index, "reward", ev.Fault.of(error))
    unmet = {one.name: one.message for one in spec.validators if not is_met(one.check, answer)}
    return ev.RewardScored(index, float(given.value), 0.0, {}, given.feedback, unmet=unmet)


def scores(timeline: Timeline, spec: ProgramSpec) -> dict[int, ev.RewardScored | ev.AttemptFailed]:
    """Index -> how each recorded attempt with an output ends under `spec`."""
    return {
        a.index: score(spec, a.index, a.outputs["answer"]) for a in timeline.attempts if a.outputs is not None
    }


def generate(random_: random.Random, schedule: Schedule, n: int) -> ProgramSpec:
    """Any description whose attempts are one at a time."""
    strategy = random_.choice(("refine", "refine", "refine", "best_of_n"))
    return ProgramSpec(
        random_.choice((ONE_STAGE, TWO_STAGES)),
        f"# reward {random_.randrange(4)}",
        {"question": f"question {random_.randrange(5)}"},
        strategy=strategy,
        N=n,
        threshold=random_.choice((None, 0.5, 0.75, 1.0)),
        fail_count=random_.choice((None, None, 0, 1)),
        hints=random_.choice(("adviser", "adviser", "feedback", "none")),
        schedule=schedule,
        advice_form=random_.choice(("full", "compact")),
        stop_on_repeating_error=random_.random() < 0.3,
        validators=random_.choice(
            ((), (), (ValidatorSpec("rule", "len(pred.answer) > 1", "Keep the rule."),))
        ),
    )


def change(random_: random.Random, spec: ProgramSpec, n: int) -> ProgramSpec:
    """The same program with some of what a what-if may change."""
    changes = {
        "reward": lambda: f"# reward {random_.randrange(4)}",
        "threshold": lambda: random_.choice((None, 0.25, 0.5, 0.75, 1.0)),
        "N": lambda: n,
        "fail_count": lambda: random_.choice((None, 0, 1, 2)),
        "validators": lambda: random_.choice(
            ((), (ValidatorSpec("rule", f"len(pred.answer) > {random_.randrange(3)}", "Keep the rule."),))
        ),
    }
    names = random_.sample(sorted(changes), random_.choice((1, 1, 2, 3)))
    changed = replace(spec, **{name: changes[name]() for name in names})
    if spec.schedule.kind == "list" and changed.N != spec.N:
        more = tuple(0.9 for _ in range(changed.N))
        changed = replace(
            changed, schedule=Schedule("list", (*spec.schedule.temperatures, *more)[: changed.N])
        )
    return changed
