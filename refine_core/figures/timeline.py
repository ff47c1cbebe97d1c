"""The timeline as a plain Plotly figure.

    reward panel     position = reward; threshold; best so far; failures on their own line
    strips           temperature, one a predictor, advice, the reward's value

The layout is given for a wide place; `layout.meta.narrow` says what changes below 600 px. Annotations named "wide:…"
and "narrow:…" are for one of the two; a trace's `meta.min_column_px` is the width of a column below which its text is
left out. Beyond 30 columns, and where a column is narrower than `layout.meta.matrix_below_px`, the strips are a matrix:
a trace's `meta.only` says to which of the two drawings, "bars" or "matrix", it belongs. `layout.meta.cut_off`: whether the
key should explain that mark. Whoever draws obeys these; a drawing that does not is still sound.
"""

from __future__ import annotations

from refine_core.figures import text
from refine_core.figures.grid import GAP_PX, PANEL_PX, Grid, Lane, build_grid
from refine_core.figures.trace_parts import Json
from refine_core.figures.traces import build_traces
from refine_core.formatting import format_number
from refine_core.log.timeline import Timeline
from refine_core.messages import format_reward

_WIDE = {"l": 116, "r": 92, "t": 34, "b": 6}
_NARROW = {"l": 68, "r": 10, "t": 34, "b": 6}
_MATRIX_BELOW_PX = 30
_LABEL_SHARE = (
    0.33  # of a narrow place's width: what the threshold's label takes, with room for a mark beside it
)
_EVERY = (
    (12, 1),
    (30, 2),
    (60, 5),
    (150, 10),
    (400, 25),
)  # up to so many columns: a number at every so manieth


_LABEL: dict[str, Json] = {
    "bgcolor": "token:background",
    "bordercolor": "token:border",
    "font": {"family": "token:font", "size": 13, "color": "token:text"},
}


def build_figure(timeline: Timeline) -> dict[str, Json]:
    """{"data": [traces], "layout": {…}} of plain JSON values. Colours are tokens; a model's words are escaped."""
    grid = build_grid(timeline)
    plot_px = PANEL_PX + GAP_PX + grid.strips_px
    return {"data": list(build_traces(timeline, grid)), "layout": _layout(timeline, grid, plot_px)}


def _layout(timeline: Timeline, grid: Grid, plot_px: float) -> dict[str, Json]:
    split = (GAP_PX + grid.strips_px) / plot_px
    return {
        "height": plot_px + _WIDE["t"] + _WIDE["b"],
        "margin": _WIDE,
        "uirevision": timeline.run_id,
        "barmode": "overlay",
        "showlegend": False,
        "hovermode": "closest",
        "hoverdistance": 12,
        "dragmode": "zoom",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "token:font", "size": 12, "color": "token:text"},
        "hoverlabel": {**_LABEL, "align": "left"},
        "xaxis": {
            "range": [0.5, grid.columns + 0.5],
            "side": "top",
            "anchor": "y",
            "tick0": _every(grid.columns),
            "dtick": _every(grid.columns),
            "tickfont": {"size": 13, "color": "token:muted"},
            "ticks": "",
            "showgrid": False,
            "showline": False,
            "zeroline": False,
        },
        "yaxis": {
            "domain": [split, 1],
            "range": [grid.low, grid.high],
            "fixedrange": True,
            "tickvals": list(grid.ticks),
            "ticktext": [format_number(t, grid.ticks) for t in grid.ticks],
            "tickfont": {"size": 12, "color": "token:muted"},
            "ticks": "",
            "showgrid": True,
            "gridcolor": "token:grid",
            "gridwidth": 1,
            "zeroline": False,
        },
        "yaxis2": {
            "domain": [0, split],
            "range": [grid.strips_px, -GAP_PX],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "showticklabels": False,
            "ticks": "",
        },
        "shapes": _shapes(timeline, grid),
        "annotations": _annotations(timeline, grid),
        "meta": {
            "narrow": {"margin": _NARROW, "dragmode": False},
            "columns": grid.columns,
            "matrix": grid.is_matrix,
            "matrix_below_px": _MATRIX_BELOW_PX,
            "cut_off": any(a.outcome == "cut_off" for a in timeline.attempts),
            "unmet": any(a.unmet for a in timeline.attempts),
        },
    }


def _every(columns: int) -> int:
    return next((step for most, step in _EVERY if columns <= most), 100)


