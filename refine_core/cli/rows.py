"""`refinescope rows FILE`: what is in a file of outputs; with --json, its rows in our own form."""

from __future__ import annotations

from pathlib import Path

import click

from refine_core.cli.output import print_json, print_text
from refine_core.cli.row_options import RowOptions, load_rows, row_options
from refine_core.formatting import pluralize


@click.command("rows", epilog="Example: refinescope rows results.csv --map output=answer --json")
@click.argument("file", type=click.Path(path_type=Path))
@row_options
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSONL, one row a line.")
def command(file: Path, *, reading: RowOptions, as_json: bool) -> None:
    """Read a file of recorded outputs and print its rows.

    FILE is CSV, TSV, JSON, JSONL, Parquet, or what another tool has written: promptfoo, OpenAI, TRL, Inspect, verifiers, verl, dspy,
    lm-eval, LangSmith, Phoenix. The content decides, not the name. “-” reads standard input; run:ID is a saved run, and runs:TEXT all runs that a
    search for TEXT finds.
    """
    rows = load_rows(file, reading, as_json=as_json)
    if as_json:
        for row in rows:
            print_json(row.to_json())
        return
    print_text(f"{rows.name}: {pluralize(len(rows), 'row')}, read as {rows.format}.")
    columns = rows.columns
    for title, names in (
        ("inputs", columns.inputs),
        ("outputs", columns.prediction),
        ("expected", columns.expected),
        ("parts of the reward", columns.parts),
    ):
        if names:
            print_text(f"  {title}: {', '.join(names)}")
    counts = [pluralize(rows.groups, "group")] * bool(rows.groups)
    counts += [f"{rows.scored:,} with a reward"] * bool(rows.scored)
    counts += [f"{rows.labelled:,} with a label"] * bool(rows.labelled)
    print_text(f"  {', '.join(counts)}" if counts else "  no rewards, no labels")
