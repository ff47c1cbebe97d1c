"""The arms of a document: each a word, the base with fields that differ, or a program of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from refine_core.errors import SpecError
from refine_core.experiments.document import Arm
from refine_core.experiments.json_document.notes import Notes, kind_of
from refine_core.experiments.shorthand import derive, name_arm, name_key
from refine_core.spec import ProgramSpec
from refine_core.spec.document import read_document

_ARM: Final = ("name", "arm", "change", "spec", "program")
_HOW: Final = ("arm", "change", "spec", "program")


@dataclass(frozen=True, slots=True)
class Program:
    """A program that was read, and the JSON it was read from, which changes are laid over."""

    spec: ProgramSpec
    data: Mapping[str, Any]


def read_arms(notes: Notes, folder: Path, data: Mapping[str, Any], base: Program | None) -> Iterator[Arm]:
    """The arms that could be read. folder: where paths begin. base: the program that arms in a word, and changes, begin from."""
    arms = data.get("arms")
    if not isinstance(arms, list) or not arms:
        notes.add("arms", 'write what is compared as a list: ["refine", "best_of_5"]')
        return
    names: dict[str, int] = {}
    for place, one in enumerate(arms):
        where = f"arms[{place}]"
        name, spec = _arm(notes, folder, where, one, base)
        if spec is None:
            continue
        name = name or name_arm(spec)
        if name in names:
            what = f"arms[{names[name]}] has this name, too; give this arm another name"
            notes.add(f"{where}.name", what)
        names[name] = place
        yield Arm(name_key(place), name, spec)


def _arm(
    notes: Notes, folder: Path, where: str, data: object, base: Program | None
) -> tuple[str, ProgramSpec | None]:
    """Name and program of an arm; None for a program that could not be read."""
    if isinstance(data, str):
        data = {"arm": data}
    if not isinstance(data, dict):
        notes.add(where, f"write a word such as best_of_5, or an object, not {kind_of(data)}")
        return "", None
    notes.check_names(f"{where}.", data, _ARM)
    name = notes.read_text(f"{where}.name", data.get("name", ""))
    given = [one for one in _HOW if one in data]
    whole = [one for one in given if one in ("spec", "program")]
    if len(whole) > 1 or (whole and len(given) > 1):
        notes.add(where, f"{' and '.join(given)} say different things; keep one of them")
        return name, None
    if whole:
        program = read_program(notes, folder, f"{where}.{whole[0]}", data[whole[0]])
        return name, None if program is None else program.spec
    if base is None:
        if given and "base" not in (one.field for one in notes.problems):
            notes.add(where, f"{given[0]} needs a program to begin from; add base beside arms")
        elif not given:
            notes.add(where, "say what it runs: arm, change, spec or program")
        return name, None
    return name, _derive(notes, where, data, base)


def _derive(notes: Notes, where: str, data: Mapping[str, Any], base: Program) -> ProgramSpec | None:
    """The base with the fields of `change` in place of its own, then tried again as `arm` says."""
    spec: ProgramSpec | None = base.spec
    if "change" in data:
        change = data["change"]
        if not isinstance(change, dict):
            notes.add(f"{where}.change", f"write the fields that differ as an object, not {kind_of(change)}")
            return None
        spec = _read_spec(notes, f"{where}.change", {**base.data, **change})
    if spec is None or "arm" not in data:
        return spec
    try:
        return derive(str(data["arm"]), spec)
    except ValueError as error:
        notes.add(f"{where}.arm" if len(data) > 1 else where, str(error))
        return None


def read_program(notes: Notes, folder: Path, where: str, data: object) -> Program | None:
    """A program: a document, or the path of one."""
    if isinstance(data, str):
        text = _read_file(notes, folder, where, data)
        if text is None:
            return None
        try:
            spec = read_document(text)
        except SpecError as error:
            notes.add_all(where, error, file=data)
            return None
        return Program(spec, {k: v for k, v in json.loads(text).items() if k != "$schema"})
    if not isinstance(data, dict):
        notes.add(where, f"write a program, or the path of one, not {kind_of(data)}")
        return None
    spec_or_none = _read_spec(notes, where, data)
    return None if spec_or_none is None else Program(spec_or_none, data)


def _read_spec(notes: Notes, where: str, data: Mapping[str, Any]) -> ProgramSpec | None:
    try:
        return read_document(json.dumps(data))
    except SpecError as error:
        notes.add_all(where, error)
    except RecursionError:
        notes.add(where, "this is nested too deeply")
    return None


def _read_file(notes: Notes, folder: Path, where: str, path: str) -> str | None:
    try:
        return (folder / path).read_text(encoding="utf-8-sig")
    except OSError as error:
        notes.add(where, f"{path} cannot be read: {error.strerror or error}")
    except ValueError:  # not UTF-8, or a path that no file can have
        notes.add(where, f"{path} is not UTF-8 text")
    return None
