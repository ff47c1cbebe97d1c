"""The answer of an experiment for people and for scripts: the verdict, a line for each arm, what to do next."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from refine_core.cli.output import CHECK_FAILED, DONE, print_json
from refine_core.cli.terminal import Terminal, cut, one_line, write_table
from refine_core.formatting import format_cost, format_interval, format_score, pluralize

if TYPE_CHECKING:
    from refine_core.datasets import DatasetRow
    from refine_core.experiments import Snapshot
    from refine_core.experiments.result import ArmResult, Comparison, Result

CANCELLED: Final = 130
_NOTHING: Final = "-"
_WORST: Final = 3
_INPUT: Final = 60


def print_result(snapshot: Snapshot, *, as_json: bool) -> int:
    """Print it, and return the exit code: 0 every cell has ended, 1 some have not, 130 cancelled."""
    from refine_core.experiments.result import build_result, result_to_json

    result = build_result(snapshot)
    if as_json:
        if not _is_whole(snapshot):
            why = [one_line(snapshot.error)] if snapshot.error else []
            Terminal(sys.stderr).write(*why, *_next_steps(snapshot, result))
        print_json(result_to_json(result))
    else:
        terminal = Terminal(sys.stdout)
        terminal.write(*_lines(snapshot, result, terminal))
    return exit_code(snapshot)


def exit_code(snapshot: Snapshot) -> int:
    """0: every cell has ended. 130: cancelled. 1: it was stopped before that, by its budget or as an arm could not go on."""
    if _is_whole(snapshot):
        return DONE
    return CANCELLED if snapshot.stopped_by == "cancel" else CHECK_FAILED


def _is_whole(snapshot: Snapshot) -> bool:
    return snapshot.state == "finished"


def _lines(snapshot: Snapshot, result: Result, terminal: Terminal) -> Iterator[str]:
    from refine_core.experiments.progress import build_progress

    verdict = result.verdict
    progress = build_progress(snapshot)
    yield ""
    if not _is_whole(snapshot):
        yield terminal.paint(one_line(progress.headline), bold=True)
        yield from (one_line(line) for line in progress.details)
        yield ""
    yield terminal.paint(one_line(verdict.headline), bold=True)
    told = () if _is_whole(snapshot) else progress.details
    yield from (one_line(line) for line in (*verdict.details, verdict.method) if line and line not in told)
    yield ""
    heads = ("arm", "mean", "95 %", "reached", "runs", "failed", "calls", "cost")
    rows = [heads, *(_arm_row(arm) for arm in result.arms)]
    heading, *lines = write_table(rows, terminal.columns, right=frozenset(range(1, 8)))
    yield terminal.paint(heading, dim=True)
    yield from lines
    if result.main is not None:
        rows_by_number = {row.number: row for row in snapshot.dataset.rows[: snapshot.experiment.rows]}
        yield from _regressions(result.main, rows_by_number)
    failed = [kind for kind in progress.failures if kind.how == "failed"]
    if failed:
        yield ""
        yield from (
            one_line(f"{pluralize(kind.count, 'run')} failed: {kind.what}: {kind.detail}") for kind in failed
        )
    yield ""
    yield from _next_steps(snapshot, result)


def _arm_row(arm: ArmResult) -> tuple[str, ...]:
    low, high = arm.interval
    return (
        one_line(arm.name),
        _NOTHING if arm.mean is None else format_score(arm.mean),
        _NOTHING if low is None or high is None else format_interval(low, high),
        _NOTHING if arm.share_reached is None else f"{arm.share_reached * 100:.0f} %",
        f"{arm.runs:,}",
        f"{arm.failed:,}",
        _NOTHING if arm.calls.mean is None else f"{arm.calls.mean:,.1f}",
        _NOTHING if not arm.runs else format_cost(arm.usd.total),
    )


def _regressions(main: Comparison, rows: dict[int, DatasetRow]) -> Iterator[str]:
    worst = main.regressions[:_WORST]
    if not worst:
        return
    yield ""
    yield one_line(f"Worst for {main.first.name}:")
    for one in worst:
        values = " · ".join(str(value) for value in rows[one.row].values.values())
        change = f"{format_score(one.second)} to {format_score(one.first)}"
        yield f"  {one.row:>4}  {change}  {cut(one_line(values), _INPUT)}"


def _next_steps(snapshot: Snapshot, result: Result) -> list[str]:
    short = snapshot.experiment.id.rpartition("-")[2]
    steps = []
    if not _is_whole(snapshot):
        steps.append((f"batch --resume {short}", "runs what is left; nothing that ended is paid again"))
    if any(one.state == "failed" for one in snapshot.outcomes.values()):
        steps.append((f"batch --retry-failed {short}", "runs what failed again"))
    if _is_whole(snapshot) and result.verdict.answer == "not enough data":
        steps.append(
            (f"batch --add-to {short} {_name_more(snapshot)}", "more inputs; what has run is not paid again")
        )
    steps += [
        (f"open {short}", "the experiment in the app, with its pictures"),
        (f"export {short} --to html", "one file for others"),
    ]
    width = max(len(command) for command, _ in steps)
    return [f"refinescope {command:<{width}}   {what}" for command, what in steps]


def _name_more(snapshot: Snapshot) -> str:
    """The arguments by which further rows are added: those of its own table, as long as there are any."""
    experiment, there = snapshot.experiment, len(snapshot.dataset.rows)
    if experiment.rows is not None and experiment.rows < there:
        return f"--rows {there}"
    return " ".join(filter(None, (one_line(experiment.arms[0].spec.program_file), "MORE.csv")))
