"""A JSON text as an experiment; or every problem that it has, each with its place."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, cast, get_args

from refine_core.datasets import Column, ColumnRole
from refine_core.errors import Problem, SpecError
from refine_core.experiments.document import Arm, Budget, RateLimit
from refine_core.experiments.json_document.parts import ExperimentDocument, Table
from refine_core.experiments.shorthand import derive, name_arm, name_key
from refine_core.log import codec
from refine_core.spec import ProgramSpec
from refine_core.spec.document import read_document

MAX_CHARACTERS: Final = 50_000_000
_MAX_SHOWN: Final = 40
_FIELDS: Final = (
    "$schema", "name", "dataset", "base", "arms", "rows", "repeats", "seed", "budget", "rate_limits", "result",
)  # fmt: skip
_DATASET: Final = ("name", "file", "rows", "saved", "columns")
_SOURCES: Final = ("file", "rows", "saved")
_ARM: Final = ("name", "arm", "change", "spec", "program")
_HOW: Final = ("arm", "change", "spec", "program")
_ROLES: Final[Mapping[str, ColumnRole]] = {
    spelled: role for role in get_args(ColumnRole) for spelled in (role, role.replace(" ", "-"))
}


def is_experiment(text: str) -> bool:
    """Whether a JSON text is an experiment rather than one program: it has arms."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and "arms" in data


def read_experiment(text: str, folder: Path) -> ExperimentDocument:
    """The experiment in a JSON text. folder: where its paths begin.

    Raises SpecError with every problem that was found, each with its place: "arms[1].spec.N". Places count from 0, as in JSON.
    """
    data = _parse(text)
    reader = _Reader(folder, [])
    found = reader.read(data)
    if reader.problems:
        raise SpecError(list(dict.fromkeys(reader.problems)))
    return found


