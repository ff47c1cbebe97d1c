"""Where things lie: a column of equal width an attempt, a reward panel with a line for failures, and strips beneath it.

Every height and width of the chart is decided here.

x     1, 2, 3 …      the attempts as people count them; a column reaches half a unit to either side
y     the reward's own unit; failures lie on a line of their own below the lowest tick
y2    pixels downwards from the panel's foot, so that strips keep their height whatever is in them
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from refine_core.log.timeline import Timeline

Kind = Literal["temperature", "predictor", "advice", "reward"]

PANEL_PX = 248
GAP_PX = 14
HEIGHTS_PX: dict[Kind, float] = {"temperature": 50, "predictor": 46, "advice": 44, "reward": 38}
RULES_PX = 28  # more of the strip of rewards, where rules that were not met are told beneath them
REACH = 0.36  # of a column, to either side of its middle: what bars may fill; the rest is a gutter for arrows
MANY = 30  # columns, beyond which the strips become a matrix: a shaded cell each, and nothing written
_KEPT_COLUMNS = 6  # a run that stopped early keeps its empty columns up to this many, so that nothing jumps
_TICKS = 4
_NEAR = 1e-4  # of a reward: differences below are not worth an axis of their own
_FARTHEST = 1e100  # a reward beyond lies at the edge, so that sums stay finite
_FAILED_ROOM = 0.14  # of the panel's range, below the lowest tick


@dataclass(frozen=True, slots=True)
class Lane:
    """One strip. top, height: in pixels, on y2. value_at: where a number written into it lies, for one that has any."""

    name: str
    kind: Kind
    top: float
    height: float

    @property
    def middle(self) -> float:
        return self.top + self.height / 2

    @property
    def value_at(self) -> float:
        return self.top + HEIGHTS_PX[self.kind] / 2


@dataclass(frozen=True, slots=True)
class Grid:
    """The measures of one timeline.

    columns: how many, those to come included. low, high: ends of the reward axis. failed_at: height of the line of
    failures, None without any. longest_s: the duration that fills a bar.
    """

    columns: int
    lanes: tuple[Lane, ...]
    low: float
    high: float
    ticks: tuple[float, ...]
    failed_at: float | None
    longest_s: float

    @property
    def is_matrix(self) -> bool:
        """Whether there are too many columns for bars, arrows and words, however wide the place."""
        return self.columns > MANY

    @property
    def strips_px(self) -> float:
        """Height of all strips."""
        return self.lanes[-1].top + self.lanes[-1].height

    @property
    def middle(self) -> float:
        """Half way up the panel, for a mark that has no reward yet."""
        return (self.ticks[0] + self.ticks[-1]) / 2

    def lane(self, kind: Kind, name: str | None = None) -> Lane | None:
        """The strip of that kind (and predictor), if there is one."""
        return next((one for one in self.lanes if one.kind == kind and name in {None, one.name}), None)

    def clamp(self, reward: float) -> float:
        """Where a reward lies on the axis; an infinite one lies at its edge."""
        return min(max(reward, self.low), self.high) if not math.isnan(reward) else self.low


def build_grid(timeline: Timeline) -> Grid:
    """The grid that holds `timeline`, whatever its rewards and however many its attempts."""
    ticks = _ticks(timeline)
    span = ticks[-1] - ticks[0]
    lost = any(a.outcome in {"failed", "cut_off"} for a in timeline.attempts)
    low = ticks[0] - span * (2 * _FAILED_ROOM if lost else 0.06)
    return Grid(
        columns=_columns(timeline),
        lanes=_lanes(timeline),
        low=low,
        high=ticks[-1] + span * 0.08,
        ticks=ticks,
        failed_at=ticks[0] - span * _FAILED_ROOM if lost else None,
        longest_s=_longest(timeline),
    )


def _columns(timeline: Timeline) -> int:
    begun = max((a.index + 1 for a in timeline.attempts), default=0)
    return max(1, begun, timeline.spec.N if timeline.end is None else min(timeline.spec.N, _KEPT_COLUMNS))


def _lanes(timeline: Timeline) -> tuple[Lane, ...]:
    called = (run.name for attempt in timeline.attempts for run in attempt.predictors)
    names = dict.fromkeys((*timeline.predictors, *called))
    strips: list[tuple[str, Kind]] = [
        ("temperature", "temperature"),
        *((name, "predictor") for name in names),
    ]
    if timeline.spec.hint_source == "adviser" or any(a.advice for a in timeline.attempts):
        strips.append(("advice", "advice"))
    strips.append(("reward", "reward"))
    lanes: list[Lane] = []
    top = 0.0
    for name, kind in strips:
        more = RULES_PX if kind == "reward" and any(a.unmet for a in timeline.attempts) else 0
        lanes.append(Lane(name, kind, top, HEIGHTS_PX[kind] + more))
        top += lanes[-1].height
    return tuple(lanes)


def _longest(timeline: Timeline) -> float:
    """The longest that one predictor took in one attempt, all its calls together."""
    longest = 0.0
    for attempt in timeline.attempts:
        took: dict[str, float] = {}
        for run in attempt.predictors:
            took[run.name] = took.get(run.name, 0.0) + (run.took_s or 0.0)
        longest = max(longest, *took.values(), 0.0)
    return longest


def _ticks(timeline: Timeline) -> tuple[float, ...]:
    """Round numbers around every reward and the threshold; 0 to 1 where that holds them all."""
    seen = [a.reward for a in timeline.attempts if a.reward is not None]
    seen += [] if timeline.spec.threshold is None else [timeline.spec.threshold]
    values = [min(max(v, -_FARTHEST), _FARTHEST) for v in seen if math.isfinite(v)]
    if not values or (min(values) >= 0 and max(values) <= 1):
        return (0.0, 0.25, 0.5, 0.75, 1.0)
    low, high = min(values), max(values)
    if 0 < low <= (high - low) or 0 > high >= (low - high):  # zero is near: show it
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < max(abs(low), abs(high), _NEAR) * _NEAR:  # one value, but for rounding
        low, high = low - max(abs(low) / 10, 0.5), high + max(abs(high) / 10, 0.5)
    step = _nice((high - low) / _TICKS)
    first, last = math.floor(low / step), math.ceil(high / step)
    return tuple(round(i * step, 10) for i in range(first, last + 1))


def _nice(step: float) -> float:
    """The next of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= step * 0.999)
