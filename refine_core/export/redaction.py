"""What is left out before a run is shared. In its place stands LEFT_OUT, which every reader shows as "left out"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from refine_core.events import LMRequested
from refine_core.log.scope import Record

LEFT_OUT: Final = "[left out]"
"""What stands in place of a value that was left out."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is left out.

    prompts: all messages to models. inputs: the program's inputs. fields: names of inputs or outputs; their values are left out
    wherever they occur.
    """

    prompts: bool = False
    inputs: bool = False
    fields: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.prompts or self.inputs or bool(self.fields)


NO_REDACTION: Final = Redaction()


def is_left_out(value: object) -> bool:
    """Whether this stands in place of something that was left out."""
    return value == LEFT_OUT


def redact(records: Sequence[Record], redaction: Redaction) -> list[Record]:
    """The run's records without what is to be left out."""
    if redaction.prompts:
        records = [_without_messages(record) for record in records]
    return list(records)


def _without_messages(record: Record) -> Record:
    event = record.event
    if not isinstance(event, LMRequested):
        return record
    messages = tuple({"role": m["role"], "content": LEFT_OUT} for m in event.messages)
    return replace(record, event=replace(event, messages=messages))
