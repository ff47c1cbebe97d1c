"""The strips beneath the panel: temperatures as figures, how long each predictor took, and the requests for advice."""

from __future__ import annotations

from collections.abc import Iterator

from refine_core.figures.grid import Grid, Strip
from refine_core.figures.scene import Layer
from refine_core.formatting import format_duration, format_temperature
from refine_core.log.timeline import Advice, Attempt, PredictorRun, Timeline

TRACK_START = 0.14  # of a column, where the bars begin
ADVICE_AT = 0.3  # of a column, where the circle of the advice is
ADVICE_SHARE = 0.4  # of a column: what a circle may fill
ADVICE_TEXT_PX = 12.0  # from the circle's middle to the duration beside it
_LEAST = 0.03  # of a track: the shortest bar that can be seen
BESIDE_ROOM_PX = 105  # width of a column from which on durations stand beside bars and circles; it follows from no duration,
# so that nothing moves when a longer one comes. One that is too long for its column is left out.
_SHORTEST = 2  # decimals of a temperature where there is little room


def draw_temperatures(timeline: Timeline, grid: Grid) -> Iterator[Layer]:
    """The temperature of each attempt, planned ones too; where rollouts tell attempts apart, the number of its rollout."""
    strip = grid.find_strip("temperature")
    if strip is None:
        return
    used = {a.index: a.temperature for a in timeline.attempts}
    planned = {i: t for i, t in enumerate(timeline.temperatures) if i < grid.columns}
    rolled = {a.index for a in timeline.attempts if not timeline.has_temperature(a)}
    rolled |= planned.keys() - used.keys() if timeline.uses_rollouts else set()
    values = {**planned, **used}
    rolled |= values.keys() if timeline.shows_rollouts else set()
    order = sorted(values)
    by_index = {a.index: a for a in timeline.attempts}
    yield {
        "name": "temperatures",
        "shape": "text",
        "size": 12.5,
        "x": [i + 0.5 for i in order],
        "y": [strip.y] * len(order),
        "text": [str(timeline.rollout_of(i)) if i in rolled else _figure(values[i]) for i in order],
        "brief": [str(timeline.rollout_of(i)) if i in rolled else _brief(values[i]) for i in order],
        "style": ["text" if i in by_index else "faint" for i in order],
        "anchor": "middle",
        "room": 46,
        "room_brief": 20,
        "attempt": order,
    }


def _figure(temperature: float) -> str:
    text = format_temperature(temperature)
    return text if "." in text else f"{text}.0"


def _brief(temperature: float) -> str:
    """As short as it gets: "0", ".5", ".58"."""
    text = f"{temperature:.{_SHORTEST}f}".rstrip("0").rstrip(".")
    return text.removeprefix("0") or "0"


def draw_bars(timeline: Timeline, grid: Grid) -> Iterator[Layer]:
    """How long each predictor took in each attempt, on a track as long as the longest; dashed tracks for what may come."""
    for strip in (s for s in grid.strips if s.kind == "predictor"):
        called = [a for a in timeline.attempts if any(run.name == strip.name for run in a.predictors)]
        yield _tracks(timeline, grid, strip, called)
        spans = [(a, *span) for a in called for span in _spans(a, strip, grid)]
        states = ["running" if run.state == "cut_off" else run.state for _, run, _, _ in spans]
        yield {
            "name": strip.name,
            "shape": "bar",
            "column": [a.index for a, _, _, _ in spans],
            "start": [start for _, _, start, _ in spans],
            "stop": [
                1.0 if s == "running" else stop for s, (_, _, _, stop) in zip(states, spans, strict=True)
            ],
            "y": strip.y,
            "style": ["bar" if s == "done" else f"bar-{s}" for s in states],
            "retries": [sum(len(call.retries) for call in run.calls) for _, run, _, _ in spans],
            "attempt": [a.index for a, _, _, _ in spans],
        }
        yield _durations(timeline, strip, called)


def _tracks(timeline: Timeline, grid: Grid, strip: Strip, called: list[Attempt]) -> Layer:
    begun = {a.index for a in timeline.attempts}
    waiting = [a.index for a in timeline.attempts if a.outcome == "running" and a not in called]
    to_come = [] if timeline.is_over else [*waiting, *(i for i in range(grid.columns) if i not in begun)]
    columns = [*(a.index for a in called), *to_come]
    return {
        "name": f"track of {strip.name}",
        "shape": "bar",
        "column": columns,
        "start": [0.0] * len(columns),
        "stop": [1.0] * len(columns),
        "y": strip.y,
        "style": [*["track"] * len(called), *["ghost"] * len(to_come)],
        "attempt": columns,
    }


