"""What attempts would score now: with a reward or settings that were changed since the run.

    {index: Now} --describe_now--> NowCell

Each attempt of a story and of a table has a slot for it. With {} for nothing yet its place is kept, so that nothing moves when it
fills; with None there is no such place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from refine_core.figures import text
from refine_core.formatting import format_difference
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import format_reward

NOW_TITLE: Final = "would score now"


@dataclass(frozen=True, slots=True)
class Now:
    """What one attempt would score.

    value: the new reward, or None where there is none; then `instead` says why in a word or two: "never tried", "not comparable",
    "fails". is_best: whether no other attempt would score more. why: more about it, where one points. is_returned: whether it
    would be returned as the first at the threshold, even if a later one scores more.
    fails: whether it would have no reward. state: exact, or why it is not: the changed run would have made the attempt in another
    way, would not have made it, or would have made one that the recorded run did not. because: of the state, in a few words.
    threshold: with which it would be compared, where that is another than the run's.
    old_hint: what its hints were written for, where the changed run's would be others: "for the old reward".
    """

    value: float | None = None
    instead: str = ""
    is_best: bool = False
    why: str = ""
    is_returned: bool = False
    fails: bool = False
    state: Literal["exact", "not_needed", "not_comparable", "never_tried"] = "exact"
    because: str = ""
    old_hint: str = ""
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class NowCell:
    """text: the new reward, or what replaces it. note: how it compares: "same", "best", "returned", "reaches it", "not needed" or by how much. is_quiet: no new reward."""

    text: str
    note: str = ""
    title: str = ""
    is_quiet: bool = False


def describe_now(timeline: Timeline, attempt: Attempt, now: Mapping[int, Now] | None) -> NowCell | None:
    """The slot of one attempt. now: by index, for those that were asked about."""
    if now is None or attempt.index not in now:
        return None
    one = now[attempt.index]
    if one.value is None:
        return NowCell(text.shorten(one.instead, 24), title=one.why, is_quiet=True)
    if one.is_returned:
        # Of outputs that would have been others nothing is returned: this one is only the first at the threshold.
        note = "reaches it" if one.state == "not_comparable" else "returned"
    elif one.is_best:
        note = "best"
    elif one.state == "not_needed":
        note = "not needed"
    elif attempt.reward is None:
        note = ""
    else:
        note = "same" if one.value == attempt.reward else format_difference(one.value - attempt.reward)
    return NowCell(format_reward(timeline, one.value), note, one.why)
