"""`refinescope xray REWARD.py ROWS --row ID`: a reward line by line on one output, or on two side by side.

row + reward --xray_row--> Xray, with --beside two of them --find_parting--> where their scores part
"""

from __future__ import annotations

from collections.abc import Sequence
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
from refine_core.cli.worker_options import read_files, worker_options
from refine_core.formatting import MINUS, clip
from refine_core.rewards.shapes import describe_shape

if TYPE_CHECKING:
    from refine_core.rows import RowSet
    from refine_core.xray import CallView, LineView, Parting, Xray

_IDS_SHOWN: Final = 8
_CODE_CHARS: Final = 64
_CELL_CHARS: Final = 44


@click.command("xray")
@click.argument("reward", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("rows", type=click.Path(path_type=Path))
@click.option("--row", "row_id", required=True, metavar="ID", help="The row to look at, by its id.")
@click.option("--beside", "beside_id", metavar="ID", help="Another row beside it.")
@reward_options
@row_options
@worker_options
def command(
    reward: Path,
    rows: Path,
    row_id: str,
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
    from refine_core.xray import find_parting, xray_row

    source = read_source(reward)
    loaded = load_rows(rows, reading, as_json=as_json)
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
    parting = find_parting(xrays[0], xrays[1]) if len(xrays) > 1 else None
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
        _print_xrays(xrays, parting)


def _find(rows: RowSet, row_id: str) -> int:
    """The place of a row. Raises BadParameter, with the ids that there are."""
    ids: list[str] = []
    for place, row in enumerate(rows):
        if row.id == row_id:
            return place
        if len(ids) < _IDS_SHOWN:
            ids.append(row.id)
    shown = ", ".join(map(printable, ids)) + (", …" if len(rows) > len(ids) else "")
    raise click.BadParameter(f"there is no row {printable(row_id)}; the rows have the ids {shown or 'none'}")


def _print_xrays(xrays: Sequence[Xray], parting: Parting | None) -> None:
    for one in xrays:
        click.echo(f"{one.label}: {printable(one.sentence)}")
        for note in one.notes:
            click.echo(note)
    if parting is not None:
        click.echo(printable(parting.sentence))
    views = [view for one in xrays if (view := one.view()) is not None]
    if len(views) == len(xrays):
        click.echo("")
        _print_lines(views, parting)


def _print_lines(views: Sequence[CallView], parting: Parting | None) -> None:
    first = views[0]
    for place, line in enumerate(first.lines):
        if parting is not None and parting.line == line.number:
            click.echo(f"{'':>5} {' The scores part here ':-^{_CODE_CHARS}}")
        cells = [_write_cell(view.lines[place]) for view in views if place < len(view.lines)]
        code = printable(line.text)[:_CODE_CHARS]
        text = "  ".join(f"{one:<{_CELL_CHARS}}" for one in cells)
        click.echo(f"{line.number:>5} {code:<{_CODE_CHARS}}  {text}".rstrip())


def _write_cell(line: LineView) -> str:
    """What stands beside a line, on one line."""
    parts = ["".join(one.text for one in line.cell), line.note]
    if line.lost is not None:
        parts.append(f"({MINUS}{line.lost:.2f})")
    if line.printed:
        parts.append(f"prints {line.printed.rstrip()!r}")
    if line.exception:
        caught = f" (caught at line {line.caught_at})" if line.caught_at is not None else ""
        parts.append(f"✗ {line.exception}{caught}")
    return clip(printable("  ".join(part for part in parts if part)), _CELL_CHARS)
