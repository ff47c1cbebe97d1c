"""A file looked at: what it is by its content, and whether its columns need a person.

Content --kind--> parquet | zip | JSONL | JSON | CSV --> Records --first record--> a known format, or a question
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from refine_core.concurrency.cancellation import Cancel
from refine_core.rows.archives import open_archive
from refine_core.rows.content import Content, find_encoding, kind_of, open_text
from refine_core.rows.csv_records import read_csv
from refine_core.rows.formats import (
    FORMATS,
    attempts,
    dspy_files,
    evaluation,
    find_format,
    inspect_logs,
    openai_files,
    promptfoo,
)
from refine_core.rows.formats.base import Format
from refine_core.rows.guessing import ColumnGuess, MappingQuestion, ask
from refine_core.rows.json_records import (
    LISTS,
    as_record,
    is_jsonl,
    read_document,
    read_jsonl,
    records_of_document,
)
from refine_core.rows.json_text import parse_json
from refine_core.rows.parquet_records import read_parquet
from refine_core.rows.records import Record, Records
from refine_core.rows.row_set import OnProgress

_TABLES: Final = (attempts.ATTEMPTS, evaluation.LANGSMITH, evaluation.PHOENIX, promptfoo.TABLE)
"""Formats that are CSV at times: all other numbers of a CSV would be text."""

_SAMPLE: Final = 200


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file whose records can be read. format: the known kind that it is; None where its columns have to be mapped.

    names: column -> what its value is called in a row, where that differs.
    """

    content: Content
    records: Records
    format: Format | None
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the values, in order of appearance; where there is no header, those of the first records."""
        names = dict.fromkeys(self.records.columns)
        if not names:
            for record in self.records.sample(_SAMPLE):
                names.update(dict.fromkeys(record.values))
        return tuple(names)

    @property
    def read_as(self) -> str:
        """What it is, for people: "promptfoo results (JSON)", "CSV, UTF-8, comma"."""
        if self.format is not None:
            return f"{self.format.name} ({self.records.kind})"
        return ", ".join(part for part in (self.records.kind, self.records.details) if part)

    def ask(self, on_progress: OnProgress | None = None, cancel: Cancel | None = None) -> MappingQuestion:
        """What has to be known of its columns. Reads all records. Raises RowsError, RunCancelled."""
        if any(openai_files.is_batch_input(record.values) for record in self.records.sample(1)):
            raise self.content.error(
                "is the input of an OpenAI batch: it has prompts and no outputs. Bring the batch's output, with this file beside it"
            )
        known: list[ColumnGuess] = []
        if self.names and dspy_files.is_evaluate(self.columns):
            known = dspy_files.guesses(self.columns)
        return replace(ask(self.content.name, self.records, known, on_progress, cancel), names=self.names)


def open_rows(content: Content, encoding: str | None = None) -> RowFile:
    """Look at a file. encoding: of its text, where it is not UTF-8. Raises RowsError for what holds no rows."""
    kind = kind_of(content)
    if kind == "parquet":
        records = read_parquet(content)
    elif kind == "zip":
        records = _archive(content)
    else:
        records = _text(content, find_encoding(content, encoding))
    sample = records.sample(1)
    if not sample or not sample[0].values:
        raise content.error(_nothing(records))
    values = sample[0].values
    if records.kind in ("CSV", "TSV"):
        known = next((one for one in _TABLES if one.recognizes(frozenset(values), values)), None)
    else:
        known = find_format(values)
    if known is not None and known.fit is not None:
        known = known.fit([record.values for record in records.sample(_SAMPLE)])
    return RowFile(content, records, known, {} if known else dspy_files.row_names(list(values)))


def _nothing(records: Records) -> str:
    bad = next((record for record in records.read() if record.error), None)
    if bad is not None:
        return f"has no row that can be read ({bad.place}: {bad.error})"
    if len(records.columns) == 1:
        return "is neither a table nor JSON. Rows come as CSV, TSV, JSON, JSONL or Parquet"
    return "has a header and no rows" if records.columns else "has no rows"


def _text(content: Content, encoding: str) -> Records:
    with open_text(content, encoding) as stream:
        start = next(
            (line for line in iter(lambda: stream.readline(1 << 16), "") if line.strip()), ""
        ).lstrip()
    if not start:
        raise content.error("is empty: it holds nothing but blank space")
    if start.startswith("{") and is_jsonl(content, encoding):
        records = read_jsonl(content, encoding)
        if not _is_alone(records):
            return records
    if start.startswith(("{", "[")) and not _is_csv_of_brackets(start):
        return _document(content, read_document(content, encoding))
    return read_csv(content, encoding)


def _is_alone(records: Records) -> bool:
    """Whether there is one record only, so that the file may as well be one JSON document."""
    rows = records.read()
    return next(rows, None) is not None and next(rows, None) is None


def _is_csv_of_brackets(start: str) -> bool:
    """Whether a first line is a header although it begins like JSON: promptfoo's begins so where a prompt has no variables."""
    if not start.startswith("["):
        return False
    try:
        parse_json(start)
    except ValueError:
        return ",Status,Score," in start
    return False


def _document(content: Content, document: object) -> Records:
    if dspy_files.is_program(document):
        raise content.error(
            "is a saved dspy program, not rows. Load it with Module.load; for rows, save what Evaluate returns (save_as_json)"
        )
    if isinstance(document, Mapping):
        if (results := promptfoo.results_of(document)) is not None:
            return _list(content, results, "result", "JSON")
        if (samples := inspect_logs.samples_of(document)) is not None:
            return _list(content, samples, "sample", "JSON")
        if {"results", "configs"} <= set(document) and ("n-shot" in document or "versions" in document):
            raise content.error(
                "holds lm-eval's totals, not its outputs. Run it with --log_samples and choose a samples_… file"
            )
        is_known = any(one.recognizes(frozenset(document), document) for one in FORMATS)
        has_list = any(isinstance(v, list) and v and isinstance(v[0], dict) for v in document.values())
        if is_known or not (has_list and set(document) & set(LISTS)):
            return (
                _list(content, [document], "row", "JSON")
                if is_known or not has_list
                else records_of_document(content, document)
            )
    return records_of_document(content, document)


def _list(content: Content, items: list[object], noun: str, kind: str) -> Records:
    if not items:
        raise content.error(f"has no {noun}s")

    def read() -> Iterator[Record]:
        for number, value in enumerate(items, 1):
            yield as_record(f"{noun} {number}", value)

    return Records(kind, read)


def _archive(content: Content) -> Records:
    with open_archive(content) as archive:
        names = archive.names
    if "[Content_Types].xml" in names:
        raise content.error("is an Excel or Office file. Save the sheet as CSV UTF-8")
    samples = inspect_logs.sample_names(names)
    if samples is None:
        raise content.error("is a zip archive, and no Inspect log. Unpack it and choose one file")
    if not samples:
        raise content.error("is an Inspect log without samples")

    def read() -> Iterator[Record]:
        with open_archive(content) as archive:
            for name in samples:
                text = archive.read(name).decode("utf-8", "replace")
                try:
                    value = parse_json(text)
                except ValueError as error:
                    yield Record(name, error=str(error))
                else:
                    yield as_record(name, value)

    return Records("eval", read)
