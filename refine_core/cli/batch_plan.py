"""What an experiment will take, before anything is asked: in words, as JSON, and the question before one that costs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.output import BadInput
from refine_core.cli.run_spec import describe_problems
from refine_core.cli.terminal import one_line
from refine_core.formatting import format_cost

if TYPE_CHECKING:
    from refine_core.datasets import Dataset
    from refine_core.experiments import Experiment, Snapshot
    from refine_core.experiments.plan import ExperimentPlan

ASKED_FROM_USD: Final = 1.0


def read_plan(
    experiment: Experiment, dataset: Dataset, *, is_live: bool, pilot: Snapshot | None = None
) -> ExperimentPlan:
    """What it will take. is_live: its programs are Python of this process. pilot: runs that have ended. Raises BadInput with every problem."""
    from refine_core import experiments

    plan = experiments.plan_experiment(experiment, dataset, pilot=pilot)
    # The description of a Python program is for the log; whether it can run, the program knows.
    problems = [] if is_live else list(plan.problems)
    if problems:
        raise BadInput(describe_problems("This cannot run", problems))
    return plan


def describe_plan(plan: ExperimentPlan, experiment: Experiment) -> list[str]:
    """What it will take, in lines."""
    arms = "; ".join(arm.name for arm in experiment.arms)  # a name may have a comma
    return [
        f"{plan.runs_text} runs: {one_line(arms)}",
        f"calls {plan.calls_text}, cost {plan.cost_text}, time {plan.time_text}",
        *map(one_line, filter(None, (plan.source, plan.shows_text, plan.stop, *plan.notes))),
        *(f"Warning: {one_line(text)}" for text in plan.warnings),
    ]


def describe_addition(plan: ExperimentPlan, part: Experiment) -> list[str]:
    """What is added to an experiment, and what that will take, in lines. What it can show follows from the whole."""
    runs, figures, *_ = describe_plan(plan, part)
    return [f"To be added: {runs}", figures, *map(one_line, filter(None, (plan.source, plan.stop)))]


def plan_to_json(plan: ExperimentPlan) -> dict[str, object]:
    """The same for a script."""
    return {
        "runs": plan.runs,
        "calls": list(plan.calls),
        "cost_usd": None if plan.cost_usd is None else list(plan.cost_usd),
        "seconds": None if plan.seconds is None else list(plan.seconds),
        "detectable": plan.detectable,
        "notes": list(plan.notes),
        "warnings": list(plan.warnings),
        "source": plan.source,
    }


def confirm(plan: ExperimentPlan) -> None:
    """Ask before an experiment that may cost more than a dollar, or an unknown amount; in a terminal only, where somebody can answer."""
    high = None if plan.cost_usd is None else plan.cost_usd[1]
    if (high is not None and high <= ASKED_FROM_USD) or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    amount = "an unknown amount" if high is None else f"up to {format_cost(high)}"
    click.confirm(f"This may cost {amount}. Run it?", abort=True, err=True)
