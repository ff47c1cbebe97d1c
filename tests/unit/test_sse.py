"""Streams of OpenAI's kind as servers really send them, cut wherever the network cuts them."""

from __future__ import annotations

import itertools
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core.lm.chat_stream import StreamReader
from refine_core.lm.server_replies import read_reply_body
from refine_core.lm.sse import MAX_LINE_BYTES, EventReader, ServerEvent
from refine_core.lm.transport_faults import ErrorBody, MalformedReply, ReplyCutOff, ReplyTooLong
from tests.openai_server import DONE, delta


def said(*raw):
    """What a stream says, of these bytes."""
    events, reader = EventReader(), StreamReader()
    for piece in raw:
        for event in events.feed(piece):
            reader.read_event(event)
    for event in events.end():
        reader.read_event(event)
    return read_reply_body(reader.reply())


def stream(*events, end="\n\n"):
    return "".join(
        f"data: {e if isinstance(e, str) else json.dumps(e, ensure_ascii=False)}{end}" for e in events
    ).encode()


TEXT = stream(delta("Grüße "), delta("aus Köln 🎉"), delta(None, "stop"), DONE)


@pytest.mark.fault(52)
@given(st.lists(st.integers(0, len(TEXT)), max_size=6).map(sorted), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_a_stream_reads_the_same_wherever_it_is_cut(cuts, ending):
    text = TEXT.replace(b"\n", ending)
    places = [0, *cuts, len(text)]
    pieces = [text[a:b] for a, b in itertools.pairwise(places)]
    assert said(*pieces).text == "Grüße aus Köln 🎉"


@pytest.mark.fault(52)
@pytest.mark.parametrize(
    "raw",
    [
        b": comment\n\n" + TEXT,
        b"\xef\xbb\xbf" + TEXT,
        b"id: 1\nevent: chunk\nretry: 5\n" + TEXT,
        TEXT.replace(b"data: ", b"data:"),
        TEXT.replace(b"\n\n", b"\n"),
        TEXT.rstrip(),
        TEXT.replace(b'{"id"', b'{\ndata: "id"'),
        b"unknown" + b": x\n" + TEXT,
        TEXT.replace(b"data: ", b"").replace(b"\n\n", b"\n").replace(b"[DONE]\n", b""),
        TEXT.replace(
            "🎉".encode(), b'\\ud83c"}}]}\n\ndata: {"choices": [{"index": 0, "delta": {"content": "\\udf89'
        ),
        TEXT.replace(
            b"data: [", stream({"choices": [{"index": 1, "delta": {"content": "other"}}]}) + b"data: ["
        ),
    ],
    ids=[
        "comment",
        "mark",
        "fields",
        "no blank",
        "no empty lines",
        "no last line",
        "several lines",
        "unknown field",
        "bare JSON",
        "a character in halves",
        "another choice between",
    ],
)
def test_odd_but_lawful_streams_are_understood(raw):
    assert said(raw).text == "Grüße aus Köln 🎉"


@pytest.mark.fault(52)
def test_a_line_without_end_is_given_up_and_read_in_linear_time():
    """It comes in many pieces, and none of them may cost as much as all before it."""
    events, pieces, began_s = EventReader(), MAX_LINE_BYTES // 4000, time.process_time()
    events.feed(b"data: ")
    for _ in range(pieces - 1):
        assert events.feed(b"z" * 4000) == []
    with pytest.raises(ReplyTooLong):
        events.feed(b"z" * 4000)
    assert time.process_time() - began_s < 1.0


def test_usage_reasoning_refusal_and_tools_are_told_apart_from_text():
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "look_up", "arguments": '{"a'}}
    more = {"index": 0, "function": {"arguments": '": 1}'}}
    usage = {
        "id": "x",
        "choices": [],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }
    parts = [
        delta(reasoning_content="hm "),
        delta(reasoning="well"),
        delta("yes"),
        delta(refusal="no"),
        delta(tool_calls=[call]),
        delta(tool_calls=[more]),
    ]
    told = said(stream(*parts, delta(None, "tool_calls"), usage, DONE))
    assert (told.reasoning, told.text, told.refusal, told.tools) == ("hm well", "yes", "no", ("look_up",))
    assert (told.finish_reason, told.usage["total_tokens"], told.model) == ("tool_calls", 7, "tiny")


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (stream(delta("a")), ReplyCutOff),
        (stream(delta("a"), "{no json", DONE), MalformedReply),
        (stream(delta("a"), "[1]", DONE), MalformedReply),
        (stream(delta("a"), {"error": "oops"}), ErrorBody),
        (stream(delta("a")) + b'event: error\ndata: {"message": "oops"}\n\n', ErrorBody),
        (stream(delta("a")) + b'error: {"code": 500, "message": "oops"}\n\n', ErrorBody),
        (stream(delta("a")) + b'{"error": {"message": "oops"}}\n', ErrorBody),
        (b"event: error\ndata: oops\n\n", ErrorBody),
        (stream(delta("a"), {"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}]}), ErrorBody),
        (stream({"choices": [5]}, DONE), MalformedReply),
        (stream({"choices": 5}, DONE), MalformedReply),
    ],
)
def test_a_stream_that_is_none_is_refused(raw, fault):
    with pytest.raises(fault):
        said(raw)


@pytest.mark.parametrize(
    ("data", "ours"),
    [
        ('{"choices": []}', True),
        (DONE, True),
        ('{"error": "oops"}', True),
        ('{"type": "message_start"}', False),
        ('{"type": "error", "error": {}}', False),
        ('{"candidates": []}', False),
        ("{", False),
        ("[1]", False),
    ],
)
def test_another_protocol_is_told_by_its_first_event(data, ours):
    assert StreamReader.can_read(ServerEvent("", data)) is ours


@pytest.mark.parametrize("tokens", [10**400, {"deep": json.loads('{"a":' * 600 + "1" + "}" * 600)}])
def test_a_usage_that_cannot_be_true_is_left_out(tokens):
    """Servers send what they like; no number and no nesting of it may end a reply that is whole."""
    text = stream({**delta("yes", "stop"), "usage": {"prompt_tokens": 3, "completion_tokens": tokens}}, DONE)
    reply = said(text)
    assert (reply.text, reply.usage) == ("yes", {"prompt_tokens": 3})
