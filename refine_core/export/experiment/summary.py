"""The answer of an experiment as markup: the verdict, the pictures, the arms, what differs, the worst regressions, the failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from refine_core.datasets import DatasetRow
from refine_core.experiments import Snapshot
from refine_core.experiments.marks import ArmMark, mark_arm
from refine_core.experiments.progress import build_progress
from refine_core.experiments.result import ArmResult, Comparison, Result
from refine_core.experiments.result.figures import Interval
from refine_core.export.experiment.axes import draw_arm_mark
from refine_core.export.experiment.pictures import Line, Point, draw_curves, draw_differences, draw_survival
from refine_core.export.markup import NOTHING, Markup, element, join
from refine_core.export.report.values import mark_left_out
from refine_core.formatting import (
    clip,
    format_cost,
    format_difference,
    format_interval,
    format_p,
    format_score,
    pluralize,
)
from refine_core.jsonable import to_jsonable
from refine_core.statistics.numbers import mean

MAX_REGRESSIONS: Final = 30
INPUT_CHARS: Final = 160
_NOTHING: Final = "\N{EN DASH}"


def write_pictures(result: Result) -> Iterator[Markup]:
    """The three pictures, those that there is enough for; and words in place of the others."""
    main = result.main
    shown = []
    if main is not None and main.by_input:
        values = [one.difference for one in main.by_input]
        found = main.difference
        middle = found.difference if found is not None else mean(values)
        if middle is not None:  # else they are too large to compute with
            low, high = (found.low, found.high) if found is not None else (None, None)
            picture = draw_differences(values, middle, low, high)
            shown.append(_figure(f"{main.first.name} minus {main.second.name}, by input", picture))
    if result.draws_curves and (main is not None or not result.differing_rewards):
        drawn = result if main is None else result.keep_alike(main.first.key)
        shown += [*_survival(drawn), *_curves(drawn)]
    if shown:
        yield element("div", *shown, cls="pictures")
    if result.is_final and main is not None and not result.draws_curves:
        yield element(
            "p",
            f"Attempts to the threshold and reward by calls are left out: {pluralize(result.inputs, 'input')} are too few for a curve.",
            cls="m s",
        )


def _figure(title: str, picture: Markup, caption: str = "") -> Markup:
    words = element("figcaption", caption) if caption else NOTHING
    return element("figure", element("h2", title), picture, words)


def _marks(result: Result) -> Mapping[str, ArmMark]:
    return {arm.key: mark_arm(place) for place, arm in enumerate(result.arms)}


def _survival(result: Result) -> Iterator[Markup]:
    marks = _marks(result)
    arms = [arm for arm in result.arms if arm.survival]
    if not arms:
        return
    lines = [
        Line(arm.name, marks[arm.key], [Point(b.row.attempt, b.reached, b.low, b.high) for b in arm.survival])
        for arm in arms
    ]
    thresholds = {arm.threshold for arm in arms}
    at = f"the threshold {format_score(next(iter(thresholds)))}" if len(thresholds) == 1 else "its threshold"
    most = max(arm.arm.spec.attempt_count for arm in arms)
    yield _figure(
        f"Runs at {at}, by attempt",
        draw_survival(lines, most),
        "After Kaplan and Meier, with 95 % intervals; a run that ended short of it counts as long as it went"
        + (f", also {pluralize(result.cut_off, 'run')} that the stop cut off." if result.cut_off else "."),
    )


def _curves(result: Result) -> Iterator[Markup]:
    marks = _marks(result)
    lines = []
    for arm in result.arms:
        points = [
            Point(spent, one.mean, *one.interval)
            for one in arm.curve
            if (spent := one.spent.get("calls")) is not None
        ]
        if points:
            lines.append(Line(arm.name, marks[arm.key], points))
    if not lines:
        return
    at, note = None, ""
    main = result.main
    equal = main.equal_budget.get("calls") if main is not None else None
    if equal is not None and equal.budget is not None and equal.difference is not None:
        at, found = equal.budget, equal.difference
        note = f"at {equal.budget:.3g} calls: {format_difference(found.difference)} {format_interval(found.low, found.high)}"
    yield _figure(
        "Best reward for the same calls",
        draw_curves(lines, "calls an input", at, note),
        "Each mark: the first k attempts of every run. A longer run cut short is no run with a smaller N.",
    )


def write_arms(result: Result) -> Markup:
    """A row an arm."""
    marks = _marks(result)
    heads = ("mean reward", "reached", "runs", "failed", "calls a run", "tokens a run", "cost")
    rows = [_arm_row(arm, marks[arm.key]) for arm in result.arms]
    return _table("The arms", ["arm", *heads], rows, numbers=range(1, len(heads) + 1))


def _arm_row(arm: ArmResult, mark: ArmMark) -> Markup:
    reached = _NOTHING if arm.share_reached is None else f"{arm.share_reached * 100:.0f} %"
    cells = (
        _mean(arm.mean, arm.interval),
        reached,
        f"{arm.runs:,}" if arm.runs == arm.cells else f"{arm.runs:,} of {arm.cells:,}",
        f"{arm.failed:,}",
        _number(arm.calls.mean, 1),
        _number(arm.tokens.mean, 0),
        _NOTHING if not arm.runs else format_cost(arm.usd.total),
    )
    name = element("th", draw_arm_mark(mark), element("b", arm.name), scope="row")
    return element(
        "tr", name, *(element("td", one, cls="num") for one in cells), cls="stopped" if arm.stopped else ""
    )


def _mean(mean: float | None, interval: Interval) -> Markup:
    if mean is None:
        return join((_NOTHING,))
    low, high = interval
    shown = "" if low is None or high is None else f" {format_interval(low, high)}"
    return join((element("b", format_score(mean)), element("span", shown, cls="iv")))


def _number(value: float | None, decimals: int) -> str:
    return _NOTHING if value is None else f"{value:,.{decimals}f}"


def write_comparisons(result: Result) -> Markup:
    """Every pair, with what it shows."""
    if not result.comparisons:
        return NOTHING
    rows = []
    for one in result.comparisons:
        found = one.difference
        cells = (
            f"{one.inputs:,}",
            _NOTHING if found is None else format_difference(found.difference),
            _NOTHING if found is None else format_interval(found.low, found.high, signed=True),
            _NOTHING if one.p is None else format_p(one.p),
            "yes" if one.enough else "no",
            _needed(one),
        )
        name = element("th", f"{one.first.name} minus {one.second.name}", scope="row")
        rows.append(element("tr", name, *(element("td", cell, cls="num") for cell in cells)))
    heads = ["difference of", "inputs", "reward", "95 % interval", "p", "differ", "inputs needed"]
    return _table("Differences between arms", heads, rows, numbers=range(1, 7))


def _needed(one: Comparison) -> str:
    if one.enough or one.difference is None or one.difference.needed is None:
        return _NOTHING
    return f"about {one.difference.needed:,}"


def write_equal_budget(main: Comparison) -> Markup:
    """What the two would have got for the same money."""
    rows = []
    for unit, one in main.equal_budget.items():
        found = one.difference
        if found is None:
            continue
        budget = format_cost(one.budget) if unit == "usd" else f"{one.budget:,.4g} {unit}"
        cells = (
            budget,
            format_score(one.first),
            format_score(one.second),
            format_difference(found.difference),
            format_interval(found.low, found.high, signed=True),
        )
        rows.append(
            element(
                "tr",
                element("th", {"usd": "dollars"}.get(unit, unit), scope="row"),
                *(element("td", cell, cls="num") for cell in cells),
            )
        )
    if not rows:
        return NOTHING
    heads = ["the same", "a run", main.first.name, main.second.name, "difference", "95 % interval"]
    return _table("At the same budget", heads, rows, numbers=range(1, 6))


def write_parts(main: Comparison) -> Markup:
    """Where the difference comes from: the parts of the reward."""
    if not main.parts:
        return NOTHING
    rows = []
    for part in main.parts:
        found = part.difference
        cells = (
            format_score(part.first),
            format_score(part.second),
            format_difference(part.first - part.second),
            _NOTHING if found is None else format_interval(found.low, found.high, signed=True),
        )
        rows.append(
            element(
                "tr",
                element("th", part.name, scope="row"),
                *(element("td", cell, cls="num") for cell in cells),
            )
        )
    heads = ["part", main.first.name, main.second.name, "difference", "95 % interval"]
    return _table("Where the difference comes from", heads, rows, numbers=range(1, 5))


def write_regressions(main: Comparison, rows: Mapping[int, DatasetRow]) -> Markup:
    """The inputs on which the better arm did worse, the worst first."""
    worst = main.regressions
    if not worst:
        return NOTHING
    shown = [
        element(
            "tr",
            element("td", f"{one.row:,}", cls="num"),
            element("td", describe_row(rows[one.row]), cls="wide"),
            element("td", format_score(one.second), cls="num"),
            element("td", format_score(one.first), cls="num"),
            element("td", format_difference(one.difference), cls="num neg"),
        )
        for one in worst[:MAX_REGRESSIONS]
    ]
    more = len(worst) - MAX_REGRESSIONS
    heads = ["#", f"worst for {main.first.name} first", main.second.name, main.first.name, "change"]
    table = _table("Worst regressions", heads, shown, numbers=range(2, 5), right_first=True)
    note = element("p", f"and {pluralize(more, 'more input')}", cls="m s") if more > 0 else NOTHING
    return join((table, note))


def describe_row(row: DatasetRow) -> Markup:
    """An input on one line, cut."""
    values = [value if isinstance(value, str) else _show(value) for value in row.values.values()]
    return mark_left_out(clip(" · ".join(" ".join(one.split()) for one in values), INPUT_CHARS))


def _show(value: object) -> str:
    import json

    return json.dumps(to_jsonable(value), ensure_ascii=False)


def write_failures(snapshot: Snapshot) -> Markup:
    """What failed, by kind."""
    kinds = build_progress(snapshot).failures
    if not kinds:
        return NOTHING
    rows = [
        element(
            "tr",
            element("td", kind.what),
            element("td", ", ".join(kind.arms)),
            element("td", pluralize(kind.count, "run" if kind.how == "failed" else "call")),
            element("td", "no reward" if kind.how == "failed" else "made again"),
            element(
                "td", mark_left_out(f"{kind.detail}{f' ({kind.inputs})' if kind.inputs else ''}"), cls="wide"
            ),
        )
        for kind in kinds
    ]
    return _table(
        "Failures", ["what", "arms", "how many", "what came of it", "detail"], rows, numbers=range(0)
    )


def _table(
    caption: str, heads: Sequence[str], rows: Sequence[Markup], *, numbers: range, right_first: bool = False
) -> Markup:
    head = [
        element("th", name, cls="num" if i in numbers or (right_first and i == 0) else "", scope="col")
        for i, name in enumerate(heads)
    ]
    table = element(
        "table",
        element("caption", caption, cls="sr"),
        element("thead", element("tr", *head)),
        element("tbody", *rows),
    )
    return element("div", table, cls="w", role="region", aria_label=caption, tabindex="0")
