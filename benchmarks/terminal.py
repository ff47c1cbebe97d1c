"""Commands of the terminal: whole processes, from the return key to the prompt, with 1,000 runs in the data folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.run_list import QUICK_RUNS as RUNS
from benchmarks.run_list import home_of
from benchmarks.sides import ROOT
from benchmarks.table import Row
from refine_core.runs import Runs
from refine_core.store import open_store

MAIN = "import sys; from refine_core.cli import main; sys.exit(main())"
HELP_S, LIST_S = 0.3, 0.6


def measure(*, quick: bool) -> Iterator[Row]:
    """Rows of the help, of lists and searches, and of a whole run. quick: fewer repeats."""
    home = home_of(RUNS)
    with closing(open_store(home)) as store:
        runs = Runs(store)
        runs.list.search(index_s=3600.0)
        run_id = runs.recent(1)[0].run_id
    repeats = 3 if quick else 11
    for measure, bound, arguments in (
        ("`refinescope --help`", HELP_S, ("--help",)),
        (f"`refinescope runs` with {RUNS:,} runs", LIST_S, ("runs",)),
        ("the same, a search for two words", LIST_S, ("runs", "kettle", "refund")),
        ("`refinescope show RUN`", None, ("show", run_id)),
    ):
        took = _seconds(arguments, home, repeats)
        yield Row(measure, took) if bound is None else Row(measure, took, "bound", bound, 1.0)


def _seconds(arguments: tuple[str, ...], home: Path, repeats: int) -> float:
    """The median of whole processes; the first, which may write bytecode, does not count."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", MAIN, *arguments],
            cwd=ROOT,
            env={**environment, "REFINESCOPE_HOME": str(home)},
            check=True,
            capture_output=True,
        )
        times.append(time.perf_counter() - start)
    return median(times[1:])
