"""Advice: what the adviser said, who was given a hint, and what the advice cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pages.shared.attempt.blocks import Block, Section, Tone, View, note
from pages.shared.attempt.compact_action import compact_offer
from pages.shared.attempt.fork_action import list_fork_actions
from pages.shared.attempt.hint_dialog import list_hint_actions
from pages.shared.attempt.prompts_and_replies import total_usage
from pages.shared.attempt.uptake import absent_hints, hint_notes, lost_hints
from refine_core.formatting import format_duration
from refine_core.glossary import GLOSSARY
from refine_core.hints import is_hint
from refine_core.messages import describe_advice_failure, describe_edits, hint_source
from refine_core.runs import Advice, Attempt, Timeline, advice_block, hint_block
from refine_core.uptake import advice_price

NOT_AT_FAULT = "No hint: not at fault"
REMOVED = "No hint: removed by hand"


def advice_sections(view: View, timeline: Timeline, attempt: Attempt) -> list[Section]:
    """The advice that this attempt was given, then the advice after it."""
    sections = []
    source = next((a for a in timeline.attempts if a.index == attempt.advice_from), None)
    given = source.advice if source is not None and not attempt.edited_hints else None
    if source is not None and given is not None and given.state == "done":
        sections.append(_given(view, timeline, attempt, source))
    elif attempt.hints:
        title = f"Hints received {hint_source(timeline, attempt)}".strip()
        sections.append(Section(hint_blocks(view, timeline, attempt, title)))
    if attempt.advice is not None:
        sections.append(_asked(view, timeline, attempt, attempt.advice))
    return sections or [Section([note(_why_none(timeline, attempt))])]


def hint_blocks(view: View, timeline: Timeline, attempt: Attempt, title: str) -> list[Block]:
    """The hints that an attempt was given, one for each predictor, and what it made of them; [] where it was given none."""
    source = next((a for a in timeline.attempts if a.index == attempt.advice_from), None)
    edits = "" if timeline.spec.hint_test else describe_edits(attempt)
    return _list_hints(
        view,
        title if edits in title else f"{title}, {edits}",
        {hint_block(name): (name, text) for name, text in attempt.hints.items()},
        {**absent_hints(timeline, source), **dict.fromkeys(attempt.edited_hints, REMOVED)},
        hint_notes(timeline, attempt),
        actions=[*list_fork_actions(timeline, attempt), *list_hint_actions(timeline, attempt)],
    )


def _list_hints(
    view: View,
    title: str,
    hints: Mapping[str, tuple[str, str]],
    absent: Mapping[str, str],
    notes: Mapping[str, Sequence[Block]],
    *,
    actions: Sequence[tuple[str, str]] = (),
) -> list[Block]:
    """Who is told what. hints: block -> (predictor, text). absent: predictor -> why it has none. notes: on each hint.

    actions: what can be done with them.
    """
    if not hints:
        return []
    rows: list[Block] = []
    for block, (name, text) in hints.items():
        words = text if is_hint(text) else absent.get(name, NOT_AT_FAULT)
        tone: Tone = "hint" if is_hint(text) else "quiet"
        rows += [view.text(block, words, kind="hint", title=name, tone=tone), *notes.get(name, ())]
    return [Block(f"title-{title}", "note", title, term=GLOSSARY["hint"], actions=actions), *rows]


def describe_advice(attempt: Attempt) -> str:
    """Hints and advice as plain text, to copy."""
    parts = [f"Hint for {name}\n{text}" for name, text in attempt.real_hints.items()]
    if attempt.advice is not None and attempt.advice.state == "done":
        parts.append(f"Discussion after attempt {attempt.index + 1}\n{attempt.advice.discussion}")
        parts += [f"Advice for {name}\n{text}" for name, text in attempt.advice.hints.items()]
    return "\n\n".join(parts) or "No advice."


def _given(view: View, timeline: Timeline, attempt: Attempt, source: Attempt) -> Section:
    discussion = source.advice.discussion if source.advice is not None else ""
    said = view.text(
        f"source-{source.index}",
        discussion,
        kind="prose",
        title=f"Advice after attempt {source.index + 1}, for this one",
        aside=_price(timeline, source),
        term=GLOSSARY["adviser"],
    )
    return Section(
        [said], [*hint_blocks(view, timeline, attempt, "Who got a hint"), *lost_hints(timeline, source)]
    )


def _asked(view: View, timeline: Timeline, attempt: Attempt, advice: Advice) -> Section:
    title = f"Advice after attempt {attempt.index + 1}, for the next one"
    if advice.error is not None:
        failed = view.text(
            "no-advice", describe_advice_failure(advice), kind="prose", title="No advice came", tone="error"
        )
        return Section([failed, *compact_offer(timeline, advice)])
    if advice.state != "done":
        stopped = advice.state == "cut_off"
        return Section(
            [note("No advice came: the run stopped first." if stopped else "Waiting for the adviser.")]
        )
    said = view.text(
        "discussion",
        advice.discussion,
        kind="prose",
        title=title,
        aside=_price(timeline, attempt),
        term=GLOSSARY["adviser"],
    )
    given = {advice_block(name): (name, text) for name, text in advice.hints.items()}
    hints = _list_hints(view, "Who gets a hint", given, absent_hints(timeline, attempt), {})
    return Section([said], [*hints, *lost_hints(timeline, attempt)])


def _price(timeline: Timeline, attempt: Attempt) -> str:
    """What the advice after an attempt took, and what the reward did after it."""
    advice = attempt.advice
    if advice is None:
        return ""
    took = format_duration(advice.took_s) if advice.took_s is not None else ""
    price = advice_price(timeline, attempt)
    change = price.outcome if price is not None else ""
    return " · ".join(filter(None, (took, total_usage(advice.calls), change)))


def _why_none(timeline: Timeline, attempt: Attempt) -> str:
    """Why an attempt has neither hints nor advice."""
    source = timeline.spec.hint_source
    if source == "none":
        return "This run has no hints: best of N, or a single attempt."
    if attempt.state == "running":
        return "Advice is asked for once the attempt has its reward."
    if attempt.state == "failed":
        return "A failed attempt brings no advice; the next one keeps the hints that it has."
    if source == "feedback":
        return "No model was asked: the reward's own feedback is the next attempt's hint."
    return "No advice was asked for after this attempt, since the run ended with it."
