"""The table of `refinescope batch`: read, its columns matched with what the program takes, and every problem said before anything is spent.

DATA --open--> Table --choose_columns--> Column… --check--> problems by row and column, or a Dataset in the store
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.output import BadInput, counting_rows, print_text
from refine_core.cli.terminal import one_line
from refine_core.formatting import pluralize

if TYPE_CHECKING:
    from refine_core.datasets import Column, Dataset, Table, TableCheck
    from refine_core.experiments import json_document
    from refine_core.spec import ProgramSpec

_RUNS: Final = "runs:"
_REWARD_ONLY, _LEFT_OUT, _INPUT = "reward-only", "left-out", "input"


def open_data(source: str, *, encoding: str | None = None) -> Table:
    """The table in a file, in standard input ("-"), or of the inputs of saved runs ("runs:TEXT"). Raises RowsError, BadInput."""
    import sys

    from refine_core import datasets

    if source.startswith(_RUNS) and not Path(source).exists():
        return _open_runs(source.removeprefix(_RUNS))
    if source == "-":
        return datasets.open_table(sys.stdin.buffer.read(), name="standard input", encoding=encoding)
    with counting_rows() as count:
        return datasets.open_table(Path(source), encoding=encoding, on_progress=count)


def open_document(table: json_document.Table) -> Table:
    """The table of a document: a file, or rows that stand in it. Raises RowsError."""
    from refine_core import datasets

    if table.file is not None:
        with counting_rows() as count:
            return datasets.open_table(table.file, on_progress=count)
    text = json.dumps([dict(row) for row in table.rows], ensure_ascii=False)
    return datasets.open_table(text, name=table.name or "rows of the document")


def choose_columns(
    table: Table, spec: ProgramSpec, options: Sequence[str], said: Sequence[Column] = ()
) -> tuple[Column, ...]:
    """What each column is: as --column says, else as the document does, else as it is guessed. Raises BadParameter, BadInput."""
    from refine_core import datasets

    matching = _Matching(
        table, spec, {one.column.name: one.column for one in datasets.suggest_columns(table, spec)}
    )
    for column in said:
        role = {"reward only": _REWARD_ONLY, "left out": _LEFT_OUT}.get(column.role, column.field)
        matching.put(f"dataset.columns.{column.name}", column.name, role, column.field)
    for option in options:
        role, equals, name = option.partition("=")
        where = f"--column {one_line(option)}"
        if not equals or not role.strip() or not name:
            raise click.BadParameter(f"{where}: write INPUT=COLUMN, reward-only=COLUMN or left-out=COLUMN")
        matching.put(where, name, role.strip().replace(" ", "-"))
    return tuple(matching.chosen.values())


@dataclass(slots=True)
class _Matching:
    """The columns of a table while it is being said what they are. chosen: name of a column -> what it is."""

    table: Table
    spec: ProgramSpec
    chosen: dict[str, Column]

    def put(self, where: str, name: str, role: str, field: str = "") -> None:
        """Say what a column is. Raises BadInput.

        role: an input, "input" for the only one that is free, "reward-only", "left-out", or a name that the reward reads it by. field:
        that name, where the role does not say it.
        """
        from refine_core import datasets

        if name not in self.chosen:
            raise BadInput(f"{where}: {_no_column(self.table, name)}")
        inputs = datasets.list_inputs(self.spec)
        if role == _LEFT_OUT:
            self.chosen[name] = replace(self.chosen[name], role="left out")
            return
        if role == _INPUT and role not in inputs:
            role = self._only_free(where, name, inputs)
        if role in inputs:
            for other, column in list(self.chosen.items()):
                if column.field == role and other != name:
                    self.chosen[other] = datasets.reward_column(other, self.spec.reward, inputs)
            self.chosen[name] = datasets.input_column(name, inputs[role])
            return
        guessed = self.chosen[name]
        kind = guessed.type if guessed.role == "reward only" else ""
        field = field if role == _REWARD_ONLY else role
        made = datasets.reward_column(name, self.spec.reward, inputs, kind)
        self.chosen[name] = replace(made, field=field) if field and field != name else made

    def _only_free(self, where: str, name: str, inputs: Mapping[str, object]) -> str:
        taken = {one.field for one in self.chosen.values() if one.role == "input" and one.name != name}
        free = [one for one in inputs if one not in taken]
        if len(free) != 1:
            raise BadInput(
                f"{where}: say which input it is, as in INPUT={name}; they are {', '.join(inputs)}"
            )
        return free[0]


def describe_columns(columns: Sequence[Column]) -> list[str]:
    """What was made of the columns, in a line for each role."""
    lines = []
    for role, what in (
        ("input", "inputs"),
        ("reward only", "seen by the reward only"),
        ("left out", "left out"),
    ):
        names = [
            one.name if one.field in ("", one.name) or role == "left out" else f"{one.name} (as {one.field})"
            for one in columns
            if one.role == role
        ]
        if names:
            lines.append(f"  {one_line(what)}: {one_line(', '.join(names))}")
    return lines


def keep_checked(table: Table, columns: Sequence[Column], spec: ProgramSpec, *, skip_bad: bool) -> Dataset:
    """The table in the store, where equal ones are kept once. Raises BadInput with every problem of it."""
    from refine_core import datasets, runs

    check = datasets.check_table(table, columns, spec)
    if not check.is_ready(skip_bad=skip_bad):
        raise BadInput("\n".join(_describe_problems(table, check)))
    if check.bad:
        print_text(f"{pluralize(check.bad, 'row')} of {check.rows:,} left out:", err=True)
        for problem in check.problems:
            print_text(f"  {one_line(str(problem))}", err=True)
    for note in check.notes:
        print_text(one_line(note), err=True)
    return datasets.keep(runs.default().store, table, columns, skip_bad=skip_bad)


def _describe_problems(table: Table, check: TableCheck) -> list[str]:
    """Why the table cannot be used as it is, and what can be done."""
    lines = [
        f"{one_line(table.name)} cannot be used:"
        if check.blocking
        else f"{one_line(table.name)}: {pluralize(check.bad, 'row')} of {check.rows:,} cannot be run:"
    ]
    lines += [f"  {one_line(str(problem))}" for problem in (*check.blocking, *check.problems)]
    named = {one.row for one in check.problems if one.row is not None}
    hidden = (
        check.bad - len(named) - (table.total - len(table)) if check.problems else 0
    )  # the excess has a line
    if hidden > 0 and not check.blocking:
        lines.append(f"  and {pluralize(hidden, 'more row')}")
    if check.blocking:
        lines.append("--column INPUT=COLUMN says which column is which input.")
    elif check.good:
        lines.append(f"--skip-bad-rows leaves them out and runs the other {check.good:,}.")
    return lines


def _open_runs(search: str) -> Table:
    from refine_core import datasets, runs
    from refine_core.workbench import find_runs

    found = find_runs(search)
    if not found:
        raise BadInput(f"No run matches {one_line(search)}. `refinescope runs` lists them.")
    return datasets.table_of_runs(runs.default(), found)


def _no_column(table: Table, name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, table.columns, n=1)
    there = f"did you mean {near[0]}?" if near else f"there are {', '.join(table.columns)}"
    return one_line(f"{table.name} has no column {name}; {there}")
