"""What a reader has to know beside the figures: how they were made, and what was left out of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from refine_core.experiments.progress_sentences import list_stopped_arms
from refine_core.experiments.result.figures import (
    ArmResult,
    Result,
)
from refine_core.experiments.result.judging import write_interval
from refine_core.formatting import (
    format_difference,
    format_interval,
    format_score,
    join_words,
    pluralize,
)
from refine_core.rewards.judge_calls import may_ask_judge

_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def list_caveats(result: Result) -> Iterator[str]:
    """What a reader has to know beside the figures."""
    if result.state == "stopped":
        counted = f" Only inputs that were run in every arm count: {result.inputs} of {result.rows}."
        yield (
            f"Stopped: {result.done:,} of {pluralize(result.cells, 'run')} ended.{counted if 0 < result.inputs < result.rows else ''}"
        )
        if result.stopped_by != "arms" and result.main is not None and result.main.inputs:
            yield "A comparison read early favours whoever is ahead by luck."
    yield from list_stopped_arms((arm.name, arm.stopped) for arm in result.arms)
    if 0 < result.failed < result.done:  # else the headline says it
        left_out = max((one.left_out for one in result.comparisons), default=0)
        alone = result.failed == 1
        how = (
            "its input is left out where its arm is compared"
            if alone
            else "each input is left out where its arm is compared"
        )
        if result.repeats > 1:
            how = f"{'its input counts' if alone else 'their inputs count'} by another repeat"
        if result.repeats > 1 and left_out:
            how = f"{how}, and {left_out} without one {'is' if left_out == 1 else 'are'} left out"
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
                f"{one.second.name} would be {format_difference(found.difference)} {write_interval(found)}."
            )
        elif one.caution:
            yield one.caution
    if result.differing_rewards:
        yield from _list_incomparable(result)


def _list_incomparable(result: Result) -> Iterator[str]:
    """Arms whose reward no other arm has, by what each got."""
    compared = {arm.key for one in result.comparisons for arm in (one.first, one.second)}
    alone = [arm for arm in result.arms if arm.key not in compared and arm.mean is not None]
    if compared:
        others = f": not {join_words([arm.name for arm in alone])}" if alone else ""
        yield f"Only arms with the same reward are compared{others}. “What if” scores all outputs with one reward."
    if alone:
        yield f"By its own reward, {join_words([describe_mean(arm) for arm in alone])}."


def _list_given_away(result: Result) -> Iterator[str]:
    """Arms whose hints quote what only the reward should see: what they got may be the adviser's answer."""
    for arm in result.arms:
        for name, runs in arm.given_away.items():
            yield (
                f"{arm.name}: in {runs:,} of {pluralize(arm.scored, 'scored run')} the hint of the attempt that counts quotes {name}, "
                "which only the reward should see. The adviser is shown it, so this arm may have been told the answer."
            )


def describe_method(result: Result) -> str:
    """How the figures were made, in one sentence."""
    parts = ["Best reward of each input, paired by input"]
    if result.repeats > 1:
        parts[0] += f", {_spell(result.repeats)} repeats averaged"
    if result.clustered:
        parts[0] += ", equal inputs counted as one"
    whom = f"{_spell(len(result.arms))} arms"
    if result.differing_rewards:
        whom = f"{_spell(result.corrected)} pairs of arms"
    corrected = f", corrected for {whom}" if result.corrected > 1 else ""
    return f"{parts[0]}; 95 % intervals{corrected}."


def describe_mean(arm: ArmResult) -> str:
    """What an arm got: "Refine got 0.71 [0.62, 0.80] on 60 inputs"; without an interval where there is none."""
    low, high = arm.interval
    interval = f" {format_interval(low, high)}" if low is not None and high is not None else ""
    return f"{arm.name} got {format_score(arm.mean)}{interval} on {pluralize(arm.inputs, 'input')}"


def _spell(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)