def _spans(attempt: Attempt, strip: Strip, grid: Grid) -> Iterator[tuple[PredictorRun, float, float]]:
    """Each call of the strip's predictor in an attempt, with the ends of its bar as shares of a track."""
    start = 0.0
    for run in (r for r in attempt.predictors if r.name == strip.name):
        share = (run.took_s or 0.0) / grid.longest_s if grid.longest_s else 0.0
        stop = min(1.0, start + max(_LEAST, share))
        yield run, round(min(start, 1.0 - _LEAST), 4), round(stop, 4)
        start = stop


def _durations(timeline: Timeline, strip: Strip, called: list[Attempt]) -> Layer:
    """The duration behind each track, where there is room for it."""
    runs = [[run for run in a.predictors if run.name == strip.name] for a in called]
    return {
        "name": f"durations of {strip.name}",
        "shape": "text",
        "size": 12,
        "style": "muted",
        "after": "track",
        "column": [a.index for a in called],
        "y": [strip.y] * len(called),
        "text": [_sum(each) for each in runs],
        "since": [_running_since(timeline, a, each) for a, each in zip(called, runs, strict=True)],
        "room": BESIDE_ROOM_PX,
        "attempt": [a.index for a in called],
    }


def _sum(runs: list[PredictorRun]) -> str:
    took = [run.took_s for run in runs if run.took_s is not None]
    return write_duration(sum(took)) if took else "…"


def _running_since(timeline: Timeline, attempt: Attempt, runs: list[PredictorRun]) -> float | None:
    """When the call began that is under way, in seconds since the epoch; None for one that is over."""
    begun = attempt.started_at + timeline.paused_s + runs[-1].offset_s
    return begun if runs[-1].state == "running" else None


def write_duration(took_s: float) -> str:
    """A duration in as few letters as there is room for."""
    return format_duration(took_s).replace("under ", "<")


def draw_advice(timeline: Timeline, grid: Grid) -> Iterator[Layer]:
    """A circle for each request for advice, with its duration; crossed out where none could be had, dashed while it is asked for."""
    strip = grid.find_strip("advice")
    if strip is None:
        return
    advised: list[tuple[Attempt, Advice | None]] = [(a, a.advice) for a in timeline.attempts if a.advice]
    if timeline.spec.hint_source == "feedback":
        sources = {a.advice_from for a in timeline.attempts}
        advised = [(a, None) for a in timeline.attempts if a.index in sources]
    states = ["done" if advice is None else advice.state for _, advice in advised]
    yield {
        "name": "advice",
        "shape": "mark",
        "x": [a.index + ADVICE_AT for a, _ in advised],
        "y": [strip.y] * len(advised),
        "symbol": ["cross" if s == "failed" else "circle" for s in states],
        "style": [_ADVICE_STYLES[s] for s in states],
        "size": [8.0 if s == "failed" else 11.0 for s in states],
        "share": ADVICE_SHARE,
        "attempt": [a.index for a, _ in advised],
    }
    took = [advice.took_s if advice is not None else None for _, advice in advised]
    shown = ["" if seconds is None else write_duration(seconds) for seconds in took]
    yield {
        "name": "durations of advice",
        "shape": "text",
        "size": 12,
        "style": "muted",
        "x": [a.index + ADVICE_AT for a, _ in advised],
        "dx": [ADVICE_TEXT_PX] * len(advised),
        "y": [strip.y] * len(advised),
        "text": shown,
        "room": BESIDE_ROOM_PX,
        "attempt": [a.index for a, _ in advised],
    }


_ADVICE_STYLES = {"done": "hint", "failed": "failed", "running": "asking", "cut_off": "asking"}


def draw_possible_advice(grid: Grid) -> Layer:
    """Before a run: a dashed circle for each request for advice that may be made."""
    strip = grid.find_strip("advice")
    columns = list(range(grid.columns - 1)) if strip is not None else []
    return {
        "name": "advice",
        "shape": "mark",
        "x": [i + ADVICE_AT for i in columns],
        "y": [strip.y if strip else 0.0] * len(columns),
        "symbol": ["circle"] * len(columns),
        "style": ["ghost"] * len(columns),
        "size": [11.0] * len(columns),
        "share": ADVICE_SHARE,
        "attempt": list(columns),
    }
