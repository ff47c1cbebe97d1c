"""The marks: one Plotly trace a quantity, never one an attempt. Every mark carries its attempt's index as customdata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from refine_core.figures import outcomes, text
from refine_core.figures.grid import GAP_PX, MANY, REACH, Grid, Lane
from refine_core.figures.outcomes import Outcome
from refine_core.log.folds import Attempt, PredictorRun, Timeline

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Trace: TypeAlias = dict[str, Json]

BAR_PX = 8
_WORDS = 90  # characters of a hint or an output in a hover text
_LEAST = 0.02  # of a column: the shortest bar that can be seen

# Shape first, colour second.
_SYMBOLS: dict[Outcome, tuple[str, str, int]] = {
    "scored": ("circle", "token:scored", 11),
    "best": ("triangle-up", "token:best", 14),
    "stopped": ("square", "token:best", 13),
    "failed": ("x", "token:failed", 11),
    "cut_off": ("line-ew-open", "token:muted", 12),
}


def traces(line: Timeline, grid: Grid) -> list[Trace]:
    """Every trace of the timeline, from the back to the front. Which there are depends on the run's program alone."""
    return [
        _columns(line, grid, "y", grid.low, grid.high),
        _columns(line, grid, "y2", -GAP_PX, grid.strips_px),
        _best_so_far(line, grid),
        _rewards(line, grid),
        _lost(line, grid),
        _running(line, grid),
        _returned(line, grid),
        *_temperatures(line, grid),
        _tracks(line, grid),
        *_hints(line, grid),
        *(_bars(line, grid, lane) for lane in grid.lanes if lane.kind == "predictor"),
        _durations(line, grid),
        _retries(line, grid),
        _advice(line, grid),
        _values(line, grid),
    ]


def _at(attempts: Sequence[Attempt]) -> tuple[list[Json], list[Json]]:
    """Give x and customdata of marks in the middle of their columns."""
    return [a.index + 1 for a in attempts], [a.index for a in attempts]


def summary(line: Timeline, attempt: Attempt) -> str:
    """What hovering an attempt says."""
    reward = "no reward" if attempt.reward is None else f"reward {text.number(attempt.reward)}"
    took = "" if attempt.took_s is None else f" · {text.seconds(attempt.took_s)}"
    said = [f"{name}: {text.shorten(value, _WORDS)}" for name, value in (attempt.outputs or {}).items()]
    wrong = (
        ""
        if attempt.error is None
        else text.shorten(f"{attempt.error.type}: {attempt.error.message}", _WORDS)
    )
    return text.hover(
        f"Attempt {attempt.index + 1} · {outcomes.words(line, attempt)}",
        f"{reward} · temperature {text.temperature(attempt.temperature)}{took}",
        wrong,
        *said,
    )


def _columns(line: Timeline, grid: Grid, axis: str, foot: float, head: float) -> Trace:
    """A bar behind each column: where to point and click, and a faint place for each attempt still to come."""
    made = {a.index: a for a in line.attempts}
    never = "This attempt was not needed." if line.finished else "This attempt has not begun."
    indices = range(grid.columns)
    return {
        "type": "bar",
        "name": "attempts",
        "yaxis": axis,
        "x": [i + 1 for i in indices],
        "y": [head - foot] * grid.columns,
        "base": [foot] * grid.columns,
        "width": 0.92,
        "marker": {
            "color": ["rgba(0,0,0,0)" if i in made else "token:faint/0.6" for i in indices],
            "cornerradius": 0,
            "line": {"width": 0},
        },
        "hoverinfo": "text",
        "hovertext": [
            summary(line, made[i]) if i in made else text.hover(f"Attempt {i + 1}", never) for i in indices
        ],
        "customdata": [i if i in made else None for i in indices],
    }


def _best_so_far(line: Timeline, grid: Grid) -> Trace:
    known = [a for a in line.attempts if a.best_so_far is not None]
    x, y = [float(a.index + 1) for a in known], [grid.shown(a.best_so_far or 0.0) for a in known]
    if known:
        x, y = [*x, x[-1] + REACH], [*y, y[-1]]
    return {
        "type": "scatter",
        "name": "best so far",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"shape": "hv", "width": 2, "color": "token:scored/0.45"},
        "hoverinfo": "skip",
    }


