"""The ids of runs, and of whatever else is kept by when it began."""

from __future__ import annotations

import datetime
import secrets


def new_run_id() -> str:
    """An id that sorts by time, reads as a date and is unique."""
    return f"{datetime.datetime.now(datetime.UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
