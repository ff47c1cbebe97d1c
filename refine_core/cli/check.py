"""`refinescope check REWARD.py [ROWS]`: how a reward can be paid for nothing, and which right answers it refuses.

reward + rows --examine--> Examination --severity--> exit code 0 or 1
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.numbers import Number
from refine_core.cli.output import CheckFailed, print_json
from refine_core.cli.reward_options import (
    ask_for_sibling,
    printable,
    read_arguments,
    read_functions,
    read_source,
    recognize_file,
    reward_options,
)
from refine_core.cli.row_options import RowOptions, load_rows, row_options
from refine_core.cli.worker_options import read_files, worker_options
from refine_core.errors import RewardError
from refine_core.formatting import pluralize
from refine_core.rewards.shapes import describe_shape

if TYPE_CHECKING:
    from refine_core.cases import CaseSet
    from refine_core.doctor import Examination
    from refine_core.rewards.shapes import Recognized
    from refine_core.rows import Row

_NOT_FOUND: Final = frozenset(("missing-module", "does-not-load"))
_EVIDENCE: Final = 4


@click.command("check", epilog="Example: refinescope check reward.py rows.jsonl --strict")
@click.argument("reward", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("rows", type=click.Path(path_type=Path), required=False)
@reward_options
@row_options
@click.option("--threshold", type=Number(), help="From which score an output counts as good enough.")
@click.option(
    "--cases", "cases_file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Outputs with what is wanted of their scores. Default: NAME.cases.json beside the reward, if it is there.",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit with 1 on a warning, too.")
@worker_options
def command(
    reward: Path,
    rows: Path | None,
    *,
    functions: tuple[str, ...],
    shape: str | None,
    arguments: tuple[str, ...],
    files: tuple[Path, ...],
    reading: RowOptions,
    threshold: float | None,
    cases_file: Path | None,
    timeout_s: float,
    strict: bool,
    as_json: bool,
) -> None:
    """Say how a reward can be paid for nothing, and which right answers it refuses.

    ROWS are recorded outputs, as for `refinescope score`; probes are built from those with an expected value or labelled good. Without
    ROWS the source is read and loaded, and its cases are run. No model is called.
    """
    from refine_core.doctor import examine, examine_unreadable

    source, cases = read_source(reward), _read_cases(reward, cases_file)
    loaded: Sequence[Row] = ()
    columns: dict[str, None] | None = None
    if rows is not None:
        row_set = load_rows(rows, reading, as_json=as_json)
        loaded = row_set
        named = (*row_set.columns.inputs, *row_set.columns.expected, *row_set.columns.prediction)
        columns = dict.fromkeys(named) if len(row_set) else None
    found: Recognized | None = None
    try:
        found = recognize_file(
            source, read_functions(functions), shape, read_arguments(arguments), columns, as_json=as_json  # type: ignore[arg-type]  # click has checked the shape
        )  # fmt: skip
    except RewardError:
        examination = examine_unreadable(source)
    else:
        contents = read_files(files)
        with click.progressbar(
            length=max(len(loaded), 1), label="Checking", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar:
            examination = examine(
                found, loaded, threshold=threshold, cases=cases, timeout_s=timeout_s, files=contents,
                on_progress=lambda done, _total: bar.update(done - bar.pos),
            )  # fmt: skip
    for one in examination.findings:
        if one.code in _NOT_FOUND:
            ask_for_sibling(one.message, reward)
    if as_json:
        print_json(examination.to_json())
    else:
        _print_examination(examination, found)
    if examination.has_error or not examination.cases.ok or (strict and examination.has_warning):
        raise CheckFailed(f"Check failed: {_count_findings(examination)}.")


def _read_cases(reward: Path, given: Path | None) -> CaseSet:
    """The cases of a file, or those beside the reward, if there are any. Raises BadParameter."""
    from refine_core.cases import CaseSet, read_cases
    from refine_core.cases.document import SUFFIX

    path = given or reward.with_name(f"{reward.stem}{SUFFIX}")
    if given is None and not path.is_file():
        return CaseSet()
    try:
        return read_cases(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise click.BadParameter(f"{path.name}: {error}") from None


def _print_examination(examination: Examination, found: Recognized | None) -> None:
    click.echo(printable(examination.verdict))
    click.echo(printable(examination.detail))
    if found is not None:
        click.echo(f"{printable(describe_shape(found))}.")
    for one in examination.findings:
        line = f"line {one.line}: " if one.line is not None else ""
        click.echo(f"\n{one.severity}: {line}{printable(one.message)}  [{one.code}]")
        for sentence in one.evidence[:_EVIDENCE]:
            click.echo(f"  {printable(sentence)}")
        if len(one.evidence) > _EVIDENCE:
            click.echo(f"  … and {len(one.evidence) - _EVIDENCE} more")
    if examination.cases.results:
        click.echo(f"\n{examination.cases.text}")
    for result in examination.cases.results:
        if result.state != "passed":
            click.echo(
                f"  {result.state}: {printable(result.case.name)}: wanted {result.wanted}, got {printable(result.got)}"
            )
    if examination.findings:
        click.echo(f"\n{_count_findings(examination)}.")


def _count_findings(examination: Examination) -> str:
    counts = [
        pluralize(count, noun)
        for noun in ("error", "warning", "note")
        if (count := sum(one.severity == noun for one in examination.findings))
    ]
    if failed := examination.cases.count_in("failed"):
        counts.append(f"{pluralize(failed, 'case')} failed")
    return ", ".join(counts) or "nothing found"