def _rewards(line: Timeline, grid: Grid) -> Trace:
    scored = [a for a in line.attempts if a.reward is not None]
    symbols = [_SYMBOLS[outcomes.outcome(line, a)] for a in scored]
    x, customdata = _at(scored)
    return {
        "type": "scatter",
        "name": "reward",
        "mode": "markers",
        "x": x,
        "y": [grid.shown(a.reward or 0.0) for a in scored],
        "marker": {
            "symbol": [s for s, _, _ in symbols],
            "color": [c for _, c, _ in symbols],
            "size": [size for _, _, size in symbols],
            "line": {"width": 2, "color": "token:background"},
            "opacity": 1,
        },
        "cliponaxis": False,
        "hoverinfo": "text",
        "hovertext": [summary(line, a) for a in scored],
        "customdata": customdata,
    }


def _lost(line: Timeline, grid: Grid) -> Trace:
    """Attempts that ended without a reward, on their own line."""
    lost = [a for a in line.attempts if outcomes.outcome(line, a) in {"failed", "cut_off"}]
    symbols = [_SYMBOLS[outcomes.outcome(line, a)] for a in lost]
    x, customdata = _at(lost)
    return {
        "type": "scatter",
        "name": "failed",
        "mode": "markers",
        "x": x,
        "y": [grid.failed_at] * len(lost),
        "marker": {
            "symbol": [s for s, _, _ in symbols],
            "color": [c for _, c, _ in symbols],
            "size": [size for _, _, size in symbols],
            "line": {"width": [2 if s.endswith("open") else 0 for s, _, _ in symbols]},
            "opacity": 1,
        },
        "cliponaxis": False,
        "hoverinfo": "text",
        "hovertext": [summary(line, a) for a in lost],
        "customdata": customdata,
    }


