"""What is drawn over the chart while something is changed: what attempts would score now, and what nobody can know.

    {index: Now} --build_now_marks--> {"columns", "matrix", "hovers"}     --describe_now_marks--> str

◇ stands at the new reward where it is another than the recorded one: filled where it is exact, pale where the attempt would not have
been made, hollow where it is not comparable, and such columns are hatched lightly. Another threshold is a line of its own. Columns of attempts that were never tried are hatched densely. It lies on the very grid of the
chart, and a reward outside its axis lies at the edge, so that nothing moves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from refine_core.figures import text
from refine_core.figures.axis import Axis
from refine_core.figures.grid import MANY, build_grid, count_columns
from refine_core.figures.matrix import place_panel
from refine_core.figures.now import Now
from refine_core.figures.scene import Json, Layer, middle
from refine_core.formatting import format_difference
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import format_reward

_EACH: Final = 12  # attempts told one by one
_ASIDE_PX: Final = -20.0  # from an attempt's mark: its value stands at the other side
_VALUE_PX: Final = -10.0  # from ◇ to its value
_SIZE_PX, _SMALL_PX, _RING_PX = 11.0, 8.0, 21.0
_ROOM_PX: Final = 118  # of a column, for two values
_RING_ROOM_PX: Final = 86  # for a ring beside the recorded mark
# Of the panel's height: where words on a hatch may stand, the best first.
_TEXT_AT: Final = (0.75, 0.25, 0.5, 0.6)
_CLEAR_PX: Final = 11.0
_WHY: Final = 90  # characters
_STATES: Final = (
    ("not_comparable", "not comparable", "is", "are"),
    ("not_needed", "have been made", "would not", "would not"),
    ("never_tried", "never tried", "was", "were"),
)
_STYLES: Final = {"not_comparable": "now-other", "not_needed": "now-pale"}
_HATCHES: Final = (
    ("never_tried", "never", ("never tried", "unknown")),
    ("not_comparable", "other", ("not comparable",)),
)


def build_now_marks(timeline: Timeline, now: Mapping[int, Now]) -> dict[str, Json]:
    """What lies under and over each drawing, and the lines that pointing at an attempt tells besides."""
    grid = build_grid(timeline)
    axis, failed_y = place_panel(timeline)
    return {
        "columns": _draw(timeline, now, grid.axis, grid.failed_y, _SIZE_PX) if grid.columns <= MANY else None,
        "matrix": _draw(timeline, now, axis, failed_y, _SMALL_PX),
        "hovers": [[index, line] for index, line in _hovers(timeline, now)],
    }


def describe_now_marks(timeline: Timeline, now: Mapping[int, Now]) -> str:
    """The same in sentences, for whoever cannot see it."""
    changed = [a for a in timeline.attempts if _is_changed(a, now)]
    threshold = _threshold_of(now)
    sentences = [] if threshold is None else [f"The threshold would be {format_reward(timeline, threshold)}."]
    if not changed:
        sentences.append("With what is changed now, no score differs.")
    elif len(changed) <= _EACH:
        each = ", ".join(f"attempt {a.index + 1} would {_verb(timeline, now[a.index])}" for a in changed)
        sentences.append(f"With what is changed now, {each}.")
    else:
        sentences.append(f"With what is changed now, {len(changed)} attempts would score otherwise.")
    sentences += [
        f"Of these outputs, attempt {index + 1} would be returned." for index in now if now[index].is_best
    ]
    for state, words, one_is, several_are in _STATES:
        for first, last in _runs_of(i for i in now if now[i].state == state):
            name = f"Attempt {first + 1}" if first == last else f"Attempts {first + 1} to {last + 1}"
            verb = one_is if first == last else several_are
            why = f": {now[first].because}" if state == "not_comparable" and now[first].because else ""
            sentences.append(f"{name} {verb} {words}{why}.")
    return " ".join(sentences)


def _draw(
    timeline: Timeline, now: Mapping[int, Now], axis: Axis, failed_y: float, size: float
) -> dict[str, Json]:
    columns = count_columns(timeline)
    spans = {state: _runs_of(_where(now, state, columns)) for state, _, _ in _HATCHES}
    under: list[Layer] = [
        {
            "name": f"hatched {style}",
            "shape": "hatch",
            "style": style,
            "spans": [[first, last + 1] for first, last in spans[state]],
            "y": [axis.top, axis.bottom],
            "texts": list(words),
            "text_y": _text_y(timeline, now, axis, failed_y, spans[state]),
        }
        for state, style, words in _HATCHES
    ]
    threshold = _threshold_of(now)
    line = [] if threshold is None else _draw_threshold(timeline, threshold, axis, columns)
    return {"under": under, "over": [*line, *_draw_marks(timeline, now, axis, failed_y, size)]}


def _threshold_of(now: Mapping[int, Now]) -> float | None:
    """The threshold, where it is another than the run's."""
    return next((one.threshold for one in now.values() if one.threshold is not None), None)


def _draw_threshold(timeline: Timeline, threshold: float, axis: Axis, columns: int) -> list[Layer]:
    """A line across all columns, and its number among those of the axis, where there is room for it."""
    y = axis.y(threshold)
    is_clear = all(abs(y - other) >= _CLEAR_PX for other, _ in axis.labels(timeline))
    return [
        {
            "name": "threshold now",
            "shape": "line",
            "style": "threshold-now",
            "points": [[[0, y], [columns, y]]],
        },
        {
            "name": "threshold's number",
            "shape": "text",
            "style": "value-now",
            "size": 12,
            "x": [0] * is_clear,
            "dx": [-8] * is_clear,
            "y": [y] * is_clear,
            "text": [format_reward(timeline, threshold)] * is_clear,
            "anchor": "end",
            "room": 0,
            "attempt": [0] * is_clear,
        },
    ]


