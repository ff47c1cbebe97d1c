"""What an import costs: whole processes, cold, in turns; and the memory that they come to hold."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.peers import pythons
from benchmarks.sides import ROOT, STATUS
from benchmarks.table import NotMeasured, Row

# The peak of this program alone: getrusage would count the parent's memory from before it.
PEAK = f"print(next(line.split()[1] for line in open('{STATUS}') if line.startswith('VmHWM')))"
NOTHING, PACKAGE, NAMES = "pass", "import refine_core", "from refine_core import LM, Predict, Refine"
THEIRS = "from dspy import LM, Predict, Refine"
MOST_TIMES, MOST_MB = 15.0, 35.0


def measure(*, quick: bool) -> Iterator[Row | NotMeasured]:
    """Two rows of time, and one of memory where the system tells it. quick: fewer repeats."""
    found, missing = pythons()
    yield from missing
    own = {(code, Path(sys.executable)): code for code in (NOTHING, PACKAGE, NAMES)}
    others = {(THEIRS, python): version for version, python in found.items()}
    for code, python in [*own, *others]:
        _seconds(python, code)  # the first writes its bytecode
    rounds, every = (5, 5) if quick else (21, 5)
    times: dict[str, list[float]] = defaultdict(list)
    for nth in range(rounds):
        for (code, python), name in (own | others if nth % every == 0 else own).items():
            times[name].append(_seconds(python, code))
    took = {name: median(found) for name, found in times.items()}
    alone = took[NOTHING]
    yield Row(f"`{PACKAGE}`, whole process", took[PACKAGE], "Python alone", alone, MOST_TIMES)
    peers = {version: took[version] for version in found}
    yield Row(f"`{NAMES}`", took[NAMES], "Python alone", alone, MOST_TIMES, peers=peers)
    if STATUS.exists():
        held = {version: _megabytes(python, THEIRS) for version, python in found.items()}
        mine = _megabytes(Path(sys.executable), NAMES)
        yield Row("the same, memory", mine, "bound", MOST_MB, 1.0, "MB", held)


def _seconds(python: Path, code: str) -> float:
    start = time.perf_counter()
    subprocess.run([str(python), "-c", code], cwd=ROOT, check=True, env=_environment())
    return time.perf_counter() - start


def _environment() -> dict[str, str]:
    """Ours, in which bytecode is written: without it each process would compile this package, but not pip's, anew."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _megabytes(python: Path, code: str) -> float:
    told = subprocess.run(
        [str(python), "-c", f"{code}\n{PEAK}"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        env=_environment(),
    )
    return int(told.stdout) / 1024
