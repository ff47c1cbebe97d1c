"""`refinescope rows FILE`: what is in a file of outputs; with --json, its rows in our own form."""

from __future__ import annotations

from pathlib import Path

import click

from refine_core.cli.output import print_json


@click.command("rows")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSONL, one row a line.")
def command(file: Path, as_json: bool) -> None:
    """Read a file of recorded outputs and print its rows."""
    from refine_core.rows import read_rows

    rows = read_rows(file)
    if as_json:
        for row in rows:
            print_json(row.to_json())
        return
    click.echo(f"{rows.name}: {len(rows):,} rows, read as {rows.format}.")
