"""Runs to store: real events, numbered and summed up as the recorder would."""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import refine_core
from refine_core import events as ev
from refine_core.log.scope import Record
from refine_core.log.span import Span
from refine_core.log.summaries import Summary, summarize
from refine_core.spec import ProgramSpec, StageSpec
from refine_core.store import Store

SPEC = ProgramSpec(
    (StageSpec("draft", "question -> answer"),), "def reward(inputs, output): return 1.0", title="A run"
)
STARTED = ev.RunStarted(SPEC, (0.0, 0.5), ("draft",), "0.1.0")
FINISHED = ev.RunFinished("attempts_used_up", 0, 0, 1.5)


def attempt(index: int) -> list[ev.Event]:
    """What one attempt may leave behind."""
    return [
        ev.AttemptStarted(index, 0.5),
        ev.LMRequested(
            "practice model", ({"role": "user", "content": "Wie geht's? 🌍"},), {"temperature": 0.5}
        ),
        ev.LMReplied("[[ ## answer ## ]]\nfine", 0.01),
        ev.RewardScored(index, index / 10, 0.001),
    ]


def numbered(run_id: str, events: Iterable[ev.Event], *, started_at: float = 1000.0) -> list[Record]:
    """The events as records 1, 2, 3 …, one second apart."""
    return [
        Record(run_id, n, started_at + n, Span.parse("attempt-0"), event)
        for n, event in enumerate(events, start=1)
    ]


def run(run_id: str, *, attempts: int = 2, finished: bool = True, started_at: float = 1000.0) -> list[Record]:
    """A run from beginning to end, or without its end."""
    middle = [event for index in range(attempts) for event in attempt(index)]
    return numbered(run_id, [STARTED, *middle, *([FINISHED] if finished else [])], started_at=started_at)


def summed_up(records: Sequence[Record]) -> Summary:
    """The summary from scratch."""
    summary = None
    for record in records:
        summary = summarize(summary, record)
    assert summary is not None
    return summary


def append_one_by_one(store: Store, records: Sequence[Record]) -> None:
    """Each record in a transaction of its own, with the summary after it."""
    for n in range(1, len(records) + 1):
        store.append(records[n - 1 : n], summed_up(records[:n]))


def child(script: str, *args: object) -> subprocess.Popen[str]:
    """A Python process that runs one of the scripts beside this file, or `-c` code; its output can be read line by line."""
    path = Path(__file__).parent / script
    what = [str(path)] if path.suffix == ".py" else ["-c", script]
    root = Path(refine_core.__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-W", "error", *what, *map(str, args)],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: subprocess.Popen[str], *, status: int = 0) -> list[str]:
    """The lines that a child printed, once it has ended as it should."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    return out.splitlines()
