"""What became of a request, which the exporter itself does not tell: the answer of the endpoint, or why there was none.

Only `sending` imports this, as it needs the extra `otel`.
"""

from __future__ import annotations

import logging
import re
import threading
from typing import Any, Final

import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

_EXPORTER_LOG: Final = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_ADDED_PATH: Final = "OTEL_EXPORTER_OTLP_ENDPOINT takes the address alone, to which /v1/traces is added"
_REFUSED: Final = {
    401: "it requires an API key, or another one: set OTEL_EXPORTER_OTLP_HEADERS, as in api_key=…",
    403: "it refuses the key: see OTEL_EXPORTER_OTLP_HEADERS",
    404: f"it has nothing at this address; {_ADDED_PATH}",
    405: f"it takes no spans at this address; {_ADDED_PATH}",
    413: "a request is too large for it: raise its limit, or leave out the prompts",
    415: "it does not take OTLP in protobuf, as an OTLP endpoint over HTTP does",
    429: "it takes no more for now; try again later",
}
_SERVER_FAULT: Final = 500


class NotingSession(requests.Session):
    """Sends as any session does, and keeps the last answer or error."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: requests.Response | None = None
        self.error: Exception | None = None

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests has it."""
        self.answer = self.error = None
        try:
            self.answer = super().request(*args, **kwargs)
        except Exception as error:
            self.error = error
            raise
        return self.answer

    def explain(self) -> str:
        """Why the last request failed, and what to do."""
        if self.answer is not None:
            return _explain_status(self.answer.status_code, self.answer.reason)
        return _explain_error(self.error) if self.error is not None else "the exporter does not say why"

    def count_rejected(self) -> tuple[int, str]:
        """How many spans an endpoint that took the request has rejected, and why."""
        if self.answer is None or not self.answer.content:
            return 0, ""
        try:
            partial = ExportTraceServiceResponse.FromString(self.answer.content).partial_success
        except Exception:  # noqa: BLE001 - an answer in other words than OTLP's says nothing
            return 0, ""
        return max(partial.rejected_spans, 0), _short(partial.error_message)


class SilentExporter(logging.Filter):
    """Nothing that the exporter logs in this thread, for a block: what it met is said once, and in our words. Other threads log as ever."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()

    def __enter__(self) -> None:
        logging.getLogger(_EXPORTER_LOG).addFilter(self)

    def __exit__(self, *_: object) -> None:
        logging.getLogger(_EXPORTER_LOG).removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self._thread


def _explain_status(code: int, reason: str) -> str:
    answer = f"it answered {code} {reason}".rstrip()
    if code >= _SERVER_FAULT:
        return f"{answer}: the server has a fault of its own; its log says more"
    return f"{answer}: {_REFUSED.get(code, 'it seems to be no OTLP endpoint over HTTP')}"


def _explain_error(error: Exception) -> str:
    text = str(error)
    if isinstance(error, requests.Timeout):
        return "it did not answer in time; OTEL_EXPORTER_OTLP_TIMEOUT says for how many seconds to wait, 10 by default"
    if isinstance(error, requests.exceptions.SSLError):
        return f"its certificate is not trusted; OTEL_EXPORTER_OTLP_CERTIFICATE names a file with one that is ({_short(text)})"
    if "NameResolution" in text:
        return "no machine has that name; see the address"
    if isinstance(error, requests.ConnectionError):
        return "nothing answers there; start the collector, and see that this is its HTTP port, mostly 4318"
    return f"{type(error).__name__}: {_short(text)}"


def _short(text: str) -> str:
    return re.sub(r"\s+", " ", text)[:200]
