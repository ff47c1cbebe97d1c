"""Spans out of a file: OpenTelemetry's JSON (one document, or one a line), MLflow's traces as JSON, Parquet of either.

Nothing of a file is ever run, and nothing of it is believed before it is looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from refine_core.errors import ImportRefused, RowsError
from refine_core.export.importing.traces.span import Span, decode

MAX_SPANS: Final = 200_000
_BEGINNING: Final = re.compile(r'\s*\[?\s*\{\s*"(resourceSpans|resource_spans|info"\s*:\s*\{\s*"trace_id)"')
"""Of OpenTelemetry's JSON and of MLflow's."""
_FAILED: Final = (2, "STATUS_CODE_ERROR", "ERROR")
_NANO: Final = 10**9
_LAST_S: Final = 253_402_300_800.0  # the year 10000, in seconds since the epoch


def read_spans(data: bytes) -> list[Span] | None:
    """All spans of a file, or None for a file that is no trace. Raises ImportRefused for one that is damaged or too large."""
    found = _from_parquet(data) if data.startswith(b"PAR1") else _from_json(data)
    if found is None:
        return None
    spans: list[Span] = []
    for span in found:
        spans.append(span)
        if len(spans) > MAX_SPANS:
            raise ImportRefused(f"it holds more than {MAX_SPANS:,} spans; take a part of it")
    return spans


def _from_json(data: bytes) -> Iterator[Span] | None:
    if not any(mark in data for mark in (b"resourceSpans", b"resource_spans", b"spans")):
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        return None
    documents, damaged_line = _read_documents(text)
    is_trace = any(_is_otlp(one) or _mlflow_spans(one) is not None for one in documents)
    if damaged_line is not None and (is_trace or _BEGINNING.match(text)):
        raise ImportRefused(
            f"it is a trace whose JSON is damaged or cut off in line {damaged_line:,}. Copy the file again, or export the trace anew"
        )
    if not is_trace:
        return None
    return (span for one in documents for span in _spans_of(one))


def _read_documents(text: str) -> tuple[list[Any], int | None]:
    """The JSON documents of a text, a list of them, a single one, or one a line; and the first line that is none."""
    try:
        whole = json.loads(text)
    except RecursionError:
        return [], 1
    except ValueError:
        documents = []
    else:
        return (whole if isinstance(whole, list) else [whole]), None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                documents.append(json.loads(line))
            except (ValueError, RecursionError):
                return documents, number
    return documents, None


def _is_otlp(document: Any) -> bool:
    return isinstance(document, Mapping) and isinstance(
        document.get("resourceSpans", document.get("resource_spans")), list
    )


def _mlflow_spans(document: Any) -> list[Any] | None:
    data = document.get("data") if isinstance(document, Mapping) else None
    spans = data.get("spans") if isinstance(data, Mapping) else None
    return spans if isinstance(spans, list) else None


def _spans_of(document: Any) -> Iterator[Span]:
    if (spans := _mlflow_spans(document)) is not None:
        yield from filter(None, map(_plain_span, spans))
        return
    if not _is_otlp(document):
        return
    for resource in _list(document, "resourceSpans", "resource_spans"):
        for scope in _list(resource, "scopeSpans", "scope_spans"):
            yield from filter(None, map(_otlp_span, _list(scope, "spans")))


def _otlp_span(raw: Any) -> Span | None:
    """A span as OpenTelemetry's protocol writes it in JSON: attributes are lists of key and value."""
    if not isinstance(raw, Mapping):
        return None
    attributes = {
        one["key"]: _any_value(one.get("value"))
        for one in _list(raw, "attributes")
        if isinstance(one, Mapping) and isinstance(one.get("key"), str)
    }
    return _plain_span({**raw, "attributes": attributes})


