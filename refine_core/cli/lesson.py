"""`refinescope lesson check FOLDER`: whether the numbers of a lesson come out, and whether its claims hold at other seeds.

folder --check_lesson--> Report --ok--> exit code 0 or 1
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from refine_core.cli.output import CheckFailed, print_json, print_text
from refine_core.formatting import pluralize

if TYPE_CHECKING:
    from refine_core.lessons import Report


@click.command("lesson", epilog="Example: refinescope lesson check my-lessons/01-short --write")
@click.argument("action", type=click.Choice(["check"]), metavar="check")
@click.argument(
    "folders",
    nargs=-1,
    required=True,
    metavar="FOLDER...",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@click.option("--write", "writes", is_flag=True, help="Keep what came out as what is shown before the run.")
@click.option(
    "--seeds", "other_seeds", type=click.IntRange(min=0), default=20, show_default=True,
    help="At how many other seeds the claims must hold.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each lesson.")
def command(
    action: str,  # noqa: ARG001  # there is one, and room for others
    folders: tuple[Path, ...],
    *,
    writes: bool,
    other_seeds: int,
    as_json: bool,
) -> None:
    """Check a lesson: run it on the practice model, at its seed and at others, and say what does not come out.

    Every number in its texts must be an expression, what is shown before the run must come out at its seed, its claims must hold, its
    solution must pass and it must have at most 250 words. Nothing is recorded.
    """
    from refine_core.lessons import check_lesson

    reports = []
    for folder in folders:
        with click.progressbar(
            length=1 + other_seeds, label=folder.name, file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar:
            report = check_lesson(
                folder.absolute(), other_seeds=other_seeds, writes=writes,
                on_progress=lambda done, _total, bar=bar: bar.update(done - bar.pos),  # type: ignore[misc]  # bound here
            )  # fmt: skip
        reports.append(report)
        if as_json:
            print_json(to_json(report))
        else:
            print_text("\n".join(describe(report)))
    if failed := sum(not one.ok for one in reports):
        raise CheckFailed(f"{failed} of {pluralize(len(reports), 'lesson')} failed the check.")


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
