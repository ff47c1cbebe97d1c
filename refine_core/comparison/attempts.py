"""Two attempts, of one run or of two, as plain data to show side by side.

    compare_attempts(timeline, index, timeline, index) -> AttemptComparison

A is the first, B the second: what is said is said of B against A. Everything is a fact of the logs; the sentence says which
parts of the score moved, and nothing about why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from refine_core.comparison.changes import TextChange, compare_words
from refine_core.comparison.hints import HintMark, mark_hints, why_no_hint
from refine_core.comparison.phrases import Phrase
from refine_core.comparison.prompts import PromptChange, compare_prompts
from refine_core.comparison.sentences import describe_attempts, moved_parts
from refine_core.comparison.settings import Setting, compare_settings
from refine_core.comparison.texts import show_value
from refine_core.formatting import format_difference, format_score
from refine_core.hints import is_hint
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import (
    COMPUTED,
    describe_advice_failure,
    describe_failure,
    describe_outcome,
    format_reward,
)
from refine_core.unseen import show_unseen
from refine_core.uptake import advice_price, routing


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two. number: of the attempt, from 1. reward: as text, "" unless scored. words: what became of it."""

    run_id: str
    number: int
    reward: str
    words: str
    error: str


@dataclass(frozen=True, slots=True)
class PartChange:
    """One part of the score, or the whole. before, after: as text, "" where there is none.

    change: with its sign; "" without both. moved: of B against A. share: of B's meter, from 0 to 1. caption: what it is filled against.
    """

    name: str
    before: str
    after: str
    change: str
    moved: Literal["up", "down", ""]
    share: float
    caption: str
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """The advice after A, where B is the next attempt. discussion: the adviser's words. error: why there is none.

    notes: what it cost beside the change in reward, and hints that reached nobody.
    """

    discussion: str
    error: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttemptComparison:
    """sentence: the difference in one line. parts: of the score, then the reward. outputs: those that changed first.

    hints: one a predictor. uptake: what became of each, in A and in B. between: None unless B is the attempt after A. settings: those that differ; equal: names of the rest.
    gained, lost: names of the parts that rose and fell.
    """

    a: Side
    b: Side
    is_same: bool
    sentence: tuple[Phrase, ...]
    parts: tuple[PartChange, ...]
    outputs: tuple[TextChange, ...]
    hints: tuple[TextChange, ...]
    uptake: tuple[HintMark, ...]
    between: Between | None
    prompts: tuple[PromptChange, ...]
    settings: tuple[Setting, ...]
    equal: tuple[str, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]


def compare_attempts(first: Timeline, a: Attempt, second: Timeline, b: Attempt) -> AttemptComparison:
    """Compare B, an attempt of `second`, with A, an attempt of `first`; both may be the same."""
    gained, lost = moved_parts(a, b)
    settings, equal = compare_settings(first, a, second, b)
    outputs = _compare_outputs(a, b)
    return AttemptComparison(
        a=_side(first, a),
        b=_side(second, b),
        is_same=first.run_id == second.run_id and a.index == b.index,
        sentence=tuple(describe_attempts(first, a, second, b)),
        parts=tuple(_compare_parts(first, a, second, b)),
        outputs=outputs,
        hints=_compare_hints(first, a, second, b),
        uptake=(*mark_hints(first, a, "a"), *mark_hints(second, b, "b")),
        between=_between(first, a, second, b),
        prompts=compare_prompts(a, b),
        settings=settings,
        equal=equal,
        gained=gained,
        lost=lost,
    )


def _side(timeline: Timeline, attempt: Attempt) -> Side:
    words = describe_outcome(timeline, attempt)
    if attempt.is_returned:
        words = f"returned, {COMPUTED}" if attempt.computed_at is not None else "returned"
    reward = "" if attempt.reward is None else format_reward(timeline, attempt.reward)
    return Side(timeline.run_id, attempt.index + 1, reward, words, show_unseen(describe_failure(attempt)))


