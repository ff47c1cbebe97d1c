"""Text that holds U+0000, which PostgreSQL's cannot: written as two other characters, and read back.

U+FDD0 is a code that is no character and never will be (Unicode, "noncharacters"), so nothing else is likely to hold it; if it does, it comes
back as well. Importing this loads the driver.
"""

from __future__ import annotations

from typing import Any, Final

from psycopg.abc import Buffer
from psycopg.types import string

_MARK: Final = "\ufdd0"
_NUL, _MARK_ITSELF = f"{_MARK}0", f"{_MARK}1"


class TextDumper(string.StrDumperUnknown):
    """Writes a str."""

    def dump(self, obj: str) -> Any:
        """The bytes of it."""
        if "\0" in obj or _MARK in obj:
            obj = obj.replace(_MARK, _MARK_ITSELF).replace("\0", _NUL)
        return super().dump(obj)


class TextLoader(string.TextLoader):
    """Reads a str."""

    def load(self, data: Buffer) -> Any:
        """The str of these bytes."""
        read = super().load(data)
        if isinstance(read, str) and _MARK in read:
            read = read.replace(_NUL, "\0").replace(_MARK_ITSELF, _MARK)
        return read
