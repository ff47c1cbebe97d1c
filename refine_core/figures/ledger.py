"""The ledger: the timeline as a table, for keyboards, screen readers, print and phones.

Time, tokens and cost of an attempt include the advice that was asked for after it, so that rows add up to the run.
What is unknown says so; it is never 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from refine_core.differences import diff_words
from refine_core.figures import text
from refine_core.formatting import (
    format_dollars,
    format_duration,
    format_rollout,
    format_seconds,
    format_temperature,
    pluralize,
)
from refine_core.log.timeline import Attempt, Outcome, Timeline, Usage
from refine_core.messages import (
    ATTEMPT_OUTCOMES,
    describe_failure,
    describe_outcome,
    describe_refusals,
    describe_unmet_rules,
    format_reward,
    hint_source,
)

_SHOWN = 72  # characters of a value
_FEW_WORDS = 6
_WHOLE = 52  # characters, up to which a changed value is quoted as a whole
_NONE = "—"
_TITLE = 800  # characters of what pointing at a cell tells


@dataclass(frozen=True, slots=True)
class Column:
    """key: of Row.cells. title: with the unit. brief: the same where there is little room. number: right-aligned."""

    key: str
    title: str
    brief: str
    number: bool = False


# A new key also needs a grid area in assets/timeline/timeline.css, for phones.
COLUMNS = (
    Column("temperature", "temperature", "temp.", number=True),
    Column("reward", "reward", "reward", number=True),
    Column("change", "change", "change", number=True),
    Column("hint", "hint for", "hint for"),
    Column("output", "what changed in the output", "what changed"),
    Column("time", "time (s)", "time (s)", number=True),
    Column("tokens", "tokens", "tokens", number=True),
    Column("cost", "cost ($)", "cost ($)", number=True),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """text: plain, never markup. title: more about it, or "". quiet: nothing to say, so shown fainter."""

    text: str
    title: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One attempt. outcome: chooses its mark; that of the best is kept for attempts that met every rule.

    words: its outcome as a person says it. started_at: seconds since the epoch, while it runs only.
    """

    attempt: int
    outcome: Outcome
    words: str
    returned: bool
    started_at: float | None
    cells: Mapping[
        Literal["temperature", "reward", "change", "hint", "output", "time", "tokens", "cost"], Cell
    ]


def build_ledger(timeline: Timeline, attempts: Collection[int] | None = None) -> list[Row]:
    """One row an attempt, in the order in which they began. attempts: indices of those that are wanted; None for all."""
    rows: list[Row] = []
    reward: float | None = None
    outputs: Mapping[str, object] | None = None
    for attempt in timeline.attempts:
        if attempts is None or attempt.index in attempts:
            rows.append(_row(timeline, attempt, reward, outputs))
        reward = attempt.reward if attempt.reward is not None else reward
        outputs = attempt.outputs if attempt.outputs is not None else outputs
    return rows


def _row(
    timeline: Timeline, attempt: Attempt, reward: float | None, outputs: Mapping[str, object] | None
) -> Row:
    """reward, outputs: those before it, with which it is compared."""
    kind = attempt.outcome
    return Row(
        attempt=attempt.index,
        outcome="scored" if attempt.unmet else kind,
        words=describe_outcome(timeline, attempt),
        returned=attempt.is_returned,
        started_at=attempt.started_at if kind == "running" else None,
        cells={
            "temperature": _temperature(timeline, attempt),
            "reward": _reward(timeline, attempt, kind),
            "change": _change(timeline, attempt, reward),
            "hint": _hint(timeline, attempt),
            "output": _output(attempt, outputs),
            "time": _time(attempt),
            "tokens": _tokens(attempt),
            "cost": _cost(attempt),
        },
    )


def _temperature(timeline: Timeline, attempt: Attempt) -> Cell:
    if not timeline.has_temperature(attempt):
        return Cell(f"none; {format_rollout(attempt.index)}", "The model takes no temperature", quiet=True)
    without = text.shorten(", ".join(attempt.fixed_temperature), 120)
    about = f"No temperature for {without}; {format_rollout(attempt.index)}" if without else ""
    return Cell(format_temperature(attempt.temperature), about)


def _reward(timeline: Timeline, attempt: Attempt, kind: Outcome) -> Cell:
    if attempt.reward is not None:
        return Cell(format_reward(timeline, attempt.reward), describe_unmet_rules(attempt))
    return Cell(ATTEMPT_OUTCOMES[kind] + ("…" if kind == "running" else ""), quiet=kind != "failed")


def _change(timeline: Timeline, attempt: Attempt, before: float | None) -> Cell:
    if attempt.reward is None or before is None:
        return Cell(_NONE, "Nothing to compare with", quiet=True)
    return Cell(text.change(attempt.reward - before), f"Against {format_reward(timeline, before)} before")


def _hint(timeline: Timeline, attempt: Attempt) -> Cell:
    hints = attempt.real_hints
    if not hints:
        return Cell(_NONE, "No hint", quiet=True)
    source = hint_source(timeline, attempt)
    texts = " ".join(f"{name}: {text.shorten(hint, 120)}" for name, hint in hints.items())
    about = f"{source[0].upper()}{source[1:]}. {texts}" if source else texts
    return Cell(text.shorten(", ".join(hints), _SHOWN), text.clip(about, _TITLE))


