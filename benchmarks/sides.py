"""A side of a comparison: a process of its own that runs a case a few times when told to, and says what each took.

    parent  "refine 3"  ->  side        side  "[0.0021, 0.0020, 0.0020]"  ->  parent        a line each
    parent  "memory 1"  ->  side        side  "[41.2]"                    ->  parent        MB that it holds

All sides stay up, warm, and take turns, so that whatever else the machine does falls on all. Standard library only:
the other sides' Pythons have nothing else of ours.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.replies import Chooser

ROOT = Path(__file__).parents[1]
STATUS = Path("/proc/self/status")
WARM_UP = 5


@dataclass(frozen=True)
class Case:
    """run: what is timed. asks: what it must ask the model for, each time. warm: done once before it; None: it itself.

    clock: processor time unless something else is meant. By the wall's clock a machine that is busy would seem to slow
    down long calls more than short ones, which often end before their turn does.
    """

    run: Callable[[], object]
    asks: Mapping[str, int]
    warm: Callable[[], object] | None = None
    clock: Callable[[], float] = time.process_time


def serve(cases: Mapping[str, Case], chooser: Chooser) -> None:
    """The side's own loop: obey until the input ends. A case is warmed up when it is first asked for."""
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not get between the answers
    warm = set()

    def timed(name: str) -> float:
        before, case = dict(chooser.asked), cases[name]
        start = case.clock()
        case.run()
        took = case.clock() - start
        asked = {kind: count - before[kind] for kind, count in chooser.asked.items()}
        if asked != case.asks:
            sys.exit(f"{name}: asked the model for {asked}, not for {case.asks}; it compares unlike things")
        return took

    def answer(found: object) -> None:
        out.write(json.dumps(found) + "\n")
        out.flush()

    answer("ready")
    for line in sys.stdin:
        name, _, times = line.rpartition(" ")
        if name == "memory":
            answer([_held_mb()])
            continue
        if name not in warm:
            warm.add(name)
            for _ in range(WARM_UP if cases[name].warm is None else 1):
                (cases[name].warm or cases[name].run)()
        answer([timed(name) for _ in range(int(times))])


def _held_mb() -> float:
    gc.collect()
    resident = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1024


class Side:
    """The parent's handle. python: which interpreter. It gets ready meanwhile; the first `run` waits for that.

    Raises RuntimeError if the side ends early; its own words are on stderr.
    """

    def __init__(self, python: Path | str, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [str(python), "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._ready = False

    def run(self, case: str, times: int = 1) -> Sequence[float]:
        """Seconds of each of `times` runs of the case, by its clock."""
        assert self._process.stdin is not None
        if not self._ready:
            self._ready = bool(self._answer())
        self._process.stdin.write(f"{case} {times}\n")
        self._process.stdin.flush()
        found: list[float] = json.loads(self._answer())
        return found

    def memory_mb(self) -> float:
        """What the process holds in memory now. Linux only: see STATUS."""
        return self.run("memory")[0]

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
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise


def ours(stack: ExitStack) -> Side:
    """A process of our own side, closed with the stack."""
    return stack.enter_context(closing(Side(sys.executable, "benchmarks.ours")))


def recording(stack: ExitStack, folder: str) -> Side:
    """A process of our own side that records in a store in `folder`, closed with the stack."""
    return stack.enter_context(closing(Side(sys.executable, "benchmarks.recording", folder)))


def theirs(stack: ExitStack, python: Path) -> Side:
    """A process of dspy's side, closed with the stack."""
    return stack.enter_context(closing(Side(python, "benchmarks.theirs")))
