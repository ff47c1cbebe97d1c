"""How the run ended, for somebody who was told nothing: why it stopped, what it returned, what kept it from more, what hints did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from refine_core.events import StopReason
from refine_core.export.markup import Markup, element, join
from refine_core.formatting import pluralize
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import format_reward
from refine_core.stop_summary import list_attempts

_NAMED_PARTS: Final = 3
_SEVERAL: Final = 2
_TINY: Final = 1e-9
_CHANGES: Final = ("more", "less", "the same")


def tell_ending(run: Timeline) -> Iterator[Markup]:
    """How it ended, and what came of it."""
    end = run.end
    if end is None:
        count = len(run.attempts)
        when = f"after {pluralize(count, 'attempt')} had begun" if count else "before any attempt had begun"
        yield _sentence(
            f"The run has no end here: whatever ran it stopped, or was still at work, {when}. "
            "This file holds all that was recorded until then."
        )
        return
    match end.reason:
        case "threshold_reached":
            yield from _describe_unmet(run)
            yield _sentence(_reached(run))
        case "attempts_used_up" if run.spec.attempt_count == 1:
            yield _sentence("It stopped there because no more than one attempt was allowed.")
        case "attempts_used_up":
            threshold = run.spec.threshold
            short = "" if threshold is None else f", and none had reached {format_reward(run, threshold)}"
            made = f"All {len(run.attempts):,} attempts that were allowed had been made"
            yield _sentence(f"{made}{short}, so the run stopped.")
            yield from _describe_unmet(run)
        case reason:
            yield _sentence(_REASONS[reason])
    yield from _describe_failed_rewards(run)
    if run.spec.attempt_count == 1:
        return
    if end.returned is not None and end.reason != "threshold_reached":
        yield _sentence(
            f"It returned its best: attempt {end.returned + 1}{_describe_tie(run, end.returned)}."
        )
    elif end.returned is None and end.best is not None:
        yield _sentence(f"Nothing was returned; the best attempt until then was attempt {end.best + 1}.")
    if end.reason == "attempts_used_up":
        yield from _describe_empty_parts(run)
        yield from _describe_ceiling(run)
    yield from _describe_hints(run)


def _describe_failed_rewards(run: Timeline) -> Iterator[Markup]:
    """Which attempts have an answer and no score, because the reward function ended with an error."""
    failed = [a.index for a in run.attempts if a.error is not None and a.phase == "reward"]
    if not failed:
        return
    they = ("has", "its answer") if len(failed) == 1 else ("have", "their answers")
    yield _sentence(
        f"{list_attempts(failed)} {they[0]} no score because the reward function ended with an error; "
        f"that says nothing about {they[1]}."
    )


def _describe_tie(run: Timeline, returned: int) -> str:
    """That others scored the same: the first of them is returned."""
    reward = next((a.reward for a in run.attempts if a.index == returned), None)
    same = [a for a in run.attempts if reward is not None and a.reward == reward and not a.unmet]
    if len(same) < _SEVERAL or same[0].index != returned:
        return ""
    return f", the first of {len(same):,} that scored {format_reward(run, reward)}"


def _describe_ceiling(run: Timeline) -> Iterator[Markup]:
    """What the parts of the reward, each at its best in the run, would have added up to, where even that was too little."""
    threshold = run.spec.threshold
    scored = [(a.reward, a.score.parts) for a in run.attempts if a.score is not None and a.reward is not None]
    if threshold is None or len(scored) < _SEVERAL:
        return
    if any(not parts or abs(sum(parts.values()) - reward) > _TINY for reward, parts in scored):
        return  # the reward is no sum of its parts
    best: dict[str, float] = {}
    for _, parts in scored:
        for name, value in parts.items():
            best[name] = max(best.get(name, value), value)
    most = sum(best.values())
    if most < threshold - _TINY:
        code = element("a", "its code", href="#reward")
        sum_up = (
            f"The parts of the reward, each at its best in this run, add up to {format_reward(run, most)}, "
        )
        yield join(
            (
                sum_up,
                "still below the threshold: it is too high, or ",
                code,
                " asks for something that no attempt did.",
            )
        )


def _describe_hints(run: Timeline) -> Iterator[Markup]:
    """How the reward went on after a hint."""
    if run.spec.hint_source == "none":
        return
    changes: list[str] = []
    last = 0
    before: Attempt | None = None
    for attempt in run.attempts:
        if attempt.reward is None:
            continue
        if before is not None and before.reward is not None and any(attempt.real_hints.values()):
            last = attempt.index + 1
            change = attempt.reward - before.reward
            changes.append("more" if change > _TINY else "less" if change < -_TINY else "the same")
        before = attempt
    if not changes:
        return
    counts = Counter(changes)
    hinted = sum(any(attempt.real_hints.values()) for attempt in run.attempts)
    what = "scored attempts" if hinted > len(changes) else "attempts"
    if len(counts) == 1:
        each = (
            f"Attempt {last}, which had a hint,"
            if len(changes) == 1
            else f"Each of {len(changes):,} {what} with a hint"
        )
        than = "the same as" if changes[0] == "the same" else f"{changes[0]} than"
        yield _sentence(f"{each} scored {than} the one before.")
        return
    first, *rest = (which for which in _CHANGES if counts[which])
    told = [f"{counts[first]:,} scored {first}", *(f"{counts[which]:,} {which}" for which in rest)]
    yield join(
        (
            f"Of {len(changes):,} {what} with a hint, compared with the one before, ",
            join(list_and(told)),
            ".",
        )
    )


def _describe_unmet(run: Timeline) -> Iterator[Markup]:
    """Which attempts had the reward and did not meet every rule."""
    threshold = run.spec.threshold
    if threshold is None:
        return
    barred = [a.index for a in run.attempts if a.unmet and a.reward is not None and a.reward >= threshold]
    if barred:
        they = "it" if len(barred) == 1 else "they"
        rest = f"did not meet every rule, so {they} did not end the run."
        yield _sentence(f"{list_attempts(barred)} scored enough, but {rest}")


def _describe_empty_parts(run: Timeline) -> Iterator[Markup]:
    """Which parts of the reward scored nothing in any attempt, where others did."""
    scores = [attempt.score.parts for attempt in run.attempts if attempt.score is not None]
    names = list(dict.fromkeys(name for parts in scores for name in parts))
    empty = [name for name in names if not any(parts.get(name) for parts in scores)]
    if not empty or len(empty) == len(names) or len(empty) > _NAMED_PARTS:
        return
    named = join(list_and([term(name) for name in empty]))
    yield join(("The reward has parts, and ", named, " scored nothing in any attempt."))


_REASONS: Final[Mapping[StopReason, str]] = {
    "too_many_failures": "More attempts ended with an error than were allowed, so the run gave up.",
    "every_attempt_failed": "Every attempt ended with an error before it had a score, so there is no result.",
    "budget_used_up": "The run had spent all that it was allowed to spend, so it stopped.",
    "recording_ended": "The replies came from a recording of an earlier run, and it held no more of them.",
    "cancelled": "A person stopped the run before it was done.",
    "reward_broken": "The reward function has an error that every further attempt would meet, so the run stopped.",
    "unknown": "The trace that this was imported from does not tell why it ended.",
    "error": "An error outside the attempts stopped the run.",
}


def _reached(run: Timeline) -> str:
    returned = run.returned_index or 0
    reward = next((a.reward for a in run.attempts if a.index == returned), None)
    left = run.spec.attempt_count - len(run.attempts)
    rest = {0: "", 1: " The last attempt was not needed."}.get(
        left, f" The remaining {left:,} attempts were not needed."
    )
    scored = f"Attempt {returned + 1} scored {format_reward(run, reward)}"
    return f"{scored}, which is enough, so the run stopped there and returned its answer.{rest}"


def _sentence(words: str) -> Markup:
    return join((words,))


def term(word: str) -> Markup:
    """A word that matters."""
    return element("b", word)


def list_and(names: Sequence[str]) -> Iterator[str]:
    """Names in a row: a, b and c."""
    for i, name in enumerate(names):
        if i:
            yield " and " if i == len(names) - 1 else ", "
        yield name
