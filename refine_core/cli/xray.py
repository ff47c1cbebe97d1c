"""`refinescope xray REWARD.py ROWS --row ID`: a reward line by line on one output, or on two side by side.

row + reward --xray_row--> Xray, with --beside two of them --find_parting--> where their scores part
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.output import print_json
from refine_core.cli.reward_options import (
    naming,
    printable,
    read_arguments,
    read_functions,
    read_source,
    recognize_file,
    reward_options,
)
from refine_core.cli.row_options import RowOptions, load_rows, row_options
from refine_core.cli.terminal import Terminal
from refine_core.cli.worker_options import read_files, worker_options
from refine_core.formatting import MINUS, clip
from refine_core.rewards.shapes import describe_shape

if TYPE_CHECKING:
    from refine_core.rows import RowSet
    from refine_core.xray import CallView, LineView, Parting, Xray

_IDS_SHOWN: Final = 8
_CODE_CHARS: Final = 64
_CELL_CHARS: Final = 44
_FUNCTIONS_SHOWN: Final = 8
_LEAST_CHARS: Final = 14


@click.command("xray", epilog="Example: refinescope xray reward.py rows.jsonl --row 3 --beside 1")
@click.argument("reward", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("rows", type=click.Path(path_type=Path))
@click.option(
    "--row", "row_id", metavar="ID", help="The row to look at, by its id; of a run, by its attempt."
)
@click.option("--beside", "beside_id", metavar="ID", help="Another row beside it.")
@reward_options
@row_options
@worker_options
def command(
    reward: Path,
    rows: Path,
    row_id: str | None,
    beside_id: str | None,
    *,
    functions: tuple[str, ...],
    shape: str | None,
    arguments: tuple[str, ...],
    files: tuple[Path, ...],
    reading: RowOptions,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Show what each line of a reward did on one output: values, branches, loops, and where the score was made.

    ROWS are recorded outputs, as for `refinescope score`. With --beside, two rows stand side by side, with the first line where
    their scores part. No model is called.
    """
    from refine_core.xray import find_function, find_parting, xray_row

    source = read_source(reward)
    loaded = load_rows(rows, reading, as_json=as_json)
    if row_id is None:
        raise click.UsageError(
            f"Say which row to look at with --row ID; the rows have the ids {_list_ids(loaded)}"
        )
    columns = dict.fromkeys((*loaded.columns.inputs, *loaded.columns.expected, *loaded.columns.prediction))
    with naming(reward):
        found = recognize_file(
            source, read_functions(functions), shape, read_arguments(arguments), columns if len(loaded) else None, as_json=as_json  # type: ignore[arg-type]  # click has checked the shape
        )  # fmt: skip
    every = [*loaded] if found.per == "group" else []
    wanted = [row_id] if beside_id is None else [row_id, beside_id]
    contents = read_files(files)
    xrays: list[Xray] = []
    for one in wanted:
        row = every[place] if (place := _find(loaded, one)) < len(every) else loaded[place]
        label = f"Row {printable(one)}"
        with naming(reward):
            xrays.append(xray_row(found, row, rows=every, label=label, timeout_s=timeout_s, files=contents))
    parting, parts_in = None, None
    if len(xrays) > 1:
        first, other = xrays
        parts_in = find_function(first, other)  # of several functions the one that parts them
        partner = None if parts_in is None else _find_partner(first, other, parts_in)
        view = first.view(parts_in) if partner is not None else None
        parting = find_parting(first, other, view, partner)
    if as_json:
        print_json(
            {
                "shape": found.shape,
                "rows": [one.to_json() for one in xrays],
                "parting": None if parting is None else parting.to_json(),
            }
        )
    else:
        click.echo(f"{printable(describe_shape(found))}.")
        _print_xrays(xrays, parting, parts_in)


def _find(rows: RowSet, row_id: str) -> int:
    """The place of a row. Raises BadParameter, with the ids that there are."""
    ends: list[int] = []
    for place, row in enumerate(rows):
        if row.id == row_id:
            return place
        if row.id.endswith(f"/{row_id}"):  # RUN/ATTEMPT
            ends.append(place)
    if len(ends) == 1:
        return ends[0]
    raise click.BadParameter(
        f"there is no row {printable(row_id)}; the rows have the ids {_list_ids(rows)}", param_hint="--row"
    )


def _list_ids(rows: RowSet) -> str:
    """The first ids of rows, in words."""
    ids = [printable(row.id) for row in islice(rows, _IDS_SHOWN)]
    return (", ".join(ids) + (", …" if len(rows) > len(ids) else "")) or "none"


