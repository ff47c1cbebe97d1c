"""A receiver of OTLP over HTTP at a loopback address, which misbehaves when it is told to. It decodes what it gets with OpenTelemetry's own protobuf."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.threads import finish


@dataclass
class Receiver:
    """address: for OTEL_EXPORTER_OTLP_ENDPOINT. status, body: what it answers. held: set, no request is answered before `release` is.

    requests: what has come, decoded. headers: those of each request.
    """

    address: str = ""
    status: int = 200
    body: bytes = b""
    held: bool = False
    release: threading.Event = field(default_factory=threading.Event)
    requests: list = field(default_factory=list)
    headers: list = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def spans(self):
        """All spans that have come, as they stand in the requests."""
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resource(self):
        return attributes_of(self.requests[-1].resource_spans[0].resource)

    def named(self, name):
        return next(span for span in self.spans if span.name == name)

    def wait_for(self, ready, timeout_s=20):
        """Wait until `ready(self)` is true; each request is a reason to look."""
        with self.came:
            assert self.came.wait_for(lambda: ready(self), timeout_s), [span.name for span in self.spans]


def attributes_of(one):
    return {pair.key: value_of(pair.value) for pair in one.attributes}


def value_of(value):
    which = value.WhichOneof("value")
    if which == "array_value":
        return [value_of(inner) for inner in value.array_value.values]
    return getattr(value, which)


@contextmanager
def receiving():
    """A receiver that runs for the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            data = self.rfile.read(int(self.headers["content-length"]))
            if receiver.held:
                receiver.release.wait(30)
            with receiver.came:
                receiver.headers.append((self.path, dict(self.headers)))
                if receiver.status < 300:
                    receiver.requests.append(ExportTraceServiceRequest.FromString(data))
                receiver.came.notify_all()
            with suppress(ConnectionError):  # nobody waits for it any more
                self.send_response(receiver.status)
                self.send_header("content-length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.release.set()
        server.shutdown()
        server.server_close()
        finish(thread)
