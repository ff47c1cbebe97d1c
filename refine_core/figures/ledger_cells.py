"""What stands in the cells of the ledger. What is unknown says so; it is never 0.

Time, tokens and cost of an attempt include the advice that was asked for after it, so that rows add up to the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from refine_core.differences import diff_words
from refine_core.figures import text
from refine_core.figures.now import NOW_TITLE, NowCell
from refine_core.figures.story_fields import main_field
from refine_core.formatting import (
    MINUS,
    at_line,
    format_difference,
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
    COMPUTED,
    describe_failure,
    describe_refusals,
    describe_unmet_rules,
    format_reward,
    hint_source,
)

_SHOWN = 72  # characters of a value
_LINE = 160  # characters of an output; the page cuts it where its column ends
_FEW_WORDS = 6
_WHOLE = 52  # characters, up to which a changed value is quoted as a whole
_NONE = "—"
_TITLE = 800  # characters of what pointing at a cell tells


@dataclass(frozen=True, slots=True)
class Cell:
    """text: plain, never markup. title: more about it, or "". quiet: nothing to say, so shown fainter."""

    text: str
    title: str = ""
    quiet: bool = False


def temperature_cell(timeline: Timeline, attempt: Attempt) -> Cell:
    """Its temperature, or which rollout it is."""
    if not timeline.has_temperature(attempt):
        return Cell(f"none; {format_rollout(attempt.index)}", "The model takes no temperature", quiet=True)
    without = text.shorten(", ".join(attempt.fixed_temperature), 120)
    about = f"No temperature for {without}; {format_rollout(attempt.index)}" if without else ""
    return Cell(format_temperature(attempt.temperature), about)


def reward_cell(timeline: Timeline, attempt: Attempt, kind: Outcome) -> Cell:
    """Its reward, or how it stands."""
    if attempt.reward is not None:
        note = (
            f"{COMPUTED}, not recorded" if attempt.computed_at is not None else describe_unmet_rules(attempt)
        )
        return Cell(format_reward(timeline, attempt.reward), note)
    words = ATTEMPT_OUTCOMES[kind]
    return Cell(words + ("…" if kind == "running" else ""), quiet=kind != "failed")


def change_cell(timeline: Timeline, attempt: Attempt, before: float | None) -> Cell:
    """How its reward compares with the one before it."""
    if attempt.reward is None or before is None:
        return Cell(_NONE, "Nothing to compare with", quiet=True)
    return Cell(
        format_difference(attempt.reward - before), f"Against {format_reward(timeline, before)} before"
    )


def hint_cell(timeline: Timeline, attempt: Attempt) -> Cell:
    """Who got a hint."""
    hints = attempt.real_hints
    if not hints:
        return Cell(_NONE, "No hint", quiet=True)
    source = hint_source(timeline, attempt)
    texts = " ".join(f"{name}: {text.shorten(hint, 120)}" for name, hint in hints.items())
    about = f"{source[0].upper()}{source[1:]}. {texts}" if source else texts
    return Cell(text.shorten(", ".join(hints), _SHOWN), text.clip(about, _TITLE))


def text_cell(timeline: Timeline, attempt: Attempt, *, has_parts: bool) -> Cell:
    """Its main output; where there is none, why, unless that stands in the place of the parts."""
    if attempt.outputs is None and attempt.error is not None and has_parts:
        return Cell("no output", quiet=True)
    return _note_rules(attempt, _main_output(timeline, attempt, has_parts=has_parts))


def _main_output(timeline: Timeline, attempt: Attempt, *, has_parts: bool) -> Cell:
    if attempt.outputs is None or (attempt.error is not None and not has_parts):
        return _first_output(attempt, None)
    name = main_field(timeline, attempt)
    whole = (f"{field}: {text.to_text(value, _TITLE)}" for field, value in attempt.outputs.items())
    shown = text.shorten(attempt.outputs[name], _LINE) if name else ""
    return Cell(shown or _NONE, text.clip("\n".join(whole), _TITLE), quiet=not shown)


def message_cell(attempt: Attempt) -> Cell | None:
    """Why an attempt has no parts; None where it did not fail."""
    if attempt.error is None:
        return None
    why = text.shorten_middle(describe_failure(attempt), _TITLE)
    if attempt.phase != "reward":
        return Cell(text.shorten(why, _SHOWN), why)
    line = f"failed on line {attempt.error.line} of the reward" if attempt.error.line is not None else ""
    return Cell(line or "the reward failed", why)


def now_cell(now: NowCell | None) -> Cell:
    """What it would score now; empty where that was not asked."""
    if now is None:
        return Cell("")
    note = f", {now.note}" if now.note else ""
    return Cell(now.text, f"{now.title or NOW_TITLE}{note}", quiet=now.is_quiet)


def output_cell(attempt: Attempt, before: Mapping[str, object] | None) -> Cell:
    """What came out."""
    return _note_rules(attempt, _first_output(attempt, before))


def _note_rules(attempt: Attempt, cell: Cell) -> Cell:
    """A rule that was not met and a refusal come first: the reward alone does not tell of them."""
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
        why = text.shorten_middle(describe_failure(attempt), _TITLE)
        return Cell(at_line(attempt.error.line, why), text.clip(attempt.error.message, _TITLE))
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
    counted = [f"+{come}"] * bool(come) + [f"{MINUS}{gone}"] * bool(gone)
    counts = f"{' '.join(counted)} words"
    return f"{counts}: “{text.shorten(fresh, _WHOLE)}”" if fresh else counts


def time_cell(attempt: Attempt) -> Cell:
    """Seconds, with those of the advice after it."""
    if attempt.took_s is None:
        return Cell(_NONE, "Not known", quiet=True)
    advice = attempt.advice.took_s if attempt.advice else None
    parts = f"{format_duration(attempt.took_s)} for the attempt"
    if advice is not None:
        parts += f", {format_duration(advice)} for the advice after it"
    retries = sum(len(call.retries) for call in attempt.all_calls)
    if retries:
        parts += f"; requests sent again: {retries}"
    if attempt.kept:
        parts += "; in the run that it is kept from, and none here"
    return Cell(format_seconds(attempt.took_s + (advice or 0.0)), parts)


def _usage(attempt: Attempt) -> Usage:
    return Usage.of(attempt.all_calls)


def _why_none(attempt: Attempt) -> str:
    return "Kept from another run: no model was asked again" if attempt.kept else "No model was asked"


def tokens_cell(attempt: Attempt) -> Cell:
    """Tokens sent and received."""
    usage = _usage(attempt)
    if not usage.calls:
        return Cell(_NONE, _why_none(attempt), quiet=True)
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return _unknown(attempt, "The model did not say how many tokens it used")
    parts = f"{usage.prompt_tokens:,} in the prompts, {usage.completion_tokens:,} in the replies, {pluralize(usage.calls, 'call')}"
    return Cell(f"{usage.prompt_tokens + usage.completion_tokens:,}", parts)


def cost_cell(attempt: Attempt) -> Cell:
    """Dollars."""
    usage = _usage(attempt)
    if not usage.calls:
        return Cell(_NONE, _why_none(attempt), quiet=True)
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
