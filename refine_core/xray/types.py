"""What an X-ray shows: lines with their values, calls, where scores part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from refine_core.rewards.xray_replies import Value

State = Literal["reached", "not_reached", "unknown", "quiet"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a line's cell. is_value: whether it came out of the run, and is no part of the source."""

    text: str
    is_value: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """A part of a line that was worked out. values: its first values and, after "…", the last; count: how often it was.

    last: its last value, a number as itself. site: tells it from the others of the source.
    """

    text: str
    values: tuple[str, ...]
    count: int
    last: Value
    site: int

    def to_json(self) -> dict[str, Any]:
        """The expression as JSON data."""
        return {"text": self.text, "values": list(self.values), "count": self.count, "last": self.last}


@dataclass(frozen=True, slots=True)
class Contribution:
    """A number that goes into the score.

    line: where it was made. name: of the part or the name, "" for what is returned. value: None where it was not made.
    full: the most it can be, where the source tells. order: when, among all that was reported. weight: what it is multiplied with in
    the score; None where that is not known.
    """

    line: int
    name: str
    value: float | None
    full: float | None = None
    order: int = 0
    site: int = -1
    is_part: bool = False
    weight: float | None = None

    @property
    def lost(self) -> float | None:
        """How much less than the most it can be, in points of the score where its weight is known."""
        weight = 1.0 if self.weight is None else self.weight
        if self.full is None or self.value is None:
            return None
        less = weight * (self.full - self.value)
        return None if less <= 1e-9 else less  # noqa: PLR2004  # rounding

    @property
    def points(self) -> float | None:
        """Its value in points of the score, where its weight is known."""
        return self.value if self.value is None or self.weight is None else self.weight * self.value


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of the source in one call.

    state: "quiet" for lines that do nothing, such as comments; "unknown" for those of a loop that did not run in the turns that
    were recorded. times: how often it ran, of what was recorded.
    cell: what stands beside it. note: a remark to it, such as "3 turns". branch: "taken", "not taken" or "" where there is none.
    turns: of the loops on it. expressions: in the order in which they were worked out. printed: what was printed here.
    exception: what was raised here; caught_at: the line of its handler, where it has one. calls: numbers of the calls made here. made: the number that goes into the score, and
    part: its name. lost: how much less than the most it can be.
    """

    number: int
    text: str
    state: State
    times: int = 0
    cell: tuple[Segment, ...] = ()
    note: str = ""
    branch: str = ""
    turns: int | None = None
    expressions: tuple[Expression, ...] = ()
    printed: str = ""
    exception: str = ""
    calls: tuple[int, ...] = ()
    made: float | None = None
    part: str = ""
    lost: float | None = None
    is_sampled: bool = False
    caught_at: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The line as JSON data."""
        return {
            "line": self.number,
            "text": self.text,
            "state": self.state,
            "times": self.times,
            "value": "".join(one.text for one in self.cell),
            "note": self.note,
            "branch": self.branch or None,
            "turns": self.turns,
            "sampled": self.is_sampled,
            "expressions": [one.to_json() for one in self.expressions],
            "printed": self.printed,
            "exception": self.exception or None,
            "caught_at": self.caught_at,
            "calls": list(self.calls),
            "made": self.made,
            "part": self.part or None,
            "lost": self.lost,
        }


@dataclass(frozen=True, slots=True)
class CallView:
    """One call of a function, line by line.

    parent: number of the call that made it; line: where. lines: of the whole function. ended: "returned", "no_return" for a call that
    ran to its end without one, "exception", or "unknown". returned: the value. contributions: what its value is made of.
    branches: line -> what became of the branch there.
    """

    number: int
    function: str
    parent: int | None
    line: int
    first_line: int
    last_line: int
    lines: tuple[LineView, ...]
    ended: str
    returned: Value
    contributions: tuple[Contribution, ...] = ()
    branches: tuple[tuple[int, str, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The call as JSON data."""
        return {
            "call": self.number,
            "function": self.function,
            "parent": self.parent,
            "from_line": self.line or None,
            "lines": [one.to_json() for one in self.lines],
            "ended": self.ended,
            "returned": self.returned,
        }


@dataclass(frozen=True, slots=True)
class Parting:
    """Where two X-rays part. line: None where they do not. by: how much the second has more than the first there; None if unknown.

    same_branches: whether both take the same ones. sentence: all of it in words.
    """

    line: int | None
    by: float | None
    name: str
    same_branches: bool
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Where they part, as JSON data."""
        return {
            "line": self.line,
            "by": self.by,
            "part": self.name or None,
            "same_branches": self.same_branches,
            "sentence": self.sentence,
        }
