"""The formats that an experiment can be exported to, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from refine_core.export.formats import Format

_ALL: Final = (
    Format("html", "One file (HTML)", ".html", "text/html", False, "Opens in any browser, without Refinescope: the verdict, the pictures, every input, how it was done."),
    Format("md", "Markdown", ".md", "text/markdown", False, "The verdict and a table, for a pull request or a report."),
    Format("csv", "Runs (CSV)", ".csv", "text/csv", False, "A row for each run, for a spreadsheet."),
    Format("parquet", "Runs (Parquet)", ".parquet", "application/vnd.apache.parquet", False, "A row for each run, with types, for pandas and the like."),
    Format("json", "Experiment (JSON)", ".json", "application/json", False, "The arms, the rows and the result; refinescope batch runs it again."),
)  # fmt: skip

EXPERIMENT_FORMATS: Final[Mapping[str, Format]] = MappingProxyType({one.name: one for one in _ALL})
"""Name -> format, in the order of a menu."""
