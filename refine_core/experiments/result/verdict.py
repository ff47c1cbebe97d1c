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

from refine_core.experiments.result.caveats import describe_mean, describe_method, list_caveats
from refine_core.experiments.result.figures import (
    Answer,
    Comparison,
    Result,
    Verdict,
)
from refine_core.experiments.result.judging import (
    cost_of_more,
    count_more,
    describe_pair,
    judge,
    write_interval,
)
from refine_core.experiments.result.price import find_winner, write_at_equal, write_cheaper, write_price
from refine_core.formatting import (
    format_cost,
    format_difference,
    format_score,
    pluralize,
)
from refine_core.statistics import ArmDifference

MAX_NEEDED: Final = 10_000


def write_verdict(result: Result) -> Verdict:
    """What came of it; of several arms, the headline is about the best against the next best."""
    if not result.is_final:
        return Verdict(
            "not finished", _describe_progress(result), ("The result is shown once it has ended.",)
        )
    caveats = tuple(list_caveats(result))
    if (nothing := _explain_nothing(result)) is not None:
        return Verdict("nothing to compare", nothing, caveats)
    main = result.main
    assert main is not None  # noqa: S101 - else there was nothing to compare
    method = describe_method(result)
    if main.difference is None:
        return _without_difference(main, (*_other_pairs(result), *caveats), method)
    answer = judge(main)
    headline = _HEADLINES[answer](main, main.difference)
    details = (*_after_headline(result, main, answer), *_other_pairs(result), *caveats)
    return Verdict(answer, headline, details, method)


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
    if result.differing_rewards and not result.comparisons:
        return (
            "The arms have different rewards, so their numbers cannot be compared. "
            "“What if” scores all outputs with one reward."
        )
    if len(result.arms) == 1:
        return f"One arm, so there is nothing to compare: {describe_mean(result.arms[0])}."
    if len(scored) == 1:
        return (
            f"Only {scored[0].name} got rewards, so there is nothing to compare: {describe_mean(scored[0])}."
        )
    main = result.main
    if main is None or not main.inputs:
        return "No input was scored in two arms, so there is nothing to compare."
    if main.difference is None and main.inputs == 1:
        return "One input was scored in both arms: that says nothing of others."
    return None


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


def _write_better(main: Comparison, found: ArmDifference) -> str:
    if found.difference < 0:
        found = found.reversed()
    better, other = find_winner(main)
    size = f"{format_score(found.difference)} {write_interval(found)}"
    sentence = f"{better.name} beats {other.name} by {size} on {pluralize(main.inputs, 'input')}, {write_price(better, other)}."
    return " ".join(filter(None, (sentence, write_at_equal(main))))


def _write_none(main: Comparison, found: ArmDifference) -> str:
    return (
        f"No difference larger than {format_score(main.margin)}: {main.first.name} minus {main.second.name} is "
        f"{format_difference(found.difference)} {write_interval(found)} on {pluralize(main.inputs, 'input')}."
    )


def _write_not_enough(main: Comparison, found: ArmDifference) -> str:
    return (
        f"Not enough data. {main.first.name} minus {main.second.name} is "
        f"{format_difference(found.difference)} {write_interval(found)} on {pluralize(main.inputs, 'input')}: it could be either."
    )


_HEADLINES = {
    "better": _write_better,
    "no difference": _write_none,
    "not enough data": _write_not_enough,
}


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
        cheaper = write_cheaper(main)
        if cheaper:
            yield cheaper


def _other_pairs(result: Result) -> Iterator[str]:
    """What can be said of the other pairs."""
    for one in result.comparisons[1:]:
        title, size, answer = describe_pair(one)
        yield f"{title}: {size}, {answer}."
