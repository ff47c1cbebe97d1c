"""What the commands that take recorded outputs share: its options, and the rows of a file or of saved runs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.output import Question, counting_rows, print_text
from refine_core.cli.run_ids import find_run_id

if TYPE_CHECKING:
    from refine_core.rows import MappingQuestion, Role, RowFile, RowSet

_RUN, _RUNS = "run:", "runs:"
_OPTIONS: Final = (
    click.option(
        "--map",
        "pairs",
        multiple=True,
        metavar="ROLE=COLUMN",
        help="What a column of the rows is: input, output, expected, group, reward, part, label, feedback, id or leave-out.",
    ),
    click.option(
        "--join",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Where an OpenAI batch's output finds its prompts: the batch's input, or a table with a column custom_id.",
    ),
    click.option("--encoding", help="Of a file of rows that is text and not UTF-8, such as cp1252."),
    click.option(
        "--skip-bad",
        is_flag=True,
        help="Leave out rows that cannot be read, instead of stopping at the first.",
    ),
)


@dataclass(frozen=True, slots=True)
class RowOptions:
    """How rows are read. pairs: ROLE=COLUMN. join: a second file, for the output of an OpenAI batch."""

    pairs: tuple[str, ...] = ()
    join: Path | None = None
    encoding: str | None = None
    skip_bad: bool = False


def row_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --map, --join, --encoding and --skip-bad, together as `reading`: RowOptions."""

    @wraps(command)
    def call(
        *arguments: object,
        pairs: tuple[str, ...],
        join: Path | None,
        encoding: str | None,
        skip_bad: bool,
        **more: object,
    ) -> None:
        command(*arguments, reading=RowOptions(pairs, join, encoding, skip_bad), **more)

    with_options: Callable[..., None] = call
    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options


def load_rows(file: Path, options: RowOptions, *, as_json: bool = False) -> RowSet:
    """The rows of a file. What was guessed or left out goes to standard error.

    Raises Question where columns are not known, click.UsageError and RowsError.
    """
    from refine_core.rows import is_batch_output, parse_mapping

    try:
        choices = parse_mapping(options.pairs)
    except ValueError as error:
        raise click.UsageError(f"--map: {error}") from None
    if file.suffix == ".py":
        raise click.UsageError(f"{file.name} is Python source, not a file of rows.")
    if _names_runs(file):
        if choices:
            raise click.UsageError("--map: saved runs need none")
        if options.join is not None:
            raise click.UsageError("--join: saved runs need none")
        return _rows_of_runs(str(file), as_json=as_json)
    opened = _open(file, options)
    rows = _read(opened, choices, skip_bad=options.skip_bad, as_json=as_json)
    for note in rows.notes:
        print_text(note, err=True)
    if is_batch_output(opened):
        print_text("Add --join FILE to read them from there.", err=True)
    if rows.bad_count:
        print_text(f"{rows.bad_count:,} rows cannot be read and were left out:", err=True)
        for problem in rows.problems:
            print_text(f"  {problem.place}: {problem.message}", err=True)
    return rows


def _read(opened: RowFile, choices: dict[str, Role], *, skip_bad: bool, as_json: bool) -> RowSet:
    """The rows of a file by what was said of its columns. Raises Question, RowsError."""
    from refine_core.rows import MappingQuestion, read_rows

    mapping: dict[str, Role] | None = choices or None
    if opened.format is None:
        with counting_rows() as count:
            question = opened.ask(count)
        if not choices or question.missing(choices):
            raise Question(_describe(question, choices), ask=question.to_json(choices), as_json=as_json)
        mapping = question.complete(choices)
        for guess in question.columns:
            if guess.column in mapping and guess.column not in choices:
                print_text(f"{guess.column}: {guess.role} ({guess.reason})", err=True)
    with counting_rows() as count:
        rows = read_rows(opened, mapping, skip_bad=skip_bad, on_progress=count)
    assert not isinstance(rows, MappingQuestion)  # noqa: S101  # there is a mapping, or a format
    return rows


def _open(file: Path, options: RowOptions) -> RowFile:
    """A file, or standard input, joined with a second one where that was said. Raises RowsError."""
    from refine_core.rows import join, open_file

    encoding = options.encoding
    if str(file) == "-":
        opened = open_file(sys.stdin.buffer.read(), name="standard input", encoding=encoding)
    else:
        opened = open_file(file, encoding=encoding)
    if options.join is None:
        return opened
    with counting_rows() as count:
        return join(opened, open_file(options.join, encoding=encoding), on_progress=count)


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