def _output(attempt: Attempt, before: Mapping[str, object] | None) -> Cell:
    """What came out. A rule that was not met and a refusal come first: the reward alone does not tell of them."""
    cell = _first_output(attempt, before)
    if attempt.score is not None and attempt.score.refusals:
        cell = Cell(
            f"the sandbox refused something · {cell.text}",
            text.clip("\n".join([*describe_refusals(attempt.score), cell.title]), _TITLE),
        )
    if not attempt.unmet:
        return cell
    names = text.shorten(", ".join(attempt.unmet), 40)
    rules = "\n".join(f"{name}: {message}" for name, message in attempt.unmet.items())
    return Cell(
        f"{describe_unmet_rules(attempt)} ({names}) · {cell.text}",
        text.clip(f"{rules}\n{cell.title}", _TITLE),
    )


def _first_output(attempt: Attempt, before: Mapping[str, object] | None) -> Cell:
    if attempt.error is not None:
        at = f"line {attempt.error.line}: " if attempt.error.line is not None else ""
        why = text.shorten_middle(describe_failure(attempt), _TITLE)
        return Cell(f"{at}{why}", text.clip(attempt.error.message, _TITLE))
    if attempt.outputs is None:
        return Cell(_NONE, quiet=True)
    texts = (f"{name}: {text.to_text(value, _TITLE)}" for name, value in attempt.outputs.items())
    whole = text.clip("\n".join(texts), _TITLE)
    if before is None:
        name, value = next(iter(attempt.outputs.items()), ("", ""))
        first = f"{name}: {text.shorten(value, _SHOWN)}" if name else _NONE
        return Cell(first, whole)
    changed = [name for name, value in attempt.outputs.items() if before.get(name) != value]
    if not changed:
        return Cell("same", whole, quiet=True)
    more = " " + text.shorten(f"(and {', '.join(changed[1:])})", 40) if len(changed) > 1 else ""
    difference = _difference(
        text.to_text(before.get(changed[0], "")), text.to_text(attempt.outputs[changed[0]])
    )
    return Cell(f"{changed[0]}: {difference}{more}", whole)


def _difference(old: str, new: str) -> str:
    """Word by word: both where they are short, else how many words were added and removed, and the first new ones."""
    a, b = old.split(), new.split()
    if len(a) <= _FEW_WORDS and len(b) <= _FEW_WORDS:
        return f"{text.shorten(old, 40) or 'empty'} → {text.shorten(new, 40) or 'empty'}"
    pieces = diff_words(old, new).pieces
    gone, come = (sum(len(p.text.split()) for p in pieces if p.kind == kind) for kind in ("removed", "added"))
    if not gone and not come:
        return "only spacing changed"
    if not b:
        return "now empty"
    added = next((p.text for p in pieces if p.kind == "added" and p.text.strip()), "")
    fresh = new if len(new) <= _WHOLE else added and f"… {added.lstrip()}"
    counted = [f"+{come}"] * bool(come) + [f"{text.MINUS}{gone}"] * bool(gone)
    counts = f"{' '.join(counted)} words"
    return f"{counts}: “{text.shorten(fresh, _WHOLE)}”" if fresh else counts


def _time(attempt: Attempt) -> Cell:
    if attempt.took_s is None:
        return Cell(_NONE, "Not known", quiet=True)
    advice = attempt.advice.took_s if attempt.advice else None
    parts = f"{format_duration(attempt.took_s)} for the attempt"
    if advice is not None:
        parts += f", {format_duration(advice)} for the advice after it"
    retries = sum(len(call.retries) for call in attempt.all_calls)
    if retries:
        parts += f"; requests sent again: {retries}"
    return Cell(format_seconds(attempt.took_s + (advice or 0.0)), parts)


def _usage(attempt: Attempt) -> Usage:
    return Usage.of(attempt.all_calls)


def _tokens(attempt: Attempt) -> Cell:
    usage = _usage(attempt)
    if not usage.calls:
        return Cell(_NONE, "No model was asked", quiet=True)
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return _unknown(attempt, "The model did not say how many tokens it used")
    parts = f"{usage.prompt_tokens:,} in the prompts, {usage.completion_tokens:,} in the replies, {pluralize(usage.calls, 'call')}"
    return Cell(f"{usage.prompt_tokens + usage.completion_tokens:,}", parts)


def _cost(attempt: Attempt) -> Cell:
    usage = _usage(attempt)
    if not usage.calls:
        return Cell(_NONE, "No model was asked", quiet=True)
    if usage.cost_usd is None:
        return _unknown(attempt, "The price of this model is not known")
    about = f"${usage.cost_usd:.8f}" if usage.cost_usd else _why_free(attempt)
    return Cell(format_dollars(usage.cost_usd), about)


def _why_free(attempt: Attempt) -> str:
    replies = [call.reply for call in attempt.all_calls if call.reply is not None]
    if any(reply.replayed for reply in replies):
        return "Replayed: no model was asked"
    return "Cached" if any(reply.cache_hit for reply in replies) else "Free of charge"


def _unknown(attempt: Attempt, why: str) -> Cell:
    answered = any(call.reply for call in attempt.all_calls)
    return Cell("unknown" if answered else _NONE, why if answered else "No model has answered", quiet=True)
