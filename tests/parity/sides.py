"""Both sides of the comparison: a process each, and what differs between what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.parity.scripts import Script
from tests.parity.switches import NAMES

ROOT = Path(__file__).parents[2]
AT_ONCE = 24
Outcomes = list[dict[str, Any]]


class Side:
    """A process that plays scripts, one at a time. Raises RuntimeError with what it said if it ends early."""

    def __init__(self, python: Path | str, module: str) -> None:
        # litellm, which dspy imports, would ask the network for prices.
        quiet = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PYTHONHASHSEED": "0"}
        # A pipe that nobody reads would fill up.
        self._words = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the side
        self._process = subprocess.Popen(
            [str(python), "-m", module],
            cwd=ROOT,
            env=quiet,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            text=True,
        )
        self._hear()

    def do(self, job: Mapping[str, Any]) -> Any:
        """What came of a job; see the side's own module."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._words.seek(0)
            raise RuntimeError(f"a side of the comparison ended: {self._words.read()[-2000:]}")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        with self._process, self._words:
            pass  # the end of its input ends it


class Sides:
    """One process of ours and some of theirs, as theirs takes longer."""

    def __init__(self, dspy_python: Path | str, hands: int = 2) -> None:
        with ThreadPoolExecutor(hands + 1) as pool:  # dspy takes seconds to import
            theirs = [pool.submit(Side, dspy_python, "tests.parity.theirs") for _ in range(hands)]
            self.our_side = Side(sys.executable, "tests.parity.ours")
            self.their_sides = [one.result() for one in theirs]

    def ours(self, scripts: Iterable[Script], *, through_acall: bool = False) -> list[Outcomes]:
        """What happens with refine_core."""
        return [self.our_side.do({"script": one, "through_acall": through_acall}) for one in scripts]

    def theirs(self, scripts: Sequence[Script], switches: Collection[str] | None = NAMES) -> list[Outcomes]:
        """What happens with dspy with these switches on, in the scripts' order; None: dspy itself."""
        hands = len(self.their_sides)
        names = None if switches is None else [name for name in NAMES if name in switches]

        def share(i: int) -> list[Outcomes]:
            side = self.their_sides[i]
            return [side.do({"script": one, "switches": names}) for one in scripts[i::hands]]

        with ThreadPoolExecutor(hands) as pool:
            shares = list(pool.map(share, range(hands)))
        return [shares[i % hands][i // hands] for i in range(len(scripts))]

    def differing(
        self, scripts: Sequence[Script], ours: Sequence[Outcomes], switches: Collection[str] | None = NAMES
    ) -> Iterator[tuple[int, str]]:
        """Index and difference of every script that goes another way on their side, as they are found."""
        first, at_once = (
            0,
            len(self.their_sides),
        )  # few, then more: who wants the first one alone seldom waits for many
        while part := scripts[first : first + at_once]:
            for i, outcomes in enumerate(self.theirs(part, switches), first):
                if (found := difference(ours[i], outcomes)) is not None:
                    yield i, found
            first, at_once = first + at_once, min(2 * at_once, AT_ONCE)

    def close(self) -> None:
        """End all processes."""
        for side in (self.our_side, *self.their_sides):
            side.close()


def difference(ours: object, theirs: object, where: str = "") -> str | None:
    """Where two results first differ, in words; None if they are equal."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = (difference(ours[key], theirs[key], f"{where}.{key}") for key in ours if key in theirs)
        if (first := next((one for one in found if one), None)) or list(ours) == list(theirs):
            return first
        only = [{key: a[key] for key in a if key not in b} for a, b in ((ours, theirs), (theirs, ours))]
        return f"{where}: only ours {only[0]}, only theirs {only[1]}; keys {list(ours)}, {list(theirs)}"
    if isinstance(ours, list) and isinstance(theirs, list):
        found = (
            difference(a, b, f"{where}[{i}]") for i, (a, b) in enumerate(zip(ours, theirs, strict=False))
        )
        if (first := next((one for one in found if one), None)) or len(ours) == len(theirs):
            return first
        return f"{where}: ours has {len(ours)}, theirs {len(theirs)}; the rest: {ours[len(theirs) :]} {theirs[len(ours) :]}"
    return None if ours == theirs else f"{where}: ours {ours!r}, theirs {theirs!r}"
