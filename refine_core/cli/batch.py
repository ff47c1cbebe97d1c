"""`refinescope batch PROGRAM.json DATA.csv`: several programs on a table of inputs, and one honest answer."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.numbers import Number
from refine_core.cli.output import DONE, BadInput, Question, print_json, print_text
from refine_core.cli.shared_options import trust_address
from refine_core.cli.terminal import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refine_core.cli.batch_source import BatchSource
    from refine_core.datasets import Column, Dataset
    from refine_core.experiments import Budget, Experiment, RateLimit

_AT_ONCE: Final = 8
_PYTHON: Final = ".py"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the options say of an experiment as a whole. None: as its document says, else the usual."""

    repeats: int | None
    rows: int | None
    seed: int | None
    usd: float | None
    calls: int | None
    tokens: int | None
    at_once: int | None
    rpm: int | None
    tpm: int | None
    name: str | None


@click.command(
    "batch",
    epilog="Example: refinescope batch --example customer_messages --arms refine,best_of_5 --rows 20 --repeats 2",
)
@click.argument("program", required=False, metavar="EXPERIMENT.json|PROGRAM.json|PROGRAM.py")
@click.argument("data", required=False, metavar="DATA.csv")
@click.option(
    "--example",
    metavar="NAME",
    help="A worked example in place of a program; customer_messages has a table, too.",
)
@click.option(
    "--arms",
    metavar="LIST",
    help="What is compared: refine, best_of_5, single, no_hints, with any number. Default: refine, best of as many, single.",
)
@click.option(
    "--arm", "files", multiple=True, metavar="NAME=PROGRAM.json", help="One more arm; may be repeated."
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="Run on this model; repeated: each arm on each of them.",
)
@click.option("--base-url", metavar="URL", help="Where the model is, if not at its provider.")
@click.option("--key-env", metavar="NAME", help="The environment variable that holds its key.")
@click.option(
    "--reward",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A Python file with another reward.",
)
@click.option("--function", metavar="NAME", help="Which function of the reward's file, or of PROGRAM.py.")
@click.option("--threshold", metavar="X", help="Of every arm; none to make every attempt.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="ROLE=COLUMN",
    help="What a column is: the name of an input, reward-only, or left-out. Columns that are not named are guessed.",
)
@click.option("--rows", type=click.IntRange(min=1), help="How many rows, the first ones. Default: all.")
@click.option("--repeats", type=click.IntRange(min=1), help="How often each arm runs each row. Default: 1.")
@click.option("--seed", type=int, help="Of the first repeat; the next one has the next seed.")
@click.option("--budget-usd", type=Number(min=0), help="Stop before the first call after so many US dollars.")
@click.option("--budget-calls", type=click.IntRange(min=1), help="Stop after so many calls.")
@click.option("--budget-tokens", type=click.IntRange(min=1), help="Stop after so many tokens.")
@click.option(
    "--at-once",
    type=click.IntRange(min=1),
    help=f"Calls under way at one model, at most. Default: {_AT_ONCE}.",
)
@click.option("--rpm", type=click.IntRange(min=1), help="Requests a minute to one model, at most.")
@click.option("--tpm", type=click.IntRange(min=1), help="Tokens a minute to one model, at most.")
@click.option("--name", "--title", "name", help="What the experiment is called.")
@click.option(
    "--table-encoding",
    "encoding",
    metavar="NAME",
    help="Of a table that is text and not UTF-8, such as cp1252.",
)
@click.option("--skip-bad-rows", "skip_bad", is_flag=True, help="Leave out rows that cannot be run.")
@trust_address
@click.option("--dry-run", is_flag=True, help="Say what it would take; start nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before an experiment that costs more than a dollar.")
@click.option("--resume", metavar="ID", help="Go on with an experiment: run what is left of it.")
@click.option("--retry-failed", metavar="ID", help="Run the failed cells of an experiment again.")
@click.option("--list", "lists", is_flag=True, help="List the experiments.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of EXPERIMENT.json.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(  # an option each
    *,
    program: str | None,
    data: str | None,
    example: str | None,
    arms: str | None,
    files: tuple[str, ...],
    models: tuple[str, ...],
    base_url: str | None,
    key_env: str | None,
    reward: Path | None,
    function: str | None,
    threshold: str | None,
    columns: tuple[str, ...],
    rows: int | None,
    repeats: int | None,
    seed: int | None,
    budget_usd: float | None,
    budget_calls: int | None,
    budget_tokens: int | None,
    at_once: int | None,
    rpm: int | None,
    tpm: int | None,
    name: str | None,
    encoding: str | None,
    skip_bad: bool,
    trusted: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    resume: str | None,
    retry_failed: str | None,
    lists: bool,
    schema: bool,
    as_json: bool,
) -> int:
    """Run several programs on every row of a table, and say which one is better, and at what price.

    Give a program (as `refinescope run` takes it) with a table: CSV, JSONL, JSON or Parquet, - for standard input, or runs:TEXT for the inputs of
    saved runs. Or give an experiment: a JSON file that names arms and dataset. What it will take, and every problem of the table, is said
    before anything is asked.

    Each cell is an ordinary run, kept with all others. Ctrl-C keeps what has ended; --resume goes on, and pays nothing twice. Keys come from the
    environment only.
    """
    from refine_core.cli.batch_source import EXAMPLE, ArmOptions, load_source

    if schema:
        return _print_schema()
    if lists:
        from refine_core.cli.batch_list import print_experiments

        return print_experiments(as_json=as_json)
    limits = Limits(repeats, rows, seed, budget_usd, budget_calls, budget_tokens, at_once, rpm, tpm, name)
    if resume is not None or retry_failed is not None:
        if resume is not None and retry_failed is not None:
            raise click.UsageError("Give --resume ID or --retry-failed ID, not both.")
        if program is not None and not program.endswith(_PYTHON):
            raise click.UsageError(
                "An experiment that goes on has its program and its table; leave them out."
            )
        return _go_on(
            resume or retry_failed or "", program, limits, again=retry_failed is not None, as_json=as_json
        )
    if example is not None and data is None:
        program, data = None, program
    if program is not None and example is not None:
        raise click.UsageError("Give a program or --example NAME, not both.")
    if program is None and example is None:
        raise Question(
            "Say what to run: an experiment, or a program and a table. The worked example needs no key:\n"
            f"  refinescope batch --example {EXAMPLE}",
            ask={"example": [EXAMPLE]},
            as_json=as_json,
        )
    from refine_core.cli.run_spec import RunOptions

    wanted = ArmOptions(
        arms,
        files,
        models,
        RunOptions(
            threshold=threshold,
            reward=reward,
            function=function,
            model=models[0] if len(models) == 1 else None,
            base_url=base_url,
            key_env=key_env,
            as_json=as_json,
            trusted=trusted,
        ),
    )
    if program is not None and program.endswith(_PYTHON):
        from refine_core.cli.batch_program import load_live

        source = load_live(Path(program), wanted)
    else:
        source = load_source(None if program is None else Path(program), example, wanted)
    dataset = _read_dataset(source, data, columns, encoding, skip_bad=skip_bad)
    experiment = _make_experiment(source, dataset, limits)
    return _run(experiment, dataset, source, dry_run=dry_run, yes=yes, as_json=as_json)


