"""Two whole runs side by side: what they were set up with, then attempt by attempt.

    compare_runs(timeline, timeline) -> RunComparison      attempt 1 beside attempt 1, whatever came before

Rows are aligned by attempt. The first that differs in output, hint or outcome is where the runs part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from refine_core.comparison.changes import TextChange, compare_words
from refine_core.comparison.phrases import Phrase, strong_names
from refine_core.comparison.settings import Setting
from refine_core.comparison.specs import TextDifference, compare_specs
from refine_core.comparison.texts import show_value
from refine_core.formatting import format_cost, format_difference, format_duration, format_score, pluralize
from refine_core.log.summaries import title_of
from refine_core.log.timeline import Attempt, Timeline
from refine_core.messages import describe_failure, describe_outcome, format_reward
from refine_core.unseen import show_unseen

_REASONING = "reasoning"
ROW_CHARS = 4_000  # of an output or a hint in a row of two runs, which shows its first lines


@dataclass(frozen=True, slots=True)
class RunCell:
    """One attempt of one run. hints: (predictor, hint) of those that it got. words: its outcome, where it has no reward."""

    reward: float | None
    reward_text: str
    words: str
    error: str
    hints: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RunRow:
    """One attempt of both. number: from 1. a, b: None where that run had ended. output: the main one.

    others: names of further outputs that differ. change: of B's reward against A's, "" without both.
    """

    number: int
    a: RunCell | None
    b: RunCell | None
    output: TextChange | None
    others: tuple[str, ...]
    change: str
    is_equal: bool


@dataclass(frozen=True, slots=True)
class RunComparison:
    """settings, texts: of the set-up, those that differ; equal: names of the rest. rows: by attempt.

    first_different: number of the first attempt that differs, or None. threshold: B's, with A's first where it is another.
    ticks: of the rewards' axis, each with its text. ends: how each run ended, where it had fewer attempts.
    """

    title_a: str
    title_b: str
    is_same: bool
    sentence: tuple[Phrase, ...]
    settings: tuple[Setting, ...]
    texts: tuple[TextDifference, ...]
    equal: tuple[str, ...]
    rows: tuple[RunRow, ...]
    first_different: int | None
    thresholds: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]
    ends: tuple[str, str]


def compare_runs(a: Timeline, b: Timeline) -> RunComparison:
    """Compare run B with run A."""
    spec = compare_specs(a.spec, b.spec)
    rows = tuple(_rows(a, b))
    first = next((row.number for row in rows if not row.is_equal), None)
    used, same = _compare_usage(a, b)
    thresholds = tuple(dict.fromkeys(t for t in (a.spec.threshold, b.spec.threshold) if t is not None))
    return RunComparison(
        title_a=show_unseen(title_of(a.spec)),
        title_b=show_unseen(title_of(b.spec)),
        is_same=a.run_id == b.run_id,
        sentence=tuple(_sentence(a, b, rows, first)),
        settings=(*spec.settings, *used),
        texts=spec.texts,
        equal=(*spec.equal, *same),
        rows=rows,
        first_different=first,
        thresholds=thresholds,
        ticks=_ticks(a, b, thresholds),
        ends=(_end(a), _end(b)),
    )


def _end(timeline: Timeline) -> str:
    count = len(timeline.attempts)
    return (
        f"{'ended' if timeline.end is not None else 'is'} at attempt {count}"
        if count
        else "has no attempt yet"
    )


def _ticks(a: Timeline, b: Timeline, thresholds: Sequence[float]) -> tuple[tuple[float, str], ...]:
    rewards = [one.reward for one in (*a.attempts, *b.attempts) if one.reward is not None]
    low, high = min((0.0, *rewards, *thresholds)), max((*rewards, *thresholds), default=1.0)
    high = high if high > low else low + 1.0
    return tuple((value, format_score(value)) for value in (low, (low + high) / 2, high))


def _compare_usage(a: Timeline, b: Timeline) -> tuple[list[Setting], list[str]]:
    every = [(name, old, new) for (name, old), new in zip(_usage(a).items(), _usage(b).values(), strict=True)]
    return [Setting(*one) for one in every if one[1] != one[2]], [
        name for name, old, new in every if old == new
    ]


def _usage(timeline: Timeline) -> Mapping[str, str]:
    usage = timeline.usage
    known = usage.prompt_tokens is not None and usage.completion_tokens is not None
    new = f" for {pluralize(len(timeline.new_attempts), 'new attempt')}" if timeline.kept_attempts else ""
    return {
        "calls": f"{usage.calls:,}{new}",
        "tokens": f"{(usage.prompt_tokens or 0) + (usage.completion_tokens or 0):,}" if known else "unknown",
        "cost": format_cost(usage.cost_usd),
        "took": format_duration(timeline.end.took_s) if timeline.end is not None else "not finished",
    }


# ---- attempt by attempt


def _rows(a: Timeline, b: Timeline) -> Iterator[RunRow]:
    for i in range(max(len(a.attempts), len(b.attempts))):
        old = a.attempts[i] if i < len(a.attempts) else None
        new = b.attempts[i] if i < len(b.attempts) else None
        yield _row(i + 1, a, old, b, new)


def _row(number: int, first: Timeline, a: Attempt | None, second: Timeline, b: Attempt | None) -> RunRow:
    old, new = (one.outputs if one is not None and one.outputs is not None else {} for one in (a, b))
    main = _main_field(new or old)
    before, after = (
        show_value(one[main], ROW_CHARS) if main is not None and main in one else None for one in (old, new)
    )
    others: tuple[str, ...] = ()
    change, is_equal = "", False
    if a is not None and b is not None:
        others = tuple(n for n in dict.fromkeys((*old, *new)) if n != main and old.get(n) != new.get(n))
        is_equal = old == new and (a.real_hints, a.state, a.reward) == (b.real_hints, b.state, b.reward)
        if a.reward is not None and b.reward is not None:
            change = format_difference(b.reward - a.reward)
    return RunRow(
        number=number,
        a=_cell(first, a),
        b=_cell(second, b),
        output=None if main is None else compare_words(show_unseen(main), before, after),
        others=tuple(map(show_unseen, others)),
        change=change,
        is_equal=is_equal,
    )


def _main_field(outputs: Mapping[str, object]) -> str | None:
    """The output that is shown: the last one that is text, else the first."""
    texts = [name for name, value in outputs.items() if isinstance(value, str) and name != _REASONING]
    return texts[-1] if texts else next(iter(outputs), None)


def _cell(timeline: Timeline, attempt: Attempt | None) -> RunCell | None:
    if attempt is None:
        return None
    return RunCell(
        attempt.reward,
        "" if attempt.reward is None else format_reward(timeline, attempt.reward),
        describe_outcome(timeline, attempt),
        show_value(describe_failure(attempt), ROW_CHARS),
        tuple((show_unseen(name), show_value(hint, ROW_CHARS)) for name, hint in attempt.real_hints.items()),
    )


# ---- the sentence


def _sentence(a: Timeline, b: Timeline, rows: Sequence[RunRow], first: int | None) -> Iterator[Phrase]:
    if a.run_id == b.run_id:
        yield Phrase("A and B are the same run. Choose another one for either.")
        return
    yield from _ends(a, b)
    if first is None:
        yield Phrase(" All outputs and hints are the same." if rows else "")
        return
    row = rows[first - 1]
    if row.a is None or row.b is None:
        yield Phrase(
            f" The same up to attempt {first - 1}; {'B' if row.a is None else 'A'} went on."
            if first > 1
            else ""
        )
        return
    if first == 1:
        yield Phrase(" They differ from the first attempt on.")
        return
    yield Phrase(f" The same up to attempt {first - 1}; they part at attempt {first}")
    yield from _reason(row.a, row.b)


def _reason(a: RunCell, b: RunCell) -> Iterator[Phrase]:
    """The hints at which the runs part."""
    if a.hints == b.hints or not (a.hints or b.hints):
        yield Phrase(".")
        return
    names = [[name for name, _ in cell.hints] for cell in (a, b)]
    if names[0] == names[1]:
        yield Phrase(", where their hints differ.")
        return
    if not (names[0] and names[1]):
        with_hint, without, given = ("A", "B", names[0]) if names[0] else ("B", "A", names[1])
        yield Phrase(f", where {with_hint} has a hint for ")
        yield from strong_names(given)
        yield Phrase(f" and {without} has none.")
        return
    yield Phrase(", where the hint of A is for ")
    yield from strong_names(names[0])
    yield Phrase(" and that of B for ")
    yield from strong_names(names[1])
    yield Phrase(".")


def _ends(a: Timeline, b: Timeline) -> Iterator[Phrase]:
    """How far each came, and in how many attempts."""
    texts = [_best(timeline) for timeline in (a, b)]
    reached = [any(one.reaches_threshold for one in timeline.attempts) for timeline in (a, b)]
    counts = [len(timeline.attempts) for timeline in (a, b)]
    if all(reached):
        yield Phrase(
            f"Both reached {texts[0]}. " if texts[0] == texts[1] else f"A reached {texts[0]}, B {texts[1]}. "
        )
        yield Phrase(
            f"Both needed {pluralize(counts[0], 'attempt')}."
            if counts[0] == counts[1]
            else f"A needed {pluralize(counts[0], 'attempt')}, B {counts[1]}.",
            "strong",
        )
        return
    for letter, text, has_reached, count, end in (
        ("A", texts[0], reached[0], counts[0], "; "),
        ("B", texts[1], reached[1], counts[1], "."),
    ):
        if text is None:
            yield Phrase(f"{letter} has no reward")
        else:
            yield Phrase(
                f"{letter} reached {text}" if has_reached else f"{letter}'s best is {text}", "strong"
            )
        yield Phrase(f" after {pluralize(count, 'attempt')}{end}")


def _best(timeline: Timeline) -> str | None:
    best = next((one.reward for one in timeline.attempts if one.index == timeline.best), None)
    return None if best is None else format_reward(timeline, best)
