"""While hundreds of calls are under way, the garbage collector looks for garbage less often.

What is young then is not garbage but calls that wait, and to look through them again and again costs a fifth of all the
time that a batch takes. The threshold is the process's own, so it is raised for as long as a large batch runs, never
lowered, and put back by the last one that ends, unless somebody else has changed it meanwhile.
"""

from __future__ import annotations

import gc
import threading
from types import TracebackType

YOUNG = 10_000
"""How many objects more than before make the collector look; Python's own number is 700, or 2,000 since 3.12."""

_lock = threading.Lock()
_running = 0
_before: tuple[int, int, int] = (0, 0, 0)


class calm:  # noqa: N801 - it reads as the statement that it is
    """`with calm(): …` for the time of a large batch; may nest and overlap."""

    def __enter__(self) -> None:
        global _running, _before  # noqa: PLW0603 - the collector is one for the process
        with _lock:
            _running += 1
            if _running == 1:
                _before = gc.get_threshold()
                if 0 < _before[0] < YOUNG:  # 0: switched off
                    gc.set_threshold(YOUNG, *_before[1:])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _running  # noqa: PLW0603 - as above
        with _lock:
            _running -= 1
            if _running == 0 and gc.get_threshold() == (YOUNG, *_before[1:]):
                gc.set_threshold(*_before)
