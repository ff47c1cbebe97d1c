"""Attempts of a run as lines of a terminal: the same while it runs and afterwards.

1  ● 0.20  ██········  T 0.00  It is Brussels, of course.
   ↳ hint for answer: One bare word.
2  ■ 1.00  ██████████  T 0.50  Brussels
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from refine_core.cli.terminal import Terminal, columns_of, cut, lines_of, one_line, pad
from refine_core.figures.text import to_text
from refine_core.formatting import format_rollout, format_temperature
from refine_core.messages import (
    ATTEMPT_OUTCOMES,
    COMPUTED,
    describe_failure,
    describe_unmet_rules,
    format_reward,
)

if TYPE_CHECKING:
    from refine_core.log.timeline import Attempt, Outcome, Timeline

INDENT: Final = "     "
_MARKS: Final[Mapping[Outcome, tuple[str, str | None]]] = {
    "scored": ("●", None),
    "best": ("▲", "cyan"),
    "stopped": ("■", "green"),
    "failed": ("✕", "red"),
    "running": ("◌", None),
    "cut_off": ("◌", None),
    "unknown": ("?", None),
}
_BAR: Final = 10
_BAR_COLUMNS: Final = 70  # of a terminal that has room for the bar
_REWARD: Final = 6
_HINT_LINES: Final = 3
_PROSE: Final = 100  # columns of a text that is read


def attempt_lines(
    terminal: Terminal, timeline: Timeline, attempt: Attempt, *, ended: bool = False
) -> Iterator[str]:
    """The hints that an attempt was given, and the attempt. Nothing in it controls the terminal.

    ended: whether to say which attempt was returned, as the run is over.
    """
    hints, before = attempt.real_hints, _hints_before(timeline, attempt)
    if hints and hints == before:
        yield terminal.paint(f"{INDENT}↳ the same {'hint' if len(hints) == 1 else 'hints'}", dim=True)
    else:
        for name, hint in hints.items():
            yield from _hint_lines(terminal, f"↳ hint for {one_line(name)}: ", one_line(hint))
    mark, colour = _MARKS[attempt.outcome]
    reward = format_reward(timeline, attempt.reward) if attempt.reward is not None else "-"
    parts = [
        f"{attempt.index + 1:>3}",
        terminal.paint(f"{mark} {pad(reward, _REWARD, right=True)}", colour=colour, bold=colour is not None),
        *_bar(terminal, timeline, attempt),
        _temperature(timeline, attempt),
    ]
    used = 3 + 2 + 2 + _REWARD + 2 + columns_of(parts[-1]) + 2 + ((_BAR + 2) if len(parts) == 4 else 0)  # noqa: PLR2004
    yield f"{'  '.join(parts)}  {cut(_describe_attempt(attempt, ended=ended), max(terminal.columns - used, 8))}".rstrip()


def output_lines(outputs: Mapping[str, object]) -> Iterator[str]:
    """The fields of an output, each with its whole value below its name."""
    for name, value in outputs.items():
        yield one_line(name)
        for line in lines_of(to_text(value)):
            yield f"  {line}".rstrip()


def summarize_outputs(outputs: Mapping[str, object] | None) -> str:
    """An output on one line: the value of an only field, else "name: value" of each."""
    if not outputs:
        return ""
    if len(outputs) == 1:
        return one_line(to_text(next(iter(outputs.values()))))
    return " · ".join(f"{one_line(name)}: {one_line(to_text(value))}" for name, value in outputs.items())


def _describe_attempt(attempt: Attempt, *, ended: bool) -> str:
    """What an attempt wrote, or why it failed."""
    if attempt.state == "failed":
        return f"failed: {one_line(describe_failure(attempt))}"
    if attempt.state == "cut_off":
        return "cut off"
    notes = [
        "kept" if attempt.kept else "",
        ATTEMPT_OUTCOMES["unknown"] if attempt.state == "unknown" else "",
        f"reward {COMPUTED}, not recorded" if attempt.computed_at is not None else "",
        describe_unmet_rules(attempt),
        "returned" if attempt.is_returned and ended else "",
    ]
    told = ", ".join(filter(None, notes))
    return f"{f'[{told}] ' if told else ''}{summarize_outputs(_last_outputs(attempt))}"


def _hints_before(timeline: Timeline, attempt: Attempt) -> Mapping[str, str]:
    """The hints of the attempt before; {} for the first."""
    return next((one.real_hints for one in timeline.attempts if one.index == attempt.index - 1), {})


def _last_outputs(attempt: Attempt) -> Mapping[str, object]:
    """The output of the program's last stage, without its reasoning; all of it where nothing of that is in it."""
    outputs = attempt.outputs or {}
    last = (attempt.predictors[-1].outputs if attempt.predictors else None) or {}
    return {name: outputs[name] for name in last if name in outputs and name != "reasoning"} or outputs


def _bar(terminal: Terminal, timeline: Timeline, attempt: Attempt) -> list[str]:
    """How much of the threshold the reward is, drawn; [] where that says nothing, or there is no room."""
    threshold = timeline.spec.threshold
    if not terminal.watched or terminal.columns < _BAR_COLUMNS or not threshold or threshold <= 0:
        return []
    if attempt.reward is None:
        return [" " * _BAR]
    filled = round(_BAR * min(max(attempt.reward / threshold, 0.0), 1.0))
    if filled == _BAR and attempt.reward < threshold:
        filled -= 1
    return ["█" * filled + terminal.paint("·" * (_BAR - filled), dim=True)]


def _temperature(timeline: Timeline, attempt: Attempt) -> str:
    if not timeline.has_temperature(attempt) or timeline.shows_rollouts:
        return format_rollout(timeline.rollout_of(attempt.index))
    return pad(f"T {format_temperature(attempt.temperature)}", 7)


def _hint_lines(terminal: Terminal, start: str, hint: str) -> Iterator[str]:
    """A hint on at most three lines; the rest of it is left to `show`."""
    room = max(min(terminal.columns, _PROSE) - len(INDENT) - 2, 10)
    words, line, lines = f"{start}{hint}".split(" "), "", list[str]()
    for word in words:
        if line and columns_of(line) + 1 + columns_of(word) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".lstrip()
    lines.append(line)
    if len(lines) > _HINT_LINES:
        lines = [*lines[: _HINT_LINES - 1], f"{lines[_HINT_LINES - 1]} …"]
    for place, one in enumerate(lines):
        yield terminal.paint(f"{INDENT}{'  ' * (place > 0)}{cut(one, room)}", dim=True)
