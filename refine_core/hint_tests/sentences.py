"""A hint test in words: the verdict in a headline and details, how far it is, and all of it as Markdown.

Nothing is said of a difference before every try has ended: an early lead says little, and looking at it would make one stop there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from refine_core.formatting import format_difference, format_interval, format_score, pluralize
from refine_core.hint_tests.document import WHO
from refine_core.hint_tests.giveaways import find_giveaways
from refine_core.hint_tests.result import ArmResult, Comparison, HintTest

MAX_NEEDED: Final = 1000
_FIRST_STEP, _SECOND_STEP, _FINE_UP_TO = 5, 10, 50


@dataclass(frozen=True, slots=True)
class TestVerdict:
    """answer: "Yes.", "No.", "Not clear." or "". headline: the sentence after it. details: further ones."""

    __test__ = False  # no test of pytest's

    answer: str
    headline: str
    details: tuple[str, ...] = ()


def write_verdict(test: HintTest) -> TestVerdict:
    """What came of it, or how far it is."""
    if test.left or test.is_live:
        return _progress(test)
    if not test.comparisons:
        return TestVerdict("", "There is nothing to compare.")
    main, *rest = test.comparisons
    answer, headline = _compare(main, is_edit=main.second.arm.kind == "other")
    edits = (_compare_edit(one) for one in rest if one.first.arm.kind == "this")
    return TestVerdict(answer, headline, (*edits, *_list_caveats(test)))


def _progress(test: HintTest) -> TestVerdict:
    total = len(test.tries)
    count = f"{test.done} of {pluralize(total, 'try', 'tries')}"
    details = tuple(_list_caveats(test))
    if test.state == "cancelling":
        return TestVerdict("", f"Cancelling … {count} have ended.", details)
    if test.is_live:
        return TestVerdict(
            "", f"Running: {count} have ended.", ("The difference is shown once all have.", *details)
        )
    why = test.error or ("It was cancelled." if test.cancelled else "It was cancelled, or the app ended.")
    return TestVerdict("", f"Stopped: {count} have ended, {test.left} were not run.", (why, *details))


def _compare(one: Comparison, *, is_edit: bool) -> tuple[str, str]:
    """Answer and headline of the comparison with no hint."""
    hint = "edited hint" if is_edit else "hint"
    if (plain := _explain_nothing(one)) is not None:
        return "", plain
    difference = one.difference
    assert difference is not None  # noqa: S101 - else there was something to explain
    value, tries = difference.difference, _describe_counts(one)
    size = _size(value, difference.low, difference.high)
    if not difference.is_clear:
        size = f"the same on average {size.partition(' ')[2]}" if value == 0 else _more(size, value)
        return "Not clear.", f"With the {hint} the reward was {size}: {tries} {_too_few(one)}"
    answer, verb = ("Yes.", "raised") if value > 0 else ("No.", "lowered")
    return answer, f"The {hint} {verb} the reward by {size}, {tries}."


def _compare_edit(one: Comparison) -> str:
    """The same for the edit beside the hint that it was made from."""
    if (plain := _explain_nothing(one)) is not None:
        return plain
    difference = one.difference
    assert difference is not None  # noqa: S101 - else there was something to explain
    value, tries = difference.difference, _describe_counts(one)
    size = _size(value, difference.low, difference.high)
    than = f"the same on average {size.partition(' ')[2]} as" if value == 0 else f"{_more(size, value)} than"
    start = f"With the edit the reward was {than} with this hint"
    return f"{start}, {tries}." if difference.is_clear else f"{start}: {tries} {_too_few(one)}"


def _explain_nothing(one: Comparison) -> str | None:
    """Why no difference can be told, or None."""
    for result in (one.first, one.second):
        if len(result.rewards) < 2:  # noqa: PLR2004 - of one, nobody knows how much it varies
            scored = f"only {len(result.rewards)}" if result.rewards else "none"
            return f"Too few to compare: {scored} of {len(result.tries)} tries of “{result.arm.label}” got a reward."
    if one.difference is None:
        return f"Every try got the same reward, {format_score(one.first.mean)}: no difference was seen."
    return None


def _more(size: str, value: float) -> str:
    """The size with its direction: "0.04 higher [-0.07, 0.15]"."""
    number, _, interval = size.partition(" ")
    return f"{number} {'lower' if value < 0 else 'higher'} {interval}"


def _size(difference: float, low: float, high: float) -> str:
    """How much, without a sign, and the interval the same way round: "0.38 [0.23, 0.52]"."""
    if difference < 0:
        difference, low, high = -difference, -high, -low
    return f"{format_score(difference)} {format_interval(low, high)}"


def _describe_counts(one: Comparison) -> str:
    first, second = one.counts
    if first == second:
        return f"{first} tries each"
    return f"{first} and {second} tries"


def _too_few(one: Comparison) -> str:
    """That there are too few tries, and how many it would take: "are too few to tell. About 40 each would …"."""
    if one.needed is None:
        return "show no difference."
    if one.needed > MAX_NEEDED:
        return f"are too few to tell. It would take more than {MAX_NEEDED:,} each to show a difference this small."
    if one.needed <= min(one.counts):
        return "are too few to tell."
    return f"are too few to tell. About {round_up(one.needed)} each would show a difference of this size."


def round_up(needed: int) -> int:
    """A number of tries as people say it: 13 is about 15, 34 about 35, 87 about 90, 412 about 420."""
    step = _FIRST_STEP if needed <= _FINE_UP_TO else _SECOND_STEP
    return math.ceil(needed / step) * step


def _list_caveats(test: HintTest) -> Iterator[str]:
    """What a reader has to know beside the difference."""
    failed = [f"{one.failed} of {len(one.ended)} “{one.arm.label}”" for one in test.arms if one.failed]
    if failed:
        yield f"Failed, so without a reward: {'; '.join(failed)}."
    if test.is_live or test.left:
        return
    if (alike := [one for one in test.arms if _is_repeated(one)]) and len(alike) == len(test.arms):
        yield (
            "Within each arm every output was the same, so more tries tell nothing new: the temperature is too low, "
            "or the model repeats itself."
        )
    if len(test.document.batches) > 1:
        yield ("More tries were added after a result was seen, which makes the interval a little too narrow.")


def describe_briefly(test: HintTest) -> str:
    """The result in a few words: "Tested: +0.38 [0.23, 0.52]", "Tested: not clear"."""
    if test.left:
        return f"Test: {test.done} of {len(test.tries)} tries"
    main = test.comparisons[0] if test.comparisons else None
    if main is None or main.difference is None:
        return "Tested: nothing to compare"
    difference = main.difference
    if not difference.is_clear:
        return "Tested: not clear"
    return f"Tested: {format_difference(difference.difference)} {format_interval(difference.low, difference.high)}"


def list_warnings(test: HintTest) -> list[str]:
    """What the hints of the arms give away, a sentence each."""
    if test.timeline is None or test.attempt is None:
        return []
    found = [
        one.describe(WHO[result.arm.kind])
        for result in test.arms
        for text in result.arm.real_hints.values()
        for one in find_giveaways(test.timeline, test.attempt, text)
    ]
    return list(dict.fromkeys(found))


def _is_repeated(result: ArmResult) -> bool:
    outputs = [one.outputs for one in result.tries if one.state == "scored"]
    return len(outputs) > 1 and all(one == outputs[0] for one in outputs)
