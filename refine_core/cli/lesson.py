"""`refinescope lesson new FOLDER` writes a lesson to start from; `lesson check FOLDER` says whether its numbers come out.

folder --check_lesson--> Report --ok--> exit code 0 or 1
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from refine_core.cli.output import BadInput, CheckFailed, print_json, print_text
from refine_core.formatting import pluralize

if TYPE_CHECKING:
    from refine_core.lessons import Report


@click.command("lesson", epilog="Example: refinescope lesson check my-lessons/01-short --write")
@click.argument("action", type=click.Choice(["new", "check"]), metavar="[new|check]")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...", type=click.Path(path_type=Path))
@click.option("--write", "writes", is_flag=True, help="Keep what came out as what is shown before the run.")
@click.option(
    "--seeds", "other_seeds", type=click.IntRange(min=0), default=20, show_default=True,
    help="At how many other seeds the claims must hold.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each lesson.")
def command(
    action: str,
    folders: tuple[Path, ...],
    *,
    writes: bool,
    other_seeds: int,
    as_json: bool,
) -> None:
    """Write a lesson to start from (new), or check one: run it on the practice model, at its seed and at others, and say what does not come out.

    Every number in its texts must be an expression, what is shown before the run must come out at its seed, its claims must hold, its
    solution must pass and it must have at most 250 words. Nothing is recorded.
    """
    if action == "new":
        for folder in folders:
            _write(folder, as_json=as_json)
        return
    reports = [_check(folder, other_seeds, writes=writes, as_json=as_json) for folder in folders]
    if failed := sum(not one.ok for one in reports):
        raise CheckFailed(f"{failed} of {pluralize(len(reports), 'lesson')} failed the check.")


def _write(folder: Path, *, as_json: bool) -> None:
    from refine_core.lessons.template import write_template
    from refine_core.store.home import data_home

    try:
        names = write_template(folder)
    except FileExistsError:
        raise BadInput(f"{folder} is there already, and not empty. Name a new folder.") from None
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror or error}.") from None
    if as_json:
        print_json({"folder": str(folder), "files": names})
        return
    shown = folder.absolute().parent == (data_home() / "lessons").absolute()
    print_text(f"Wrote {', '.join(names)} to {folder}.")
    print_text(
        "Learn lists it." if shown else f"Learn lists it once the folder lies in {data_home() / 'lessons'}."
    )
    print_text(f"Edit it, then check it: refinescope lesson check {folder} --write")


def _check(folder: Path, other_seeds: int, *, writes: bool, as_json: bool) -> Report:
    from refine_core.lessons import check_lesson

    if not folder.is_dir():
        raise BadInput(
            f"{folder} is no folder. Write a lesson to start from: refinescope lesson new {folder}"
        )
    with click.progressbar(
        length=1 + other_seeds, label=folder.name, file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        report = check_lesson(
            folder.absolute(), other_seeds=other_seeds, writes=writes, on_progress=lambda done, _total: bar.update(done - bar.pos)
        )  # fmt: skip
    if as_json:
        print_json(to_json(report))
    else:
        print_text("\n".join(describe(report)))
    return report


def describe(report: Report) -> list[str]:
    """A report in lines."""
    head = f"{report.lesson}: {'ok' if report.ok else 'failed'}"
    if report.seeds:
        head += f" · {report.words} words · {report.run_s:.1f} s at its seed · claims tried at {pluralize(report.seeds, 'seed')}"
    lines = [head, *(f"  {one.field}: {one.message}" for one in report.problems)]
    return lines + [
        f"  seed {seed}: {claim} does not hold" for seed, claims in report.broken.items() for claim in claims
    ]


def to_json(report: Report) -> dict[str, Any]:
    """A report as JSON data."""
    return {
        "lesson": report.lesson,
        "ok": report.ok,
        "problems": [{"place": one.field, "message": one.message} for one in report.problems],
        "broken": {str(seed): [*claims] for seed, claims in report.broken.items()},
        "seeds": report.seeds,
        "words": report.words,
        "run_s": report.run_s,
        "values": report.values,
    }
