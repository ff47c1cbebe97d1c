"""`refinescope batch --resume ID` and `--retry-failed ID`: what is left of an experiment, or what failed of it, within other limits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from refine_core import experiments
from refine_core.cli.batch_following import follow
from refine_core.cli.batch_limits import Limits, limit_budget, limit_rates
from refine_core.cli.batch_program import load_again
from refine_core.cli.experiment_ids import find_experiment_id, get_snapshot
from refine_core.cli.output import BadInput
from refine_core.experiments import Experiment, Snapshot
from refine_core.refine import BestOfN


def resume(text: str, program: str | None, limits: Limits, *, as_json: bool) -> int:
    """Run what is left of an experiment; the exit code. program: the Python file whose program it runs. Raises BadInput."""
    snapshot, programs = open_ended(text, program, as_json=as_json)
    experiment = snapshot.experiment
    if snapshot.state == "finished":
        raise BadInput(
            f"Every run of {experiment.name} has ended; refinescope show {experiment.id} has its answer, "
            "--retry-failed runs again what failed, and --add-to adds rows or an arm."
        )
    change_limits(experiment, limits)
    experiments.resume(experiment.id, programs=programs)
    return follow(experiment.id, as_json=as_json)


def retry_failed(text: str, program: str | None, limits: Limits, *, as_json: bool) -> int:
    """Run the failed cells of an experiment again; the exit code. program: as above. Raises BadInput."""
    snapshot, programs = open_ended(text, program, as_json=as_json)
    experiment = snapshot.experiment
    if not any(one.state == "failed" for one in snapshot.outcomes.values()):
        raise BadInput(f"No run of {experiment.name} has failed.")
    change_limits(experiment, limits)
    experiments.retry_failed(experiment.id, programs=programs)
    return follow(experiment.id, as_json=as_json)


def open_ended(text: str, program: str | None, *, as_json: bool) -> tuple[Snapshot, Mapping[str, BestOfN]]:
    """An experiment at which nothing is at work, and its programs where they are Python. Raises BadInput."""
    snapshot = get_snapshot(find_experiment_id(text, as_json=as_json))
    if snapshot.is_live:
        raise BadInput(
            f"{snapshot.experiment.name} is at work already; refinescope open {snapshot.experiment.id} shows it."
        )
    return snapshot, {} if program is None else load_again(Path(program), snapshot)


def change_limits(experiment: Experiment, limits: Limits) -> None:
    """Give it the budget and the limits of calls that the options name, if they do."""
    budget = limit_budget(experiment.budget, limits)
    if budget != experiment.budget:
        experiments.set_budget(experiment.id, budget)
    rates = limit_rates(experiment.rate_limits, experiment.arms, limits)
    if rates != experiment.rate_limits:
        experiments.set_rate_limits(experiment.id, rates)
