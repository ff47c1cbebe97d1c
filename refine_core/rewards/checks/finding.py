"""Findings of the checks, and the fields of the program that the checks know."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from refine_core.rewards.row_frames import ScorableRow

_MAX_ROWS = 200  # that are read for their types
Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that fixes a finding: `text` in place of columns `column` to `end_column` (exclusive) of `line`.

    label: what a button says. All positions are 1-based, columns in characters; an equal start and end inserts.
    """

    label: str
    line: int
    column: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a reward, found by reading it or by scoring rows and probes.

    code: its kind. severity: "error" fails whenever its line is reached; "warning" may fail, or may be meant so; "note" is
    a pattern that often pays wrongly, and of which nobody has seen yet that it does here.
    line, column, end_column: 1-based, in characters, end exclusive; None where unknown. subject: the wrong name itself.
    evidence: what was seen to go wrong, a sentence each; from reading alone there is none.
    """

    code: str
    severity: Severity
    message: str
    line: int | None = None
    column: int | None = None
    end_column: int | None = None
    fix: Fix | None = None
    subject: str = ""
    evidence: tuple[str, ...] = ()

    def with_evidence(self, *evidence: str) -> Finding:
        """The same with what was seen; a note becomes a warning by it."""
        severity: Severity = "warning" if self.severity == "note" else self.severity
        return replace(self, severity=severity, evidence=(*self.evidence, *evidence))


@dataclass(frozen=True, slots=True)
class Fields:
    """What a reward is given: name -> type of the inputs (reference values too) and of the outputs of every stage.

    A type of None is one that is not known; None in place of a mapping: the names are not known either.
    judged: the outputs that a reward would read, those of the last stage; None for all.
    """

    inputs: Mapping[str, object] | None = None
    outputs: Mapping[str, object] | None = None
    judged: tuple[str, ...] | None = None

    @classmethod
    def of_rows(cls, rows: Iterable[ScorableRow]) -> Fields:
        """What rows have, those of the first few: a type is known if it is the same in all of them."""
        inputs, outputs = dict[str, object](), dict[str, object]()
        for row in islice(rows, _MAX_ROWS):
            _add_types(inputs, row.inputs)
            _add_types(outputs, row.prediction)
            if isinstance(row.expected, Mapping):
                _add_types(inputs, row.expected)
        return cls(inputs, outputs) if outputs else cls()


def _add_types(types: dict[str, object], values: Mapping[str, object]) -> None:
    for name, value in values.items():
        kind = type(value) if value is not None else None
        types[name] = kind if types.get(name, kind) is kind else None


def find_nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The name that was probably meant."""
    by_lower_name = {other.lower(): other for other in names}
    matches = difflib.get_close_matches(name.lower(), by_lower_name, 1, cutoff)
    return by_lower_name[matches[0]] if matches else None


class Lines:
    """A source by lines, to turn the positions of a syntax tree (bytes) into those of an editor (characters)."""

    def __init__(self, source: str) -> None:
        # As Python counts lines: a form feed ends none.
        self.lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def column(self, line: int, offset: int) -> int:
        """The 1-based column of a byte offset."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return len(text.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore")) + 1

    def locate_name(self, node: ast.AST, name: str) -> tuple[int, int | None, int | None]:
        """(line, column, end) of a name at the end of a node, as `x` in `pred.x`; without columns if it is not there."""
        line, end_offset = getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0)
        end = self.column(line, end_offset)
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        if text[end - 1 - len(name) : end - 1] == name and len(name) < end:
            return line, end - len(name), end
        return line, None, None  # inside an f-string, where 3.11 does not know better

    def locate_text(self, node: ast.AST) -> tuple[int, int | None, int | None, str]:
        """(line, column, end, text) of a node on one line; without columns, and "", if it spans several."""
        line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
        if line != end_line or not 0 < line <= len(self.lines):
            return line, None, None, ""
        column = self.column(line, getattr(node, "col_offset", 0))
        end = self.column(line, getattr(node, "end_col_offset", 0))
        return line, column, end, self.lines[line - 1][column - 1 : end - 1]
