"""Runs out of the lines of a JSONL file (refine_core.export.jsonl): each line is looked at before it is believed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from sys import float_info
from typing import Any, Final, cast

from refine_core import events as ev
from refine_core.errors import ImportRefused
from refine_core.export.importing.event_types import find_type_problem
from refine_core.export.jsonl import FORMAT
from refine_core.log import codec
from refine_core.log.scope import Record
from refine_core.log.span import Span

MAX_RUNS: Final = 10_000
MAX_EVENTS: Final = 500_000
"""Of all runs in a file."""
MAX_LINE_CHARS: Final = 32 * 1024 * 1024
_RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MAX_SPAN_CHARS, _MAX_SPAN_PARTS = 2_000, 50
_MAX_NAME_CHARS, _MAX_TAGS = 200, 50
_FAULTS: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)  # of data that an event cannot have


_NOT_OURS: Final = "it is neither the events (JSONL) nor the one file (HTML) that Refinescope exports"


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run as a file has it. name, tags: what somebody called it."""

    run_id: str
    records: tuple[Record, ...]
    name: str
    tags: tuple[str, ...]


def read_lines(text: str) -> list[ReadRun]:
    """The runs in a file's text. Raises ImportRefused with a sentence that names the line."""
    runs: list[ReadRun] = []
    lines = _lines(text)
    count = 0
    for number, header in lines:
        run_id, events, name, tags = _read_header(number, header)
        count += events
        if count > MAX_EVENTS or len(runs) >= MAX_RUNS:
            raise ImportRefused(
                f"it holds more than {MAX_EVENTS:,} events or {MAX_RUNS:,} runs; take a part of it"
            )
        records = []
        for seq in range(1, events + 1):
            found = next(lines, None)
            if found is None:
                raise ImportRefused(
                    f"it ends after {seq - 1} of the {events} events of run {run_id}: it was cut off"
                )
            records.append(_read_event(*found, run_id, seq))
        runs.append(ReadRun(run_id, tuple(records), name, tags))
    if not runs:
        raise ImportRefused("it is empty")
    if len({run.run_id for run in runs}) < len(runs):
        raise ImportRefused("it holds the same run twice")
    return runs


def _lines(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Number and object of each line that is not blank. Only line feeds end a line: text in JSON may hold other line ends."""
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        line = text[start:end].strip()
        start = end + 1
        if not line:
            continue
        if len(line) > MAX_LINE_CHARS:
            raise ImportRefused(f"line {number} has more than {MAX_LINE_CHARS:,} characters")
        try:
            value = codec.loads(line)
        except _FAULTS as error:
            if number == 1:
                raise ImportRefused(_NOT_OURS) from error
            raise ImportRefused(f"line {number} is no JSON that a run can hold ({_brief(error)})") from error
        if not isinstance(value, Mapping):
            raise ImportRefused(f"line {number} is no event")
        yield number, value


def _read_header(number: int, header: Mapping[str, Any]) -> tuple[str, int, str, tuple[str, ...]]:
    """The run's id, the number of its events, its name and its tags."""
    if header.get("refinescope") != "run":
        raise ImportRefused(_NOT_OURS if number == 1 else f"line {number}: a run should begin here")
    form = header.get("format")
    if not isinstance(form, int) or isinstance(form, bool) or form < 1:
        raise ImportRefused(f"line {number} does not say which format this is")
    if form > FORMAT:
        raise ImportRefused(
            f"it is in format {form}, and this version reads format {FORMAT}. Update Refinescope"
        )
    run_id, events = header.get("run_id"), header.get("events")
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise ImportRefused(f"line {number}: the id of the run is missing, or has characters that no id has")
    if not isinstance(events, int) or isinstance(events, bool) or events < 1:
        raise ImportRefused(f"line {number} does not say how many events the run has")
    name, tags = header.get("name", ""), header.get("tags", [])
    if not isinstance(name, str) or not isinstance(tags, list) or not all(isinstance(t, str) for t in tags):
        raise ImportRefused(f"line {number}: the run's name and tags must be text")
    short = tuple(" ".join(tag.split())[:_MAX_NAME_CHARS] for tag in tags[:_MAX_TAGS])
    return run_id, events, " ".join(name.split())[:_MAX_NAME_CHARS], tuple(filter(None, short))


def _read_event(number: int, line: Mapping[str, Any], run_id: str, seq: int) -> Record:
    if "refinescope" in line:
        raise ImportRefused(f"line {number}: another run begins before all events of run {run_id} were there")
    if line.get("seq") != seq or isinstance(line.get("seq"), bool):
        raise ImportRefused(
            f"line {number} should be event {seq} of run {run_id}: the events are not in order"
        )
    at, span, kind, version, data = (line.get(name) for name in ("at", "span", "kind", "version", "data"))
    if not isinstance(at, int | float) or isinstance(at, bool) or not abs(at) <= float_info.max:
        raise ImportRefused(f"line {number} has no time")
    if not isinstance(span, str) or len(span) > _MAX_SPAN_CHARS or span.count("/") > _MAX_SPAN_PARTS:
        raise ImportRefused(f"line {number} does not say where in the run it belongs")
    if not isinstance(kind, str) or not isinstance(version, int) or not isinstance(data, Mapping):
        raise ImportRefused(f"line {number} is no event")
    try:
        event = codec.from_data(kind, version, cast("Mapping[str, object]", data))
    except _FAULTS as error:
        raise ImportRefused(
            f"line {number}: this is not what the event “{kind[:60]}” holds ({_brief(error)})"
        ) from error
    if isinstance(event, ev.Unknown):
        raise ImportRefused(
            f"line {number} is an event of a newer version, “{kind[:60]}”. Update Refinescope"
        )
    if why := find_type_problem(event):
        raise ImportRefused(f"line {number}, {kind}: {why}")
    return Record(run_id, seq, float(at), Span.parse(span), event)


def _brief(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:160]
