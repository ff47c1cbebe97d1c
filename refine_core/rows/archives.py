"""Members of a zip archive, read one at a time into memory; nothing is ever unpacked to disk.

Inspect writes its logs with zstd (method 93), which Python's zipfile knows from 3.14 on only: there the bytes behind the member's
own header are streamed through pyarrow.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

from refine_core.rows.content import Content, format_bytes
from refine_core.rows.limits import DOCUMENT_BYTES, FILE_BYTES

_ZSTD: Final = 93
_LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")
_MEMBERS: Final = 200_000
_FAULTS: Final = (
    OSError, ValueError, EOFError, NotImplementedError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip
"""What reading a damaged member raises, by the way in which it is damaged."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip archive that is open. names: of its members, as they are written; they are never used as paths."""

    content: Content
    stream: IO[bytes]
    unpacker: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.members)

    def read(self, name: str) -> bytes:
        """All of a member. Raises RowsError: it is damaged, encrypted, too large, or not as large as it claims."""
        info = self.members[name]
        if info.flag_bits & 1:
            raise self.content.error(f"is encrypted ({name}). Unpack it first")
        if info.file_size > DOCUMENT_BYTES:
            raise self.content.error(
                f"holds {name} of {format_bytes(info.file_size)}; up to {format_bytes(DOCUMENT_BYTES)} can be read"
            )
        try:
            data = self._zstd(info) if info.compress_type == _ZSTD else self._other(info)
        except _FAULTS:
            raise self.content.error(f"is damaged: {name} in it cannot be read") from None
        if len(data) != info.file_size:
            raise self.content.error(f"is damaged: {name} in it is not as long as it says")
        return data

    def _other(self, info: zipfile.ZipInfo) -> bytes:
        # The list of members is read once, not for each of them: a log may have tens of thousands.
        with self.unpacker.open(info) as member:
            return member.read(info.file_size + 1)

    def _zstd(self, info: zipfile.ZipInfo) -> bytes:
        import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types

        self.stream.seek(info.header_offset)
        header = _LOCAL_HEADER.unpack(self.stream.read(_LOCAL_HEADER.size))
        if header[0] != b"PK\x03\x04":
            raise ValueError("no local header")
        self.stream.seek(header[9] + header[10], 1)  # past the name and the extra field
        raw = self.stream.read(info.compress_size)
        with pa.CompressedInputStream(pa.BufferReader(raw), "zstd") as unpacked:
            data: bytes = unpacked.read(info.file_size + 1)
        if zlib.crc32(data) != info.CRC:
            raise ValueError("wrong checksum")
        return data


@contextmanager
def open_archive(content: Content) -> Iterator[Archive]:
    """The archive's list of members, looked at before anything is unpacked. Raises RowsError."""
    with content.open() as stream:
        try:
            unpacker = zipfile.ZipFile(stream)
            infos = unpacker.infolist()
        except (*_FAULTS, LookupError):
            raise content.error("is a zip archive that is damaged or cut off") from None
        claimed = sum(info.file_size for info in infos)
        if claimed > 2 * FILE_BYTES or len(infos) > _MEMBERS:
            raise content.error(
                f"unpacks to {len(infos):,} files of {format_bytes(claimed)}; up to {format_bytes(2 * FILE_BYTES)} can be read"
            )
        yield Archive(content, stream, unpacker, {info.filename: info for info in infos})
