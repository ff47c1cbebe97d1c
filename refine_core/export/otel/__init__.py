"""Runs as OpenTelemetry spans: what a collector, Phoenix or any other tool for traces takes in.

    records --SpanBuilder--> spans --otlp_json--> a file          --sending--> an endpoint, once a run is there
                                                                  --live-----> an endpoint, while the run is at work

span          one span, and the ids that a run's spans always have
builder       the tree: run > attempt > predictor > call, with reward and advice
attributes    what a span says, in the words of OpenInference and of OpenTelemetry's GenAI conventions
otlp_json     spans as a file of OTLP JSON, which needs no extra          destination, sending, live need the extra `otel`

Keys are hidden before a span is built, and what a person leaves out is left out before that.
"""