def _find_partner(first: Xray, other: Xray, call: int) -> CallView | None:
    """The call of the other row beside one of the first."""
    from refine_core.xray import find_partner

    number = find_partner(first, other, call)
    view, partner = first.view(call), None if number is None else other.view(number)
    return partner if view and partner and view.first_line == partner.first_line else None


def _print_xrays(xrays: Sequence[Xray], parting: Parting | None, parts_in: int | None) -> None:
    """parts_in: the call in which they part; None for the reward's own."""
    for one in xrays:
        click.echo(f"{one.label}: {printable(one.sentence)}")
        for note in one.notes:
            click.echo(note)
    if parting is not None:
        click.echo(printable(parting.sentence))
    calls = list(_list_calls(xrays))
    for place, views in enumerate(calls[:_FUNCTIONS_SHOWN]):
        click.echo("")
        if len(calls) > 1:
            click.echo(printable(_name_call(xrays, views)))
        here = place == 0 if parts_in is None else views[0].number == parts_in
        _print_lines(views, parting if here else None)
    if rest := [views[0].function for views in calls[_FUNCTIONS_SHOWN:]]:
        click.echo(f"\nNot shown: {printable(', '.join(rest))}. --json has every call.")


def _list_calls(xrays: Sequence[Xray]) -> Iterator[list[CallView]]:
    """The first call of each function, the reward's own first; beside it the corresponding one of the other row."""
    shown: set[str] = set()
    for at, one in enumerate(xrays):
        inner = () if one.trace is None else one.trace.calls[one.trace.start :]
        for call in (*one.roots, *(it.number for it in inner)):
            view = one.view(call)
            if view is None or view.function in shown:
                continue
            shown.add(view.function)
            partners = (_find_partner(one, other, call) for other in xrays[at + 1 :])
            yield [view, *(partner for partner in partners if partner is not None)]


def _name_call(xrays: Sequence[Xray], views: Sequence[CallView]) -> str:
    """The function, and where it was called from: "normalise, called at line 9, the first of 2 calls"."""
    view = views[0]
    owner = next(one for one in xrays if one.view(view.number) is view)
    if view.number in owner.roots:
        name = view.function
    else:
        total = owner.count_calls(view.number)
        more = f", the first of {total:,} calls" if total > 1 else ""
        name = f"{view.function}, called at line {view.line}{more}"
    return name if len(views) == len(xrays) else f"{name}, of {owner.label} alone"


def _print_lines(views: Sequence[CallView], parting: Parting | None) -> None:
    first = views[0]
    code_chars, cell_chars = _choose_widths(views)
    for place, line in enumerate(first.lines):
        if parting is not None and parting.line == line.number:
            click.echo(f"{'':>5} {' The scores part here ':-^{code_chars}}")
        cells = [_write_cell(view.lines[place], cell_chars) for view in views if place < len(view.lines)]
        code = clip(printable(line.text), code_chars)
        text = "  ".join(f"{one:<{cell_chars}}" for one in cells)
        click.echo(f"{line.number:>5} {code:<{code_chars}}  {text}".rstrip())


def _choose_widths(views: Sequence[CallView]) -> tuple[int, int]:
    """Characters for the code and for each cell beside it, so that a line fits the terminal that it is written to."""
    terminal = Terminal(sys.stdout)
    if not terminal.watched:
        return _CODE_CHARS, _CELL_CHARS
    room = terminal.columns - 6  # the line's number, and a blank
    code = min(_CODE_CHARS, max(len(line.text) for line in views[0].lines))
    code = max(min(code, room // (len(views) + 1)), room - len(views) * (_CELL_CHARS + 2), _LEAST_CHARS)
    code = min(code, _CODE_CHARS)
    return code, max(min((room - code) // len(views) - 2, _CELL_CHARS), _LEAST_CHARS)


def _write_cell(line: LineView, chars: int) -> str:
    """What stands beside a line, on one line."""
    parts = ["".join(one.text for one in line.cell), line.note]
    lost = f"  ({MINUS}{line.lost:.2f})" if line.lost is not None else ""
    if line.printed:
        parts.append(f"prints {line.printed.rstrip()!r}")
    if line.exception:
        caught = f" (caught at line {line.caught_at})" if line.caught_at is not None else ""
        parts.append(f"✗ {line.exception}{caught}")
    return f"{clip(printable('  '.join(part for part in parts if part)), chars - len(lost))}{lost}"
