"""The output of an OpenAI batch, joined with what was asked: the batch's input, or a table of one's own that has custom_id.

    join(opened output, opened input) -> RowFile        inputs and expected values come from the second, by custom_id

A second file is kept as bytes, a record each, and is looked into as the outputs are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from refine_core.concurrency.cancellation import Cancel
from refine_core.formatting import pluralize
from refine_core.rows.formats import openai_files
from refine_core.rows.formats.base import Format, Values, describe_expected
from refine_core.rows.formats.openai_files import BATCH, CUSTOM_ID
from refine_core.rows.mapping import as_text
from refine_core.rows.opening import RowFile
from refine_core.rows.row import Row
from refine_core.rows.row_set import OnProgress

_EVERY = 500


def is_batch_output(file: RowFile) -> bool:
    """Whether this is the output of a batch that has not been joined yet."""
    return file.format is BATCH


def can_join(first: RowFile, second: RowFile) -> bool:
    """Whether one of the two is the output of a batch and the other has custom_id."""
    return _order(first, second) is not None


def join(
    first: RowFile, second: RowFile, *, on_progress: OnProgress | None = None, cancel: Cancel | None = None
) -> RowFile:
    """The batch's output, whose rows get the inputs and expected values of the other file. In either order.

    Reads all of the second file. on_progress: called with the number of its records so far. Raises RowsError: neither is the output
    of a batch, the other has no custom_id, or it says two things of one; RunCancelled.
    """
    pair = _order(first, second)
    if pair is None:
        if first.format is not BATCH and second.format is not BATCH:
            raise first.content.error(
                f"cannot be joined with {second.content.name}: neither is the output of an OpenAI batch"
            )
        other = second if first.format is BATCH else first
        raise other.content.error("cannot be joined with the batch's output: its records have no custom_id")
    output, asked = pair
    requests = _read(asked, on_progress, cancel)
    return replace(output, format=requests.joined_format())


def _order(first: RowFile, second: RowFile) -> tuple[RowFile, RowFile] | None:
    for output, asked in ((first, second), (second, first)):
        if output.format is BATCH and asked.format is not BATCH and CUSTOM_ID in asked.columns:
            return output, asked
    return None


@dataclass(slots=True)
class _Requests:
    """What was asked, by custom_id. unknown: ids of outputs that are not among them; matched: whether any is."""

    file: RowFile
    packed: dict[str, bytes] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    matched: bool = False

    def joined_format(self) -> Format:
        return Format(f"{BATCH.name} with its input", BATCH.recognizes, self._rows, self._note)

    def _rows(self, values: Values, number: int, place: str) -> Iterator[Row]:
        for row in BATCH.rows(values, number, place):
            key = as_text(values.get(CUSTOM_ID))
            packed = self.packed.get(key)
            if packed is None:
                self.unknown.add(key)
                yield row
                continue
            self.matched = True
            inputs, expected = json.loads(packed.decode("utf-8", "surrogatepass"))
            yield replace(row, inputs={**inputs, CUSTOM_ID: key}, expected=expected)

    def _note(self, row: Row) -> str:
        name = self.file.content.name
        if not self.matched:
            raise self.file.content.error(
                "has none of the custom_ids of the outputs, so it is the input of another batch"
            )
        notes = [describe_expected(row)]
        if self.unknown:
            notes.append(
                f"{pluralize(len(self.unknown), 'output')} not asked for in {name}; they have no prompt."
                if len(self.unknown) > 1
                else f"1 output is not asked for in {name}; it has no prompt."
            )
        return " ".join(filter(None, notes))


def _read(file: RowFile, on_progress: OnProgress | None, cancel: Cancel | None) -> _Requests:
    requests = _Requests(file)
    for count, record in enumerate(file.records.read(), 1):
        if count % _EVERY == 0:
            if cancel is not None:
                cancel.check()
            if on_progress is not None:
                on_progress(count)
        if record.error:
            raise file.content.error(f"cannot be read, {record.place}: {record.error}")
        key = as_text(record.values.get(CUSTOM_ID))
        if not key:
            continue
        packed = json.dumps(openai_files.request_of(record.values), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
        if requests.packed.setdefault(key, packed) != packed:
            raise file.content.error(f"has two different records for the custom_id {key[:60]}")
    return requests
