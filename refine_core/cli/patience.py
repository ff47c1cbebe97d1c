"""A look at the history that waits for a database which is being restarted, as the runs that are recorded in it do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from refine_core.cli.output import BadInput
from refine_core.errors import StoreError

T = TypeVar("T")
PATIENCE_S: Final = 15.0  # longer than those who write have
_AGAIN_S: Final = 0.5


def look(read: Callable[[], T], next_step: str) -> T:
    """What `read` returns. next_step: what goes on once the database is back, as the end of a sentence. Raises BadInput, which says it."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return read()
        except StoreError as error:
            if time.monotonic() > until:
                raise BadInput(f"{error}. What was recorded is kept: {next_step}.") from error
            time.sleep(_AGAIN_S)
