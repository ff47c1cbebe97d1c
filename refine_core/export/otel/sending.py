"""Spans on their way to an OTLP endpoint, by OpenTelemetry's own exporter: headers, certificates, time-outs and retries are its business.

send(traces) --> Sent(address, spans, failed, why)
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from refine_core import __version__
from refine_core.export.leaving_out.keys import KeyHider
from refine_core.export.otel.destination import Destination, find_destination
from refine_core.export.otel.otlp_json import SERVICE
from refine_core.export.otel.span import OtelSpan

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

_TIMEOUTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT")
MAX_SPANS: Final = 256
MAX_CHARS: Final = 2_000_000
"""Of a request: collectors refuse larger ones, mostly from 4 MB on."""


@dataclass(frozen=True, slots=True)
class Sent:
    """address: where to. spans: how many arrived. failed: how many did not. why: what went wrong and what to do; "" for nothing.

    untried: how many of those that failed, the last ones, may arrive if they are sent again; the others were rejected.
    """

    address: str
    spans: int
    failed: int = 0
    why: str = ""
    untried: int = 0


def send(traces: Sequence[Sequence[OtelSpan]]) -> Sent:
    """Send the spans of some runs. Raises SendingUnavailableError. A request that fails ends it: the next ones would fail, too."""
    with Sender(find_destination()) as sender:
        return sender.send([span for trace in traces for span in trace])


class Sender:
    """Sends spans to one destination; for one thread at a time. Use it with `with`, or close it.

    timeout_s: of a request with its retries, where OTEL_EXPORTER_OTLP_TIMEOUT says nothing; None for the exporter's own.
    """

    def __init__(self, destination: Destination, timeout_s: float | None = None) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        from refine_core.export.otel.outcome import NotingSession

        self.destination = destination
        self._session = NotingSession()
        is_set = any(os.environ.get(name) for name in _TIMEOUTS)
        self._exporter = OTLPSpanExporter(session=self._session, timeout=None if is_set else timeout_s)
        self._resource = _resource()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections; a request that is being tried again ends."""
        self._exporter.shutdown()

    def send(self, spans: Sequence[OtelSpan]) -> Sent:
        """Send spans, in as many requests as it takes. Raises nothing for an endpoint that fails."""
        from opentelemetry.sdk.trace.export import SpanExportResult

        from refine_core.export.otel.outcome import SilentExporter

        address, mask = self.destination.address, self.destination.mask
        arrived = rejected = 0
        why = ""
        for batch in _batches(spans):
            with SilentExporter():
                result = self._exporter.export([_readable(one, self._resource) for one in batch])
            if result is not SpanExportResult.SUCCESS:
                why, left = mask(self._session.explain()), len(spans) - arrived - rejected
                return Sent(address, arrived, left + rejected, why, untried=left)
            refused, words = self._session.count_rejected()
            arrived += len(batch) - refused
            rejected += refused
            why = why or (f"it rejected them: {words}" if refused else "")
        return Sent(address, arrived, rejected, mask(why))


def _batches(spans: Sequence[OtelSpan]) -> Iterator[list[OtelSpan]]:
    batch: list[OtelSpan] = []
    size = 0
    for span in spans:
        chars = sum(len(value) for value in span.attributes.values() if isinstance(value, str))
        if batch and (len(batch) >= MAX_SPANS or size + chars > MAX_CHARS):
            yield batch
            batch, size = [], 0
        batch.append(span)
        size += chars
    if batch:
        yield batch


def _resource() -> Any:
    """What sends: as OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say, without keys; else "refinescope"."""
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    keys = KeyHider()
    resource = Resource({"service.name": SERVICE}).merge(OTELResourceDetector().detect())
    return Resource({name: keys.value(value) for name, value in resource.attributes.items()})


def _status(span: OtelSpan) -> Any:
    """As OpenInference has it: OK for what ended well, and nothing for what was cut off."""
    from opentelemetry.trace import Status, StatusCode

    if span.error is not None:
        return Status(StatusCode.ERROR, span.error)
    return Status(StatusCode.UNSET if span.is_cut_off else StatusCode.OK)


def _readable(span: OtelSpan, resource: Any) -> ReadableSpan:
    """The span as the exporter takes it."""
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import Link, SpanContext, SpanKind, TraceFlags

    def context(trace_id: int, span_id: int) -> SpanContext:
        return SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))

    return ReadableSpan(
        span.name,
        context(span.trace_id, span.span_id),
        None if span.parent_id is None else context(span.trace_id, span.parent_id),
        resource,
        span.attributes,
        [Event(one.name, one.attributes, one.at_ns) for one in span.events],
        [Link(context(one.trace_id, one.span_id), one.attributes) for one in span.links],
        SpanKind.CLIENT if span.is_call else SpanKind.INTERNAL,
        status=_status(span),
        start_time=span.start_ns,
        end_time=span.end_ns,
        instrumentation_scope=InstrumentationScope(SERVICE, __version__),
    )
