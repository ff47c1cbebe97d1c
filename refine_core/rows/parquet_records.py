"""Records out of Parquet. pyarrow reads it, a few rows at a time; it is imported with the first such file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from refine_core.errors import RowsError
from refine_core.jsonable import to_jsonable
from refine_core.rows.content import Content, format_bytes
from refine_core.rows.limits import COLUMNS, FILE_BYTES, ROW_CHARS, ROWS
from refine_core.rows.records import Record, Records, check_value

_BATCH: Final = 64  # rows: a value of megabytes may be written once and meant a thousand times
_METADATA_BYTES: Final = 64 << 20
_PLAIN: Final = frozenset((str, int, bool, type(None)))
_INDEX: Final = "__index_level_"  # how pandas calls the index of its rows


def read_parquet(content: Content) -> Records:
    """One record a row. Raises RowsError, before any row is read, for a file that is broken or claims too much."""
    file = _open(content)
    try:
        meta = file.metadata
        names = tuple(name for name in file.schema_arrow.names if not name.startswith(_INDEX))
        claimed = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
        rows, has_doubles = meta.num_rows, len(set(names)) != len(names)
    except _faults() as error:
        raise _broken(content, error) from None
    finally:
        file.close()
    if rows > ROWS or rows < 0:
        raise content.error(f"says that it has {rows:,} rows; up to {ROWS:,} can be read. Take a part of it")
    if len(names) > COLUMNS:
        raise content.error(f"has {len(names):,} columns; up to {COLUMNS:,} can be read")
    if claimed > 2 * FILE_BYTES:
        raise content.error(
            f"unpacks to {format_bytes(claimed)}; up to {format_bytes(2 * FILE_BYTES)} can be read. Take a part of it"
        )
    if has_doubles:
        raise content.error("has two columns of the same name. Rename one")
    if rows == 0:
        raise content.error("has columns and no rows")

    def read() -> Iterator[Record]:
        yield from _read(content, names)

    return Records("Parquet", read, columns=names)


def _open(content: Content) -> Any:
    import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
    from pyarrow import parquet

    source = pa.BufferReader(content.where) if isinstance(content.where, bytes) else str(content.where)
    try:
        return parquet.ParquetFile(
            source, thrift_string_size_limit=_METADATA_BYTES, thrift_container_size_limit=1_000_000
        )
    except _faults() as error:
        raise _broken(content, error) from None


def _read(content: Content, names: tuple[str, ...]) -> Iterator[Record]:
    file = _open(content)
    number = 0
    try:
        for batch in file.iter_batches(batch_size=_BATCH, columns=list(names), use_threads=False):
            if batch.nbytes > _BATCH * ROW_CHARS:
                raise content.error(
                    f"has rows of {format_bytes(batch.nbytes // _BATCH)} each, too large to be read"
                )
            for values in batch.to_pylist():
                number += 1
                yield _record(number, values)
    except _faults() as error:
        if isinstance(error, RowsError):
            raise
        raise _broken(content, error) from None
    finally:
        file.close()


def _faults() -> tuple[type[Exception], ...]:
    """What reading a damaged file raises: errors of Arrow, and of Python where a value has no Python type, such as the year 99999."""
    import pyarrow as pa

    return (
        pa.ArrowException,
        OSError,
        ValueError,
        MemoryError,
        ArithmeticError,
        TypeError,
        LookupError,
        RuntimeError,
    )


def _record(number: int, values: Mapping[str, Any]) -> Record:
    place = f"row {number}"
    plain = {name: _json_value(value) for name, value in values.items()}
    chars = sum(len(value) for value in plain.values() if isinstance(value, str))
    error = check_value(plain, chars)
    return Record(place, error=error) if error else Record(place, plain)


def _json_value(value: object) -> object:
    """A value as JSON data. Bytes (images, mostly) are named by their size; NaN is a value that is missing."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, bytes):
        return f"<{format_bytes(len(value))}>"
    if isinstance(value, list):
        return [_json_value(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _json_value(one) for key, one in value.items()}
    return to_jsonable(value)


def _broken(content: Content, error: BaseException) -> RowsError:
    words = str(error).partition("\n")[0][:200] or type(error).__name__
    return content.error(
        f"is a Parquet file that cannot be read: it is damaged, cut off, or of an unknown kind ({words})"
    )
