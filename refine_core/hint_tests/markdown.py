"""A hint test as Markdown, for a pull request: the verdict, the arms, what differs, the hints, and how the numbers came about.

What models and people wrote stands in code, so it is never markup, a link or a mention (refine_core.markdown).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from refine_core.formatting import (
    MINUS,
    format_cost,
    format_difference,
    format_duration,
    format_interval,
    format_score,
    format_temperature,
)
from refine_core.hint_tests.result import ArmResult, Comparison, HintTest
from refine_core.hint_tests.sentences import write_verdict
from refine_core.log.summaries import title_of
from refine_core.markdown import block, code, prose, table

_NOTHING: Final = "\N{EN DASH}"
_METHOD: Final = (
    "Each try is a run of one attempt with the same inputs, model, temperature and reward, another seed or rollout, and nothing "
    "from the cache. Intervals are 95 %: Welch's, after Agresti and Caffo (2000), with one value more at either end in each arm."
)


def write_markdown(test: HintTest) -> str:
    """All of it as Markdown."""
    return "\n\n".join(_blocks(test)) + "\n"


def format_share(share: float | None) -> str:
    """A share of tries: "90 %"; a dash where no try has ended."""
    return _NOTHING if share is None else f"{share * 100:.0f} %"


def _blocks(test: HintTest) -> Iterator[str]:
    verdict = write_verdict(test)
    title = "" if test.timeline is None else f" · {prose(title_of(test.timeline.spec))}"
    yield f"### Does the hint help?{title}, attempt {test.document.attempt}"
    yield f"**{f'{verdict.answer} {verdict.headline}'.strip()}**"
    yield from map(prose, verdict.details)
    arms = ("arm", "tries", "failed", "mean reward", "95 % interval")
    yield table(arms, [_arm_row(one) for one in test.arms], numbers=range(1, 5))
    if test.comparisons and not test.left:
        differences = ("difference", "reward", "95 % interval")
        yield table(differences, [_comparison_row(one) for one in test.comparisons], numbers=range(1, 3))
    if test.parts:
        parts = ("full marks in", *(one.arm.label.lower() for one in test.arms))
        rows = [
            (code(part.name), *(format_share(part.shares.get(one.arm.kind)) for one in test.arms))
            for part in test.parts
        ]
        yield table(parts, rows, numbers=range(1, len(parts)))
    for one in test.arms:
        for name, text in one.arm.real_hints.items():
            yield f"{one.arm.label}, to {code(name)}:"
            yield block(text)
    yield f"{_describe_tries(test)} {_METHOD}"


def _describe_tries(test: HintTest) -> str:
    """What was run, in a sentence: "20 tries of attempt 3 on `practice model` at temperature 0.6; 20 calls, free, 9.1 s."."""
    tries = test.tries
    calls = sum(one.calls for one in tries)
    took = sum(one.took_s or 0.0 for one in tries)
    where = ""
    if test.timeline is not None and test.attempt is not None:
        sends = test.timeline.has_temperature(test.attempt)
        heat = (
            f" at temperature {format_temperature(test.attempt.temperature)}"
            if sends
            else ", which takes no temperature"
        )
        where = f" on {code(test.timeline.spec.model.label)}{heat}"
    ended = f"{test.done} of {len(tries)}" if test.left else f"{len(tries)}"
    return f"{ended} tries of attempt {test.document.attempt}{where}; {calls:,} calls, {format_cost(test.cost_usd)}, {format_duration(took)}."


def _arm_row(one: ArmResult) -> tuple[str, ...]:
    mean = _NOTHING if one.mean is None else format_score(one.mean)
    low, high = one.interval
    interval = _NOTHING if low is None or high is None else format_interval(low, high)
    return one.arm.label, str(len(one.ended)), str(one.failed), mean, interval


def _comparison_row(one: Comparison) -> tuple[str, ...]:
    names = f"{one.second.arm.label} {MINUS} {one.first.arm.label.lower()}"
    found = one.difference
    if found is None:
        return names, _NOTHING, _NOTHING
    return names, format_difference(found.difference), format_interval(found.low, found.high, signed=True)
