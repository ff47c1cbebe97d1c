"""Runs as OpenTelemetry spans: what a collector, Phoenix or any other tool for traces takes in.

    records --SpanBuilder--> spans --otlp_json--> a file          --sending--> an endpoint, once a run is there
                                                                  --live-----> an endpoint, while the run is at work

span          one span, and the ids that a run's spans always have
builder       the tree: run > attempt > predictor > call, with reward and advice
attributes    what a span says, in the words of OpenInference and of OpenTelemetry's GenAI conventions
otlp_json     spans as a file of OTLP JSON, which needs no extra
destination   where spans can be sent      sending, outcome    sending them, with the extra `otel`
live          those of runs at work        callback            `live_spans`: those of a script

Keys are hidden before a span is built, and what a person leaves out is left out before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refine_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from refine_core.export.otel.callback import live_spans

__all__ = ["live_spans"]

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, {"callback": ("live_spans",)})
