"""The table of `refinescope batch`: a file, rows of a document, inputs of saved runs or a saved dataset; every problem is said before anything is spent.

DATA --open--> OpenedTable --choose_columns--> Column… --check--> problems by row and column, or a Dataset in the store
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from refine_core.cli.output import BadInput, counting_rows, print_text
from refine_core.cli.terminal import one_line
from refine_core.formatting import pluralize

if TYPE_CHECKING:
    from refine_core.datasets import Column, Dataset, ListedDataset, Table, TableCheck
    from refine_core.experiments import json_document
    from refine_core.spec import ProgramSpec

_RUNS: Final = "runs:"
_SAVED: Final = "saved:"
_MIN_ID: Final = 4  # characters by which a dataset is told apart
_SHOWN_ID: Final = 8
_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class OpenedTable:
    """A table, and the dataset that it is, where it is a saved one."""

    table: Table
    saved: Dataset | None = None

    @property
    def summary(self) -> str:
        """Its name and size."""
        return f"{one_line(self.table.name)}: {pluralize(self.table.total, 'row')}"


def open_data(source: str, *, encoding: str | None = None) -> OpenedTable:
    """The table in a file, in standard input ("-"), of the inputs of saved runs ("runs:TEXT"), or a saved one ("saved:NAME").

    Raises RowsError, BadInput.
    """
    import sys

    from refine_core import datasets

    if source.startswith(_RUNS) and not Path(source).exists():
        return OpenedTable(_open_runs(source.removeprefix(_RUNS)))
    if source.startswith(_SAVED) and not Path(source).exists():
        return _open_saved(source.removeprefix(_SAVED))
    if source == "-":
        read = datasets.open_table(sys.stdin.buffer.read(), name="standard input", encoding=encoding)
        return OpenedTable(read)
    with counting_rows() as count:
        return OpenedTable(datasets.open_table(Path(source), encoding=encoding, on_progress=count))


def open_document(table: json_document.Table) -> OpenedTable:
    """The table of a document: a file, a saved dataset, or rows that stand in it. Raises RowsError, BadInput."""
    from refine_core import datasets

    if table.saved:
        return _open_saved(table.saved)
    if table.file is not None:
        with counting_rows() as count:
            return OpenedTable(datasets.open_table(table.file, on_progress=count))
    text = json.dumps([dict(row) for row in table.rows], ensure_ascii=False)
    return OpenedTable(datasets.open_table(text, name=table.name or "rows of the document"))


def keep_checked(
    opened: OpenedTable, columns: Sequence[Column], spec: ProgramSpec, *, skip_bad: bool
) -> Dataset:
    """The table in the store, where equal ones are kept once. Raises BadInput with every problem of it."""
    from refine_core import datasets, runs

    saved, store = opened.saved, runs.default().store
    if saved is not None and saved.columns == tuple(columns) and not saved.pending:
        return saved  # it was checked when it was kept, and its bad rows were left out
    _check(opened.table, columns, spec, skip_bad=skip_bad)
    if saved is None:
        return datasets.keep(store, opened.table, columns, skip_bad=skip_bad)
    changed = datasets.set_columns(store, saved.id, columns, saved.version, skip_bad=skip_bad)
    return changed or saved


def keep_behind(opened: OpenedTable, before: Dataset, spec: ProgramSpec, *, skip_bad: bool) -> Dataset:
    """The dataset with the rows of the table behind its own, read as those are. Raises BadInput with every problem of the table."""
    from refine_core import datasets, runs

    print_text(f"{opened.summary}, behind the {len(before.rows):,} of {one_line(before.name)}", err=True)
    columns = [one for one in before.columns if one.name in opened.table.columns]
    _check(opened.table, columns, spec, skip_bad=skip_bad, can_choose=False)
    return datasets.keep(
        runs.default().store,
        opened.table,
        columns,
        skip_bad=skip_bad,
        extends=before.id,
        version=before.version,
    )


def _check(
    table: Table, columns: Sequence[Column], spec: ProgramSpec, *, skip_bad: bool, can_choose: bool = True
) -> None:
    """Say what is wrong with a table. can_choose: whether --column can help. Raises BadInput where it cannot be run."""
    from refine_core import datasets

    check = datasets.check_table(table, columns, spec)
    if not check.is_ready(skip_bad=skip_bad):
        raise BadInput("\n".join(_describe_problems(table, check, can_choose=can_choose)))
    if check.bad:
        print_text(f"{pluralize(check.bad, 'row')} of {check.rows:,} left out:", err=True)
        for problem in check.problems:
            print_text(f"  {one_line(str(problem))}", err=True)
    for note in check.notes:
        print_text(one_line(note), err=True)


def _describe_problems(table: Table, check: TableCheck, *, can_choose: bool) -> list[str]:
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
    if check.blocking and can_choose:
        lines.append("--column INPUT=COLUMN says which column is which input.")
    elif check.good and not check.blocking:
        lines.append(f"--skip-bad-rows leaves them out and runs the other {check.good:,}.")
    return lines


def _open_runs(search: str) -> Table:
    from refine_core import datasets, runs
    from refine_core.workbench import find_runs

    found = find_runs(search)
    if not found:
        raise BadInput(f"No run matches {one_line(search)}. `refinescope runs` lists them.")
    return datasets.table_of_runs(runs.default(), found)


def _open_saved(text: str) -> OpenedTable:
    """A saved dataset, in its newest version, by its name, its id or the beginning of that. Raises BadInput."""
    from refine_core import datasets, runs

    store = runs.default().store
    listed = datasets.list_datasets(store)
    wanted = text.strip()
    found = [one for one in listed if wanted in (one.id, one.name)]
    if not found and len(wanted) >= _MIN_ID:
        found = [one for one in listed if one.id.startswith(wanted)]
    if len(found) == 1:
        saved = datasets.get(store, found[0].id)
        table = datasets.get_table(store, found[0].id)
        if saved is not None and table is not None:
            return OpenedTable(table, saved)
    if found:
        raise BadInput(
            f"{len(found)} saved datasets are called {one_line(wanted)}; give the id of one: {_list(found)}"
        )
    there = f"There are: {_list(listed)}" if listed else "None is saved yet."
    raise BadInput(f"There is no saved dataset {one_line(wanted)}. {there}")


def _list(listed: Sequence[ListedDataset]) -> str:
    named = [
        f"{one_line(one.name)} ({one.id[:_SHOWN_ID]}, {pluralize(one.rows, 'row')})"
        for one in listed[:_LISTED]
    ]
    return ", ".join([*named, *(["…"] if len(listed) > _LISTED else [])])
