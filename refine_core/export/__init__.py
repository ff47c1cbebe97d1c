"""Runs as files for others: one file each, in the format that its reader needs, and back again.

    records --redact, hide_keys--> records --a writer--> ExportedFile(name, media_type, data)

exporting    export_run, export_runs: one run, or many           formats     what there is, by name        file_names
redaction, masking   what is left out first                      keys        no key leaves, wherever it was recorded
jsonl        the events, so that the run can be imported         attempts    attempts as rows of a table
importing    import_runs: a file's runs into the store, or plan_import first          import_lines, event_types, log_rules   what is refused
csv_table, parquet_table   that table as a file                  markdown    a run for a pull request
script/      a Python script, for refine_core or for dspy
report/      one HTML file                                       chart_svg   the timeline alone, for slides
markup       text into markup, escaped                           svg_paint, svg_layers   what the chart is drawn with
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refine_core.errors import ImportRefused
from refine_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from refine_core.export.exporting import ExportedFile, export_run, export_runs
    from refine_core.export.formats import FORMATS, Format
    from refine_core.export.importing import Imported, PlannedRun, import_runs, keep_runs, plan_import
    from refine_core.export.redaction import LEFT_OUT, Redaction, is_left_out, list_fields, redact
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
    "redaction": ("LEFT_OUT", "Redaction", "is_left_out", "list_fields", "redact"),
    "run_log": ("RunLog", "read_runs"),
}
if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOME)
