"""The reward of one attempt: its number, rules, parts, feedback, and what it printed; or why it failed."""

from __future__ import annotations

from itertools import islice

from pages.shared.attempt.blocks import Block, Section, View, note
from refine_core.formatting import format_duration, format_score, format_time
from refine_core.glossary import GLOSSARY
from refine_core.messages import (
    COMPUTED,
    describe_failure,
    describe_refusals,
    format_reward,
    suggest_next_step,
)
from refine_core.runs import Attempt, Timeline

PARTS_ON_A_PAGE = 20
_BLAME = {
    "program": "The reply does not fit what the program asks for.",
    "model": "The model or its provider is at fault.",
    "machine": "This machine is at fault.",
    "code": "The program's own code raised this.",
}


def reward_sections(view: View, timeline: Timeline, attempt: Attempt) -> list[Section]:
    """The number beside the threshold and its parts; then what the reward tells of it."""
    scored = attempt.score
    if scored is None:
        if attempt.error is not None:
            return [Section([*failure_blocks(view, timeline, attempt)], _printed(view, attempt))]
        words = {"running": "Not scored yet.", "unknown": "The reward is unknown: it is not on record."}
        return [Section([note(words.get(attempt.state, "No reward was measured."))])]
    threshold = timeline.spec.threshold
    against = "no threshold" if threshold is None else f"threshold {format_reward(timeline, threshold)}"
    left = [
        Block(
            "value",
            "rows",
            "Reward",
            term=GLOSSARY["reward"],
            aside=_how(attempt, scored.took_s),
            rows=({"name": format_reward(timeline, scored.value), "value": against, "strong": True},),
        ),
        *parts_blocks(view, timeline, attempt),
    ]
    right = []
    if scored.unmet:
        unmet = "\n".join(f"Rule not met, {name}: {message}" for name, message in scored.unmet.items())
        right += [
            view.text("rules", unmet, kind="prose", title="Rules not met", tone="warning"),
            note("An attempt ends the run early only if it meets every rule, and ranks below those that do."),
        ]
    if scored.refusals:
        right.append(
            view.text("refusals", "\n".join(describe_refusals(scored)), kind="prose", tone="warning")
        )
    if scored.feedback:
        right.append(view.text("feedback", scored.feedback, kind="prose", title="What the reward says"))
    right += _printed(view, attempt)
    if not right:
        right.append(note("The reward gave no reason and printed nothing."))
    return [Section(left, right)]


def _how(attempt: Attempt, took_s: float) -> str:
    """When and how long it was scored."""
    if attempt.computed_at is not None:
        return f"{COMPUTED}, not recorded · {format_time(attempt.computed_at)}"
    return f"scored in {format_duration(took_s)}"


def parts_blocks(view: View, timeline: Timeline, attempt: Attempt) -> list[Block]:
    """The parts of a reward with a bar each, a page of them where there are many; [] where it has none."""
    parts = attempt.score.parts if attempt.score is not None else {}
    if not parts:
        return []
    pages = -(-len(parts) // PARTS_ON_A_PAGE)
    page = min(max(view.pages.get("parts", 1), 1), pages)
    shown = dict(islice(parts.items(), (page - 1) * PARTS_ON_A_PAGE, page * PARTS_ON_A_PAGE))
    before = next((a for a in timeline.attempts if a.index == attempt.index - 1), None)
    old = before.score.parts if before is not None and before.score is not None else {}
    rows = []
    for name, value in shown.items():
        seen = [a.score.parts[name] for a in timeline.attempts if a.score and name in a.score.parts]
        top = max(seen)
        change = value - old[name] if name in old else 0.0
        rows.append(
            {
                "name": name,
                "value": format_score(value),
                "of": f"of {format_score(top)}" if top else "",  # nothing was gained yet
                "share": max(0.0, min(1.0, value / top)) if top > 0 else 0.0,
                "change": "up" if change > 0 else "down" if change < 0 else "",
            }
        )
    return [
        Block(
            "parts",
            "parts",
            "Parts",
            aside="beside the best seen in this run",
            rows=tuple(rows),
            page=page,
            pages=pages,
            characters=len(parts),
        )
    ]


def failure_blocks(view: View, timeline: Timeline, attempt: Attempt) -> list[Block]:
    """What failed, who is at fault, what to do; [] where nothing failed."""
    error = attempt.error
    if error is None:
        return []
    where = "The reward failed" if attempt.phase == "reward" else "The program failed"
    at = f" on line {error.line}" if error.line is not None else ""
    blocks = [
        view.text("failure", describe_failure(attempt), kind="prose", title=f"{where}{at}", tone="error"),
        note("The reward is at fault." if attempt.phase == "reward" else _BLAME[error.blame]),
    ]
    if advised := suggest_next_step(timeline, attempt):
        blocks.append(note(advised))
    return blocks


def describe_score(timeline: Timeline, attempt: Attempt) -> str:
    """The reward as plain text, to copy."""
    scored = attempt.score
    if scored is None:
        return describe_failure(attempt) or "No reward was measured."
    lines = [f"Reward {format_reward(timeline, scored.value)}"]
    lines += [f"{name}: {format_score(value)}" for name, value in scored.parts.items()]
    lines += [f"Rule not met, {name}: {message}" for name, message in scored.unmet.items()]
    lines += [part for part in (scored.feedback, scored.stdout) if part]
    return "\n".join(lines)


def _printed(view: View, attempt: Attempt) -> list[Block]:
    if attempt.score is not None and attempt.score.stdout:
        return [view.text("stdout", attempt.score.stdout, title="What the reward printed")]
    if attempt.error is not None and attempt.error.stdout:
        return [view.text("stdout", attempt.error.stdout, title="Printed before it failed")]
    return []
