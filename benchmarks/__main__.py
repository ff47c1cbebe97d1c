"""`python -m benchmarks`: measure, and print a Markdown table.

python -m benchmarks                       everything, about five minutes; the first time dspy is installed, too, twice
python -m benchmarks --quick               fewer repeats, and of dspy smaller batches
python -m benchmarks --only loop import    some measures
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator

from benchmarks.peers import DSPY, ORIGINAL
from benchmarks.table import NotMeasured, Row, machine, markdown

SCREEN = ("paint", "first-attempt", "event-to-screen")
LIVE = ("idle-page", "arriving")
OPENING = ("open", "select", "tabs")
FRAMEWORK = ("loop", "recorded")
ALONE = {
    "batch": "benchmarks.batch",
    "experiment": "benchmarks.experiments",
    "executor": "benchmarks.executors",
    "postgres": "benchmarks.postgres",
    "compare": "benchmarks.comparing",
    "what-if": "benchmarks.what_ifs",
    "fork": "benchmarks.forking",
    "hint-test": "benchmarks.hint_testing",
    "report": "benchmarks.reports",
    "export": "benchmarks.exporting",
    "rows": "benchmarks.row_files",
    "keystroke": "benchmarks.keystrokes",
    "lint": "benchmarks.linting",
    "probes": "benchmarks.probing",
    "lasting": "benchmarks.lasting",
    "recording-dspy": "benchmarks.recording_dspy",
    "score": "benchmarks.scoring_rows",
    "xray": "benchmarks.xraying",
    "stream": "benchmarks.streams",
    "commit": "benchmarks.storage",
    "runs": "benchmarks.run_list",
    "experiment-page": "benchmarks.experiment_page",
    "terminal": "benchmarks.terminal",
    "import": "benchmarks.importing",
}
NAMES = (*SCREEN, *LIVE, *OPENING, *FRAMEWORK, *ALONE)

Rows = Iterator[Row | NotMeasured]


def main() -> int:
    """Measure what was asked for. Returns 1 if anything could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Prints the performance table.")
    parser.add_argument(
        "--quick", action="store_true", help="fewer repeats: to see that it works, not to quote"
    )
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=f"of: {', '.join(NAMES)}"
    )
    asked = parser.parse_args()
    rows: list[Row] = []
    missing: list[str] = []
    for label, group in groups(set(asked.only), quick=asked.quick):
        print(f"measuring: {label} …", file=sys.stderr, flush=True)
        try:
            for found in group():
                if isinstance(found, Row):
                    rows.append(found)
                else:
                    missing.append(f"Not measured: part of {label}. {found}")
        except NotMeasured as why:
            missing.append(f"Not measured: {label}. {why}")
    print(markdown(rows))
    print()
    print(machine([f"dspy {DSPY}", f"dspy {ORIGINAL}"]))
    for line in missing:
        print(f"\n{line}")
    return 1 if missing else 0


def groups(names: set[str], *, quick: bool) -> Iterator[tuple[str, Callable[[], Rows]]]:
    """The groups of measures that hold any of `names`. Each imports what it needs when it begins."""
    if wanted := names & set(SCREEN):

        def screen() -> Rows:
            from benchmarks.screen import measure

            return measure(wanted, quick=quick)

        yield "screen", screen
    if watched := names & set(LIVE):

        def live() -> Rows:
            from benchmarks.live import measure

            return measure(watched, quick=quick)

        yield "live", live
    if opened := names & set(OPENING):

        def opening() -> Rows:
            from benchmarks.opening import measure

            return measure(opened, quick=quick)

        yield "opening", opening
    if found := names & set(FRAMEWORK):

        def framework() -> Rows:
            from benchmarks.framework import measure

            return measure(found, quick=quick)

        yield "framework", framework
    for name, module in ALONE.items():
        if name in names:

            def alone(module: str = module) -> Rows:
                rows: Rows = importlib.import_module(module).measure(quick=quick)
                return rows

            yield name, alone


if __name__ == "__main__":
    sys.exit(main())