def _any_value(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    for name in ("stringValue", "boolValue", "doubleValue"):
        if name in value:
            return value[name]
    if "intValue" in value:
        try:
            return int(value["intValue"])
        except (TypeError, ValueError):
            return None
    if isinstance(array := value.get("arrayValue"), Mapping):
        return [_any_value(one) for one in _list(array, "values")]
    return None


def _plain_span(raw: Any) -> Span | None:
    """A span whose attributes are a mapping, under the names of either OpenTelemetry's JSON or MLflow's."""
    if not isinstance(raw, Mapping):
        return None
    start = _seconds(_either(raw, "startTimeUnixNano", "start_time_unix_nano"))
    if start is None or not isinstance(raw.get("name"), str):
        return None
    attributes = raw.get("attributes")
    given = (
        {str(k): v for k, v in attributes.items() if v is not None} if isinstance(attributes, Mapping) else {}
    )
    return Span(
        str(_either(raw, "traceId", "trace_id") or ""),
        str(_either(raw, "spanId", "span_id") or ""),
        str(_either(raw, "parentSpanId", "parent_span_id") or ""),
        raw["name"],
        start,
        _seconds(_either(raw, "endTimeUnixNano", "end_time_unix_nano")),
        _error(raw.get("status"), raw.get("events")),
        {name: decode(value) for name, value in given.items()},
        given,
        tuple(_events(raw.get("events"))),
    )


def _events(raw: Any) -> Iterator[tuple[str, float, Mapping[str, Any]]]:
    """What happened in a span."""
    for event in _sequence(raw):
        if isinstance(event, Mapping) and isinstance(event.get("name"), str):
            at = _seconds(_either(event, "timeUnixNano", "time_unix_nano"))
            if at is not None:
                yield event["name"], at, _event_attributes(event)


def _event_attributes(event: Mapping[str, Any]) -> Mapping[str, Any]:
    given = event.get("attributes")
    if isinstance(given, Sequence) and not isinstance(given, str):
        return {
            str(one.get("key")): _any_value(one.get("value")) for one in given if isinstance(one, Mapping)
        }
    return given if isinstance(given, Mapping) else {}


def _from_parquet(data: bytes) -> Iterator[Span] | None:
    from refine_core.rows.content import Content
    from refine_core.rows.parquet_records import read_parquet

    try:
        records = read_parquet(Content("trace.parquet", data))
        names = set(records.columns or ())
        if "spans" in names:
            rows = [dict(one.values) for one in records.read()]
            return (
                span for row in rows for span in filter(None, map(_plain_span, _sequence(row.get("spans"))))
            )
        if {"name", "start_time"} <= names and {"context.span_id", "span_id"} & names:
            rows = [dict(one.values) for one in records.read()]
            return (span for span in map(_table_span, rows) if span is not None)
    except RowsError as error:
        raise ImportRefused(str(error)) from error
    return None


def _table_span(row: Mapping[str, Any]) -> Span | None:
    """A row of Phoenix's table of spans: a column an attribute."""
    start = _seconds(row.get("start_time"))
    if start is None or not isinstance(row.get("name"), str):
        return None
    attributes = {
        name.removeprefix("attributes."): decode(value)
        for name, value in row.items()
        if name.startswith("attributes.") and value is not None
    }
    status = {"code": row.get("status_code"), "message": row.get("status_message")}
    return Span(
        str(_either(row, "context.trace_id", "trace_id") or ""),
        str(_either(row, "context.span_id", "span_id") or ""),
        str(row.get("parent_id") or ""),
        row["name"],
        start,
        _seconds(row.get("end_time")),
        _error(status, row.get("events")),
        attributes,
    )


def _error(status: Any, events: Any) -> tuple[str, str] | None:
    """(type, message) of the exception that a span ended with."""
    for event in _sequence(events):
        given = _event_attributes(event) if isinstance(event, Mapping) else {}
        if "exception.type" in given:
            kind = str(given["exception.type"]).rpartition(".")[2]
            return kind, str(given.get("exception.message") or "")
    if isinstance(status, Mapping) and status.get("code") in _FAILED:
        kind, colon, message = str(status.get("message") or "Error").partition(": ")
        return (
            (kind, message) if colon and kind.isidentifier() else ("Error", str(status.get("message") or ""))
        )
    return None


def _seconds(value: Any) -> float | None:
    """A time as seconds since the epoch: nanoseconds as a number or digits, or a date in ISO 8601."""
    if isinstance(value, str) and not value.isdigit():
        try:
            number = datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    else:
        try:
            number = int(value) / _NANO if isinstance(value, str | int) else float(value) / _NANO
        except (TypeError, ValueError, OverflowError):
            return None
    return number if 0 < number < _LAST_S else None


def _either(raw: Mapping[str, Any], *names: str) -> Any:
    return next((raw[name] for name in names if raw.get(name) is not None), None)


def _list(raw: Any, *names: str) -> list[Any]:
    value = _either(raw, *names) if isinstance(raw, Mapping) else None
    return value if isinstance(value, list) else []


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
