"""`refinescope copy-store FROM TO`: a whole history, from one database into another."""

from __future__ import annotations

import sys
from contextlib import closing

import click

from refine_core.cli.output import BadInput, print_json, print_text
from refine_core.errors import StoreError


@click.command(
    "copy-store",
    epilog="Example: refinescope copy-store sqlite: postgresql://refinescope@db.example/refinescope",
)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def command(*, source: str, target: str, as_json: bool) -> None:
    """Copy a whole history from one database into another, and compare all of it there.

    FROM and TO are sqlite:PATH, sqlite: for the file in the data folder, or postgresql://user@host/database. A password is better left to PGPASSWORD or
    ~/.pgpass. Nothing is changed in FROM, but that one of an older version is brought up to date. A copy that was cut off goes on when you
    call it again.
    """
    from refine_core.store import open_store
    from refine_core.store.copying import copy_store

    if source == target:
        raise BadInput("FROM and TO are the same database.")
    try:
        with closing(open_store(database=source)) as old, closing(open_store(database=target)) as new:
            for notice in (*old.notices, *new.notices):
                print_text(notice, err=True)
            copied = copy_store(old, new, _show if sys.stderr.isatty() else lambda _done, _total: None)
    except StoreError as error:
        raise BadInput(f"{error}.") from error
    if as_json:
        print_json(
            {"new_runs": copied.new, "counts": {name: list(two) for name, two in copied.counts.items()}}
        )
        return
    print_text(f"{'':<12}{'FROM':>12}{'TO':>12}")
    for name, (here, there) in copied.counts.items():
        print_text(f"{name:<12}{here:>12,}{there:>12,}")
    print_text("Every run has the same events in both. New in TO: " + f"{copied.new:,} runs.")


def _show(done: int, total: int) -> None:
    """How far it is, on one line."""
    click.echo(f"\r{done:,} of {total:,} runs", err=True, nl=done == total)
