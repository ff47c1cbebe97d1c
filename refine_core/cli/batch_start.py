"""A new experiment of `refinescope batch`: its table, its limits, what it takes, and then its start.

BatchSource + DATA --> Dataset + Experiment --> plan --> started
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import click

from refine_core import experiments
from refine_core.cli import batch_table
from refine_core.cli.batch_columns import choose_columns, describe_columns
from refine_core.cli.batch_following import follow
from refine_core.cli.batch_limits import Limits, limit_budget, limit_rates
from refine_core.cli.batch_plan import confirm, describe_plan, plan_to_json, read_plan
from refine_core.cli.batch_source import BatchSource
from refine_core.cli.output import DONE, print_json, print_text
from refine_core.cli.run_spec import require_key
from refine_core.datasets import Dataset
from refine_core.experiments import Experiment
from refine_core.experiments.json_document import ExperimentDocument


def read_dataset(
    source: BatchSource, data: str | None, columns: Sequence[str], encoding: str | None, *, skip_bad: bool
) -> Dataset:
    """The table, checked and kept; every problem of it is said first. Raises BadInput, BadParameter, UsageError."""
    if data is not None:
        opened = batch_table.open_data(data, encoding=encoding)
    elif source.document is not None and source.document.dataset is not None:
        opened = batch_table.open_document(source.document.dataset)
    elif source.table is not None:
        opened = batch_table.OpenedTable(source.table)
    else:
        raise click.UsageError("Give a table, too: refinescope batch PROGRAM DATA.csv")
    said = (
        source.document.dataset.columns
        if data is None and source.document and source.document.dataset
        else ()
    )
    chosen = choose_columns(opened, source.spec, columns, said)
    print_text("\n".join([opened.summary, *describe_columns(chosen)]), err=True)
    return batch_table.keep_checked(opened, chosen, source.spec, skip_bad=skip_bad)


def make_experiment(source: BatchSource, dataset: Dataset, limits: Limits) -> Experiment:
    """The experiment, as its document and the options say."""
    said = source.document or ExperimentDocument("", ())
    named = limits.name or said.name or f"{source.title} on {dataset.name}"
    return Experiment(
        experiments.new_experiment_id(),
        named,
        time.time(),
        dataset.id,
        dataset.version,
        source.arms,
        limits.rows or said.rows,
        limits.repeats or said.repeats,
        said.seed if limits.seed is None else limits.seed,
        limit_budget(said.budget, limits),
        limit_rates(said.rate_limits, source.arms, limits),
    )


def start(
    experiment: Experiment, dataset: Dataset, source: BatchSource, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Say what it takes, and run it; the exit code."""
    plan = read_plan(experiment, dataset, is_live=bool(source.programs))
    if dry_run:
        if as_json:
            print_json(plan_to_json(plan))
        else:
            print_text("\n".join(describe_plan(plan, experiment)))
        return DONE
    print_text("\n".join(describe_plan(plan, experiment)), err=True)
    for arm in experiment.arms:
        for model in arm.spec.models.values():
            require_key(model)
    if not yes:
        confirm(plan)
    started = experiments.start(experiment, programs=source.programs)
    return follow(started, as_json=as_json)
