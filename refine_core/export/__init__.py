"""Runs as files for others: one file each, in the format that its reader needs, and back again.

    records --redact, hide_keys--> records --a writer--> ExportedFile(name, media_type, data)

exporting    export_run, export_runs: one run, or many        formats      what there is, by name        file_names
leaving_out/ what a person chose to leave out, and keys       run_log      what is exported of a run
importing/   import_runs: a file's runs into the store, or plan_import first; what is refused
jsonl        the events, so that the run can be imported      markdown     a run for a pull request
tables/      attempts as CSV or Parquet                       script/      a Python script, for refine_core or for dspy
report/      one HTML file                                    notebook/    what Jupyter and `print` show
chart/       the timeline as SVG                              markup       text into markup, escaped
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refine_core.errors import ImportRefused
from refine_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from refine_core.export.exporting import ExportedFile, export_run, export_runs
    from refine_core.export.formats import FORMATS, Format
    from refine_core.export.importing import Imported, PlannedRun, import_runs, keep_runs, plan_import
    from refine_core.export.leaving_out.redaction import LEFT_OUT, Redaction, is_left_out, list_fields, redact
    from refine_core.export.run_log import RunLog, read_runs

__all__ = [
    "FORMATS",
    "LEFT_OUT",
    "ExportedFile",
    "Format",
    "ImportRefused",
    "Imported",
    "PlannedRun",
    "Redaction",
    "RunLog",
    "export_run",
    "export_runs",
    "import_runs",
    "is_left_out",
    "keep_runs",
    "list_fields",
    "plan_import",
    "read_runs",
    "redact",
]

_HOME = {
    "exporting": ("ExportedFile", "export_run", "export_runs"),
    "formats": ("FORMATS", "Format"),
    "importing": ("Imported", "PlannedRun", "import_runs", "keep_runs", "plan_import"),
    "leaving_out.redaction": ("LEFT_OUT", "Redaction", "is_left_out", "list_fields", "redact"),
    "run_log": ("RunLog", "read_runs"),
}
if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOME)
