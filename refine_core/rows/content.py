"""A file's bytes, wherever they come from, and what its first ones say that it is.

Nothing is trusted: a path may be a folder or a device, a name may say .csv, and the size may change while it is read.
"""

from __future__ import annotations

import codecs
import io
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Literal

from refine_core.errors import RowsError
from refine_core.rows.limits import FILE_BYTES

Kind = Literal["text", "parquet", "zip"]

_HEAD_BYTES: Final = 1 << 16
_BLOCK_BYTES: Final = 1 << 20
_UNSUITABLE: Final = (
    (b"SQLite format 3", "a database. Export the table as CSV or JSONL"),
    (b"\x1f\x8b", "compressed with gzip. Unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd. Unpack it first"),
    (b"BZh", "compressed with bzip2. Unpack it first"),
    (b"\xfd7zXZ", "compressed with xz. Unpack it first"),
    (b"ARROW1", "an Arrow file. Save it as Parquet"),
    (b"%PDF", "a PDF. Rows come as CSV, TSV, JSON, JSONL or Parquet"),
    (b"\x80\x04\x95", "a pickle, which runs code when it is opened. Save the rows as JSONL"),
    (b"\x80\x05\x95", "a pickle, which runs code when it is opened. Save the rows as JSONL"),
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """A file: its name for people, and its bytes, in memory or on disk."""

    name: str
    where: bytes | Path

    def open(self) -> IO[bytes]:
        """The bytes from the start. Raises RowsError."""
        if isinstance(self.where, bytes):
            return io.BytesIO(self.where)
        try:
            return self.where.open("rb")
        except OSError as error:
            raise self.error(f"cannot be read: {error.strerror or error}") from error

    def head(self) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(_HEAD_BYTES)

    def error(self, what: str, *, needs_encoding: bool = False) -> RowsError:
        """The error that says of this file: it `what`."""
        return RowsError(f"{self.name} {what.rstrip('.')}.", file=self.name, needs_encoding=needs_encoding)


def take(source: Path | bytes | str, name: str = "") -> Content:
    """What was handed over, looked at from outside: not too large, and something that can be read. Raises RowsError."""
    if isinstance(source, str):
        return _sized(Content(name or "the text", source.encode("utf-8", "surrogatepass")))
    if isinstance(source, bytes):
        return _sized(Content(name or "the file", source))
    name = name or source.name or str(source)
    content = Content(name, source)
    try:
        status = source.stat()
    except OSError as error:
        raise content.error(f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the path
        raise content.error(f"cannot be read: {error}") from error
    if stat.S_ISDIR(status.st_mode):
        raise content.error("is a folder. Choose one file in it")
    if stat.S_ISFIFO(status.st_mode):  # refinescope rows <(command)
        with content.open() as stream:
            return _sized(Content(name, stream.read(FILE_BYTES + 1)))
    if not stat.S_ISREG(status.st_mode):
        raise content.error("is not a file but a device")
    return _sized(content, status.st_size)


def _sized(content: Content, size: int | None = None) -> Content:
    size = len(content.where) if isinstance(content.where, bytes) else size or 0
    if size == 0:
        raise content.error("is empty")
    if size > FILE_BYTES:
        raise content.error(
            f"has {format_bytes(size)}; up to {format_bytes(FILE_BYTES)} can be read. Take a part of it"
        )
    return content


def format_bytes(size: int) -> str:
    """A size for people: "3.2 MB"."""
    for unit, name in ((1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def kind_of(content: Content) -> Kind:
    """What the first bytes say that the file is, whatever it is called. Raises RowsError for what holds no rows."""
    head = content.head()
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    for mark, words in _UNSUITABLE:
        if head.startswith(mark):
            raise content.error(f"is {words}")
    return "text"


def find_encoding(content: Content, encoding: str | None = None) -> str:
    """The encoding of a text file, all of which was tried. encoding: use this one. Raises RowsError with the line.

    Without a mark at its start, and without `encoding`, text is UTF-8: a guess could change what is read without a word.
    """
    head = content.head()
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    chosen = encoding or marked or "utf-8"
    try:
        decoder = codecs.getincrementaldecoder(chosen)()
    except LookupError:
        raise content.error(f"cannot be read as {chosen}: there is no such encoding") from None
    line = 1
    with content.open() as stream:
        while True:
            block = stream.read(_BLOCK_BYTES)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                raise _not_text(content, head, chosen, line, error) from None
            if "\0" in text:
                line += text[: text.index("\0")].count("\n")
                raise content.error(_nul_words(head, line), needs_encoding=chosen == "utf-8")
            line += text.count("\n")
            if not block:
                return chosen


def _not_text(content: Content, head: bytes, chosen: str, line: int, error: UnicodeDecodeError) -> RowsError:
    line += error.object[: error.start].count(b"\n")
    if chosen != "utf-8":
        return content.error(f"is not {chosen} text: line {line} cannot be read. Save it as UTF-8")
    if b"\0" in head or len(re.findall(rb"[\x00-\x08\x0e-\x1f]", head)) > len(head) // 50:
        return content.error("is a binary file. Rows come as CSV, TSV, JSON, JSONL or Parquet")
    byte = error.object[error.start]
    return content.error(
        f"is not UTF-8 text: line {line} has the byte 0x{byte:02x}. Save it as UTF-8, or name its encoding, such as cp1252",
        needs_encoding=True,
    )


def _nul_words(head: bytes, line: int) -> str:
    pairs = head[: len(head) // 2 * 2]
    for parity, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if pairs and pairs[parity::2].count(0) > len(pairs) // 5 > pairs[1 - parity :: 2].count(0):
            return f"looks like UTF-16 without a mark at its start. Save it as UTF-8, or name its encoding, {encoding}"
    return f"has a NUL byte in line {line}, so it is not text. Rows come as CSV, TSV, JSON, JSONL or Parquet"


def open_text(content: Content, encoding: str) -> io.TextIOWrapper:
    """The text from the start, with line ends as they are."""
    return io.TextIOWrapper(content.open(), encoding=encoding, newline="")
