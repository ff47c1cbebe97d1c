"""Versions of dspy, each in an environment of its own: the benchmarks make and keep it, and share it with these tests.

python -m tests.parity.environment      makes them now, so that the first test need not wait for pip
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.peers import DSPY, ORIGINAL, NotMeasured, dspy_python

VERSIONS = (ORIGINAL, DSPY)
"""The version that tests/parity compares with, and the newest; tests/interop records both."""


class Missing(Exception):  # noqa: N818 - nobody's error: its text says what to do
    """The environment cannot be had."""


def python(version: str = ORIGINAL) -> Path:
    """The Python that has this dspy. Raises Missing."""
    try:
        return dspy_python(version)
    except NotMeasured as why:
        raise Missing(
            f"{why}. The test needs dspy {version}; with a network or a package index that pip can reach, run "
            "`python -m tests.parity.environment`"
        ) from None


if __name__ == "__main__":
    for wanted in VERSIONS:
        start = time.perf_counter()
        python(wanted)
        print(f"dspy {wanted} is there after {time.perf_counter() - start:.0f} s")  # noqa: T201 - a command's own words
