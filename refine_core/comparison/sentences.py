"""What differs between two attempts, in one or two sentences from the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from refine_core.comparison.hints import describe_uptake
from refine_core.comparison.phrases import Phrase, Style, strong_names
from refine_core.formatting import format_score
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import format_reward
from refine_core.unseen import show_unseen

_NAMED = 4  # parts that are named one by one


def moved_parts(a: Attempt, b: Attempt) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the parts of the score that rose from A to B, and of those that fell."""
    old, new = (one.score.parts if one.score is not None else {} for one in (a, b))
    both = [name for name in new if name in old]
    return (
        tuple(show_unseen(name) for name in both if new[name] > old[name]),
        tuple(show_unseen(name) for name in both if new[name] < old[name]),
    )


def describe_attempts(first: Timeline, a: Attempt, second: Timeline, b: Attempt) -> Iterator[Phrase]:
    """Say how B did against A."""
    if first.run_id == second.run_id and a.index == b.index:
        yield Phrase("A and B are the same attempt. Choose another one for either.")
        return
    yield from _scores(first, a, second, b)
    yield from _rules(a, b)
    if a.outputs is not None and a.outputs == b.outputs:
        yield Phrase(" Both gave the same output.")
    yield from describe_uptake(second, b)
    if first.spec.reward != second.spec.reward and a.reward is not None and b.reward is not None:
        yield Phrase(" Each was scored by a reward of its own, so the numbers may not compare.")


def _scores(first: Timeline, a: Attempt, second: Timeline, b: Attempt) -> Iterator[Phrase]:
    if a.reward is None or b.reward is None:
        yield from _unscored(first, a, second, b)
        return
    change = float(f"{b.reward - a.reward:.12g}")
    if change == 0:
        yield Phrase("Both score ")
        yield Phrase(format_reward(second, b.reward), "strong")
    else:
        yield Phrase("B scores ")
        yield Phrase(f"{format_score(abs(change))} {'more' if change > 0 else 'less'}", "strong")
    gained, lost = moved_parts(a, b)
    parts = {**(a.score.parts if a.score else {}), **(b.score.parts if b.score else {})}
    if gained or lost:
        who = "it" if change else "B"
        yield Phrase(f": {who} gained ")
        yield from _names(gained)
        yield Phrase(" and lost ")
        yield from _names(lost)
        yield Phrase(".")
    else:
        yield Phrase(": no part moved." if parts and not change else ".")


def _names(names: Sequence[str]) -> Iterator[Phrase]:
    if not names:
        yield Phrase("nothing")
    elif len(names) > _NAMED:
        yield Phrase(f"{len(names)} parts", "strong")
    else:
        yield from strong_names(names)


def _unscored(first: Timeline, a: Attempt, second: Timeline, b: Attempt) -> Iterator[Phrase]:
    if a.state == b.state:
        yield Phrase(
            {"failed": "Both failed", "running": "Both are still running"}.get(a.state, "Neither was scored"),
            "strong",
        )
        yield Phrase(", so there is no reward to compare.")
        return
    for letter, timeline, attempt, link in (("A", first, a, ", and "), ("B", second, b, ".")):
        yield Phrase(f"{letter} ")
        yield _state(timeline, attempt)
        yield Phrase(link)


def _state(timeline: Timeline, attempt: Attempt) -> Phrase:
    if attempt.reward is not None:
        return Phrase(f"scores {format_reward(timeline, attempt.reward)}", "strong")
    states: dict[str, tuple[str, Style]] = {
        "failed": ("failed", "bad"),
        "running": ("is still running", ""),
        "cut_off": ("was cut off", ""),
        "unknown": ("has an unknown reward", ""),
    }
    return Phrase(*states.get(attempt.state, ("has no reward", "")))


def _rules(a: Attempt, b: Attempt) -> Iterator[Phrase]:
    """Validators that one of them met and the other did not; they decide which attempt is the best."""
    for attempt, other, verb in ((a, b, "now meets"), (b, a, "does not meet")):
        names = [name for name in attempt.unmet if name not in other.unmet]
        if names and other.reward is not None and attempt.reward is not None:
            yield Phrase(f" B {verb} ")
            yield from strong_names(f"“{show_unseen(name)}”" for name in names)
            yield Phrase(".")
