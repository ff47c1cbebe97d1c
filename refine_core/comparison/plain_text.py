"""A comparison as plain text, to copy into a message or a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from refine_core.comparison.attempts import AttemptComparison, Side
from refine_core.comparison.changes import LineBlock, TextChange
from refine_core.comparison.phrases import as_text
from refine_core.comparison.runs import RunCell, RunComparison


def write_attempts(comparison: AttemptComparison) -> str:
    """Two attempts: the sentence, then what differs; lines of A begin with "-", those of B with "+"."""
    return "\n".join(_attempt_lines(comparison)) + "\n"


def _attempt_lines(one: AttemptComparison) -> Iterator[str]:
    yield as_text(one.sentence)
    yield ""
    yield f"A: {_describe(one.a)}"
    yield f"B: {_describe(one.b)}"
    for part in one.parts:
        yield f"{part.name}: {part.before or 'none'} → {part.after or 'none'}{f' ({part.change})' if part.change else ''}"
    yield from _section("Output", one.outputs)
    yield from _section("Hint", one.hints)
    for mark in one.uptake:
        yield from (
            f"{mark.letter.upper()}, {mark.name}: {mark.words}",
            *(f"  {line}" for line in mark.description.split("\n")[1:]),
        )
        yield from (f"  {note}" for note in mark.notes)
    if one.between is not None:
        yield from ("", "Advice after A", one.between.error or one.between.discussion, *one.between.notes)
    for prompt in one.prompts:
        yield from ("", f"Prompt of {prompt.name}{': equal' if prompt.is_equal else ''}")
        yield from write_blocks(prompt.blocks) if not prompt.note else (prompt.note,)
    yield from ("", "Settings")
    yield from (f"{setting.name}: {setting.before} → {setting.after}" for setting in one.settings)
    if one.equal:
        yield f"equal: {', '.join(one.equal)}"


def write_runs(comparison: RunComparison) -> str:
    """Two runs: the sentence, what they were set up with, then attempt by attempt."""
    return "\n".join(_run_lines(comparison)) + "\n"


def _run_lines(one: RunComparison) -> Iterator[str]:
    yield from (as_text(one.sentence), "", f"A: {one.title_a}", f"B: {one.title_b}")
    yield from (f"{setting.name}: {setting.before} → {setting.after}" for setting in one.settings)
    if one.equal:
        yield f"equal: {', '.join(one.equal)}"
    for text in one.texts:
        yield from ("", text.name, *write_blocks(text.blocks))
    for row in one.rows:
        yield from ("", f"Attempt {row.number}{f' ({row.change})' if row.change else ''}")
        for letter, cell, end, value in (
            ("A", row.a, one.ends[0], row.output.before if row.output else None),
            ("B", row.b, one.ends[1], row.output.after if row.output else None),
        ):
            yield f"{letter}: {_describe_cell(cell, value) if cell is not None else end}"


def _describe_cell(cell: RunCell, value: str | None) -> str:
    hints = "".join(f" [hint for {name}: {hint}]" for name, hint in cell.hints)
    return f"{cell.reward_text or cell.words}{hints} {cell.error or value or ''}".rstrip()


def write_blocks(blocks: Iterable[LineBlock]) -> Iterator[str]:
    """Lines of both, as a patch writes them; of folded lines, how many they are."""
    for block in blocks:
        if block.title:
            yield f"  ({block.title})"
        elif block.kind == "same":
            yield from (f"  {line}" for line in block.before)
        else:
            yield from (f"- {line}" for line in block.before)
            yield from (f"+ {line}" for line in block.after)


def _describe(side: Side) -> str:
    reward = f", reward {side.reward}" if side.reward else ""
    return f"attempt {side.number} of {side.run_id}{reward}, {side.words}{f': {side.error}' if side.error else ''}"


def _section(title: str, changes: Iterable[TextChange]) -> Iterator[str]:
    for change in changes:
        yield from ("", f"{title}: {change.name}{' (equal)' if change.is_equal else ''}")
        if change.is_equal:
            yield f"  {change.before}"
        else:
            yield f"- {change.absent[0] if change.before is None else change.before}"
            yield f"+ {change.absent[1] if change.after is None else change.after}"
