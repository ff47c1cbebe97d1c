"""Limits on what is read. A file beyond them is refused in words, before it takes memory."""

from typing import Final

FILE_BYTES: Final = 512 << 20  # of a file, and of what is unpacked from one
DOCUMENT_BYTES: Final = 128 << 20  # of JSON that has to be read as a whole
ROW_CHARS: Final = 4_000_000  # of one row's text
ROWS: Final = 1_000_000
COLUMNS: Final = 2_000
DEPTH: Final = 60  # of lists and objects in one another
PROBLEMS: Final = 100  # rows that cannot be read are listed up to here, and counted beyond
