"""`refinescope batch`: several programs on a table of inputs, and one honest answer. Here are its options, and which of its stories they begin.

batch_start   a new experiment          batch_resume  --resume, --retry-failed      batch_add   --add-to
batch_source  what is compared          batch_table   DATA                          batch_following, batch_result   what is shown
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Final

import click

from refine_core.cli.numbers import Number
from refine_core.cli.output import DONE, Question
from refine_core.cli.shared_options import trust_address

_AT_ONCE: Final = 8
_PYTHON: Final = ".py"
_OF_MORE: Final = frozenset(
    {
        "program",
        "budget_usd",
        "budget_calls",
        "budget_tokens",
        "at_once",
        "rpm",
        "tpm",
        "yes",
        "as_json",
        "resume",
        "retry_failed",
        "add_to",
    }
)
"""Options that an experiment takes which is there already."""
_OF_ADDED: Final = _OF_MORE | {
    "data", "arms", "files", "models", "base_url", "key_env", "reward", "function", "threshold", "rows", "encoding", "skip_bad", "trusted", "dry_run",
}  # fmt: skip


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
@click.option(
    "--resume",
    metavar="ID",
    help="Run what is left of an experiment; with --budget-…, --at-once, --rpm or --tpm within other limits.",
)
@click.option(
    "--add-to",
    metavar="ID",
    help="Add rows (DATA, or --rows N in all) or arms (--arms, --arm) to an experiment, and run them.",
)
@click.option("--retry-failed", metavar="ID", help="Run the failed cells of an experiment again.")
@click.option("--list", "lists", is_flag=True, help="List the experiments.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of EXPERIMENT.json.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
@click.pass_context
def command(  # an option each
    context: click.Context,
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
    add_to: str | None,
    retry_failed: str | None,
    lists: bool,
    schema: bool,
    as_json: bool,
) -> int:
    """Run several programs on every row of a table, and say which one is better, and at what price.

    Give a program (as `refinescope run` takes it) with a table: CSV, JSONL, JSON or Parquet, - for standard input, runs:TEXT for the inputs of
    saved runs, or saved:NAME for a saved dataset. Or give an experiment: a JSON file that names arms and dataset. What it will take, and every problem of the table, is said
    before anything is asked.

    Each cell is an ordinary run, kept with all others. Ctrl-C keeps what has ended; --resume goes on, and pays nothing twice. Keys come from the
    environment only.
    """
    from refine_core.cli.batch_limits import Limits
    from refine_core.cli.batch_source import EXAMPLE, ArmOptions, load_source
    from refine_core.cli.run_spec import RunOptions

    if schema:
        return _print_schema()
    if lists:
        from refine_core.cli.batch_list import print_experiments

        return print_experiments(as_json=as_json)
    limits = Limits(repeats, rows, seed, budget_usd, budget_calls, budget_tokens, at_once, rpm, tpm, name)
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
    if sum(one is not None for one in (resume, retry_failed, add_to)) > 1:
        raise click.UsageError("Give --resume ID, --retry-failed ID or --add-to ID, not both.")
    if add_to is not None:
        from refine_core.cli import batch_add

        _refuse_others(context, _OF_ADDED)
        is_python = program is not None and program.endswith(_PYTHON)
        if data is not None and not is_python:
            raise click.UsageError("An experiment keeps its program; give only the table of further rows.")
        more = batch_add.MoreRows(
            data if is_python else program, encoding, skip_bad, program if is_python else None
        )
        return batch_add.add(add_to, more, wanted, limits, dry_run=dry_run, yes=yes, as_json=as_json)
    if resume is not None or retry_failed is not None:
        from refine_core.cli import batch_resume

        if data is not None or (program is not None and not program.endswith(_PYTHON)):
            raise click.UsageError(
                "An experiment that goes on has its program and its table; leave them out, or add rows with --add-to."
            )
        _refuse_others(context, _OF_MORE)
        go_on = batch_resume.resume if resume is not None else batch_resume.retry_failed
        return go_on(resume or retry_failed or "", program, limits, as_json=as_json)
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
    from refine_core.cli import batch_start

    if program is not None and program.endswith(_PYTHON):
        from refine_core.cli.batch_program import load_live

        source = load_live(Path(program), wanted)
    else:
        source = load_source(None if program is None else Path(program), example, wanted)
    dataset = batch_start.read_dataset(source, data, columns, encoding, skip_bad=skip_bad)
    experiment = batch_start.make_experiment(source, dataset, limits)
    return batch_start.start(experiment, dataset, source, dry_run=dry_run, yes=yes, as_json=as_json)


def _refuse_others(context: click.Context, taken: Collection[str]) -> None:
    """Raise UsageError for an option that would change nothing, as the experiment has it already."""
    from click.core import ParameterSource

    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if source is ParameterSource.COMMANDLINE and option.name not in taken:
            raise click.UsageError(
                f"{option.opts[0]} is for a new experiment; this one has its own. Leave it out."
            )


def _print_schema() -> int:
    import json

    from refine_core.experiments.json_document import list_schema

    sys.stdout.flush()
    sys.stdout.buffer.write((json.dumps(list_schema(), indent=2, ensure_ascii=False) + "\n").encode())
    return DONE
