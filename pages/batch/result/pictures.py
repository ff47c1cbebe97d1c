"""The pictures of a result as data for assets/batch: numbers, their texts, and each picture in words for who does not see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Final

from pages.batch.marks import mark_data
from pages.batch.result.axis import attempt_ticks, axis_around_zero, axis_between, axis_from_zero
from pages.batch.result.phrases import amount, arm_name, input_line, lower_name, share
from refine_core.datasets import Dataset
from refine_core.experiments.result import (
    MIN_FOR_CURVES,
    ArmResult,
    Comparison,
    CurvePoint,
    Result,
    Unit,
    describe_pair,
)
from refine_core.formatting import format_difference, format_interval, format_score, pluralize
from refine_core.statistics.numbers import mean

Picture = dict[str, object]
_UNITS: Final[Mapping[Unit, tuple[str, str]]] = {
    "calls": ("calls", "calls an input"),
    "tokens": ("tokens", "tokens an input"),
    "usd": ("dollars", "dollars an input"),
}
"""Unit -> its word, and what its axis counts."""
BEST_OF_K: Final = "k"
MAX_NEEDED: Final = 10_000
"""Inputs beyond which nobody is told how many it would take."""
_ALT_INPUTS: Final = 12  # that the picture of differences names in words, from either end


def show_differences(one: Comparison, dataset: Dataset) -> Picture:
    """A bar for each input."""
    first, second = arm_name(one.first.name), lower_name(one.second.name)
    title = f"{first} minus {second}, by input"
    if not one.by_input:
        return {"title": title, "empty": "No input was scored in both."}
    known = one.difference
    middle = mean(i.difference for i in one.by_input)
    if middle is None:
        return {"title": title, "empty": "The rewards lie too far apart to compute with."}
    ends = [] if known is None else [known.low, known.high]
    interval = "" if known is None else f" {format_interval(known.low, known.high, signed=True)}"
    counts = f"{one.worse:,} worse, {one.equal:,} equal, {one.better:,} better"
    extremes = one.by_input if len(one.by_input) <= _ALT_INPUTS else (one.by_input[0], one.by_input[-1])
    inputs = ", ".join(f"row {i.row} {format_difference(i.difference)}" for i in extremes)
    which = "all" if extremes is one.by_input else "the worst and the best"
    return {
        "title": title,
        "axis": axis_around_zero([*(i.difference for i in one.by_input), *ends]),
        "bars": [[i.difference, _name_bar(i.row, i.second, i.first, i.difference, dataset)] for i in one.by_input],
        "rows": [i.row for i in one.by_input],
        "counts": [one.worse, one.equal, one.better],
        "mean": {
            "value": middle,
            "low": None if known is None else known.low,
            "high": None if known is None else known.high,
            "text": format_difference(middle),
        },
        "alt": f"{title}: {counts}. Mean {format_difference(middle)}{interval}. {which.capitalize()}: {inputs}.",
        "note": "Each bar is an input. Click one to open both runs side by side.",
    }  # fmt: skip


def _name_bar(row: int, before: float, after: float, change: float, dataset: Dataset) -> str:
    """An input with both rewards and what they differ by: "30 · Cast-iron pan: 0.58 → 1.00, +0.42"."""
    rewards = f"{format_score(before)} → {format_score(after)}, {format_difference(change)}"
    return f"{row} · {input_line(dataset, row)}: {rewards}"


def show_known(one: Comparison) -> Picture | None:
    """How far the difference is known where it is not clear; None where it is, or where nothing is known of it."""
    known = one.difference
    if known is None or describe_pair(one)[2] != "not enough data":
        return None
    value, needed = known.difference, known.needed
    now = f"{known.inputs} inputs"
    then = None
    if needed is not None and known.inputs < needed <= MAX_NEEDED:
        # So many inputs are needed that a mean as large leaves out 0 in 4 of 5 cases: |d| = (z + z₀.₈) of its standard error.
        z = NormalDist().inv_cdf((1 + known.level) / 2)
        reach = abs(value) * z / (z + NormalDist().inv_cdf(0.8))
        then = {
            "low": max(value - reach, known.low),
            "high": min(value + reach, known.high),
            "text": f"{needed:,} inputs, if the difference holds",
        }
    first, second = arm_name(one.first.name), arm_name(one.second.name)
    about = f"{format_difference(value)} {format_interval(known.low, known.high, signed=True)} on {now}"
    return {
        "title": "The difference, and how far it is known",
        "axis": axis_around_zero([known.low, known.high]),
        "left": f"{second} better",
        "right": f"{first} better",
        "now": {"low": known.low, "value": value, "high": known.high, "text": now},
        "then": then,
        "alt": f"{first} minus {lower_name(second)}: {about}."
        + (f" On {needed:,} inputs it would leave out 0, if it holds." if then else ""),
        "note": "",
    }


def show_survival(result: Result, chosen: Sequence[str]) -> Picture:
    """How many runs are at the threshold after each attempt; or why that is not drawn."""
    arms = [arm for arm in result.arms if arm.survival]
    thresholds = {arm.threshold for arm in arms if arm.threshold is not None}
    at = f" {format_score(next(iter(thresholds)))}" if len(thresholds) == 1 else ""
    title = f"Runs at the threshold{at}, by attempt"
    if all(arm.threshold is None for arm in result.arms):
        return {"title": title, "empty": "No arm has a threshold: every run makes all its attempts."}
    if not arms:
        return {"title": title, "empty": "No arm has made an attempt yet."}
    last = max(_last(arm) for arm in arms)
    lines = [_survival_line(arm, result, chosen) for arm in arms]
    never = "; ".join(
        f"{arm_name(arm.name)}: {arm.runs - (arm.reached or 0):,} of {arm.runs:,}" for arm in arms
    )
    cut = (
        f" {pluralize(result.cut_off, 'run')} that the stop cut off: drawn as far as made."
        if result.cut_off
        else ""
    )
    told = "; ".join(
        f"{arm_name(arm.name)}: " + ", ".join(f"attempt {b.row.attempt} {share(b.reached)}" for b in arm.survival)
        for arm in arms
    )  # fmt: skip
    return {
        "title": title,
        "arms": lines,
        "max": last,
        "ticks": attempt_ticks(last),
        "alt": f"{title}, Kaplan and Meier. {told}. Never there: {never}.{cut}",
        "note": f"Never at the threshold. {never}.{cut}",
    }


def _last(arm: ArmResult) -> int:
    return max((band.row.attempt for band in arm.survival), default=0)


def _survival_line(arm: ArmResult, result: Result, chosen: Sequence[str]) -> dict[str, object]:
    name = arm_name(arm.name)
    steps, before = [], arm.survival[0].row.at_risk
    for i, band in enumerate(arm.survival):
        following = arm.survival[i + 1].row.at_risk if i + 1 < len(arm.survival) else 0
        ended = before - band.row.reached - following
        before = following
        interval = f"[{share(band.low)}, {share(band.high)}]"
        steps.append(
            {
                "attempt": band.row.attempt,
                "share": band.reached,
                "low": band.low,
                "high": band.high,
                "censored": ended > 0,
                "words": f"{name}, attempt {band.row.attempt}: {share(band.reached)} at the threshold {interval}"
                + (f"; {pluralize(ended, 'run')} ended without it" if ended > 0 else ""),
            }
        )
    return {
        "name": name,
        "mark": mark_data(_index_of(result, arm)),
        "chosen": arm.key in chosen,
        "last": _last(arm),
        "share_text": share(arm.survival[-1].reached),
        "steps": steps,
    }


def show_curves(result: Result, one: Comparison | None, chosen: Sequence[str]) -> Picture:
    """The best reward for the same calls, tokens or dollars; or why that is not drawn."""
    title = "Best reward for the same"
    kinds: dict[str, Picture] = {}
    for unit in _UNITS:
        picture = _curves(result, one, chosen, unit)
        if picture is not None:
            kinds[unit] = {"title": title, **picture}
    best = _best_of_k(result, chosen)
    if best is not None:
        kinds[BEST_OF_K] = {"title": title, **best}
    if not kinds:
        return {"title": title, "empty": "No attempt was scored, so there is nothing to draw."}
    return {"title": title, "kinds": kinds}


def _curves(result: Result, one: Comparison | None, chosen: Sequence[str], unit: Unit) -> Picture | None:
    """None where no arm knows what it spent in this unit, or where it spent nothing."""
    lines: list[dict[str, object]] = []
    told, rewards, most = [], [], 0.0
    for arm in result.arms:
        known = [(point, spent) for point in arm.curve if (spent := point.spent.get(unit)) is not None]
        if not known:
            continue
        points = [_curve_point(arm, point, spent, unit) for point, spent in known]
        lines.append(_line(result, arm, chosen, points))
        for point, spent in known:
            rewards += [point.mean, *(end for end in point.interval if end is not None)]
            most = max(most, spent)
        told.append(
            f"{arm_name(arm.name)}: "
            + ", ".join(f"{format_score(p.mean)} at {amount(s, unit)}" for p, s in known)
        )
    if not lines or most <= 0:
        return None
    word, label = _UNITS[unit]
    equal = _equal(one, unit)
    note = "A mark is the first k attempts of N: a longer run cut short is not a run with a smaller N."
    unknown = [
        lower_name(arm.name)
        for arm in result.arms
        if arm.curve and arm.key not in {line["key"] for line in lines}
    ]
    if unknown:
        note = f"Not known for {', '.join(unknown)}. {note}"
    reason = one.equal_budget[unit].reason if one is not None and unit in one.equal_budget else ""
    return {
        "short": word,
        "arms": lines,
        "across": axis_from_zero(most, prefix="$" if unit == "usd" else ""),
        "up": axis_between(rewards),
        "label": label,
        "equal": equal,
        "alt": f"Best reward by {label}. {'; '.join(told)}."
        + (f" {str(equal['text']).capitalize()}." if equal else f" {reason}" if reason else ""),
        "note": note if equal or not reason else f"{reason} {note}",
    }  # fmt: skip


def _curve_point(arm: ArmResult, point: CurvePoint, spent: float, unit: Unit) -> dict[str, object]:
    low, high = point.interval
    interval = "" if low is None or high is None else f" {format_interval(low, high)}"
    word = _UNITS[unit][0] if unit != "usd" else ""
    attempts = pluralize(point.k, "attempt")
    return {
        "x": spent,
        "reward": point.mean,
        "low": low,
        "high": high,
        "words": f"{arm_name(arm.name)}, first {attempts} of {arm.arm.spec.N}: "
        f"{format_score(point.mean)}{interval} at {amount(spent, unit)} {word}".rstrip(),
    }


def _equal(one: Comparison | None, unit: Unit) -> dict[str, object] | None:
    """The same budget for both arms, and what they differ by there."""
    found = one.equal_budget.get(unit) if one is not None else None
    if found is None or found.budget is None or found.difference is None:
        return None
    difference = found.difference
    at = amount(found.budget, unit)
    word = "" if unit == "usd" else f" {_UNITS[unit][0].removesuffix('s' if at == '1' else '')}"
    size = f"{format_difference(difference.difference)} {format_interval(difference.low, difference.high)}"
    return {"x": found.budget, "text": f"at {at}{word}: {size}"}


def _best_of_k(result: Result, chosen: Sequence[str]) -> Picture | None:
    """The best of k independent attempts, for arms whose attempts are independent."""
    lines, told, rewards = [], [], []
    for arm in result.arms:
        if not arm.best_of_k:
            continue
        points: list[dict[str, object]] = []
        for best in arm.best_of_k:
            low, high = best.interval
            interval = "" if low is None or high is None else f" {format_interval(low, high)}"
            words = f"{arm_name(arm.name)}, best of {best.k}: {format_score(best.mean)}{interval}"
            points.append({"x": best.k, "reward": best.mean, "low": low, "high": high, "words": words})
            rewards += [best.mean, *(end for end in best.interval if end is not None)]
        lines.append(_line(result, arm, chosen, points))
        told.append(
            f"{arm_name(arm.name)}: " + ", ".join(f"k {b.k} {format_score(b.mean)}" for b in arm.best_of_k)
        )
    if not lines:
        return None
    most = max(len(arm.best_of_k) for arm in result.arms)
    return {
        "short": "attempts",
        "arms": lines,
        "across": {"low": 0, "high": most, "ticks": attempt_ticks(most)},
        "up": axis_between(rewards),
        "label": "best of k attempts",
        "equal": None,
        "alt": f"Best of k attempts. {'; '.join(told)}.",
        "note": "Only of arms without hints, whose attempts do not depend on each other.",
    }


def _line(
    result: Result, arm: ArmResult, chosen: Sequence[str], points: list[dict[str, object]]
) -> dict[str, object]:
    return {
        "key": arm.key,
        "name": arm_name(arm.name),
        "mark": mark_data(_index_of(result, arm)),
        "chosen": arm.key in chosen,
        "points": points,
    }


def _index_of(result: Result, arm: ArmResult) -> int:
    return next(i for i, one in enumerate(result.arms) if one.key == arm.key)


def explain_withheld(result: Result) -> str:
    """Why curves are not drawn."""
    return f"Attempts to the threshold and reward against budget need at least {MIN_FOR_CURVES} inputs, and are not drawn from {result.inputs}."
