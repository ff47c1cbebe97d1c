"""The table of a document: a file, or rows that stand in it; and what its columns are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, cast, get_args

from refine_core.datasets import Column, ColumnRole
from refine_core.experiments.json_document.notes import Notes, kind_of
from refine_core.experiments.json_document.parts import Table
from refine_core.log import codec

_SOURCES: Final = ("file", "rows", "saved")
_DATASET: Final = ("name", "file", "rows", "saved", "columns")
_ROLES: Final[Mapping[str, ColumnRole]] = {
    spelled: role for role in get_args(ColumnRole) for spelled in (role, role.replace(" ", "-"))
}


def read_table(notes: Notes, folder: Path, data: object) -> Table:
    """The table, whatever is wrong with it noted. folder: where its path begins."""
    if isinstance(data, str):
        data = {"file": data}
    if not isinstance(data, dict):
        notes.add("dataset", f"write the path of a table, or an object, not {kind_of(data)}")
        return Table()
    notes.check_names("dataset.", data, _DATASET)
    columns = tuple(_columns(notes, data.get("columns", {})))
    name = notes.read_text("dataset.name", data.get("name", ""))
    if sum(source in data for source in _SOURCES) != 1:
        notes.add("dataset", "give one of file, the path of a table; saved, a saved dataset; or rows")
        return Table(columns=columns, name=name)
    if "saved" in data:
        saved = notes.read_text("dataset.saved", data["saved"])
        if not saved:
            notes.add("dataset.saved", "write the name or the id of a saved dataset")
        return Table(columns=columns, name=name, saved=saved)
    if "file" in data:
        path = notes.read_text("dataset.file", data["file"])
        if path and not (folder / path).is_file():
            notes.add("dataset.file", f"there is no file {path} in {folder}")
        return Table(folder / path, columns=columns, name=name or Path(path).name)
    return Table(None, tuple(_rows(notes, data["rows"])), columns, name)


def _rows(notes: Notes, data: object) -> Iterator[Mapping[str, object]]:
    if not isinstance(data, list) or not data:
        notes.add("dataset.rows", 'write the rows as a list of objects: [{"question": "…"}]')
        return
    for place, row in enumerate(data):
        if not isinstance(row, dict):
            notes.add(f"dataset.rows[{place}]", f"a row is an object, not {kind_of(row)}")
            continue
        try:
            yield cast("dict[str, object]", codec.loads(json.dumps(row)))
        except (ValueError, TypeError, KeyError, RecursionError):
            notes.add(
                f"dataset.rows[{place}]", "a value is nested too deeply, or not as Refinescope writes it"
            )


def _columns(notes: Notes, data: object) -> Iterator[Column]:
    if not isinstance(data, dict):
        notes.add("dataset.columns", 'write a role for each column: {"expected": "reward only"}')
        return
    for name, value in data.items():
        where = f"dataset.columns.{name}"
        said = {"role": value} if isinstance(value, str) else value
        if not isinstance(said, dict):
            notes.add(where, f"write one of {_list_roles()}, not {kind_of(value)}")
            continue
        notes.check_names(f"{where}.", said, ("role", "field"))
        role = _ROLES.get(str(said.get("role", "input")))
        if role is None:
            notes.add(where, f"{said.get('role')!r} is no role; there are {_list_roles()}")
            continue
        yield Column(name, role, notes.read_text(f"{where}.field", said.get("field", name)) or name)


def _list_roles() -> str:
    return ", ".join(get_args(ColumnRole))
