"""Runs as files for others: one file each, in the format that its reader needs, and back again.

    records --redact, hide_keys--> records --a writer--> ExportedFile(name, media_type, data)

exporting    export_run, export_runs: one run, or many        formats      what there is, by name        file_names
leaving_out/ what a person chose to leave out, and keys       run_log      what is exported of a run
importing/   import_runs: a file's runs into the store, or plan_import first; what is refused
jsonl        the events, so that the run can be imported      markdown     a run for a pull request
tables/      attempts as CSV or Parquet                       script/      a Python script, for refine_core or for dspy
report/      one HTML file                                    notebook/    what Jupyter and `print` show
chart/       the timeline as SVG                              markup       text into markup, escaped
otel/        OpenTelemetry spans, as a file or sent
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refine_core.errors import ImportRefused
from refine_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from refine_core.export.exporting import ExportedFile, export_run, export_runs, send_runs
    from refine_core.export.formats import FORMATS, Format
    from refine_core.export.importing import Imported, PlannedRun, import_runs, keep_runs, plan_import
    from refine_core.export.leaving_out.redaction import LEFT_OUT, Redaction, is_left_out, list_fields, redact
    from refine_core.export.otel.destination import Destination, SendingUnavailableError, find_destination
    from refine_core.export.otel.sending import Sent
    from refine_core.export.run_log import RunLog, read_runs

__all__ = [
    "FORMATS",
    "LEFT_OUT",
    "Destination",
    "ExportedFile",
    "Format",
    "ImportRefused",
    "Imported",
    "PlannedRun",
    "Redaction",
    "RunLog",
    "SendingUnavailableError",
    "Sent",
    "export_run",
    "export_runs",
    "find_destination",
    "import_runs",
    "is_left_out",
    "keep_runs",
    "list_fields",
    "plan_import",
    "read_runs",
    "redact",
    "send_runs",
]

_HOME = {
    "exporting": ("ExportedFile", "export_run", "export_runs", "send_runs"),
    "formats": ("FORMATS", "Format"),
    "importing": ("Imported", "PlannedRun", "import_runs", "keep_runs", "plan_import"),
    "leaving_out.redaction": ("LEFT_OUT", "Redaction", "is_left_out", "list_fields", "redact"),
    "otel.destination": ("Destination", "SendingUnavailableError", "find_destination"),
    "otel.sending": ("Sent",),
    "run_log": ("RunLog", "read_runs"),
}
if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOME)
