"""A table of attempts as Parquet, with types: numbers, truth values, text and lists of these stay what they are.

A column whose values have several types, or deeper ones, holds JSON text, and `json_columns` names it in each row where it does.
pyarrow writes it; it is imported with the first such file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from refine_core.export.tables.attempts import TYPES
from refine_core.log.well_formed import make_well_formed
from refine_core.rows.formats.attempts import JSON_COLUMNS

_BIGGEST: Final = 2**53


def write_parquet(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], known: Mapping[str, str] = TYPES
) -> bytes:
    """The table. known: types of columns that every table has; another one without any value is text."""
    import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
    from pyarrow import parquet

    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "flag": pa.bool_()}
    as_json: list[list[str]] = [[] for _ in rows]
    arrays = []
    for name in columns:
        values = [row.get(name) for row in rows]
        kind = known.get(name) or _kind_of(values)
        if kind is None:
            for listed, value in zip(as_json, values, strict=True):
                if value is not None:
                    listed.append(name)
            values = [None if value is None else json.dumps(value, ensure_ascii=True) for value in values]
            arrays.append(pa.array(values, pa.string()))
            continue
        is_list = kind.startswith("list of ")
        arrow = types[kind.removeprefix("list of ")]
        arrays.append(pa.array(make_well_formed(values), pa.list_(arrow) if is_list else arrow))
    arrays.append(pa.array(make_well_formed(as_json), pa.list_(pa.string())))
    names = make_well_formed([*columns, JSON_COLUMNS])
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_arrays(arrays, names=names), out, compression="zstd")
    return out.getvalue()


def _kind_of(values: Sequence[object]) -> str | None:
    """The one kind that all values of a column have; None for several, or for deeper values."""
    kinds = {_kind(value) for value in values if value is not None}
    if not kinds:
        return "text"
    if kinds == {"whole", "number"} and all(_is_exact(value) for value in values):
        return "number"
    return kinds.pop() if len(kinds) == 1 else None


def _kind(value: object) -> str | None:
    if isinstance(value, list):
        inner = {_kind(one) for one in value}
        kind = inner.pop() if len(inner) == 1 else None
        return f"list of {kind}" if kind in ("text", "whole", "number", "flag") else None
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        return "whole" if -(2**63) <= value < 2**63 else None
    return "number" if isinstance(value, float) else "text" if isinstance(value, str) else None


def _is_exact(value: Any) -> bool:
    """Whether a number stays the same as a float."""
    return value is None or isinstance(value, float) or abs(value) <= _BIGGEST
