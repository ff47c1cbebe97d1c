"""Spans as OTLP JSON: one request a line, as the file exporter of OpenTelemetry's collector writes it, and its receiver reads it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from refine_core import __version__
from refine_core.export.otel.span import Attributes, AttributeValue, OtelSpan

SERVICE = "refinescope"
_INTERNAL, _CLIENT = 1, 3
_UNSET, _OK, _ERROR = 0, 1, 2
_SAMPLED = 1


def write_otlp(traces: Sequence[Sequence[OtelSpan]]) -> bytes:
    """A line for each run."""
    return "".join(f"{json.dumps(_request(spans), ensure_ascii=False)}\n" for spans in traces).encode()


def _request(spans: Sequence[OtelSpan]) -> dict[str, Any]:
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes({"service.name": SERVICE})},
                "scopeSpans": [
                    {
                        "scope": {"name": SERVICE, "version": __version__},
                        "spans": [_span(one) for one in spans],
                    }
                ],
            }
        ]
    }


def _span(span: OtelSpan) -> dict[str, Any]:
    written: dict[str, Any] = {
        **_ids(span.trace_id, span.span_id),
        "flags": _SAMPLED,
        "name": span.name,
        "kind": _CLIENT if span.is_call else _INTERNAL,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _attributes(span.attributes),
        "status": _status(span),
    }
    if span.parent_id is not None:
        written["parentSpanId"] = f"{span.parent_id:016x}"
    if span.events:
        written["events"] = [
            {"timeUnixNano": str(one.at_ns), "name": one.name, "attributes": _attributes(one.attributes)}
            for one in span.events
        ]
    if span.links:
        written["links"] = [
            {**_ids(one.trace_id, one.span_id), "attributes": _attributes(one.attributes)}
            for one in span.links
        ]
    return written


def _status(span: OtelSpan) -> dict[str, Any]:
    if span.error is not None:
        return {"code": _ERROR, "message": span.error}
    return {"code": _UNSET if span.is_cut_off else _OK}


def _ids(trace_id: int, span_id: int) -> Mapping[str, str]:
    """In OTLP's JSON they are hexadecimal digits."""
    return {"traceId": f"{trace_id:032x}", "spanId": f"{span_id:016x}"}


def _attributes(values: Attributes) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(one)} for name, one in values.items()]


def _value(value: AttributeValue) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value if math.isfinite(value) else _NOT_FINITE[str(value)]}
    return {"arrayValue": {"values": [_value(one) for one in value]}}


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
