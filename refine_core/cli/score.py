"""`refinescope score REWARD.py ROWS`: score recorded outputs with a reward function of any known shape.

source --recognize--> functions, or a question (exit code 2)
rows   --score_rows--> a score each --threshold--> exit code 0 or 1
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from refine_core.cli.numbers import Number
from refine_core.cli.output import CheckFailed, Question, print_json, print_question, print_text
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
from refine_core.errors import RefineError
from refine_core.formatting import at_line
from refine_core.rewards.shapes import Recognized, describe_shape
from refine_core.rows import RowSet
from refine_core.workbench import RowError, RowScore, Scores, score_rows

_SHOWN: Final = 50
_LOOK_EVERY_S: Final = 0.3
_ASKS: Final = RowError(
    "JudgeError", "this reward asks a judge, and score calls no model: score it on the Rewards page"
)


@dataclass(frozen=True, slots=True)
class Task:
    """What the command was asked to do."""

    reward: Path
    rows: Path
    functions: dict[str, float | None]
    shape: Any
    arguments: dict[str, str]
    files: tuple[Path, ...]
    reading: RowOptions
    threshold: float | None
    timeout_s: float
    as_json: bool


@click.command("score", epilog="Example: refinescope score reward.py rows.jsonl --threshold 0.5")
@click.argument("reward", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("rows", type=click.Path(path_type=Path))
@reward_options
@row_options
@click.option(
    "--threshold", type=Number(), help="Exit with 1 if a row scores less, fails, or no row has a score."
)
@click.option("--watch", is_flag=True, help="Score again whenever one of the files changes.")
@worker_options
def command(
    reward: Path,
    rows: Path,
    *,
    functions: tuple[str, ...],
    shape: str | None,
    arguments: tuple[str, ...],
    files: tuple[Path, ...],
    reading: RowOptions,
    threshold: float | None,
    timeout_s: float,
    watch: bool,
    as_json: bool,
) -> None:
    """Score the rows of a file with the reward functions of another.

    The functions may be written for TRL, verifiers, verl, OpenRLHF, OpenAI, promptfoo, LangSmith, Langfuse, MLflow,
    Braintrust, Inspect, DeepEval or dspy. They run in a worker process of their own, and no model is called.
    """
    task = Task(
        reward, rows, read_functions(functions), shape, read_arguments(arguments), files, reading, threshold, timeout_s, as_json
    )  # fmt: skip
    if not watch:
        with naming(reward):
            _score_once(task)
        return
    for _ in _iter_changes((reward, rows, *([reading.join] if reading.join else []), *files)):
        try:
            with naming(reward):
                _score_once(task)
        except Question as question:
            print_question(question)
        except (click.ClickException, RefineError) as error:  # CheckFailed, too: the next change may mend it
            message = error.message if isinstance(error, click.ClickException) else f"Error: {error}"
            print_text(message, err=True)
        sys.stdout.flush()  # whoever reads a pipe waits for it


def _score_once(task: Task) -> None:
    if task.rows.suffix == ".py" and task.reward.suffix != ".py":
        raise click.UsageError(
            f"{task.rows.name} is Python source, not a file of rows. The reward comes first: "
            f"refinescope score {task.rows.name} {task.reward.name}"
        )
    source = read_source(task.reward)
    rows = load_rows(task.rows, task.reading, as_json=task.as_json)
    columns = dict.fromkeys((*rows.columns.inputs, *rows.columns.expected, *rows.columns.prediction))
    found = recognize_file(
        source, task.functions, task.shape, task.arguments, columns if len(rows) else None, as_json=task.as_json
    )  # fmt: skip
    scores = _score(task, found, rows)
    passed = None if task.threshold is None else scores.count_passed(task.threshold)
    if task.as_json:
        print_json(scores.to_json(task.threshold))
    else:
        _print_scores(found, scores, task.threshold, passed)
    if task.threshold is not None and passed is not None:
        summary = scores.summary
        below = summary.scored - passed
        if below or summary.failed or not summary.scored:
            raise CheckFailed(_describe_check(below, summary.failed, summary.scored, task.threshold))


def _score(task: Task, found: Recognized, rows: RowSet) -> Scores:
    files = read_files(task.files)
    with click.progressbar(
        length=max(len(rows), 1), label="Scoring", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:

        def show(done: int, _total: int) -> None:
            bar.update(done - bar.pos)

        scores = score_rows(rows, found, timeout_s=task.timeout_s, files=files, on_progress=show)
    return replace(
        scores,
        rows=tuple(replace(row, waits=False, error=_ASKS) if row.waits else row for row in scores.rows),
    )


def _describe_check(below: int, failed: int, scored: int, threshold: float) -> str:
    if not scored:
        return "Check failed: no row has a score."
    parts = [f"{below} below {threshold:g}"] * bool(below) + [f"{failed} with an error"] * bool(failed)
    return f"Check failed: {' and '.join(parts)}."


def _print_scores(found: Recognized, scores: Scores, threshold: float | None, passed: int | None) -> None:
    summary = scores.summary
    click.echo(f"{printable(describe_shape(found))}.")
    for row in scores.rows[:_SHOWN]:
        click.echo(_describe_row(row))
    if len(scores.rows) > _SHOWN:
        click.echo(f"… and {len(scores.rows) - _SHOWN:,} more rows; --json prints them all")
    if scores.changed_alone:
        click.echo(
            f"{len(scores.changed_alone)} rows have another score alone than in their batch: the function looks at the rest."
        )
    for refusal in scores.refusals:
        click.echo(f"The sandbox refused: {printable(refusal)}")
    counts = f"{summary.rows:,} rows: {summary.scored:,} scored"
    counts += f", {summary.unscored:,} unscored" * bool(summary.unscored)
    counts += f", {summary.failed:,} failed" * bool(summary.failed)
    if summary.mean is not None:
        counts += f"; mean {summary.mean:.4g}, from {summary.low:.4g} to {summary.high:.4g}"
    if passed is not None:
        counts += f"; {passed:,} reach {threshold:g}"
    click.echo(f"{counts}.")


def _describe_row(row: RowScore) -> str:
    if row.error is not None:
        text = f"failed    {at_line(row.error.line, row.error.message)}"
        return f"{printable(row.id):>8}  {printable(text)}" + (
            f"\n{'':>20}{row.framework_outcome}" if row.framework_outcome else ""
        )
    value = "unscored" if row.value is None else f"{row.value:.4g}"
    parts = ", ".join(f"{name} {number:.4g}" for name, number in row.parts.items())
    more = "  ".join(filter(None, (parts, row.feedback)))
    return f"{printable(row.id):>8}  {value:>8}  {printable(more)}".rstrip()


def _iter_changes(paths: Sequence[Path]) -> Iterator[None]:
    """Once now, and again after each change of one of the files."""
    while True:
        before = _stamps(paths)
        yield
        while _stamps(paths) == before:
            time.sleep(_LOOK_EVERY_S)


def _stamps(paths: Sequence[Path]) -> list[tuple[int, int] | None]:
    stamps: list[tuple[int, int] | None] = []
    for path in paths:
        try:
            found = path.stat()
        except OSError:  # an editor is replacing it
            stamps.append(None)
        else:
            stamps.append((found.st_mtime_ns, found.st_size))
    return stamps
