"""A run in a terminal: why it stopped, a line an attempt with its reward as a bar, and what it took.

    No attempt reached …
     #  temp  reward  change   0            1  headline
     1   0.0    0.50          ────────●        The foldable kettle …
    →2   0.5    0.75   +0.25  ────────────▲    Foldable kettle, 39.90 euros

Whatever a model wrote stands on one line, without control characters: no escape sequence reaches the terminal.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from refine_core.export.notebook.refinement import Shown
from refine_core.export.report.rows import AttemptRow, list_rows, output_title
from refine_core.figures.axis import Axis, build_axis
from refine_core.figures.text import shorten
from refine_core.formatting import format_score
from refine_core.log.timeline import Timeline
from refine_core.messages import format_reward
from refine_core.runs.what_ifs import RunWhatIf
from refine_core.unseen import show_unseen

T = TypeVar("T")
_BAR: Final = 16
_MOST, _ENDS = 40, 12  # attempts that are all listed; of more, so many at either end
_MARKS: Final = {"stopped": "■", "best": "▲", "scored": "●"}
_ASCII: Final = str.maketrans(
    {"■": "#", "▲": "^", "●": "o", "─": "-", "→": ">", "…": "~", "·": "-", "≥": ">", "−": "-", "±": " "}  # noqa: RUF001
)
_LEAST_WIDTH, _MOST_WIDTH = 60, 120


def write_run_text(shown: Shown) -> str:
    """The whole text, without a line end."""
    run, width = shown.timeline, _width()
    headline, *more = shown.sentences
    lines = [*_wrap(headline, width), *(_wrap(" ".join(more), width) if more else [])]
    if run.attempts:
        lines += _write_table(run, width)
    return "\n".join([*lines, *_wrap(shown.usage, width)])


def write_what_if_text(what_if: RunWhatIf) -> str:
    """What would have happened, and the rewards of each attempt, as recorded and as changed."""
    result, run, width = what_if.result, what_if.timeline, _width()
    lines = [*_wrap(f"{result.headline} {result.case}".strip(), width), "  #  recorded       now"]
    chosen = result.returned if result.is_known else result.first
    for one in _some([*result.attempts], (chosen or 0) - 1):
        if isinstance(one, str):
            lines.append(one)
            continue
        arrow = "→" if one.attempt == chosen else " "
        old = "" if one.old is None else format_reward(run, one.old)
        new = "" if one.new is None else format_score(one.new, (one.old, result.threshold))
        line = f"{arrow}{one.attempt:>2}  {old:>8}  {new:>8}  {shorten(one.why, width - 27)}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def fit_stream(text: str) -> str:
    """The text, in plain letters where standard output cannot write it as it is."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return text


def _width() -> int:
    return min(_MOST_WIDTH, max(_LEAST_WIDTH, shutil.get_terminal_size((100, 24)).columns))


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(" ".join(show_unseen(text).split()), width) or [""]


def _write_table(run: Timeline, width: int) -> Iterator[str]:
    axis = build_axis(run, 0.0, 1.0)
    title = output_title(run)
    what = "roll." if run.uses_rollouts else "temp"
    low, high = (format_score(end, ()) for end in (axis.low, axis.high))
    scale = f"{_trim(low)}{_trim(high):>{max(1, _BAR - len(_trim(low)))}}"
    yield f"  #  {what:>5}  reward  change  {scale}   {shorten(title, 40)}".rstrip()
    returned = run.returned_index
    rows = list(list_rows(run))
    for row in _some(rows, returned if returned is not None else -1):
        yield row if isinstance(row, str) else _write_row(row, axis, width)


def _trim(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _write_row(row: AttemptRow, axis: Axis, width: int) -> str:
    attempt = row.attempt
    bar = ""
    if attempt.reward is not None:
        at = round((1.0 - axis.y(attempt.reward)) * (_BAR - 1))
        bar = f"{'─' * at}{_MARKS.get(row.outcome, '●')}"
    head = (
        f"{'→' if attempt.is_returned else ' '}{attempt.index + 1:>2}  {row.temperature:>5}  "
        f"{row.reward:>6}  {row.change:>6}  {bar:<{_BAR}}   "
    )
    return f"{head}{shorten(row.message or ' · '.join(filter(None, (row.text, row.more))), max(12, width - len(head)))}".rstrip()


def _some(rows: Sequence[T], keep: int) -> Iterator[T | str]:
    """All rows; of many the first and the last, with the one at `keep`, and lines that say how many are left out."""
    count = len(rows)
    if count <= _MOST:
        yield from rows
        return
    wanted = sorted({*range(_ENDS), *range(count - _ENDS, count), *([keep] if 0 <= keep < count else [])})
    before = -1
    for index in wanted:
        if index > before + 1:
            yield f"     … {index - before - 1:,} more"
        yield rows[index]
        before = index
