"""The comparison by hand, as tables.

python -m tests.parity --scripts 1000 --seed 7 [--without-each] [--branches]
"""
# ruff: noqa: T201 - a command's own words

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from benchmarks.peers import ORIGINAL
from tests.parity.coverage import classes
from tests.parity.environment import Missing, python
from tests.parity.scripts import scripts
from tests.parity.sides import Sides
from tests.parity.switches import NAMES


def main() -> int:
    """Print what was compared and what differs; the number of scripts that differ is the exit code, at most 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=__doc__)
    parser.add_argument("--scripts", type=int, default=1000, help="how many")
    parser.add_argument("--seed", type=int, default=7, help="from which they are made")
    parser.add_argument(
        "--without-each", action="store_true", help="count what differs without each switch; minutes"
    )
    parser.add_argument(
        "--branches", action="store_true", help="list what the scripts go through, and how often"
    )
    asked = parser.parse_args()
    try:
        sides = Sides(python())
    except Missing as why:
        print(why, file=sys.stderr)
        return 2
    try:
        return _compare(sides, asked)
    finally:
        sides.close()


def _compare(sides: Sides, asked: argparse.Namespace) -> int:
    start = time.perf_counter()
    made = scripts(asked.scripts, asked.seed)
    ours = sides.ours(made)
    different = dict(sides.differing(made, ours))
    calls = [call for outcomes in ours for call in outcomes]
    requests = sum(len(call.get("asked", ())) for call in calls)
    rewards = sum(len(call.get("scored", ())) for call in calls)
    print(f"| compared with dspy {ORIGINAL} | |\n|---|---:|")
    for what, count in (
        ("scripts", len(made)),
        ("calls of a refiner", len(calls)),
        ("requests to a model", requests),
        ("rewards", rewards),
        ("**scripts that differ**", f"**{len(different)}**"),
    ):
        print(f"| {what} | {count} |")
    for i, found in different.items():
        print(f"\nscript {i} ({made[i]['shape']}, {made[i]['strategy']}): call{found}", file=sys.stderr)
    if asked.without_each:
        print("\n| without this difference | scripts that differ |\n|---|---:|")
        for name in NAMES:
            others = [other for other in NAMES if other != name]
            print(f"| {name} | {sum(1 for _ in sides.differing(made, ours, others))} |", flush=True)
    if asked.branches:
        print("\n| went through | scripts |\n|---|---:|")
        counts = Counter(
            one for script, outcomes in zip(made, ours, strict=True) for one in classes(script, outcomes)
        )
        for name, count in sorted(counts.items()):
            print(f"| {name} | {count} |")
    print(f"\n{time.perf_counter() - start:.0f} s, seed {asked.seed}", file=sys.stderr)
    return min(len(different), 1)


if __name__ == "__main__":
    sys.exit(main())
