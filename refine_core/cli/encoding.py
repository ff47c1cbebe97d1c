"""Text on a stream whose encoding lacks our marks: a plain character in place of each, so that they stay apart."""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Mapping
from typing import Final

from refine_core.formatting import MINUS

_HANDLER: Final = "refinescope.plain"
_ENDS_OTHERWISE: Final = (
    "strict",
    "surrogateescape",
)  # what Python gives a stream unless somebody asks for more
PLAIN: Final[Mapping[str, str]] = {
    "▲": "^", "●": "o", "■": "#", "✕": "x", "✗": "x", "◌": ".", "★": "*",
    "█": "#", "↳": ">", "└": "\\", "→": ">", "·": "-", "…": "~",
    "≥": ">=", "≤": "<=", MINUS: "-", "\N{EN DASH}": "-", "—": "-",
    "“": '"', "”": '"', "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
}  # fmt: skip
"""A character that some terminal lacks -> what stands for it there; whatever is not here is a question mark."""


def make_encodable() -> None:
    """Let standard output and standard error take every text, whatever their encoding is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in _ENDS_OTHERWISE:
            stream.reconfigure(errors=_HANDLER)


def _write_plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(PLAIN.get(one, "?") for one in lacking), error.end


codecs.register_error(_HANDLER, _write_plainly)