# ---- the score


def _scores(attempt: Attempt) -> Mapping[str, float]:
    return attempt.score.parts if attempt.score is not None else {}


def _compare_parts(first: Timeline, a: Attempt, second: Timeline, b: Attempt) -> Iterable[PartChange]:
    every = [*first.attempts, *second.attempts]
    for name in dict.fromkeys((*_scores(a), *_scores(b))):
        seen = [_scores(attempt)[name] for attempt in every if name in _scores(attempt)]
        yield _part(
            name, _scores(a).get(name), _scores(b).get(name), max(seen), f"best seen {_number(max(seen))}"
        )
    if a.reward is None and b.reward is None:
        return
    rewards = [attempt.reward for attempt in every if attempt.reward is not None]
    threshold = second.spec.threshold
    best = max(rewards)
    caption = f"best seen {_number(best)}" if threshold is None else f"threshold {_number(threshold)}"
    whole = _part(
        "reward", a.reward, b.reward, max(best, threshold or best), caption, beside=rewards, is_whole=True
    )
    yield replace(
        whole,
        before="unknown" if a.state == "unknown" else whole.before,
        after="unknown" if b.state == "unknown" else whole.after,
    )


def _part(
    name: str,
    before: float | None,
    after: float | None,
    full: float,
    caption: str,
    *,
    beside: Sequence[float] = (),
    is_whole: bool = False,
) -> PartChange:
    moved: Literal["up", "down", ""] = ""
    change = ""
    if before is not None and after is not None:
        moved = "up" if after > before else "down" if after < before else ""
        change = format_difference(after - before)
    share = max(0.0, min(1.0, (after or 0.0) / full)) if full > 0 else 0.0
    both = (*beside, *(v for v in (before, after) if v is not None))
    old, new = ("" if v is None else _number(v, both) for v in (before, after))
    return PartChange(show_unseen(name), old, new, change, moved, round(share, 3), caption, is_whole)


def _number(value: float, beside: Iterable[float] = ()) -> str:
    return "0" if value == 0 else format_score(value, beside)


# ---- words


def _compare_outputs(a: Attempt, b: Attempt) -> tuple[TextChange, ...]:
    old, new = a.outputs or {}, b.outputs or {}
    names = dict.fromkeys((*new, *old))
    changes = [
        compare_words(
            show_unseen(name),
            show_value(old[name]) if name in old else None,
            show_value(new[name]) if name in new else None,
            ("no such output", "no such output"),
        )
        for name in names
    ]
    return tuple(sorted(changes, key=lambda change: change.is_equal))


def _compare_hints(first: Timeline, a: Attempt, second: Timeline, b: Attempt) -> tuple[TextChange, ...]:
    if first.spec.hint_source == "none" and second.spec.hint_source == "none":
        return ()
    names = dict.fromkeys((*first.predictors, *second.predictors, *a.real_hints, *b.real_hints))
    changes = [
        compare_words(
            show_unseen(name),
            _hint(a, name),
            _hint(b, name),
            (why_no_hint(first, a, name), why_no_hint(second, b, name)),
        )
        for name in names
    ]
    return tuple(change for change in changes if change.before is not None or change.after is not None)


def _hint(attempt: Attempt, name: str) -> str | None:
    hint = attempt.hints.get(name)
    return show_value(hint) if hint is not None and is_hint(hint) else None


def _between(first: Timeline, a: Attempt, second: Timeline, b: Attempt) -> Between | None:
    advice = a.advice
    if first.run_id != second.run_id or b.index != a.index + 1 or advice is None:
        return None
    price = advice_price(first, a)
    lost = [route.text for route in routing(first, a) if route.route == "nobody"]
    notes = (*([price.text] if price else []), *map(show_unseen, lost))
    return Between(show_value(advice.discussion), show_unseen(describe_advice_failure(advice)), notes)
