"""Where things lie in the drawing by columns: the numbers, the panel of rewards, the line of failures, and the strips.

All of it follows from the program alone, and so do width and height: a run that has not begun, one under way and a finished
one lie on the same grid. The line of failures has its room from the start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from refine_core.figures.axis import Axis, build_axis
from refine_core.figures.scene import stage_name
from refine_core.log.timeline import Timeline

Kind = Literal["temperature", "predictor", "advice"]

NUMBERS_Y = 15.5
TOP_Y = 35.5
PANEL_PX = 70
FAILED_PX = 16.5  # from the foot of the panel to the line of failures
_BELOW_PX = 21.0  # from there to the first strip
_PITCH_PX = (21.0, 20.0)  # from strip to strip: of one stage, of more
_FOOT_PX = 12.5
_LEFT_PX, _LEFT_MAX_PX = 86, 132
_LETTER_PX = 6.6
MANY = 30  # columns, beyond which there is a matrix in place of strips


@dataclass(frozen=True, slots=True)
class Strip:
    """One row below the panel. name: of its predictor, as the log has it. y: of its middle, in pixels."""

    name: str
    kind: Kind
    y: float


@dataclass(frozen=True, slots=True)
class Grid:
    """columns: how many, those that may come included. pitch: from strip to strip. longest_s: the duration that fills a bar."""

    columns: int
    axis: Axis
    strips: tuple[Strip, ...]
    pitch: float
    longest_s: float

    @property
    def failed_y(self) -> float:
        """Of the line of failures."""
        return self.axis.bottom + FAILED_PX

    @property
    def height(self) -> float:
        """Of the whole drawing."""
        return self.strips[-1].y + _FOOT_PX

    @property
    def left(self) -> float:
        """Pixels that names and numbers take at the left, so that the longest name has its place."""
        longest = max(len(stage_name(s.name)) for s in self.strips)
        return min(_LEFT_MAX_PX, max(_LEFT_PX, round(longest * _LETTER_PX)))

    def find_strip(self, kind: Kind, name: str | None = None) -> Strip | None:
        """The strip of that kind (and predictor), if there is one."""
        return next((s for s in self.strips if s.kind == kind and name in {None, s.name}), None)


def count_columns(timeline: Timeline) -> int:
    """One for each attempt that the run may make, whether it was needed or not."""
    begun = max((a.index + 1 for a in timeline.attempts), default=0)
    return max(1, begun, timeline.spec.attempt_count)


def list_predictors(timeline: Timeline) -> list[str]:
    """The program's predictors in its own order, and others that were called.

    Where attempts refine inside, the inner refinement calls its predictors by names of its own; then only those that were called.
    """
    runs = [run for attempt in timeline.attempts for run in attempt.predictors]
    called = [run.name for run in runs]
    own = [name for name in timeline.predictors if name in called or not any(run.inner for run in runs)]
    return list(dict.fromkeys((*own, *called)))


def build_grid(timeline: Timeline) -> Grid:
    """The grid that holds `timeline`."""
    names = list_predictors(timeline)
    pitch = _PITCH_PX[len(names) > 1]
    rows: list[tuple[str, Kind]] = [("temperature", "temperature"), *((name, "predictor") for name in names)]
    has_advice = timeline.spec.hint_source != "none" and timeline.spec.attempt_count > 1
    if has_advice or any(a.advice for a in timeline.attempts):
        rows.append(("feedback" if timeline.spec.hint_source == "feedback" else "advice", "advice"))
    axis = build_axis(timeline, TOP_Y, PANEL_PX)
    first = axis.bottom + FAILED_PX + _BELOW_PX
    strips = tuple(Strip(name, kind, first + i * pitch) for i, (name, kind) in enumerate(rows))
    return Grid(count_columns(timeline), axis, strips, pitch, _longest(timeline))


def _longest(timeline: Timeline) -> float:
    """The longest that one predictor took in one attempt, all its calls together."""
    longest = 0.0
    for attempt in timeline.attempts:
        took: dict[str, float] = {}
        for run in attempt.predictors:
            took[run.name] = took.get(run.name, 0.0) + (run.took_s or 0.0)
        longest = max(longest, *took.values(), 0.0)
    return longest
