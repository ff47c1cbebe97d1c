"""The sentence on top of a result: a pure function of its figures.

better               the interval of the best arm less the next best leaves out 0 (Holm corrects it where there are several pairs)
no difference        it holds 0, and lies within 0.05 on either side (of other rewards than from 0 to 1: a twentieth of their range)
not enough data      it holds 0, and reaches further
nothing to compare   one arm, nothing scored, or rewards that are not the same
not finished         more may come by itself: then nothing is said of who leads
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Final

from refine_core.experiments.result.figures import (
    Answer,
    ArmResult,
    Comparison,
    EqualBudget,
    Result,
    Unit,
    Verdict,
)
from refine_core.formatting import (
    format_cost,
    format_difference,
    format_interval,
    format_score,
    join_words,
    pluralize,
)
from refine_core.rewards.judge_calls import may_ask_judge
from refine_core.statistics import ArmDifference

MAX_NEEDED: Final = 10_000
SAME_PRICE: Final = 0.05
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_UNIT_WORDS: Final[dict[Unit, str]] = {"calls": "calls", "tokens": "tokens", "usd": "cost"}


def write_verdict(result: Result) -> Verdict:
    """What came of it; of several arms, the headline is about the best against the next best."""
    if not result.is_final:
        return Verdict(
            "not finished", _describe_progress(result), ("The result is shown once it has ended.",)
        )
    caveats = tuple(_list_caveats(result))
    if (nothing := _explain_nothing(result)) is not None:
        return Verdict("nothing to compare", nothing, caveats)
    main = result.main
    assert main is not None  # noqa: S101 - else there was nothing to compare
    method = _describe_method(result)
    if main.difference is None:
        return _without_difference(main, (*_other_pairs(result), *caveats), method)
    answer = judge(main)
    headline = _HEADLINES[answer](main, main.difference)
    details = (*_after_headline(result, main, answer), *_other_pairs(result), *caveats)
    return Verdict(answer, headline, details, method)


def judge(one: Comparison) -> Answer:
    """What can be said of a pair by itself."""
    if one.difference is None:
        return "no difference" if one.is_level and one.inputs > 1 else "nothing to compare"
    if one.enough and one.difference.is_clear:
        return "better"
    if -one.margin <= one.difference.low and one.difference.high <= one.margin:
        return "no difference"
    return "not enough data"


def describe_pair(one: Comparison) -> tuple[str, str, str]:
    """A pair as a row of a table: "Refine against single", "+0.31 [0.14, 0.48]", "better"."""
    title = f"{one.first.name} against {one.second.name}"
    answer = judge(one)
    if one.difference is None:
        return title, _explain_no_figure(one), answer
    size = f"{format_difference(one.difference.difference)} {_interval(one.difference)}"
    return title, size, answer if answer != "better" or one.difference.difference > 0 else "worse"


def _explain_no_figure(one: Comparison) -> str:
    """Why a pair has no difference, in a few words."""
    if not one.inputs:
        return "not scored"
    if one.is_level:
        return "every scored run got the same"
    return "one input" if isfinite(one.margin) else "rewards too large to compute with"


def count_more(one: Comparison) -> int | None:
    """How many more inputs would show a difference of this size in 4 of 5 cases; None where it is clear, or there is none."""
    if one.difference is None or one.enough or one.difference.needed is None:
        return None
    return max(1, one.difference.needed - one.inputs)


def cost_of_more(result: Result, more: int) -> float | None:
    """What so many more inputs would cost, in every arm and repeat, at what they took so far; None where that is not known."""
    means = [arm.usd.mean for arm in result.arms if not arm.stopped]
    return None if None in means or not means else sum(one or 0 for one in means) * result.repeats * more


def _describe_progress(result: Result) -> str:
    words = {"paused": "Paused", "pausing": "Pausing", "cancelling": "Cancelling"}
    state = words.get(result.state, "Running")
    return f"{state}: {result.done:,} of {pluralize(result.cells, 'run')} have ended."


def _explain_nothing(result: Result) -> str | None:
    scored = [arm for arm in result.arms if arm.scored]
    if not result.done:
        return "No run has ended, so there is nothing to compare."
    if not scored:
        return f"All {pluralize(result.failed, 'run')} failed, so there is nothing to compare." if result.failed else (
            "No input was run in every arm, so there is nothing to compare."
        )  # fmt: skip
    if result.differing_rewards:
        return (
            "The arms have different rewards, so their numbers cannot be compared. "
            "“What if” scores all outputs with one reward."
        )
    if len(result.arms) == 1:
        return f"One arm, so there is nothing to compare: {_describe_mean(result.arms[0])}."
    if len(scored) == 1:
        return (
            f"Only {scored[0].name} got rewards, so there is nothing to compare: {_describe_mean(scored[0])}."
        )
    main = result.main
    if main is None or not main.inputs:
        return "No input was scored in two arms, so there is nothing to compare."
    if main.difference is None and main.inputs == 1:
        return "One input was scored in both arms: that says nothing of others."
    return None


def _describe_mean(arm: ArmResult) -> str:
    low, high = arm.interval
    interval = f" {format_interval(low, high)}" if low is not None and high is not None else ""
    return f"{arm.name} got {format_score(arm.mean)}{interval} on {pluralize(arm.inputs, 'input')}"


def _without_difference(main: Comparison, details: tuple[str, ...], method: str) -> Verdict:
    if main.is_level:
        who = "every run that was scored" if main.first.failed or main.second.failed else "every run"
        headline = (
            f"No difference: {who} got {format_score(main.first.mean)}. This reward cannot tell them apart."
        )
    elif isfinite(main.margin):
        headline = "The inputs that both arms share are all the same, so there is nothing to compare."
    else:
        headline = "The rewards lie too far apart to compute with, so there is nothing to compare."
    return Verdict(judge(main), headline, details, method)


def _interval(difference: ArmDifference) -> str:
    return format_interval(difference.low, difference.high)


def _write_better(main: Comparison, found: ArmDifference) -> str:
    if found.difference < 0:
        found = found.reversed()
    better, other = _winner(main)
    size = f"{format_score(found.difference)} {_interval(found)}"
    sentence = f"{better.name} beats {other.name} by {size} on {pluralize(main.inputs, 'input')}, {_price(better, other)}."
    equal = _pick_budget(main)
    return f"{sentence} {_describe_budget(main, equal)}" if equal is not None else sentence


def _winner(main: Comparison) -> tuple[ArmResult, ArmResult]:
    """The arm that is better, and the other."""
    if main.difference is not None and main.difference.difference < 0:
        return main.second, main.first
    return main.first, main.second


def _write_none(main: Comparison, found: ArmDifference) -> str:
    return (
        f"No difference larger than {format_score(main.margin)}: {main.first.name} minus {main.second.name} is "
        f"{format_difference(found.difference)} {_interval(found)} on {pluralize(main.inputs, 'input')}."
    )


def _write_not_enough(main: Comparison, found: ArmDifference) -> str:
    return (
        f"Not enough data. {main.first.name} minus {main.second.name} is "
        f"{format_difference(found.difference)} {_interval(found)} on {pluralize(main.inputs, 'input')}: it could be either."
    )


_HEADLINES = {
    "better": _write_better,
    "no difference": _write_none,
    "not enough data": _write_not_enough,
}


def _price(better: ArmResult, other: ArmResult) -> str:
    """At what price: in calls, or in dollars where only these differ, or that it is not known."""
    ratios = {unit: _ratio(better.spending(unit).mean, other.spending(unit).mean) for unit in _UNIT_WORDS}
    calls, usd = ratios["calls"], ratios["usd"]
    if calls is None:
        return "at unknown cost" if usd is None else f"at {_times(usd)} the cost"
    if abs(calls - 1) > SAME_PRICE:
        return f"at {_times(calls)} the calls"
    if usd is not None and abs(usd - 1) > SAME_PRICE:
        return f"at as many calls and {_times(usd)} the cost"
    free = better.usd.mean == other.usd.mean == 0
    return "at as many calls" if usd is not None or free else "at as many calls, of unknown cost"


def _ratio(a: float | None, b: float | None) -> float | None:
    return a / b if a is not None and b else None


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if 0.1 <= ratio < 100 else f"{ratio:.2g} times"  # noqa: PLR2004 - digits that tell


def _pick_budget(main: Comparison) -> EqualBudget | None:
    """The comparison at equal price that belongs in the sentence: of what the arms differ in."""
    for unit in ("calls", "usd"):
        ratio = _ratio(main.first.spending(unit).mean, main.second.spending(unit).mean)
        equal = main.equal_budget.get(unit)
        if ratio is not None and abs(ratio - 1) > SAME_PRICE:
            return equal if equal is not None and equal.difference is not None else None
    return None


def _describe_budget(main: Comparison, equal: EqualBudget) -> str:
    """At equal calls, which of them gets more; a pair in which the first is not the winner is told the other way round."""
    found = equal.difference
    if found is None:
        return ""
    better, other = _winner(main)
    if better is main.second:
        found = found.reversed()
    where = f"At equal {_UNIT_WORDS[equal.unit]}"
    size = f"{format_score(abs(found.difference))} {_interval(found if found.difference > 0 else found.reversed())}"
    if found.low > 0:
        return f"{where} it is still better, by {size}."
    if found.high < 0:
        return f"{where} {other.name} is better, by {size}."
    signed = f"{format_difference(found.difference)} {_interval(found)}"
    return f"{where}, {pluralize(found.inputs, 'input')} show no difference: {signed}."


def _after_headline(result: Result, main: Comparison, answer: Answer) -> Iterator[str]:
    """How many more inputs it would take, at what cost; what the arms cost where neither is better."""
    if answer == "not enough data":
        more = count_more(main)
        if more is None:
            yield "On average they are equal, so no number of inputs can be named that would tell them apart."
        elif more > MAX_NEEDED:
            yield f"It would take more than {MAX_NEEDED:,} inputs to show a difference this small."
        else:
            sentence = f"About {pluralize(more, 'more input')} would show a difference of this size, four times in five."
            cost = cost_of_more(result, more)
            if cost:
                sentence += f" They would cost about {format_cost(cost)} more."
            yield sentence
    elif answer == "no difference":
        cheaper = _cheaper(main)
        if cheaper:
            yield cheaper


def _cheaper(main: Comparison) -> str:
    ratio = _ratio(main.first.calls.mean, main.second.calls.mean)
    if ratio is None or abs(ratio - 1) <= SAME_PRICE:
        return ""
    more, fewer = (main.first, main.second) if ratio > 1 else (main.second, main.first)
    return f"{more.name} took {_times(max(ratio, 1 / ratio))} the calls of {fewer.name}."


def _other_pairs(result: Result) -> Iterator[str]:
    """What can be said of the other pairs."""
    for one in result.comparisons[1:]:
        title, size, answer = describe_pair(one)
        yield f"{title}: {size}, {answer}."


def _describe_method(result: Result) -> str:
    parts = ["Best reward of each input, paired by input"]
    if result.repeats > 1:
        parts[0] += f", {_spell(result.repeats)} repeats averaged"
    if result.clustered:
        parts[0] += ", equal inputs counted as one"
    corrected = f", corrected for {_spell(len(result.arms))} arms" if result.corrected > 1 else ""
    return f"{parts[0]}; 95 % intervals{corrected}."


def _spell(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _list_caveats(result: Result) -> Iterator[str]:
    """What a reader has to know beside the figures."""
    if result.state == "stopped":
        yield (
            f"Stopped: {result.done:,} of {pluralize(result.cells, 'run')} ended. "
            f"Only inputs that were run in every arm count: {result.inputs} of {result.rows}."
        )
    for arm in result.arms:
        if arm.stopped:
            yield f"{arm.name} was stopped: {arm.stopped}"
    if result.failed:
        left_out = max((one.left_out for one in result.comparisons), default=0)
        how = (
            "those inputs count by their other repeat" if result.repeats > 1 else "those inputs are left out"
        )
        if result.repeats > 1 and left_out:
            how = f"their inputs count by another repeat, and {left_out} without one are left out"
        yield f"{result.failed} of {pluralize(result.cells, 'run')} failed; {how}."
    yield from _list_given_away(result)
    asking = [arm.arm.spec for arm in result.arms if may_ask_judge(arm.arm.spec.reward)]
    if len({repr((spec.judge or spec.model).identity) for spec in asking}) > 1:
        yield "The reward asks a model, and the arms ask different ones: part of a difference may be the judge's."
    for one in result.comparisons:
        if one.caution and one.at_lowest is not None:
            found = one.at_lowest
            yield (
                f"{one.caution} With failed runs counted as the lowest reward seen, {one.first.name} minus "
                f"{one.second.name} would be {format_difference(found.difference)} {_interval(found)}."
            )
        elif one.caution:
            yield one.caution
    if result.differing_rewards and len(result.arms) > 1:
        means = [_describe_mean(arm) for arm in result.arms if arm.mean is not None]
        if means:
            yield f"By its own reward, {join_words(means)}."


def _list_given_away(result: Result) -> Iterator[str]:
    """Arms whose hints quote what only the reward should see: what they got may be the adviser's answer."""
    for arm in result.arms:
        for name, runs in arm.given_away.items():
            yield (
                f"{arm.name}: in {runs:,} of {pluralize(arm.scored, 'scored run')} the hint of the attempt that counts quotes {name}, "
                "which only the reward should see. The adviser is shown it, so this arm may have been told the answer."
            )
