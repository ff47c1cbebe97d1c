"""Xray: one row's score, as ever, and what each line of the reward did on the way.

xray.view() -> CallView of the reward, line by line        xray.view(call) -> that of a function that it called
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from refine_core.rewards import RowResult
from refine_core.rewards.shapes import Recognized
from refine_core.rewards.xray_replies import Trace
from refine_core.rows import Row
from refine_core.xray.lines import view_call
from refine_core.xray.page import Failure
from refine_core.xray.sentences import describe_score, describe_sum
from refine_core.xray.source_map import SourceMap
from refine_core.xray.types import CallView

NO_TRACE: Final = "Nothing was recorded: the source is nested too deeply, or it interferes with the recording. The score is the same as without X-ray."
SAMPLED: Final = "It ran for very long, so later steps are left out or sampled."
WAITS: Final = "No score yet: the judge has not been asked about this row. Ask it under Scores."
STOPS: Final = "waits for the judge"
ALONE: Final = "A function that takes lists was called with this row alone."


@dataclass(frozen=True, eq=False)
class Xray:
    """One row under X-ray.

    row: what was scored. label: what the row is called in sentences. result: its score, as without X-ray. trace: what was recorded;
    None where nothing was. waits: whether the judge would have to be asked.
    """

    recognized: Recognized
    row: Row
    label: str
    result: RowResult
    trace: Trace | None
    source: SourceMap | None
    waits: bool = False
    refusals: tuple[str, ...] = ()
    _views: dict[int, CallView] = field(default_factory=dict, repr=False)

    @cached_property
    def roots(self) -> tuple[int, ...]:
        """Numbers of the calls that the scoring itself made: one, or one for each function."""
        if self.trace is None:
            return ()
        start = self.trace.start
        return tuple(
            one.number for one in self.trace.calls[start:] if one.parent is None or one.parent < start
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What else is to be known about it, each a sentence."""
        notes = []
        if self.source is None or (self.trace is None and self.result.error is None):
            notes.append(NO_TRACE)
        if self.trace is not None and self.trace.is_full:
            notes.append(SAMPLED)
        if self.recognized.per == "batch":
            notes.append(ALONE)
        return tuple(notes)

    @property
    def sentence(self) -> str:
        """What became of the row, and where it lost: "0.83: lost 0.17 on keywords, at line 10."."""
        if self.waits:
            return WAITS
        if len(self.recognized.functions) > 1 and self.result.error is None:
            return describe_sum(self.result)
        return describe_score(self.result, self.view())

    def view(self, call: int | None = None) -> CallView | None:
        """One call line by line; by default the reward's own. None where nothing was recorded, or there is no such call."""
        if self.trace is None or self.source is None:
            return None
        number = call if call is not None else next(iter(self.roots), None)
        if number is None or not 0 <= number < len(self.trace.calls):
            return None
        if self.trace.calls[number].function >= len(self.source.plan.functions):
            return None
        if number not in self._views:
            score = self.result.value if self.roots == (number,) else None
            self._views[number] = view_call(self.source, self.trace, number, self._failures, score)
        return self._views[number]

    def function_of(self, call: int) -> str:
        """The name of the function that a call is of."""
        if self.trace is None or self.source is None or not 0 <= call < len(self.trace.calls):
            return ""
        functions = self.source.plan.functions
        index = self.trace.calls[call].function
        return functions[index].name if index < len(functions) else ""

    def count_calls(self, call: int) -> int:
        """How often the function of a call was called in all, recorded or not."""
        if self.trace is None or not 0 <= call < len(self.trace.calls):
            return 0
        index = self.trace.calls[call].function
        return self.trace.totals[index] if index < len(self.trace.totals) else 0

    @cached_property
    def _failures(self) -> Mapping[int, Failure]:
        """Number of a call -> the error that left it."""
        error = self.result.error
        if error is None or self.trace is None or not self.roots:
            return {}
        message = STOPS if self.waits else error.message
        frames = [(name, line) for name, line in error.frames]
        if not frames:
            line = error.line or 0
            return {self.roots[-1]: Failure(line, message, is_raised=False)}
        path: list[tuple[int, int]] = []
        inside = set(self.roots)
        for name, line in frames:
            found = [i for i in inside if self.function_of(i) == name]
            if found:
                number = max(found)
                path.append((number, line))
                inside = {one.number for one in self.trace.calls if one.parent == number}
            elif path:  # a comprehension's own frame
                path[-1] = (path[-1][0], line)
        failures = {}
        for place, (number, line) in enumerate(path):
            text = message
            if place + 1 < len(path):
                inner, at = path[-1]
                text = f"raised in {self.function_of(inner)}, line {at}"
            failures[number] = Failure(line, text)
        return failures

    def to_json(self) -> dict[str, Any]:
        """The X-ray as JSON data, as `refinescope xray --json` prints it; docs/command-line.md describes the form."""
        error, view = self.result.error, self.view()
        return {
            "id": self.row.id,
            "value": self.result.value,
            "parts": dict(self.result.parts),
            "feedback": self.result.feedback,
            "stdout": self.result.stdout,
            "error": None
            if error is None
            else {"type": error.type_name, "message": error.message, "line": error.line},
            "sentence": self.sentence,
            "notes": list(self.notes),
            "call": None if view is None else view.number,
            "calls": [
                one.to_json()
                for call in (self.trace.calls[self.trace.start :] if self.trace is not None else ())
                if (one := self.view(call.number)) is not None
            ],
        }
