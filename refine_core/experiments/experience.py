"""What is known of an arm before it runs: what a run of it takes, by runs of this experiment, by recorded runs, or by its description.

spec, pilot, recorded --expect--> Expected(calls, cost_usd, seconds)        low and high each, of one run
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from refine_core.estimates import max_calls, mean_seconds, min_calls, models_of, price_calls, typical
from refine_core.experiments.outcomes import Outcome
from refine_core.experiments.snapshot import Snapshot
from refine_core.log.summaries import title_of
from refine_core.log.timeline import Timeline
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec
from refine_core.statistics import mean_interval
from refine_core.store.listing import Filters

MAX_SEARCHED: Final = 200
"""How many of the newest runs are searched for runs of the same program."""
MAX_READ: Final = 20
"""How many of these are read."""
MIN_RUNS: Final = 2
"""How many runs an average needs."""

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Expected:
    """What one run of an arm takes: (low, high) each; None: unknown.

    calls: of models. cost_usd: US dollars. seconds: from start to end. runs: ids of the recorded runs that the figures are from; pilot: how
    many runs of the experiment itself they are from. With neither, they follow from the description alone. rewards: of those runs.
    """

    calls: Range
    cost_usd: Range | None
    seconds: Range | None
    runs: tuple[str, ...] = ()
    pilot: int = 0
    rewards: tuple[float, ...] = ()


def find_recorded(runs: Runs, specs: Sequence[ProgramSpec]) -> list[Timeline]:
    """The newest runs that ended of the programs with the stages of these, whatever their strategy. Raises StoreError."""
    titles = {name for spec in specs for name in (title_of(spec), title_of(replace(spec, title="")))}
    rows = runs.list.search("", Filters(), size=MAX_SEARCHED, index_s=0.0).rows
    found: list[Timeline] = []
    for row in rows:
        if row.summary.reason is None or row.summary.title not in titles or len(found) >= MAX_READ:
            continue
        timeline = runs.timeline(row.run_id)
        if timeline is not None and any(_same_program(timeline.spec, spec) for spec in specs):
            found.append(timeline)
    return found


def expect(spec: ProgramSpec, recorded: Sequence[Timeline], pilot: Sequence[Outcome] = ()) -> Expected:
    """What one run of an arm takes. recorded: from `find_recorded`. pilot: outcomes of runs of this arm in this experiment."""
    if len(pilot) >= MIN_RUNS:
        return _by_pilot(spec, pilot)
    own = [one for one in recorded if _same_program(one.spec, spec) and not one.spec.program_file]
    alike = [one for one in own if neutral(one.spec) == neutral(spec) and one.attempts]
    if len(alike) >= MIN_RUNS:
        return _by_runs(spec, alike)
    low, high = min_calls(spec), max_calls(spec)
    each = typical([(one, [a for a in one.new_attempts if a.has_ended]) for one in own], spec)
    names = tuple(one.run_id for one in own) if each.cost_usd(high) is not None and own else ()
    return Expected(
        (low.calls, high.calls),
        _range(each.cost_usd(low), each.cost_usd(high)),
        _range(each.seconds(low), each.seconds(high)),
        names,
        rewards=_rewards(alike),
    )


def by_arm(snapshot: Snapshot | None) -> Mapping[str, list[Outcome]]:
    """Key of an arm -> what became of its runs, those that ended by themselves."""
    found: dict[str, list[Outcome]] = {}
    for cell, outcome in snapshot.outcomes.items() if snapshot is not None else ():
        if outcome.state != "cut off":
            found.setdefault(cell.arm, []).append(outcome)
    return found


def mean_range(values: Iterable[float | None]) -> Range | None:
    """The interval of a mean; None where a value is unknown, or there are too few."""
    known = list(values)
    numbers = [float(value) for value in known if value is not None and math.isfinite(value)]
    if len(numbers) < max(len(known), MIN_RUNS):
        return None
    low, high = mean_interval(numbers)
    return (numbers[0], numbers[0]) if low is None or high is None else (low, high)


def _by_pilot(spec: ProgramSpec, outcomes: Sequence[Outcome]) -> Expected:
    count = min_calls(spec), max_calls(spec)
    calls = mean_range(outcome.calls for outcome in outcomes) or (count[0].calls, count[1].calls)
    free = all(model.kind == "practice" for model in models_of(spec).values())
    return Expected(
        calls,
        (0.0, 0.0) if free else mean_range(outcome.cost_usd for outcome in outcomes),
        mean_range(outcome.took_s for outcome in outcomes),
        pilot=len(outcomes),
        rewards=tuple(one.reward for one in outcomes if one.reward is not None and math.isfinite(one.reward)),
    )


def _by_runs(spec: ProgramSpec, timelines: Sequence[Timeline]) -> Expected:
    now = models_of(spec)
    calls = mean_range(len(one.calls) for one in timelines)
    costs = [price_calls(one.calls, models_of(one.spec), now, one.calls) for one in timelines]
    took = [_took(one) for one in timelines]
    return Expected(
        calls or (min_calls(spec).calls, max_calls(spec).calls),
        mean_range(costs),
        mean_range([one for one in took if one is not None]),
        tuple(one.run_id for one in timelines),
        rewards=_rewards(timelines),
    )


def _took(timeline: Timeline) -> float | None:
    """How long the run took, if all of it was really made."""
    parts = [(one.took_s, one.calls) for one in timeline.attempts if one.has_ended]
    parts += [(one.advice.took_s, one.advice.calls) for one in timeline.attempts if one.advice is not None]
    each = [mean_seconds([part]) for part in parts]
    return None if not each or None in each else math.fsum(one for one in each if one is not None)


def _rewards(timelines: Sequence[Timeline]) -> tuple[float, ...]:
    """What the callers were given."""
    found = (
        next((a.reward for a in one.attempts if a.index == one.returned_index), None) for one in timelines
    )
    return tuple(reward for reward in found if reward is not None and math.isfinite(reward))


def _same_program(one: ProgramSpec, other: ProgramSpec) -> bool:
    return one.stages == other.stages and one.program_file == other.program_file


def neutral(spec: ProgramSpec) -> ProgramSpec:
    """What makes two runs the same but for their inputs and for chance."""
    used = models_of(spec)
    return replace(
        spec,
        inputs={},
        title="",
        N=spec.attempt_count,
        fail_count=None if spec.fail_count in (None, spec.N) else spec.fail_count,
        seed=0,
        model=_seedless(spec.model),
        adviser=_seedless(used["advice"]) if spec.hint_source == "adviser" else None,
        judge=_seedless(used["judge"]),
        hints=spec.hint_source,
        budget_usd=None,
        budget_tokens=None,
        example=None,
        parent=None,
        first_rollout=0,
        hint_test=None,
        experiment=None,
        change="",
        reward_timeout_s=0.0,
        stop_on_repeating_error=False,
    )


def _seedless(model: ModelSpec) -> ModelSpec:
    return replace(model.identity, seed=None)


def _range(low: float | None, high: float | None) -> Range | None:
    return None if low is None or high is None else (low, high)