def _read_dataset(
    source: BatchSource, data: str | None, columns: Sequence[str], encoding: str | None, *, skip_bad: bool
) -> Dataset:
    """The table, checked and kept; every problem of it is said first."""
    from refine_core.cli import batch_table

    said: Sequence[Column] = ()
    if data is not None:
        table = batch_table.open_data(data, encoding=encoding)
    elif source.document is not None and source.document.dataset is not None:
        table = batch_table.open_document(source.document.dataset)
        said = source.document.dataset.columns
    elif source.table is not None:
        table = source.table
    else:
        raise click.UsageError("Give a table, too: refinescope batch PROGRAM DATA.csv")
    chosen = batch_table.choose_columns(table, source.spec, columns, said)
    print_text(
        "\n".join([f"{table.name}: {table.total:,} rows", *batch_table.describe_columns(chosen)]), err=True
    )
    return batch_table.keep_checked(table, chosen, source.spec, skip_bad=skip_bad)


def _make_experiment(source: BatchSource, dataset: Dataset, limits: Limits) -> Experiment:
    import time

    from refine_core import experiments
    from refine_core.experiments import Experiment
    from refine_core.experiments.json_document import ExperimentDocument

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
        _limit_budget(said.budget, limits),
        _limit_rates(said.rate_limits, source, limits),
    )