def _parse(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARACTERS:
        _refuse(
            f"it has more than {MAX_CHARACTERS:,} characters; keep the rows in a file of their own and name it"
        )
    try:
        data = json.loads(text)
    except json.JSONDecodeError as why:
        said = f"{why.msg[:1].lower()}{why.msg[1:]}"
        _refuse(f"not valid JSON: {said} at line {why.lineno}, column {why.colno}")
    except (ValueError, RecursionError):
        _refuse("this JSON is nested too deeply, or has a number too long")
    if not isinstance(data, dict):
        _refuse(f"it must be a JSON object with arms and a dataset, not {_kind(data)}")
    return data


def _refuse(message: str) -> NoReturn:
    raise SpecError([Problem("document", message)])


@dataclass(slots=True)
class _Reader:
    """A document being read. Whatever is wrong is noted, and the rest is read on."""

    folder: Path
    problems: list[Problem]

    def read(self, data: Mapping[str, Any]) -> ExperimentDocument:
        self._unknown("", data, _FIELDS)
        base = None
        if "base" in data:
            base = self._program("base", data["base"])
        elif any(isinstance(one, str) for one in data.get("arms", ()) or ()):
            self._note("base", "arms in a word, such as best_of_5, need a program to begin from; add base")
        return ExperimentDocument(
            self._text("name", data.get("name", "")),
            tuple(self._arms(data, base)),
            self._table(data["dataset"]) if "dataset" in data else None,
            self._whole("rows", data.get("rows"), 1, optional=True),
            self._whole("repeats", data.get("repeats", 1), 1) or 1,
            self._whole("seed", data.get("seed", 0), None) or 0,
            self._budget(data.get("budget")),
            self._rate_limits(data.get("rate_limits")),
        )

    def _arms(self, data: Mapping[str, Any], base: _Program | None) -> Iterator[Arm]:
        arms = data.get("arms")
        if not isinstance(arms, list) or not arms:
            self._note("arms", 'write what is compared as a list: ["refine", "best_of_5"]')
            return
        names: dict[str, int] = {}
        for place, one in enumerate(arms):
            where = f"arms[{place}]"
            name, spec = self._arm(where, one, base)
            if spec is None:
                continue
            name = name or name_arm(spec)
            if name in names:
                what = f"arms[{names[name]}] has this name, too; give this arm another name"
                self._note(f"{where}.name", what)
            names[name] = place
            yield Arm(name_key(place), name, spec)

    def _arm(self, where: str, data: object, base: _Program | None) -> tuple[str, ProgramSpec | None]:
        """Name and program of an arm; None for a program that could not be read."""
        if isinstance(data, str):
            data = {"arm": data}
        if not isinstance(data, dict):
            self._note(where, f"write a word such as best_of_5, or an object, not {_kind(data)}")
            return "", None
        self._unknown(f"{where}.", data, _ARM)
        name = self._text(f"{where}.name", data.get("name", ""))
        given = [one for one in _HOW if one in data]
        whole = [one for one in given if one in ("spec", "program")]
        if len(whole) > 1 or (whole and len(given) > 1):
            self._note(where, f"{' and '.join(given)} say different things; keep one of them")
            return name, None
        if whole:
            program = self._program(f"{where}.{whole[0]}", data[whole[0]])
            return name, None if program is None else program.spec
        if base is None:
            if given and "base" not in (one.field for one in self.problems):
                self._note(where, f"{given[0]} needs a program to begin from; add base beside arms")
            elif not given:
                self._note(where, "say what it runs: arm, change, spec or program")
            return name, None
        return name, self._derived(where, data, base)

    def _derived(self, where: str, data: Mapping[str, Any], base: _Program) -> ProgramSpec | None:
        """The base with the fields of `change` in place of its own, then tried again as `arm` says."""
        spec: ProgramSpec | None = base.spec
        if "change" in data:
            change = data["change"]
            if not isinstance(change, dict):
                self._note(
                    f"{where}.change", f"write the fields that differ as an object, not {_kind(change)}"
                )
                return None
            spec = self._read_spec(f"{where}.change", {**base.data, **change})
        if spec is None or "arm" not in data:
            return spec
        try:
            return derive(str(data["arm"]), spec)
        except ValueError as error:
            self._note(f"{where}.arm" if len(data) > 1 else where, str(error))
            return None

    def _program(self, where: str, data: object) -> _Program | None:
        """A program: a document, or the path of one."""
        if isinstance(data, str):
            text = self._read_file(where, data)
            if text is None:
                return None
            try:
                spec = read_document(text)
            except SpecError as error:
                self._note_all(where, error, file=data)
                return None
            return _Program(spec, {k: v for k, v in json.loads(text).items() if k != "$schema"})
        if not isinstance(data, dict):
            self._note(where, f"write a program, or the path of one, not {_kind(data)}")
            return None
        spec_or_none = self._read_spec(where, data)
        return None if spec_or_none is None else _Program(spec_or_none, data)

    def _read_spec(self, where: str, data: Mapping[str, Any]) -> ProgramSpec | None:
        try:
            return read_document(json.dumps(data))
        except SpecError as error:
            self._note_all(where, error)
        except RecursionError:
            self._note(where, "this is nested too deeply")
        return None

    def _read_file(self, where: str, path: str) -> str | None:
        try:
            return (self.folder / path).read_text(encoding="utf-8-sig")
        except OSError as error:
            self._note(where, f"{path} cannot be read: {error.strerror or error}")
        except ValueError:  # not UTF-8, or a path that no file can have
            self._note(where, f"{path} is not UTF-8 text")
        return None

    def _table(self, data: object) -> Table:
        if isinstance(data, str):
            data = {"file": data}
        if not isinstance(data, dict):
            self._note("dataset", f"write the path of a table, or an object, not {_kind(data)}")
            return Table()
        self._unknown("dataset.", data, _DATASET)
        columns = tuple(self._columns(data.get("columns", {})))
        name = self._text("dataset.name", data.get("name", ""))
        if sum(source in data for source in _SOURCES) != 1:
            self._note("dataset", "give one of file, the path of a table; saved, a saved dataset; or rows")
            return Table(columns=columns, name=name)
        if "saved" in data:
            saved = self._text("dataset.saved", data["saved"])
            if not saved:
                self._note("dataset.saved", "write the name or the id of a saved dataset")
            return Table(columns=columns, name=name, saved=saved)
        if "file" in data:
            path = self._text("dataset.file", data["file"])
            if path and not (self.folder / path).is_file():
                self._note("dataset.file", f"there is no file {path} in {self.folder}")
            return Table(self.folder / path, columns=columns, name=name or Path(path).name)
        return Table(None, tuple(self._rows(data["rows"])), columns, name)

    def _rows(self, data: object) -> Iterator[Mapping[str, object]]:
        if not isinstance(data, list) or not data:
            self._note("dataset.rows", 'write the rows as a list of objects: [{"question": "…"}]')
            return
        for place, row in enumerate(data):
            if not isinstance(row, dict):
                self._note(f"dataset.rows[{place}]", f"a row is an object, not {_kind(row)}")
                continue
            try:
                yield cast("dict[str, object]", codec.loads(json.dumps(row)))
            except (ValueError, TypeError, KeyError, RecursionError):
                self._note(
                    f"dataset.rows[{place}]", "a value is nested too deeply, or not as Refinescope writes it"
                )

    def _columns(self, data: object) -> Iterator[Column]:
        if not isinstance(data, dict):
            self._note("dataset.columns", 'write a role for each column: {"expected": "reward only"}')
            return
        for name, value in data.items():
            where = f"dataset.columns.{name}"
            said = {"role": value} if isinstance(value, str) else value
            if not isinstance(said, dict):
                self._note(where, f"write one of {_list_roles()}, not {_kind(value)}")
                continue
            self._unknown(f"{where}.", said, ("role", "field"))
            role = _ROLES.get(str(said.get("role", "input")))
            if role is None:
                self._note(where, f"{said.get('role')!r} is no role; there are {_list_roles()}")
                continue
            yield Column(name, role, self._text(f"{where}.field", said.get("field", name)) or name)

    def _budget(self, data: object) -> Budget:
        if data is None:
            return Budget()
        if not isinstance(data, dict):
            self._note("budget", f'write an object such as {{"usd": 2}}, not {_kind(data)}')
            return Budget()
        self._unknown("budget.", data, ("calls", "tokens", "usd"))
        usd = data.get("usd")
        if usd is not None and (
            isinstance(usd, bool) or not isinstance(usd, int | float) or not 0 < usd <= sys.float_info.max
        ):
            self._note("budget.usd", f"write a number of US dollars above 0, not {_show(usd)}")
            usd = None
        return Budget(
            self._whole("budget.calls", data.get("calls"), 1, optional=True),
            self._whole("budget.tokens", data.get("tokens"), 1, optional=True),
            usd if usd is None else float(usd),
        )

    def _rate_limits(self, data: object) -> dict[str, RateLimit]:
        if data is None:
            return {}
        if not isinstance(data, dict):
            self._note("rate_limits", "write an object: the name of a model, then its limits")
            return {}
        limits: dict[str, RateLimit] = {}
        names = [one.name for one in fields(RateLimit)]
        for label, one in data.items():
            where = f"rate_limits.{label}"
            if not isinstance(one, dict):
                self._note(where, f"write an object with {', '.join(names)}, not {_kind(one)}")
                continue
            self._unknown(f"{where}.", one, names)
            at_once = self._whole(f"{where}.at_once", one.get("at_once", RateLimit().at_once), 1)
            limits[label] = RateLimit(
                at_once or RateLimit().at_once,
                self._whole(f"{where}.requests_per_minute", one.get("requests_per_minute"), 1, optional=True),
                self._whole(f"{where}.tokens_per_minute", one.get("tokens_per_minute"), 1, optional=True),
            )
        return limits

    def _whole(self, where: str, value: object, least: int | None, *, optional: bool = False) -> int | None:
        if value is None and optional:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
            bound = "" if least is None else f", {least} or more"
            self._note(where, f"write a whole number{bound}, not {_show(value)}")
            return None
        return value

    def _text(self, where: str, value: object) -> str:
        if isinstance(value, str):
            return value.strip()
        self._note(where, f"write a text, not {_kind(value)}")
        return ""

    def _unknown(self, prefix: str, data: Mapping[str, object], names: Sequence[str]) -> None:
        """Note the names that no field has: a misspelt budget would else be no budget."""
        import difflib

        for name in data:
            if name in names:
                continue
            near = difflib.get_close_matches(name, names, n=1)
            there = [one for one in names if one != "$schema"]
            hint = f"did you mean {near[0]}?" if near else f"the fields are {', '.join(there)}"
            self._note(f"{prefix}{name}", f"unknown field; {hint}")

    def _note(self, where: str, message: str) -> None:
        self.problems.append(Problem(where, message))

    def _note_all(self, where: str, error: SpecError, *, file: str = "") -> None:
        """The problems of a program, each with the place of the program before its own."""
        inside = f" ({file})" if file else ""
        for one in error.problems:
            place = where if one.field == "document" else f"{where}.{one.field}"
            self.problems.append(Problem(f"{place}{inside}", one.message, one.line, one.column))


@dataclass(frozen=True, slots=True)
class _Program:
    """A program that was read, and the JSON it was read from, which changes are laid over."""

    spec: ProgramSpec
    data: Mapping[str, Any]


_KINDS: Final[Mapping[type, Literal["null", "true or false", "a number", "text", "a list", "an object"]]] = {
    type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object",
}  # fmt: skip


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)


def _show(value: object) -> str:
    """A value that is short, else what it is."""
    is_short = isinstance(value, str | int | float) and len(str(value)) <= _MAX_SHOWN
    return json.dumps(value) if is_short else _kind(value)


def _list_roles() -> str:
    return ", ".join(get_args(ColumnRole))
