"""Files of runs, made when somebody asks for one: the browser posts what it wants, and reads how far that is.

    POST lib/share {"runs": [...], "to": "html", "leave_out": {"prompts": true, "inputs": false, "fields": ["reply"]}}
      --> lines of JSON: {"done": 1, "of": 2} … then {"name", "type", "size"} and the bytes; or {"error": "…"}
    "send": true, "to": "otel": the spans go to the endpoint of the environment instead, and the last line is {"sent": spans, "address"}

Beside the page's script, so that a press redraws nothing, and a long job holds up nobody.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pages.shared.web import under_base_path
from refine_core import runs
from refine_core.errors import RefineError
from refine_core.export import FORMATS, Format, Redaction, Sent
from refine_core.formatting import pluralize

if TYPE_CHECKING:
    from refine_core.export import ExportedFile

logger = logging.getLogger("refine_core")
URL: Final = "lib/share"
MAX_RUNS: Final = 1_000
MAX_FIELDS: Final = 200
MAX_BYTES: Final = 200_000  # of a request
_CHUNK: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that somebody asks for. to: the name of a format. send: whether spans are to be sent, and no file is made."""

    run_ids: tuple[str, ...]
    to: str
    redaction: Redaction
    send: bool = False


def parse_wanted(body: bytes, formats: Mapping[str, Format] = FORMATS) -> Wanted:
    """What a request asks for, in one of these formats. A browser can send anything. Raises ValueError with a sentence."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("The request is no JSON.") from error
    if not isinstance(asked, Mapping):
        raise ValueError("The request is no JSON object.")  # noqa: TRY004  # of data, as the rest
    run_ids = tuple(filter(_is_unicode, _read_texts(asked.get("runs"))))  # half an emoji is in no id
    if not 1 <= len(run_ids) <= MAX_RUNS:
        raise ValueError(f"Between 1 and {MAX_RUNS:,} runs can be shared at once.")
    if str(asked.get("to")) not in formats:
        raise ValueError(f"There is no such format; there are {', '.join(formats)}.")
    left_out = asked.get("leave_out")
    if not isinstance(left_out, Mapping):
        raise ValueError("The request does not say what to leave out.")  # noqa: TRY004
    named, prompts, inputs = (left_out.get(name) for name in ("fields", "prompts", "inputs"))
    fields = _read_texts(named)
    if len(fields) > MAX_FIELDS:
        raise ValueError(f"Up to {MAX_FIELDS} fields can be left out.")
    # What was meant to be left out must not be shared since nobody understood how it was said.
    if (
        not isinstance(prompts, bool)
        or not isinstance(inputs, bool)
        or named is None
        or list(fields) != named
    ):
        raise ValueError("The request does not say what to leave out.")
    send = asked.get("send", False)
    if not isinstance(send, bool) or (send and asked["to"] != "otel"):
        raise ValueError("Only spans can be sent.")
    redaction = Redaction(prompts=prompts, inputs=inputs, fields=fields)
    return Wanted(run_ids, str(asked["to"]), redaction, send)


def make_file(wanted: Wanted) -> Iterator[bytes]:
    """The answer, piece by piece."""
    from refine_core.export import (
        export_runs,
        read_runs,
        send_runs,
    )  # with the first file: a start need not wait for it

    def write() -> Generator[Mapping[str, int], None, ExportedFile | Sent]:
        logs = []
        for log in read_runs(runs.default().store, wanted.run_ids):
            logs.append(log)
            yield {"done": len(logs), "of": len(wanted.run_ids)}
        if wanted.send:
            return send_runs(logs, redaction=wanted.redaction)
        return export_runs(logs, wanted.to, redaction=wanted.redaction)

    yield from answer_with(write(), wanted.to)


def answer_with(
    writing: Generator[Mapping[str, int], None, ExportedFile | Sent], what: str
) -> Generator[bytes, None, None]:
    """A file as the answer to a request, or what became of spans. writing: says how far it is, {"done", "of"}, and returns it. what: for the log."""
    try:
        while True:
            yield _line(next(writing))
    except StopIteration as end:
        file: ExportedFile | Sent = end.value
    except RefineError as error:
        yield _line({"error": f"The file was not made: {error}"})
        return
    except Exception as error:  # the answer has begun, so it ends in words
        logger.exception("a file for %s was not made", what)
        yield _line({"error": f"The file was not made: an internal error ({type(error).__name__})"})
        return
    if isinstance(file, Sent):
        yield _line(_say_sent(file))
        return
    yield _line({"name": file.name, "type": file.media_type, "size": len(file.data)})
    for at in range(0, len(file.data), _CHUNK):
        yield file.data[at : at + _CHUNK]


def _say_sent(sent: Sent) -> Mapping[str, object]:
    if not sent.failed:
        return {"sent": sent.spans, "address": sent.address}
    arrived = f" {pluralize(sent.spans, 'span')} had arrived." if sent.spans else ""
    return {
        "error": f"{pluralize(sent.failed, 'span')} did not arrive at {sent.address}: {sent.why}.{arrived}"
    }


def _read_texts(value: object) -> tuple[str, ...]:
    """Its texts, each once; () for what is no list of texts."""
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(one for one in value if isinstance(one, str) and one))


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= one <= "\udfff" for one in text)


def _line(data: Mapping[str, object]) -> bytes:
    return json.dumps(data).encode() + b"\n"


async def serve_files(
    request: Request, make: Callable[[Wanted], Iterator[bytes]], formats: Mapping[str, Format] = FORMATS
) -> Response:
    """Answer a request for a file in one of these formats with what `make` writes."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            return PlainTextResponse("The request is too long.", 413)
    try:
        wanted = parse_wanted(body, formats)
    except ValueError as error:
        return PlainTextResponse(str(error), 400)
    headers = {"cache-control": "no-store"}
    return StreamingResponse(make(wanted), media_type="application/octet-stream", headers=headers)


async def _serve(request: Request) -> Response:
    return await serve_files(request, make_file)


ROUTES: tuple[BaseRoute, ...] = under_base_path(URL, lambda path: Route(path, _serve, methods=["POST"]))
