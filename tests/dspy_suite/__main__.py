"""Runs dspy's own tests of 2.6.23 against refine_core, and prints what came of them, file by file.

    git clone --branch 2.6.23 --depth 1 https://github.com/stanfordnlp/dspy /tmp/dspy
    .venv/bin/python -m tests.dspy_suite --checkout /tmp/dspy

Nothing of the checkout is changed or copied. `classified.json` says of each test that does not pass why: a deliberate
difference, out of scope, or the environment; one that it does not name and that fails is a gap, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
KINDS = ("pass", "gap", "deliberate difference", "out of scope", "environment")


def outcomes(checkout: Path) -> dict[str, list[str]]:
    """Test id -> [passed | failed | skipped | uncollected, why]."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "outcomes.json"
        env = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])]),
            "DSPY_SUITE_OUTCOMES": str(found),
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        flags = [
            "-p",
            "dspy_alias",
            "-p",
            "no:cacheprovider",
            "-q",
            "--continue-on-collection-errors",
            "--timeout=60",
        ]
        subprocess.run(
            [sys.executable, "-m", "pytest", *flags, "tests"],
            cwd=checkout,
            env=env,
            check=False,
            stdout=subprocess.DEVNULL,
        )
        made: dict[str, list[str]] = json.loads(found.read_text(encoding="utf-8"))
        return made


def classify(found: Mapping[str, list[str]], known: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Test id -> its kind. known: kind -> test id, or the beginning of several -> reason."""
    kinds = {}
    for test, (outcome, _) in found.items():
        named = [kind for kind, tests in known.items() if any(test.startswith(one) for one in tests)]
        kinds[test] = "pass" if outcome == "passed" else named[0] if named else "gap"
    return kinds


def table(kinds: Mapping[str, str]) -> str:
    """The table per file, in Markdown."""
    files: dict[str, Counter[str]] = defaultdict(Counter)
    for test, kind in kinds.items():
        files[test.partition("::")[0]][kind] += 1
    rows = [f"| file | {' | '.join(KINDS)} |", "|---|" + "---:|" * len(KINDS)]
    for file, counts in sorted(files.items()):
        rows.append(f"| `{file}` | " + " | ".join(str(counts[kind] or "") for kind in KINDS) + " |")
    every = Counter(kinds.values())
    rows.append("| **all** | " + " | ".join(f"**{every[kind]}**" for kind in KINDS) + " |")
    return "\n".join(rows)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkout", type=Path, required=True, help="a checkout of dspy at 2.6.23")
    parser.add_argument("--why", action="store_true", help="also print why each gap is one")
    asked = parser.parse_args()
    found = outcomes(asked.checkout)
    known = json.loads((HERE / "classified.json").read_text(encoding="utf-8"))
    kinds = classify(found, known)
    sys.stdout.write(f"{table(kinds)}\n")
    gaps = [test for test, kind in kinds.items() if kind == "gap"]
    for test in gaps:
        sys.stdout.write(f"\ngap: {test}\n" + (f"  {found[test][1]}\n" if asked.why else ""))
    return 1 if gaps else 0


if __name__ == "__main__":
    sys.exit(main())
