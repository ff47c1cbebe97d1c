"""What is wrong with a document, noted while it is read, each problem with its place; and values that are easily checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from refine_core.errors import Problem, SpecError

_MAX_SHOWN: Final = 40
_KINDS: Final[Mapping[type, Literal["null", "true or false", "a number", "text", "a list", "an object"]]] = {
    type(None): "null", bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object",
}  # fmt: skip


@dataclass(slots=True)
class Notes:
    """The problems of a document so far. Whatever is wrong is noted, and the rest is read on."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, where: str, message: str) -> None:
        """One problem. where: its place, such as "arms[1].change.N"."""
        self.problems.append(Problem(where, message))

    def add_all(self, where: str, error: SpecError, *, file: str = "") -> None:
        """The problems of a program, each with the place of the program before its own."""
        inside = f" ({file})" if file else ""
        for one in error.problems:
            place = where if one.field == "document" else f"{where}.{one.field}"
            self.problems.append(Problem(f"{place}{inside}", one.message, one.line, one.column))

    def read_text(self, where: str, value: object) -> str:
        """A text without space around it; "" for anything else, which is noted."""
        if isinstance(value, str):
            return value.strip()
        self.add(where, f"write a text, not {kind_of(value)}")
        return ""

    def read_whole(
        self, where: str, value: object, least: int | None, *, optional: bool = False
    ) -> int | None:
        """A whole number, at least `least`; None for anything else, which is noted unless it is null and optional."""
        if value is None and optional:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
            bound = "" if least is None else f", {least} or more"
            self.add(where, f"write a whole number{bound}, not {show_value(value)}")
            return None
        return value

    def check_names(self, prefix: str, data: Mapping[str, object], names: Sequence[str]) -> None:
        """Note the names that no field has: a misspelt budget would else be no budget."""
        import difflib

        for name in data:
            if name in names:
                continue
            near = difflib.get_close_matches(name, names, n=1)
            there = [one for one in names if one != "$schema"]
            hint = f"did you mean {near[0]}?" if near else f"the fields are {', '.join(there)}"
            self.add(f"{prefix}{name}", f"unknown field; {hint}")


def kind_of(value: object) -> str:
    """What a JSON value is, in words: "true or false", "a list"."""
    return _KINDS.get(type(value), type(value).__name__)


def show_value(value: object) -> str:
    """A value that is short, else what it is."""
    is_short = isinstance(value, str | int | float) and len(str(value)) <= _MAX_SHOWN
    return json.dumps(value) if is_short else kind_of(value)
