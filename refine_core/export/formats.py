"""The formats that runs can be exported to, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Format:
    """name: as it is typed: "csv". label: for a menu. suffix: of the file, with its dot. media_type: for a download.

    many: whether several runs fit into one file; where they do not, they come as a zip of files.
    about: one sentence on what it is good for.
    """

    name: str
    label: str
    suffix: str
    media_type: str
    many: bool
    about: str


_ALL: Final = (
    Format("html", "One file (HTML)", ".html", "text/html", False, "Opens in any browser, without Refinescope. It can be imported again."),
    Format("md", "Markdown", ".md", "text/markdown", False, "For a pull request or an issue on GitHub."),
    Format("py", "Python script", ".py", "text/x-python", False, "Runs this program with refine_core."),
    Format("dspy", "dspy script", ".dspy.py", "text/x-python", False, "Runs this program with dspy.Refine or dspy.BestOfN."),
    Format("svg", "Chart (SVG)", ".svg", "image/svg+xml", False, "The timeline alone, for slides and documents."),
    Format("jsonl", "Events (JSONL)", ".jsonl", "application/x-ndjson", True, "All that was recorded. It can be imported again."),
    Format("csv", "Attempts (CSV)", ".csv", "text/csv", True, "A row for each attempt, for a spreadsheet."),
    Format("parquet", "Attempts (Parquet)", ".parquet", "application/vnd.apache.parquet", True, "A row for each attempt, with types, for pandas and the like."),
    Format("otel", "Spans (OpenTelemetry)", ".otlp.jsonl", "application/x-ndjson", True, "For Phoenix, a collector and other tools for traces."),
)  # fmt: skip

FORMATS: Final[Mapping[str, Format]] = MappingProxyType({one.name: one for one in _ALL})
"""Name -> format, in the order of a menu."""
