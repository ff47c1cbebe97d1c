"""Rows out of a file, uploaded bytes or pasted text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RowsError
from refine_core.rows.row import Row, is_own_row, row_from_json
from refine_core.rows.row_set import OnProgress, RowSet


def read_rows(
    source: Path | bytes | str,
    *,
    name: str = "",
    on_progress: OnProgress | None = None,
    cancel: Cancel | None = None,
) -> RowSet:
    """Read the rows of a file (a Path), of an uploaded file (bytes) or of pasted text (str).

    name: what to call it in sentences; by default the file's name, or "the text". Raises RowsError; then nothing has changed.
    """
    name = name or (source.name if isinstance(source, Path) else "the text")
    try:
        data = source.read_bytes() if isinstance(source, Path) else source
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    except OSError as error:
        raise RowsError(f"{name} cannot be read: {error.strerror}.", file=name) from error
    except UnicodeDecodeError:
        raise RowsError(f"{name} is not UTF-8 text. Save it as UTF-8.", file=name) from None
    return RowSet(
        _own_rows(text, name), name=name, format="our own rows", on_progress=on_progress, cancel=cancel
    )


def _own_rows(text: str, name: str) -> Iterator[Row]:
    for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
        where = f"{name}, line {number}"
        try:
            value = json.loads(line)
            if not is_own_row(value):
                raise RowsError(
                    f'{where} is not a row: a JSON object with "inputs" and "prediction".', file=name
                )
            yield row_from_json(value, number=number, source=where)
        except (ValueError, RecursionError) as error:
            if isinstance(error, RowsError):
                raise
            raise RowsError(f"{where}: {error}.", file=name) from None
