"""Limits of a dataset. A larger table is taken up to here, and a sentence says so."""

from typing import Final

MAX_ROWS: Final = 100_000
MAX_BYTES: Final = 128 << 20  # of all rows together, as they are kept
PROBLEMS: Final = 100  # rows that cannot be run are listed up to here, and counted beyond
SHOWN_CHARS: Final = 60  # of a value in a sentence
