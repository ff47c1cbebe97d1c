"""What an import costs: whole processes, cold, in turns; and the memory that they come to hold."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.peers import DSPY, dspy_python
from benchmarks.sides import ROOT
from benchmarks.table import NotMeasured, Row

# The peak of this program alone: getrusage would count the parent's memory from before it.
PEAK = "print(next((line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')), ''))"
CASES = {
    "nothing": "pass",
    "refine_core": "import refine_core",
    "names": "from refine_core import LM, Predict, Refine",
}


def measure(*, quick: bool) -> Iterator[Row]:
    """Three rows of time, and two of memory where the system tells it. quick: fewer repeats."""
    repeats = 5 if quick else 21
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(repeats):
        for name, code in CASES.items():
            times[name].append(_seconds(sys.executable, code))
    took = {name: median(found) for name, found in times.items()}
    yield Row("`import refine_core`, whole process", took["refine_core"], "Python alone:", took["nothing"])
    try:
        python = dspy_python()
        _seconds(python, "import dspy")  # the first writes its bytecode
        dspy = median(_seconds(python, "import dspy") for _ in range(3 if quick else 7))
        yield Row("the same, with Refine, Predict and LM", took["names"], f"`import dspy` {DSPY}:", dspy)
    except NotMeasured:
        yield Row("the same, with Refine, Predict and LM", took["names"], "Python alone:", took["nothing"])
    if Path("/proc/self/status").exists():
        held = {name: _megabytes(code) for name, code in CASES.items()}
        yield Row(
            "memory after `import refine_core`",
            held["refine_core"],
            "Python alone:",
            held["nothing"],
            unit="MB",
        )
        yield Row(
            "the same, with Refine, Predict and LM",
            held["names"],
            "Python alone:",
            held["nothing"],
            unit="MB",
        )


def _seconds(python: Path | str, code: str) -> float:
    start = time.perf_counter()
    subprocess.run([str(python), "-c", code], cwd=ROOT, check=True)
    return time.perf_counter() - start


def _megabytes(code: str) -> float:
    told = subprocess.run(
        [sys.executable, "-c", f"{code}\n{PEAK}"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return int(told.stdout) / 1024