def _text_y(
    timeline: Timeline,
    now: Mapping[int, Now],
    axis: Axis,
    failed_y: float,
    spans: Sequence[tuple[int, int]],
) -> float:
    """Where the words in the middle of each span stand: clear of every line and of the marks there, at worst where failures do."""
    near = {index for first, last in spans for index in ((first + last) // 2, (first + last + 1) // 2)}
    busy = [y for y, _ in axis.labels(timeline)]
    for attempt in timeline.attempts:
        if attempt.index in near:
            one = now.get(attempt.index)
            rewards = (attempt.reward, attempt.reward if one is None else one.value)
            busy += [failed_y if reward is None else axis.y(reward) for reward in rewards]
    return max(
        (*(axis.top + share * axis.height for share in _TEXT_AT), failed_y),
        key=lambda y: min(_CLEAR_PX, *(abs(y - one) for one in busy)),
    )


def _draw_marks(
    timeline: Timeline, now: Mapping[int, Now], axis: Axis, failed_y: float, size: float
) -> list[Layer]:
    """◇ of those that changed, a dotted line to each from its mark, its value, and a ring around the best."""
    changed = [a for a in timeline.attempts if _is_changed(a, now)]
    values = [now[a.index].value for a in changed]
    new_y = [failed_y if value is None else axis.y(value) for value in values]
    old_y = [failed_y if a.reward is None else axis.y(a.reward) for a in changed]
    styles = [_STYLES.get(now[a.index].state, "now") for a in changed]
    best = [
        (a, _ASIDE_PX if a in changed else 0.0)
        for a in timeline.attempts
        if a.index in now and now[a.index].is_best and (a in changed or not a.is_returned)
    ]
    return [
        {
            "name": "moved",
            "shape": "line",
            "style": "moved",
            "points": [
                [[middle(a), old], [middle(a), new, _ASIDE_PX]]
                for a, old, new in zip(changed, old_y, new_y, strict=True)
            ],
            "attempt": [a.index for a in changed],
        },
        {
            "name": "best now",
            "shape": "mark",
            "x": [middle(a) for a, _ in best],
            "dx": [dx for _, dx in best],
            "y": [axis.y(now[a.index].value or 0.0) for a, _ in best],
            "symbol": ["circle"] * len(best),
            "style": ["now-best"] * len(best),
            "rooms": [_RING_ROOM_PX if dx else 0 for _, dx in best],
            "size": [_RING_PX if size == _SIZE_PX else 2 * _SMALL_PX] * len(best),
            "attempt": [a.index for a, _ in best],
        },
        {
            "name": "score now",
            "shape": "mark",
            "x": [middle(a) for a in changed],
            "dx": [_ASIDE_PX] * len(changed),
            "y": new_y,
            "symbol": ["diamond"] * len(changed),
            "style": styles,
            "size": [size] * len(changed),
            "attempt": [a.index for a in changed],
        },
        {
            "name": "values now",
            "shape": "text",
            "style": "value-now",
            "size": 13,
            "x": [middle(a) for a in changed],
            "dx": [_ASIDE_PX + _VALUE_PX - (5 if now[a.index].is_best else 0) for a in changed],
            "y": new_y,
            "text": [_value(timeline, now[a.index]) for a in changed],
            "anchor": "end",
            "room": _ROOM_PX,
            "attempt": [a.index for a in changed],
        },
    ]


def _is_changed(attempt: Attempt, now: Mapping[int, Now]) -> bool:
    """Whether it would end otherwise, as far as that is known."""
    one = now.get(attempt.index)
    return one is not None and (one.value != attempt.reward if one.value is not None else one.fails)


def _value(timeline: Timeline, one: Now) -> str:
    return "fails" if one.value is None else format_reward(timeline, one.value)


def _verb(timeline: Timeline, one: Now) -> str:
    return "fail" if one.value is None else f"score {format_reward(timeline, one.value)}"


def _hovers(timeline: Timeline, now: Mapping[int, Now]) -> Iterator[tuple[int, str]]:
    """What is told about an attempt besides what was recorded."""
    attempts = {a.index: a for a in timeline.attempts}
    for index, one in now.items():
        if one.state == "never_tried":
            yield index, "would have been needed now, but was never tried"
            continue
        attempt = attempts.get(index)
        if attempt is None:
            continue
        if _is_changed(attempt, now):
            by = (
                f" ({format_difference(one.value - attempt.reward)})"
                if one.value is not None and attempt.reward is not None
                else ""
            )
            first = f"would {_verb(timeline, one)} now{by}"
        else:
            first = one.instead or "would score the same now"
        because = f"not comparable: {one.because}" if one.state == "not_comparable" else one.because
        why = one.why if one.value is None and one.why != one.because else ""
        yield index, text.hover(first, text.shorten(why, _WHY), because)


def _where(now: Mapping[int, Now], state: str, columns: int) -> list[int]:
    return [index for index in now if now[index].state == state and index < columns]


def _runs_of(indices: Iterator[int] | Collection[int] | Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of neighbours."""
    found: list[tuple[int, int]] = []
    for index in sorted(indices):
        if found and found[-1][1] == index - 1:
            found[-1] = (found[-1][0], index)
        else:
            found.append((index, index))
    return found
