"""What each column of a table is for `refinescope batch`: as an option says, else as a document does, else as it was kept or is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from refine_core.cli.output import BadInput
from refine_core.cli.terminal import one_line

if TYPE_CHECKING:
    from refine_core.cli.batch_table import OpenedTable
    from refine_core.datasets import Column, Table
    from refine_core.spec import ProgramSpec

_REWARD_ONLY, _LEFT_OUT, _INPUT = "reward-only", "left-out", "input"


def choose_columns(
    opened: OpenedTable, spec: ProgramSpec, options: Sequence[str], said: Sequence[Column] = ()
) -> tuple[Column, ...]:
    """What each column is. options: of --column. said: by a document. Raises BadParameter, BadInput."""
    from refine_core import datasets

    table = opened.table
    if opened.saved is not None:
        known = datasets.fit_columns(table, opened.saved.columns, spec)
    else:
        known = tuple(one.column for one in datasets.suggest_columns(table, spec))
    matching = _Matching(table, spec, {one.name: one for one in known})
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


def _no_column(table: Table, name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, table.columns, n=1)
    there = f"did you mean {near[0]}?" if near else f"there are {', '.join(table.columns)}"
    return one_line(f"{table.name} has no column {name}; {there}")
