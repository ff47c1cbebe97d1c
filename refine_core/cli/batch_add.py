"""`refinescope batch --add-to ID`: further rows or arms of an experiment; what has run is not paid for again.

DATA | --rows N | --arms, --arm  --> Addition --> what it takes --> added, and run
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import click

from refine_core import experiments
from refine_core.cli import batch_table
from refine_core.cli.batch_following import follow
from refine_core.cli.batch_limits import Limits
from refine_core.cli.batch_plan import confirm, describe_addition, plan_to_json, read_plan
from refine_core.cli.batch_resume import change_limits, open_ended
from refine_core.cli.batch_source import ArmOptions, list_more_arms
from refine_core.cli.output import DONE, BadInput, print_json, print_text
from refine_core.cli.run_spec import require_key
from refine_core.datasets import Dataset
from refine_core.experiments import Experiment, Snapshot
from refine_core.formatting import pluralize
from refine_core.refine import BestOfN


@dataclass(frozen=True, slots=True)
class Addition:
    """What is added to an experiment. whole: with it. part: what is added alone, which the plan is of. dataset: of both."""

    whole: Experiment
    part: Experiment
    dataset: Dataset


@dataclass(frozen=True, slots=True)
class MoreRows:
    """The options that name rows. data: a table of further ones. program: the Python file whose program the experiment runs."""

    data: str | None
    encoding: str | None
    skip_bad: bool
    program: str | None


def add(
    text: str, more: MoreRows, arms: ArmOptions, limits: Limits, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Say what it takes, add it, and run all that is left; the exit code. Raises BadInput, BadParameter, UsageError."""
    has_arms = arms.words is not None or bool(arms.files)
    has_rows = more.data is not None or limits.rows is not None
    if has_arms == has_rows:
        raise click.UsageError(
            "Say what is added: further rows (a table, or --rows N of its own table), or arms (--arms LIST, --arm NAME=PROGRAM.json). "
            "One of both at a time."
        )
    snapshot, programs = open_ended(text, more.program, as_json=as_json)
    added = _add_arms(snapshot, arms) if has_arms else _add_rows(snapshot, more, limits.rows, programs)
    read_plan(added.whole, added.dataset, is_live=bool(programs), pilot=snapshot)
    plan = read_plan(added.part, added.dataset, is_live=bool(programs), pilot=snapshot)
    lines = describe_addition(plan, added.part)
    if dry_run:
        if as_json:
            print_json(plan_to_json(plan))
        else:
            print_text("\n".join(lines))
        return DONE
    print_text("\n".join([*lines, "What has run is not paid for again."]), err=True)
    for arm in () if programs else added.whole.arms:
        for model in arm.spec.models.values():
            require_key(model)
    if not yes:
        confirm(plan)
    _keep(snapshot.experiment, added.whole)
    change_limits(added.whole, limits)
    experiments.resume(snapshot.experiment.id, programs=programs)
    return follow(snapshot.experiment.id, as_json=as_json)


def _add_rows(
    snapshot: Snapshot, more: MoreRows, rows: int | None, programs: Mapping[str, BestOfN]
) -> Addition:
    """The experiment with further rows: those of a table behind its own, or more of its own. rows: how many it then has in all."""
    experiment, dataset = snapshot.experiment, snapshot.dataset
    file = experiment.arms[0].spec.program_file
    if file and not programs:
        raise BadInput(
            f"This experiment runs the Python program {file}, and goes on only with it: "
            f"refinescope batch --add-to {experiment.id} {file} MORE.csv"
        )
    run = experiment.count_rows(len(dataset.rows))
    if more.data is not None:
        opened = batch_table.open_data(more.data, encoding=more.encoding)
        dataset = batch_table.keep_behind(opened, dataset, experiment.arms[0].spec, skip_bad=more.skip_bad)
    there = len(dataset.rows)
    wanted = there if rows is None else rows
    if wanted > there:
        raise BadInput(
            f"{dataset.name} has {pluralize(there, 'row')}, so --rows {wanted} is too many. "
            f"Give a table with further ones: refinescope batch --add-to {experiment.id} MORE.csv"
        )
    if wanted <= run:
        raise BadInput(
            f"{experiment.name} has {pluralize(run, 'input')} already; --rows says how many it then has in all."
        )
    whole = replace(experiment, dataset_version=dataset.version, rows=None if wanted == there else wanted)
    return Addition(whole, replace(whole, rows=wanted - run), dataset)


def _add_arms(snapshot: Snapshot, options: ArmOptions) -> Addition:
    """The experiment with further arms: its first program tried again in other ways, and programs of their own."""
    experiment = snapshot.experiment
    if file := experiment.arms[0].spec.program_file:
        raise BadInput(
            f"This experiment runs the Python program {file}, to which no arm can be added; begin another: "
            f"refinescope batch {file} DATA.csv --arms LIST"
        )
    arms = list_more_arms(experiment.arms, options)
    whole = replace(experiment, arms=(*experiment.arms, *arms))
    return Addition(whole, replace(experiment, arms=arms), snapshot.dataset)


def _keep(before: Experiment, whole: Experiment) -> None:
    """Make it so in the store."""
    for arm in whole.arms[len(before.arms) :]:
        experiments.add_arm(before.id, arm)
    if (whole.dataset_version, whole.rows) != (before.dataset_version, before.rows):
        experiments.add_rows(before.id, whole.dataset_version, whole.rows)
