"""What an attempt came to, at a glance: its output fields, the parts of its reward, and the hint that it got."""

from __future__ import annotations

from pages.shared.attempt.advice import hint_blocks
from pages.shared.attempt.blocks import Block, PieceKind, Section, View, note
from pages.shared.attempt.changes import mark_changes
from pages.shared.attempt.reward import failure_blocks, parts_blocks
from refine_core.messages import describe_library_fault
from refine_core.runs import Attempt, Timeline, format_value, output_block


def output_sections(view: View, timeline: Timeline, attempt: Attempt) -> list[Section]:
    """Failure and output fields | parts and hints."""
    left: list[Block] = failure_blocks(view, timeline, attempt)
    if attempt.outputs is None:
        running = attempt.state == "running"
        left.append(note("Not returned yet." if running else "The program returned nothing."))
    for name, value in (attempt.outputs or {}).items():
        text = format_value(value)
        left.append(
            view.text(
                output_block(name),
                text,
                kind="prose" if isinstance(value, str) else "text",
                pieces=_changes(timeline, attempt, name, text),
                title=name,
            )
        )
    right = parts_blocks(view, timeline, attempt)
    right += hint_blocks(view, timeline, attempt, "Hint it got")
    right += [
        note(words) for words in (_rollout(timeline, attempt), *_library_faults(timeline, attempt)) if words
    ]
    return [Section(left, right)]


def _library_faults(timeline: Timeline, attempt: Attempt) -> list[str]:
    library = timeline.recorded_from or "dspy"  # of a branch, whose parent was recorded
    return [describe_library_fault(fault, library) for fault in attempt.library_faults]


def describe_output(attempt: Attempt) -> str:
    """The output fields as plain text, to copy."""
    fields = (attempt.outputs or {}).items()
    return "\n\n".join(f"{name}\n{format_value(value)}" for name, value in fields) or "No output."


def _changes(
    timeline: Timeline, attempt: Attempt, name: str, text: str
) -> list[tuple[PieceKind, str]] | None:
    before = next((a for a in timeline.attempts if a.index == attempt.index - 1), None)
    if before is None or before.outputs is None or name not in before.outputs:
        return None
    return mark_changes(format_value(before.outputs[name]), text)


def _rollout(timeline: Timeline, attempt: Attempt) -> str:
    """Which predictors got no temperature, and what tells their attempts apart; "" where all got one."""
    names = attempt.fixed_temperature
    if not names:
        return ""
    whose = "The model" if not timeline.has_temperature(attempt) else f"The model of {' and '.join(names)}"
    rollout = f"Rollout {attempt.index} keeps this attempt's calls apart from the others' in the cache; it is not sent."
    if any("temperature" in retry.left_out for call in attempt.calls for retry in call.retries):
        return (
            f"{whose} refused the temperature, so it is left out from here on. Later attempts have rollout ids instead, "
            "which keep their calls apart in the cache and are not sent."
        )
    if timeline.spec.temperature_schedule.kind == "none":
        return f"No temperature is sent in this run. {rollout}"
    return f"{whose} takes no temperature, so none is sent. {rollout}"
