"""`refinescope export RUN… --to html`: runs as files for others: a report, a table, code, events."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.output import BadInput, print_json, print_text
from refine_core.cli.run_ids import find_run_id
from refine_core.cli.terminal import one_line
from refine_core.export.formats import FORMATS
from refine_core.formatting import pluralize
from refine_core.rows.content import format_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from refine_core.export import ExportedFile, Redaction, RunLog, Sent

_PARTS: Final = ("prompts", "inputs")
_STANDARD_OUTPUT: Final = "-"
_BINARY: Final = frozenset({"parquet"})


@click.command(
    "export",
    epilog="\b\nFormats:\n" + "\n".join(f"  {one.name:<8} {one.about}" for one in FORMATS.values())
    + "\n  json     Of an experiment: its arms, rows and result; refinescope batch runs it again."
    + "\n\n--to otel sends the spans to OTEL_EXPORTER_OTLP_ENDPOINT; with -o it writes them to a file."
    + "\n\nExample: refinescope export 907c --to html --leave-out prompts -o run.html",
)  # fmt: skip
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--to",
    required=True,
    type=click.Choice([*dict.fromkeys([*FORMATS, "json"])]),
    help="What the file is; see below.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where it goes; a folder, or - for standard output. Default: this folder; otel is sent instead.",
)
@click.option(
    "--leave-out",
    multiple=True,
    metavar="PART",
    help="prompts, inputs, or the name of a field; may be repeated. The file says what was left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the file's name and size as JSON.")
def command(
    *, runs: tuple[str, ...], to: str, output: str | None, leave_out: tuple[str, ...], as_json: bool
) -> None:
    """Write runs to a file that others can open. Keys are in none of them.

    RUN is an id as `refinescope runs` lists it, 907c72a2, or the beginning of one, 907c; or last, for the newest run. With - in place of RUN,
    ids are read from standard input, one a line, or the lines of `refinescope runs --json`. Several runs come as one table or one
    JSONL file, else as a zip with a file for each. The id of an experiment (`refinescope batch --list`) makes a file of that: html, md, csv,
    parquet or json.
    """
    from refine_core.cli.experiment_ids import names_experiment
    from refine_core.export import export_runs, read_runs, send_runs
    from refine_core.runs import default

    if as_json and output == _STANDARD_OUTPUT:
        raise click.UsageError("-o - and --json both want standard output")
    if output == _STANDARD_OUTPUT and (to in _BINARY or len(runs) > 1) and sys.stdout.isatty():
        raise click.UsageError("This is not text for a terminal; write -o FILE, or send it on with | or >")
    named = [_read_id(line) for line in sys.stdin if line.strip()] if runs == (_STANDARD_OUTPUT,) else [*runs]
    if len(named) == 1 and (experiment_id := names_experiment(named[0])) is not None:
        file = _export_experiment(experiment_id, to, leave_out)
        _write(file, output, {"experiment": experiment_id}, "1 experiment", as_json=as_json)
        return
    if to not in FORMATS:
        raise BadInput(f"--to {to} is for an experiment; give the id of one (`refinescope batch --list`).")
    ids = list(dict.fromkeys(find_run_id(one, as_json=as_json) for one in named))
    logs = list(read_runs(default().store, ids))
    redaction = _read_redaction(leave_out, logs)
    if to == "otel" and output is None:
        _print_sent(send_runs(logs, redaction=redaction), ids, as_json=as_json)
        return
    file = export_runs(logs, to, redaction=redaction)
    _write(file, output, {"runs": ids}, pluralize(len(ids), "run"), as_json=as_json)


def _write(
    file: ExportedFile, output: str | None, ids: Mapping[str, object], what: str, *, as_json: bool
) -> None:
    """Put the file where it is to go, and say so. Raises BadInput."""
    if output == _STANDARD_OUTPUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(file.data)
        return
    path = _choose_path(output, file.name)
    try:
        path.write_bytes(file.data)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None
    if as_json:
        print_json({"file": str(path), "bytes": len(file.data), **ids})
    else:
        print_text(f"Wrote {path} ({what}, {format_bytes(len(file.data))}).")


def _print_sent(sent: Sent, ids: Sequence[str], *, as_json: bool) -> None:
    """Say what has arrived where. Raises BadInput where not all of it has."""
    if as_json:
        print_json(
            {
                "sent_to": sent.address,
                "spans": sent.spans,
                "failed": sent.failed,
                "why": sent.why,
                "runs": [*ids],
            }
        )
    elif not sent.failed:
        print_text(f"Sent {pluralize(len(ids), 'run')} as {pluralize(sent.spans, 'span')} to {sent.address}.")
    if sent.failed:
        arrived = f" {pluralize(sent.spans, 'span')} had arrived." if sent.spans else ""
        raise BadInput(
            f"{pluralize(sent.failed, 'span')} did not arrive at {sent.address}: {sent.why}.{arrived}"
        )


def _export_experiment(experiment_id: str, to: str, leave_out: Sequence[str]) -> ExportedFile:
    """The file of an experiment. Raises BadInput, BadParameter."""
    from refine_core.cli.experiment_ids import get_snapshot
    from refine_core.export import Redaction
    from refine_core.export.experiment import EXPERIMENT_FORMATS, experiment_file

    if to not in EXPERIMENT_FORMATS:
        raise BadInput(f"--to {to} is for runs; an experiment can be {', '.join(EXPERIMENT_FORMATS)}.")
    snapshot = get_snapshot(experiment_id)
    fields = [one for one in leave_out if one not in _PARTS]
    _check_fields(fields, [one.field or one.name for one in snapshot.dataset.columns], "the table has")
    redaction = Redaction("prompts" in leave_out, "inputs" in leave_out, tuple(fields))
    return experiment_file(snapshot, to, redaction=redaction)


def _read_id(line: str) -> str:
    """The run that a line names: its id, or one of the lines of `refinescope runs --json`."""
    text = line.strip()
    if not text.startswith("{"):
        return text
    try:
        return str(json.loads(text)["run"])
    except (ValueError, KeyError, RecursionError):
        raise BadInput(f"This line of standard input names no run: {one_line(text)[:80]}") from None


def _choose_path(output: str | None, name: str) -> Path:
    """Where the file goes: a folder gets it under its own name."""
    if output is None:
        return Path(name)
    path = Path(output).expanduser()
    return path / name if path.is_dir() else path


def _read_redaction(parts: Sequence[str], logs: Sequence[RunLog]) -> Redaction:
    """What is to be left out. Raises BadParameter for a field that no run has: a misspelt name would let out what it should hide."""
    from refine_core.export import Redaction

    fields = [one for one in parts if one not in _PARTS]
    _check_fields(fields, _list_fields(logs) if fields else (), "no run has")
    return Redaction("prompts" in parts, "inputs" in parts, tuple(fields))


def _check_fields(fields: Sequence[str], known: Sequence[str], who: str) -> None:
    """Raise BadParameter for a field that there is not."""
    for field in fields:
        if field not in known:
            names = ", ".join(map(one_line, known)) or "none"
            lacks = f"{who} a field" if who.startswith("no ") else f"{who} no field"
            raise click.BadParameter(
                f"{lacks} {one_line(field)}; write prompts, inputs, or one of: {names}",
                param_hint="--leave-out",
            )


def _list_fields(logs: Sequence[RunLog]) -> list[str]:
    """Names of the inputs and outputs of runs."""
    from refine_core.events import RewardStarted, RunStarted
    from refine_core.programs import list_stage_fields

    names: dict[str, None] = {}
    for event in (record.event for log in logs for record in log.records):
        if isinstance(event, RunStarted):
            names |= dict.fromkeys(event.spec.inputs)
            names |= dict.fromkeys(
                one.name for stage in event.spec.stages for one in list_stage_fields(stage)
            )
        elif isinstance(event, RewardStarted):
            names |= dict.fromkeys(event.outputs)
    return list(names)
