"""`refinescope import FILE`: runs out of a file that Refinescope wrote, here or elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from refine_core.cli.output import BadInput, print_json, print_text
from refine_core.formatting import pluralize

if TYPE_CHECKING:
    from refine_core.export import Imported


@click.command("import", epilog="Example: refinescope import run.html && refinescope runs --limit 1")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print what became of each file as a line of JSON.")
def command(*, files: tuple[Path, ...], as_json: bool) -> None:
    """Take in the runs of files that `refinescope export` or the app wrote, JSONL or HTML, and of traces of dspy; - is standard input.

    Of each file all runs are taken in, or none; the other files are read on, and the exit code is then 2. A run that is here already stays as it is. Nothing in a file is ever run, and
    an imported run says that it is one.
    """
    from refine_core.export import ImportRefused, import_runs
    from refine_core.runs import default

    refusals = []
    for file in files:
        name = "standard input" if str(file) == "-" else str(file)
        try:
            imported = import_runs(default().store, _read(file))
        except (ImportRefused, BadInput) as refused:
            refusals.append(
                refused.message if isinstance(refused, BadInput) else f"{name} was not imported: {refused}"
            )
            continue
        if as_json:
            print_json(
                {
                    "file": str(file),
                    "runs": list(imported.run_ids),
                    "new": list(imported.new),
                    "known": list(imported.known),
                    "renamed": dict(imported.renamed),
                }
            )
        else:
            _print(name, imported)
    if refusals:
        raise BadInput("\n".join(refusals))


def _read(file: Path) -> bytes:
    """All of a file. Raises BadInput."""
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from None


def _print(name: str, imported: Imported) -> None:
    for run_id in imported.new:
        print_text(f"{run_id}  new from {name}; refinescope show {run_id} shows it")
    for run_id in imported.known:
        print_text(f"{run_id}  was here already")
    for old, new in imported.renamed:
        print_text(f"{new}  is {old} in the file: another run has that id here")
    print_text(f"Imported {pluralize(len(imported.new), 'run')}.")
