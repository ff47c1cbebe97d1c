"""dspy 2.6.23 in an environment of its own: the benchmarks make and keep it, and share it with these tests.

python -m tests.parity.environment      makes it now, so that the first test need not wait for pip
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.peers import ORIGINAL, NotMeasured, dspy_python


class Missing(Exception):  # noqa: N818 - nobody's error: its text says what to do
    """The environment cannot be had."""


def python() -> Path:
    """The Python that has dspy. Raises Missing."""
    try:
        return dspy_python(ORIGINAL)
    except NotMeasured as why:
        raise Missing(
            f"{why}. The comparison needs dspy {ORIGINAL}; with a network or a package index that pip can reach, run "
            "`python -m tests.parity.environment`"
        ) from None


if __name__ == "__main__":
    start = time.perf_counter()
    python()
    print(f"dspy {ORIGINAL} is there after {time.perf_counter() - start:.0f} s")  # noqa: T201 - a command's own words
