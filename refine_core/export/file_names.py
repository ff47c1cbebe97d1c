"""Names of files that every system takes, whatever a run is called: letters, digits and hyphens of ASCII.

name_file("Two stages, one to blame", "20261130-002352-67af22ee") -> "two-stages-one-to-blame-20261130-002352-67af22ee"
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_TITLE_CHARS: Final = 48
MAX_ID_CHARS: Final = 100
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_OTHER_IN_ID: Final = re.compile(r"[^A-Za-z0-9._-]+")


def name_file(title: str, run_id: str) -> str:
    """A file name without its suffix. title: what the run is called; its id makes the name unique, and keeps it from being a device's."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = _OTHER.sub("-", plain).strip("-")
    if len(words) > MAX_TITLE_CHARS:
        words = words[: MAX_TITLE_CHARS + 1].rpartition("-")[0] or words[:MAX_TITLE_CHARS]
    return f"{words or 'run'}-{_OTHER_IN_ID.sub('-', run_id).strip('.-')[:MAX_ID_CHARS]}"
