"""Runs as files: one run, or several. What is left out is left out first, and keys are hidden in any case."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from refine_core.errors import Problem, SpecError
from refine_core.events import RunStarted
from refine_core.export.chart import write_svg
from refine_core.export.file_names import name_file
from refine_core.export.formats import FORMATS, Format
from refine_core.export.jsonl import write_jsonl
from refine_core.export.leaving_out.keys import KeyHider
from refine_core.export.leaving_out.redaction import NO_REDACTION, Redaction, redact, redact_text
from refine_core.export.markdown import write_markdown
from refine_core.export.otel.builder import spans_of
from refine_core.export.otel.otlp_json import write_otlp
from refine_core.export.report import write_html
from refine_core.export.run_log import RunLog
from refine_core.export.script import write_dspy, write_python
from refine_core.export.tables.attempts import attempt_rows, columns_of
from refine_core.export.tables.csv_table import write_csv
from refine_core.export.tables.parquet_table import write_parquet
from refine_core.log.folds import cut_short, timeline
from refine_core.log.scope import Record
from refine_core.log.summaries import title_of
from refine_core.spec import ProgramSpec

if TYPE_CHECKING:
    from refine_core.export.otel.sending import Sent

_TABLES: Final = frozenset(("csv", "parquet"))


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """name: a file name that every system takes. media_type: for a download."""

    name: str
    media_type: str
    data: bytes


def export_run(run: RunLog, to: str, *, redaction: Redaction = NO_REDACTION) -> ExportedFile:
    """A run as one file. to: a name of FORMATS. Raises SpecError for an unknown one."""
    return export_runs([run], to, redaction=redaction)


def export_runs(runs: Iterable[RunLog], to: str, *, redaction: Redaction = NO_REDACTION) -> ExportedFile:
    """Several runs as one file: one table, one JSONL; else a zip with a file for each. One run is a file of that format.

    Raises SpecError for an unknown format, and for no run.
    """
    form = _format(to)
    keys = KeyHider()
    prepared = [_prepare(run, redaction, form, keys) for run in runs]
    if not prepared:
        raise SpecError([Problem("runs", "choose at least one run to export")])
    if len(prepared) == 1:
        return ExportedFile(
            f"{_stem(prepared[0], keys)}{form.suffix}", form.media_type, _write(form, prepared)
        )
    if form.many:
        return ExportedFile(f"{len(prepared)}-runs{form.suffix}", form.media_type, _write(form, prepared))
    return ExportedFile(
        f"{len(prepared)}-runs{form.suffix}.zip", "application/zip", _zip(form, prepared, keys)
    )


def send_runs(runs: Iterable[RunLog], *, redaction: Redaction = NO_REDACTION) -> Sent:
    """Send runs as spans to the OTLP endpoint that the environment names: a trace each, what is left out and keys left out.

    Raises SendingUnavailableError where there is no endpoint, or the extra `otel` is missing. Of an endpoint that fails, the result says why.
    """
    from refine_core.export.otel.destination import find_destination
    from refine_core.export.otel.sending import send

    find_destination()  # before anything is read
    keys, form = KeyHider(), FORMATS["otel"]
    return send([spans_of(_prepare(run, redaction, form, keys).records) for run in runs])


def _format(to: str) -> Format:
    if to not in FORMATS:
        raise SpecError([Problem("to", f"{to!r} is no format; choose one of {', '.join(FORMATS)}")])
    return FORMATS[to]


def _prepare(run: RunLog, redaction: Redaction, form: Format, keys: KeyHider) -> RunLog:
    """The run without what is left out, and without keys; tables look for keys in their own cells, which are few."""
    noted = run.annotation
    if redaction:
        name, *tags = (redact_text(run.records, redaction, text) for text in (noted.name, *noted.tags))
        noted = replace(noted, name=name, tags=tuple(tags))
        # What-ifs go, too: each holds a reward and inputs of its own.
        run = replace(run, records=redact(run.records, redaction), annotation=noted, what_ifs=())
    if form.name in _TABLES:
        return run
    records = [_mask_keys(record, keys) for record in run.records]
    what_ifs = tuple(keys.value(replace(one, spec=keys.spec(one.spec))) for one in run.what_ifs)
    return replace(run, records=records, annotation=keys.value(run.annotation), what_ifs=what_ifs)


def _mask_keys(record: Record, keys: KeyHider) -> Record:
    event = keys.event(record.event)
    return record if event is record.event else replace(record, event=event)


def _table(write: Callable[..., bytes]) -> Callable[[list[RunLog]], bytes]:
    def write_table(runs: list[RunLog]) -> bytes:
        keys = KeyHider()
        clean_name = cache(keys.text)
        rows = [{clean_name(n): _clean(cell, keys) for n, cell in row.items()} for row in attempt_rows(runs)]
        return write(rows, columns_of(rows))

    return write_table


def _clean(cell: object, keys: KeyHider) -> object:
    """A cell without keys. Numbers are most of them, and hold none."""
    return cell if cell is None or isinstance(cell, int | float) else keys.value(cell)


def _html(runs: list[RunLog]) -> bytes:
    run = runs[0]
    return write_html(run.records, annotation=run.annotation, what_ifs=run.what_ifs).encode()


def _spec(run: RunLog) -> ProgramSpec:
    started = run.records[0].event
    if not isinstance(started, RunStarted):
        raise SpecError([Problem("run", "the run has no beginning")])
    return started.spec


def _svg(runs: list[RunLog]) -> bytes:
    run = timeline(runs[0].records)
    if run is None:
        raise SpecError([Problem("run", "the run has no beginning")])
    return write_svg(cut_short(run) if run.end is None else run).encode()


_WRITERS: Final[Mapping[str, Callable[[list[RunLog]], bytes]]] = {
    "html": _html,
    "svg": _svg,
    "py": lambda runs: write_python(_spec(runs[0]), run_id=runs[0].run_id).encode(),
    "dspy": lambda runs: write_dspy(_spec(runs[0]), run_id=runs[0].run_id).encode(),
    "md": lambda runs: write_markdown(runs[0]).encode(),
    "jsonl": write_jsonl,
    "otel": lambda runs: write_otlp([spans_of(run.records) for run in runs]),
    "csv": _table(write_csv),
    "parquet": _table(write_parquet),
}


def _write(form: Format, runs: list[RunLog]) -> bytes:
    return _WRITERS[form.name](runs)


def _zip(form: Format, runs: list[RunLog], keys: KeyHider) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for run in runs:
            archive.writestr(f"{_stem(run, keys)}{form.suffix}", _write(form, [run]))
    return out.getvalue()


def _stem(run: RunLog, keys: KeyHider) -> str:
    """A file name without its suffix."""
    started = run.records[0].event
    title = title_of(started.spec) if isinstance(started, RunStarted) else ""
    return name_file(str(keys.value(run.annotation.name or title)), run.run_id)
