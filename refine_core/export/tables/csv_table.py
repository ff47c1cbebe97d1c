"""A table of attempts as CSV, safe to open in a spreadsheet.

Text that a spreadsheet would take for a formula gets an apostrophe in front, and all text is in quotes, so that no other separator
than the comma can begin a cell; numbers stay numbers. What is neither text nor a number stands as JSON, and `json_columns` names the
inputs and outputs of its row that are no text.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Final

from refine_core.export.tables.attempts import is_open
from refine_core.log.well_formed import make_well_formed
from refine_core.rows.formats.attempts import JSON_COLUMNS, defuse


def write_csv(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> bytes:
    """The table in UTF-8 with a mark at its beginning, which Excel needs, and CRLF, as RFC 4180 has it."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([*map(defuse, make_well_formed(list(columns))), JSON_COLUMNS])
    for row in rows:
        as_json = [name for name in columns if is_open(name) and _is_json(row.get(name))]
        cells = [_cell(row.get(name)) for name in columns]
        writer.writerow(
            [*cells, json.dumps(make_well_formed(as_json), ensure_ascii=False) if as_json else ""]
        )
    return _MARK + out.getvalue().encode()


_MARK: Final = b"\xef\xbb\xbf"


def _is_json(value: object) -> bool:
    """Whether a value is read back as JSON; empty text is, so that it can be told from none."""
    return value is not None and (value == "" or not isinstance(value, str))


def _cell(value: object) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    if isinstance(value, str) and value:
        return defuse(make_well_formed(value))
    return json.dumps(make_well_formed(value), ensure_ascii=False)
