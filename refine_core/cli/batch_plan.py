"""What an experiment will take, before anything is asked: in words, as JSON, and the question before one that costs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.output import BadInput
from refine_core.cli.run_spec import describe_problems
from refine_core.cli.terminal import one_line
from refine_core.experiments.time_left import format_about
from refine_core.formatting import format_cost, format_score, pluralize

if TYPE_CHECKING:
    from refine_core.datasets import Dataset
    from refine_core.errors import Problem
    from refine_core.experiments import Experiment

ASKED_FROM_USD: Final = 1.0


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """What an experiment will take, at least and at most. None: unknown."""

    runs: int
    calls: tuple[int, int]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    cost_usd: tuple[float, float] | None = None
    seconds: tuple[float, float] | None = None
    detectable: float | None = None
    source: str = ""


def read_plan(experiment: Experiment, dataset: Dataset) -> ExperimentPlan:
    """What it will take. Raises BadInput with every problem."""
    low = high = runs = 0
    arms = {arm.key: arm.spec for arm in experiment.arms}
    for cell in experiment.cells(len(dataset.rows)):
        spec = arms[cell.arm]
        runs, low = runs + 1, low + len(spec.stages)
        high += spec.attempt_count * len(spec.stages) + (spec.attempt_count - 1) * (
            spec.hint_source == "adviser"
        )
    plan = ExperimentPlan(runs, (low, high))
    if plan.problems:
        raise BadInput(describe_problems("This cannot run", list(plan.problems)))
    return plan


def describe_plan(plan: ExperimentPlan, experiment: Experiment, dataset: Dataset) -> list[str]:
    """What it will take, in lines."""
    used = len(dataset.rows) if experiment.rows is None else min(experiment.rows, len(dataset.rows))
    repeats = (
        ""
        if experiment.repeats == 1
        else f" \N{MULTIPLICATION SIGN} {pluralize(experiment.repeats, 'repeat')}"
    )
    arms = ", ".join(arm.name for arm in experiment.arms)
    lines = [
        f"{pluralize(len(experiment.arms), 'arm')} \N{MULTIPLICATION SIGN} {pluralize(used, 'input')}{repeats}: {pluralize(plan.runs, 'run')} ({one_line(arms)})",
        f"It takes {', '.join(_amounts(plan))}. {plan.source}".rstrip(),
    ]
    if plan.detectable is not None and len(experiment.arms) > 1:
        lines.append(f"It can show a difference of about {format_score(plan.detectable)} in 4 of 5 cases.")
    return [*lines, *map(one_line, plan.notes)]


def _amounts(plan: ExperimentPlan) -> list[str]:
    low, high = plan.calls
    calls = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    parts = [f"{calls} calls"]
    if plan.cost_usd is None:
        parts.append("cost unknown")
    else:
        cheap, dear = map(format_cost, plan.cost_usd)
        parts.append(dear if cheap == dear else f"{cheap} to {dear}")
    if plan.seconds is not None:
        short, long = map(format_about, plan.seconds)
        parts.append(f"about {long}" if short == long else f"{short} to {long}")
    return parts


def plan_to_json(plan: ExperimentPlan) -> dict[str, object]:
    """The same for a script."""
    return {
        "runs": plan.runs,
        "calls": list(plan.calls),
        "cost_usd": None if plan.cost_usd is None else list(plan.cost_usd),
        "seconds": None if plan.seconds is None else list(plan.seconds),
        "detectable": plan.detectable,
        "notes": list(plan.notes),
        "source": plan.source,
    }


def confirm(plan: ExperimentPlan) -> None:
    """Ask before an experiment that may cost more than a dollar, or an unknown amount; in a terminal only, where somebody can answer."""
    high = None if plan.cost_usd is None else plan.cost_usd[1]
    if (high is not None and high <= ASKED_FROM_USD) or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    amount = "an unknown amount" if high is None else f"up to {format_cost(high)}"
    click.confirm(f"This may cost {amount}. Run it?", abort=True, err=True)
