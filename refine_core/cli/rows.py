"""`refinescope rows FILE`: what is in a file of outputs; with --json, its rows in our own form."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from refine_core.cli.output import Question, print_json, print_text
from refine_core.cli.run_ids import find_run_id
from refine_core.formatting import pluralize

if TYPE_CHECKING:
    from refine_core.rows import MappingQuestion, Role, RowFile, RowSet


_RUN, _RUNS = "run:", "runs:"
beside_option = click.option(
    "--beside",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The input of the OpenAI batch whose output this is, or a table with custom_id: rows get its prompts.",
)


@click.command("rows")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="ROLE=COLUMN",
    help="What a column is: input, output, expected, group, reward, part, label, feedback, id or leave-out.",
)
@beside_option
@click.option("--encoding", help="Of a text file that is not UTF-8, such as cp1252.")
@click.option(
    "--skip-bad", is_flag=True, help="Leave out rows that cannot be read, instead of stopping at the first."
)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSONL, one row a line.")
def command(
    *,
    file: Path,
    pairs: Sequence[str],
    beside: Path | None,
    encoding: str | None,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Read a file of recorded outputs and print its rows.

    FILE is CSV, TSV, JSON, JSONL, Parquet, or what another tool has written: promptfoo, OpenAI, TRL, Inspect, verifiers, verl, dspy,
    lm-eval, LangSmith, Phoenix. The content decides, not the name. “-” reads standard input; run:ID is a saved run, and runs:TEXT all runs that a
    search for TEXT finds.
    """
    rows = load_rows(file, pairs, beside=beside, encoding=encoding, skip_bad=skip_bad, as_json=as_json)
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


def load_rows(
    file: Path,
    pairs: Sequence[str],
    *,
    beside: Path | None = None,
    encoding: str | None = None,
    skip_bad: bool = False,
    as_json: bool = False,
) -> RowSet:
    """The rows of a file, for any command that takes one. pairs: of --map. beside: a file that a batch's output is joined with. What was guessed or left out goes to standard error.

    Raises Question where columns are not known, click.UsageError and RowsError.
    """
    from refine_core.rows import MappingQuestion, parse_mapping, read_rows

    try:
        choices = parse_mapping(pairs)
    except ValueError as error:
        raise click.UsageError(f"--map: {error}") from None
    if file.suffix == ".py":
        raise click.UsageError(f"{file.name} is Python source, not a file of rows.")
    if _names_runs(file):
        if choices:
            raise click.UsageError("--map: saved runs need none")
        if beside is not None:
            raise click.UsageError("--beside: saved runs need none")
        return _rows_of_runs(str(file), as_json=as_json)
    opened = _open(file, beside, encoding)
    mapping: dict[str, Role] | None = choices or None
    if opened.format is None:
        question = opened.ask()
        if not choices or question.missing(choices):
            raise Question(_describe(question, choices), ask=question.to_json(choices), as_json=as_json)
        mapping = question.complete(choices)
        for guess in question.columns:
            if guess.column in mapping and guess.column not in choices:
                print_text(f"{guess.column}: {guess.role} ({guess.reason})", err=True)
    rows = read_rows(opened, mapping, skip_bad=skip_bad)
    assert not isinstance(rows, MappingQuestion)  # noqa: S101  # there is a mapping, or a format
    for note in rows.notes:
        print_text(note, err=True)
    if rows.bad_count:
        print_text(f"{rows.bad_count:,} rows cannot be read and were left out:", err=True)
        for problem in rows.problems:
            print_text(f"  {problem.place}: {problem.message}", err=True)
    return rows


def _open(file: Path, beside: Path | None, encoding: str | None) -> RowFile:
    """A file, or standard input, joined with the one beside it if there is one. Raises RowsError."""
    from refine_core.rows import join, open_file

    if str(file) == "-":
        opened = open_file(sys.stdin.buffer.read(), name="standard input", encoding=encoding)
    else:
        opened = open_file(file, encoding=encoding)
    return opened if beside is None else join(opened, open_file(beside, encoding=encoding))


def _names_runs(file: Path) -> bool:
    return str(file).startswith((_RUN, _RUNS)) and not file.exists()


def _rows_of_runs(ref: str, *, as_json: bool) -> RowSet:
    """The attempts of one saved run ("run:ID") or of every run that a search finds ("runs:TEXT").

    Raises BadInput, RowsError, StoreError; Question for a part of an id that several runs have.
    """
    from refine_core.errors import RowsError
    from refine_core.rows import RowSet
    from refine_core.workbench import find_runs, load_source, run_ref

    if ref.startswith(_RUN):
        run_ids = [find_run_id(ref, as_json=as_json)]
    else:
        run_ids = find_runs(ref.removeprefix(_RUNS))
    sources = [source for run_id in run_ids if (source := load_source(run_ref(run_id))) is not None]
    if not sources:
        raise RowsError(f"No run matches {ref.removeprefix(_RUNS)}.", file=ref)
    rows = RowSet(
        (row for source in sources for row in source.rows),
        name=sources[0].title if len(sources) == 1 else f"{len(sources):,} runs",
        format="saved runs",
    )
    if not len(rows):
        raise RowsError(f"{rows.name}: no attempt has an output.", file=ref)
    return rows


def _describe(question: MappingQuestion, choices: dict[str, Role]) -> str:
    """The question as a table for people, with the options that would answer it."""
    lines = [f"{question.name}: {question.count:,} rows, {question.read_as}. Say what its columns are:", ""]
    width = max((len(guess.column) for guess in question.columns), default=0)
    for guess in question.columns:
        role = choices.get(guess.column) or guess.role or "?"
        reason = "as you said" if guess.column in choices else guess.reason
        lines.append(f"  {guess.column:<{width}}  {role:<10} {reason}")
    roles = {g.column: choices.get(g.column) or g.role or "ROLE" for g in question.columns}
    options = [
        "--map " + shlex.quote(f"{role.replace(' ', '-')}={column}")
        for column, role in roles.items()
        if role != "leave out"
    ]
    if question.missing(choices):
        lines += ["", question.missing(choices)]
    return "\n".join([*lines, "", f"Answer with: {' '.join(options)}"])