def _limit_budget(budget: Budget, limits: Limits) -> Budget:
    given = {"calls": limits.calls, "tokens": limits.tokens, "usd": limits.usd}
    return replace(budget, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # fields by their names


def _limit_rates(said: Mapping[str, RateLimit], source: BatchSource, limits: Limits) -> dict[str, RateLimit]:
    """The limits of each model that an arm asks."""
    from refine_core.experiments import RateLimit

    given = {
        name: value
        for name, value in (
            ("at_once", limits.at_once),
            ("requests_per_minute", limits.rpm),
            ("tokens_per_minute", limits.tpm),
        )
        if value is not None
    }
    found = dict(said)
    asked = {model.label for arm in source.arms for model in arm.spec.models.values()}
    if given:
        for label in asked:
            found[label] = replace(found.get(label, RateLimit()), **given)
    for label in found.keys() - asked:
        print_text(
            one_line(
                f"rate_limits: no arm asks {label}, so this limits nothing; asked: {', '.join(sorted(asked))}"
            ),
            err=True,
        )
    return found


def _run(
    experiment: Experiment, dataset: Dataset, source: BatchSource, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Say what it takes, and run it."""
    from refine_core import experiments
    from refine_core.cli.batch_following import follow
    from refine_core.cli.batch_plan import confirm, describe_plan, plan_to_json, read_plan
    from refine_core.cli.run_spec import require_key

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


def _go_on(text: str, program: str | None, limits: Limits, *, again: bool, as_json: bool) -> int:
    """Run what is left of an experiment, or what failed of it."""
    from refine_core import experiments
    from refine_core.cli.batch_following import follow
    from refine_core.cli.experiment_ids import find_experiment_id, get_snapshot

    experiment_id = find_experiment_id(text, as_json=as_json)
    snapshot = get_snapshot(experiment_id)
    if snapshot.is_live:
        raise BadInput(
            f"{snapshot.experiment.name} is at work already; refinescope open {experiment_id} shows it."
        )
    budget = _limit_budget(snapshot.experiment.budget, limits)
    if budget != snapshot.experiment.budget:
        experiments.set_budget(experiment_id, budget)
    programs = {}
    if program is not None:
        from refine_core.cli.batch_program import load_again

        programs = load_again(Path(program), snapshot)
    if again:
        if not any(one.state == "failed" for one in snapshot.outcomes.values()):
            raise BadInput(f"No run of {snapshot.experiment.name} has failed.")
        experiments.retry_failed(experiment_id, programs=programs)
    elif snapshot.state == "finished":
        raise BadInput(
            f"Every run of {snapshot.experiment.name} has ended; refinescope show {experiment_id} has its answer, and "
            "--retry-failed runs again what failed."
        )
    else:
        experiments.resume(experiment_id, programs=programs)
    return follow(experiment_id, as_json=as_json)


def _print_schema() -> int:
    import json

    from refine_core.experiments.json_document import list_schema

    sys.stdout.flush()
    sys.stdout.buffer.write((json.dumps(list_schema(), indent=2, ensure_ascii=False) + "\n").encode())
    return DONE