def _running(line: Timeline, grid: Grid) -> Trace:
    running = [a for a in line.attempts if outcomes.outcome(line, a) == "running"]
    x, customdata = _at(running)
    return {
        "type": "scatter",
        "name": "running",
        "mode": "markers",
        "x": x,
        "y": [grid.middle] * len(running),
        "marker": {
            "symbol": "circle",
            "size": 16,
            "color": "token:background",
            "line": {"width": 2, "color": "token:muted", "dash": "2.5px,2.5px"},
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [summary(line, a) for a in running],
        "customdata": customdata,
    }


def _returned(line: Timeline, grid: Grid) -> Trace:
    """A ring around the attempt that the caller was given."""
    chosen = line.finished.returned if line.finished else None
    ringed = [a for a in line.attempts if a.index == chosen and a.reward is not None]
    x, customdata = _at(ringed)
    return {
        "type": "scatter",
        "name": "returned",
        "mode": "markers",
        "x": x,
        "y": [grid.shown(a.reward or 0.0) for a in ringed],
        "marker": {
            "symbol": "circle-open",
            "size": 26,
            "color": "token:text",
            "line": {"width": 1.75, "color": "token:text"},
            "opacity": 1,
        },
        "cliponaxis": False,
        "hoverinfo": "skip",
        "customdata": customdata,
    }


def _temperatures(line: Timeline, grid: Grid) -> Iterator[Trace]:
    """Dots that rise with the temperature, and its value beneath; fainter for attempts still to come."""
    lane = grid.lane("temperature")
    if lane is None:
        return
    made = {a.index: a.temperature for a in line.attempts}
    planned = {i: t for i, t in enumerate(line.temperatures) if i < grid.columns}
    known = {**planned, **made}
    low, high = min(known.values(), default=0.0), max(known.values(), default=0.0)
    span = (high - low) or 1.0
    order = sorted(known)
    fade = ["token:muted" if i in made else "token:muted/0.55" for i in order]
    yield {
        "type": "scatter",
        "name": "temperature",
        "mode": "lines+markers",
        "yaxis": "y2",
        "x": [i + 1 for i in order],
        "y": [lane.top + 19 - 10 * (known[i] - low) / span if high > low else lane.top + 14 for i in order],
        "line": {"width": 1, "color": "token:grid"},
        "marker": {"size": 6, "color": fade, "line": {"width": 0}, "opacity": 1},
        "hoverinfo": "skip",
        "customdata": list(order),
    }
    yield {
        "type": "scatter",
        "name": "temperature values",
        "mode": "text",
        "yaxis": "y2",
        "x": [i + 1 for i in order],
        "y": [lane.top + 34] * len(order),
        "text": [text.temperature(known[i]) for i in order],
        "textfont": {"size": 12, "color": ["token:text" if i in made else "token:muted" for i in order]},
        "meta": {"min_column_px": 27},
        "hoverinfo": "skip",
        "customdata": list(order),
    }


def _spans(attempt: Attempt, lane: Lane, grid: Grid) -> Iterator[tuple[PredictorRun, float, float]]:
    """Each call of the strip's predictor in an attempt, with the foot and the length of its bar, in columns."""
    start = attempt.index + 1 - REACH
    for run in (r for r in attempt.predictors if r.name == lane.name):
        share = (run.took_s or 0.0) / grid.longest_s if grid.longest_s else 0.0
        length = max(_LEAST, 2 * REACH * share)
        yield run, start, length
        start += length + _LEAST / 2


def _called(line: Timeline, lane: Lane) -> list[Attempt]:
    return [a for a in line.attempts if any(run.name == lane.name for run in a.predictors)]


def _tracks(line: Timeline, grid: Grid) -> Trace:
    """The length that a bar could have, behind every bar."""
    places = [(a, lane) for lane in grid.lanes if lane.kind == "predictor" for a in _called(line, lane)]
    return {
        "type": "bar",
        "name": "tracks",
        "orientation": "h",
        "yaxis": "y2",
        "base": [a.index + 1 - REACH for a, _ in places],
        "x": [2 * REACH] * len(places),
        "y": [_bar_at(lane) for _, lane in places],
        "width": BAR_PX,
        "marker": {"color": "token:track", "cornerradius": BAR_PX // 2, "line": {"width": 0}},
        "hoverinfo": "skip",
        "customdata": [a.index for a, _ in places],
    }


def _bar_at(lane: Lane) -> float:
    return lane.top + 30


def _bars(line: Timeline, grid: Grid, lane: Lane) -> Trace:
    """How long one predictor took. Hatched: it failed, or still runs."""
    places = [(a, *span) for a in line.attempts for span in _spans(a, lane, grid)]
    colours = {"failed": "token:failed", "running": "token:muted/0.5", "done": "token:bar"}
    states = ["failed" if r.error else "running" if r.took_s is None else "done" for _, r, _, _ in places]
    return {
        "type": "bar",
        "name": text.escape(lane.name),
        "orientation": "h",
        "yaxis": "y2",
        "base": [start for _, _, start, _ in places],
        "x": [
            2 * REACH if s == "running" else length
            for s, (_, _, _, length) in zip(states, places, strict=True)
        ],
        "y": [_bar_at(lane)] * len(places),
        "width": BAR_PX,
        "marker": {
            "color": [colours[s] for s in states],
            "cornerradius": BAR_PX // 2,
            "line": {"width": 0},
            "pattern": {
                "shape": ["" if s == "done" else "/" for s in states],
                "size": 5,
                "solidity": 0.4,
                "fgcolor": "token:background",
            },
        },
        "hoverinfo": "text",
        "hovertext": [_run_told(a, r) for a, r, _, _ in places],
        "customdata": [a.index for a, _, _, _ in places],
    }


def _run_told(attempt: Attempt, run: PredictorRun) -> str:
    took = "running" if run.took_s is None else text.seconds(run.took_s)
    retries = [retry for call in run.calls for retry in call.retries]
    hint = run.hint if run.hint is not None and outcomes.is_hint(run.hint) else None
    return text.hover(
        f"{text.shorten(run.name, _WORDS)}, attempt {attempt.index + 1} · {took}",
        f"hint: {text.shorten(hint, _WORDS)}" if hint else "",
        *(f"{name}: {text.shorten(value, _WORDS)}" for name, value in (run.outputs or {}).items()),
        text.shorten(f"{run.error.type}: {run.error.message}", _WORDS) if run.error else "",
        f"retried {len(retries)} {text.TIMES}, last after {text.shorten(retries[-1].error.message, _WORDS)}"
        if retries
        else "",
    )


def _durations(line: Timeline, grid: Grid) -> Trace:
    """The duration above each bar, where there is room for it."""
    few = len(line.attempts) <= MANY
    places = [
        (a, lane) for lane in grid.lanes if lane.kind == "predictor" for a in _called(line, lane) if few
    ]
    took = [
        [run.took_s for run in a.predictors if run.name == lane.name and run.took_s is not None]
        for a, lane in places
    ]
    return {
        "type": "scatter",
        "name": "durations",
        "mode": "text",
        "yaxis": "y2",
        "x": [a.index + 1 - REACH for a, _ in places],
        "y": [_bar_at(lane) - 13 for _, lane in places],
        "text": [text.seconds(sum(each)) if each else "…" for each in took],
        "textposition": "middle right",
        "textfont": {"size": 11, "color": "token:muted"},
        "meta": {"min_column_px": 84},
        "hoverinfo": "skip",
        "customdata": [a.index for a, _ in places],
    }


def _retries(line: Timeline, grid: Grid) -> Trace:
    """A tick at the end of a bar whose request had to be sent again."""
    places = [
        (a, start + length, lane, count)
        for lane in grid.lanes
        if lane.kind == "predictor"
        for a in line.attempts
        for run, start, length in _spans(a, lane, grid)
        if (count := sum(len(call.retries) for call in run.calls))
    ]
    return {
        "type": "scatter",
        "name": "retries",
        "mode": "markers+text" if len(line.attempts) <= MANY else "markers",
        "yaxis": "y2",
        "x": [at for _, at, _, _ in places],
        "y": [_bar_at(lane) for _, _, lane, _ in places],
        "text": [f"retried {text.TIMES}{count}" if count > 1 else "retried" for _, _, _, count in places],
        "textposition": "bottom left",
        "textfont": {"size": 11, "color": "token:muted"},
        "meta": {"min_column_px": 84},
        "marker": {
            "symbol": "line-ns",
            "size": 16,
            "line": {"width": 2, "color": "token:failed"},
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [
            text.hover(f"{lane.name}: retried {count} {text.TIMES}") for _, _, lane, count in places
        ],
        "customdata": [a.index for a, _, _, _ in places],
    }


def _hints(line: Timeline, grid: Grid) -> Iterator[Trace]:
    """From the advice, through the gutter between columns, to the very predictor that was given the hint."""
    chips = grid.lane("advice")
    given = [
        (a.advice_from, a, lane, hint)
        for a in line.attempts
        if a.advice_from is not None
        for name, hint in outcomes.hints(a).items()
        if (lane := grid.lane("predictor", name)) is not None
    ]
    x: list[Json] = []
    y: list[Json] = []
    for source, target, lane, _ in given:
        for px, py in _path(source, target.index, chips, lane) if chips else ():
            x.append(px)
            y.append(py)
        x.append(None)
        y.append(None)
    yield {
        "type": "scatter",
        "name": "hints",
        "mode": "lines",
        "yaxis": "y2",
        "x": x,
        "y": y,
        "line": {"width": 1.5 if grid.columns <= MANY else 1, "color": "token:hint"},
        "connectgaps": False,
        "hoverinfo": "skip",
    }
    yield {
        "type": "scatter",
        "name": "hints received",
        "mode": "markers",
        "yaxis": "y2",
        "x": [a.index + 1 - REACH for _, a, _, _ in given],
        "y": [_bar_at(lane) for _, _, lane, _ in given],
        "marker": {
            "symbol": "arrow",
            "angle": 90,
            "size": 9 if grid.columns <= MANY else 5,
            "color": "token:hint",
            "line": {"width": 0},
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [
            text.hover(f"Hint for {lane.name} in attempt {a.index + 1}:", text.shorten(hint, 2 * _WORDS))
            for _, a, lane, hint in given
        ],
        "customdata": [a.index for _, a, _, _ in given],
    }


def _path(source: int, target: int, chips: Lane, lane: Lane) -> list[tuple[float, float]]:
    """Corner by corner, rounded. Advice that skipped an attempt travels in the gap above the strip of advice."""
    out, into = source + 1.5, target + 0.5
    corners = [(source + 1.0, chips.middle), (out, chips.middle)]
    if target > source + 1:
        corners += [(out, chips.top), (into, chips.top)]
    corners += [(into, _bar_at(lane)), (target + 1 - REACH, _bar_at(lane))]
    path = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        path += _round(before, corner, after)
    return [*path, corners[-1]]


def _round(
    a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]
) -> list[tuple[float, float]]:
    """A quarter turn at `b`, as three points of a quadratic curve. Radius: 0.06 columns by 7 px."""

    def near(end: tuple[float, float]) -> tuple[float, float]:
        dx, dy = end[0] - b[0], end[1] - b[1]
        return b[0] + max(-0.06, min(0.06, dx)), b[1] + max(-7.0, min(7.0, dy))

    p, q = near(a), near(c)
    curve = []
    for t in (0.0, 0.25, 0.5, 0.75, 1.0):
        u = 1 - t
        curve.append(
            (u * u * p[0] + 2 * u * t * b[0] + t * t * q[0], u * u * p[1] + 2 * u * t * b[1] + t * t * q[1])
        )
    return curve


def _advice(line: Timeline, grid: Grid) -> Trace:
    """A chip for each advice; crossed out where none could be had, dashed while it is asked for."""
    lane = grid.lane("advice")
    advised = [a for a in line.attempts if a.advice is not None and lane is not None]
    states = [
        "failed" if a.advice and a.advice.error else "given" if a.advice and a.advice.given else "asked"
        for a in advised
    ]
    if line.finished is not None:
        states = ["cut_off" if s == "asked" else s for s in states]
    few = len(line.attempts) <= MANY
    labels = [f"a{a.index + 1}" if s != "failed" else "✕" for a, s in zip(advised, states, strict=True)]
    ink = [
        "token:failed" if s == "failed" else "token:hint" if s == "given" else "token:muted" for s in states
    ]
    x, customdata = _at(advised)
    return {
        "type": "scatter",
        "name": "advice",
        "mode": "markers+text" if few else "markers",
        "yaxis": "y2",
        "x": x,
        "y": [lane.middle if lane else 0.0] * len(advised),
        "text": labels,
        "textfont": {
            "size": 11,
            "color": ["token:failed" if s == "failed" else "token:text" for s in states],
        },
        "meta": {"min_column_px": 30, "small_marker": 8},
        "marker": {
            "symbol": "circle",
            "size": 23 if few else 6,
            "color": ["token:chip" if s == "given" else "token:background" for s in states],
            "line": {
                "width": 1.5,
                "color": ink,
                "dash": ["2px,2px" if s == "asked" else "solid" for s in states],
            },
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [_advice_told(a, s) for a, s in zip(advised, states, strict=True)],
        "customdata": customdata,
    }


def _advice_told(attempt: Attempt, state: str) -> str:
    name = f"Advice after attempt {attempt.index + 1}"
    advice = attempt.advice
    if advice is None or state in {"asked", "cut_off"}:
        return text.hover(f"{name}: {'being asked for' if state == 'asked' else 'cut off'}")
    took = "" if advice.took_s is None else f" · {text.seconds(advice.took_s)}"
    if advice.error is not None:
        return text.hover(f"{name} could not be had{took}", text.shorten(advice.error.message, _WORDS))
    given = advice.given.advice if advice.given else {}
    return text.hover(
        f"{name}{took}",
        *(
            f"{text.shorten(n, _WORDS)}: {text.shorten(words, _WORDS) if outcomes.is_hint(words) else 'nothing to say'}"
            for n, words in given.items()
        ),
    )


def _values(line: Timeline, grid: Grid) -> Trace:
    """The rewards as numbers, at the foot of their columns."""
    lane = grid.lane("reward")
    kinds = [outcomes.outcome(line, a) for a in line.attempts]
    words = {"failed": "failed", "running": "…", "cut_off": "cut off"}
    few = len(line.attempts) <= _KEPT_WORDS
    x, customdata = _at(line.attempts)
    return {
        "type": "scatter",
        "name": "reward values",
        "mode": "text",
        "yaxis": "y2",
        "x": x,
        "y": [lane.middle if lane else 0.0] * len(x),
        "text": [
            text.number(a.reward) if a.reward is not None else words[k] if few or k == "running" else "✕"
            for a, k in zip(line.attempts, kinds, strict=True)
        ],
        "textfont": {
            "size": 13,
            "color": ["token:text" if a.reward is not None else "token:muted" for a in line.attempts],
            "weight": [600 if k in {"best", "stopped"} else 400 for k in kinds],
        },
        "meta": {"min_column_px": 30},
        "hoverinfo": "skip",
        "customdata": customdata,
    }


_KEPT_WORDS = 12  # attempts, up to which "failed" is written out
