"""`refinescope copy-store FROM TO`: a whole history into another database, read back and compared."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import click

from refine_core.cli.output import CheckFailed, print_json, print_text
from refine_core.cli.terminal import Terminal, one_line
from refine_core.formatting import pluralize

if TYPE_CHECKING:
    from refine_core.store.copying import Copied

NAMED = 20  # differences, and runs that had not ended, that are listed for people


@click.command(
    "copy-store",
    epilog="Example: refinescope copy-store sqlite: postgresql://refinescope@db.example/refinescope",
)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option(
    "--upgrade-source",
    is_flag=True,
    help="Bring a FROM of an older version up to date first, which changes it; without this it is refused.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def command(*, source: str, target: str, upgrade_source: bool, as_json: bool) -> None:
    """Copy a whole history from one database into another, read it back, and compare all of it.

    FROM and TO are sqlite:PATH, sqlite: for the file in the data folder, or postgresql://user@host/database. A password is better left to PGPASSWORD or
    ~/.pgpass. FROM may be in use, and is not changed. TO is made if need be; what it has already stays as it is, so a copy that was cut off
    goes on when you call it again. The exit code is 1 if something differs.
    """
    from refine_core.store import open_store
    from refine_core.store.copying import copy_store, open_source

    terminal = Terminal(sys.stderr)

    def show(doing: str, done: int, total: int) -> None:
        terminal.show_status(f"{doing}: {done:,} of {total:,}")

    try:
        with (
            closing(open_source(source, upgrade=upgrade_source)) as old,
            closing(open_store(database=target)) as new,
        ):
            copied = copy_store(old, new, show)
    except KeyboardInterrupt:
        terminal.write("What was copied so far is in TO. The same command copies the rest.")
        raise
    finally:
        terminal.clear_status()
    if as_json:
        counts = {name: list(two) for name, two in copied.counts.items()}
        print_json(
            {
                "new_runs": copied.new,
                "counts": counts,
                "different": copied.different,
                "unfinished": list(copied.unfinished),
            }
        )
    else:
        _print(copied)
    if different := copied.different:
        raise CheckFailed(
            f"Error: {pluralize(len(different), 'row')} of FROM {'is' if len(different) == 1 else 'are'} different in TO and "
            f"stayed so: {_name_some(different)}"
        )


def _print(copied: Copied) -> None:
    print_text(f"{'':<12}{'FROM':>12}{'equal in TO':>14}")
    for name, (here, there) in copied.counts.items():
        print_text(f"{name:<12}{here:>12,}{there:>14,}")
    if unfinished := copied.unfinished:
        count = pluralize(len(unfinished), "run")
        print_text(f"{count} had not ended, and can be resumed in TO: {_name_some(unfinished)}.")
    if not copied.different:
        print_text(f"Every run has the same events in both. New in TO: {pluralize(copied.new, 'run')}.")


def _name_some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return one_line(", ".join(names[:NAMED])) + (f" and {more} more" if more > 0 else "")
