"""A side of a comparison: a process of its own that runs a case a few times when told to, and says how long each took.

    parent  "refine 3"  ->  side        side  "[0.0021, 0.0020, 0.0020]"  ->  parent        a line each

Both sides stay up, warm, and take turns, so that whatever else the machine does falls on both. Standard library only:
the other side's Python has nothing else of ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.replies import EXPECTED, Chooser

ROOT = Path(__file__).parents[1]
WARM_UP = 5


def serve(cases: Mapping[str, Callable[[], None]], chooser: Chooser) -> None:
    """The side's own loop: check every case, warm it up, then obey until the input ends."""
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not get between the answers
    for name, run in cases.items():
        before = dict(chooser.asked)
        run()
        asked = {kind: count - before[kind] for kind, count in chooser.asked.items()}
        expected = EXPECTED[name.removesuffix(", recorded")]
        if asked != expected:
            sys.exit(
                f"{name}: asked the model for {asked}, not for {expected}; the comparison would be of unlike things"
            )
        for _ in range(WARM_UP):
            run()
    out.write("ready\n")
    out.flush()
    for line in sys.stdin:
        name, _, times = line.rpartition(" ")
        out.write(json.dumps([_timed(cases[name]) for _ in range(int(times))]) + "\n")
        out.flush()


def _timed(run: Callable[[], None]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


class Side:
    """The parent's handle. python: which interpreter. Raises RuntimeError with the side's own words if it ends early."""

    def __init__(self, python: Path | str, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [str(python), "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def run(self, case: str, times: int) -> Sequence[float]:
        """Seconds of each of `times` runs of the case."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{case} {times}\n")
        self._process.stdin.flush()
        found: list[float] = json.loads(self._answer())
        return found

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"a side of the comparison ended with code {self._process.wait()}; see its words above"
            )
        return line

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