def _shapes(timeline: Timeline, grid: Grid) -> list[Json]:
    """The threshold, the line of failures, and a hairline above each strip."""
    across: dict[str, Json] = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    shapes: list[Json] = [
        {
            **across,
            "name": "strip",
            "yref": "y2",
            "y0": lane.top,
            "y1": lane.top,
            "line": {"width": 1, "color": "token:grid"},
        }
        for lane in grid.lanes
    ]
    if timeline.spec.threshold is not None:
        at = grid.clamp(timeline.spec.threshold)
        dashed: Json = {"width": 1.5, "color": "token:muted", "dash": "5px,4px"}
        shapes.append(
            {
                **across,
                "name": "threshold",
                "yref": "y",
                "y0": at,
                "y1": at,
                "line": dashed,
            }
        )
    if grid.failed_at is not None:
        dotted: Json = {"width": 1, "color": "token:border", "dash": "1px,4px"}
        shapes.append(
            {
                **across,
                "name": "failed",
                "yref": "y",
                "y0": grid.failed_at,
                "y1": grid.failed_at,
                "line": dotted,
            }
        )
    return shapes


def _annotations(timeline: Timeline, grid: Grid) -> list[Json]:
    """Names of strips at the left, the threshold's label, for a wide and for a narrow place."""
    notes: list[Json] = []
    top: dict[str, Json] = {"yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 0}
    notes += _names("attempt", "#", top)
    notes += _names("reward", "reward", {"yref": "y", "y": grid.middle, "yanchor": "middle"})
    for lane in grid.lanes:
        wide, narrow = _lane_names(timeline, lane)
        middle = lane.top + 30 if lane.kind == "predictor" else lane.value_at
        notes += _names(wide, narrow, {"yref": "y2", "y": middle, "yanchor": "middle"})
    if grid.failed_at is not None:
        notes += _names("failed", "failed", {"yref": "y", "y": grid.failed_at, "yanchor": "middle"})
    if timeline.spec.threshold is not None:
        value = format_reward(timeline, timeline.spec.threshold)
        at: dict[str, Json] = {
            "xref": "paper",
            "x": 1,
            "yref": "y",
            "y": grid.clamp(timeline.spec.threshold),
        }
        wide_at: dict[str, Json] = {
            **at,
            "xanchor": "left",
            "yanchor": "middle",
            "xshift": 8,
            "align": "left",
        }
        narrow_at: dict[str, Json] = {**at, **_free(timeline, grid, timeline.spec.threshold)}
        notes.append(_note("wide:threshold", f"threshold<br>{value}", 12, **wide_at))
        notes.append(_note("narrow:threshold", f"threshold {value}", 11, **narrow_at))
    return notes


def _free(timeline: Timeline, grid: Grid, threshold: float) -> dict[str, Json]:
    """Where no mark stands, for a narrow place's label: on the line of the threshold or under it, at the left or right."""
    near = (grid.ticks[-1] - grid.ticks[0]) * 0.15
    marks = [
        ((a.index + 0.5) / grid.columns, a.reward - threshold)
        for a in timeline.attempts
        if a.reward is not None
    ]
    corners = [(x, above) for above in (True, False) for x in (0, 1)]
    free = [
        (x, above)
        for x, above in corners
        if not any(
            abs(x - at) < _LABEL_SHARE and (0 <= height < near if above else -near < height < near / 6)
            for at, height in marks
        )
    ]
    x, above = (free or corners)[0]
    return {
        "x": x,
        "xanchor": "right" if x else "left",
        "xshift": -2 if x else 2,
        "yanchor": "bottom" if above else "top",
    }


def _names(wide: str, narrow: str, at: dict[str, Json]) -> list[Json]:
    """A strip's name in both sizes, folded; pointing at one that had to be shortened shows it in full."""
    notes: list[Json] = []
    for place, name, letters, size, left_px in (
        ("wide", wide, 15, 12, _WIDE["l"]),
        ("narrow", narrow, 9, 11, _NARROW["l"]),
    ):
        parts = text.wrap_name(name, letters)
        full: dict[str, Json] = {"hovertext": text.hover(name)} if "".join(parts) != name else {}
        left: dict[str, Json] = {"xref": "paper", "x": 0, "xanchor": "left", "xshift": -left_px}
        words = "<br>".join(text.escape(part) for part in parts)
        notes.append(_note(f"{place}:name", words, size, align="left", **left, **full, **at))
    return notes


def _lane_names(timeline: Timeline, lane: Lane) -> tuple[str, str]:
    if lane.kind == "temperature":
        return ("no temperature", "no temp.") if timeline.uses_rollouts else (lane.name, "temp.")
    return lane.name, lane.name


def _note(name: str, words: str, size: int, **at: Json) -> Json:
    """visible: a narrow note is hidden until whoever draws says that the place is narrow."""
    return {
        "name": name,
        "visible": name.startswith("wide:"),
        "text": words,
        "showarrow": False,
        "borderpad": 0,
        "hoverlabel": _LABEL,
        "font": {"size": size, "color": "token:muted"},
        **at,
    }
