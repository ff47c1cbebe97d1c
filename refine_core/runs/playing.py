"""Runs to step through: one `Playback` a run, kept for whoever comes back to it."""

from __future__ import annotations

import threading
from collections import OrderedDict

from refine_core.log.well_formed import make_well_formed
from refine_core.messages import usage_summary
from refine_core.play import Playback
from refine_core.runs.logs import RunLogs
from refine_core.runs.run import Run
from refine_core.stop_summary import stop_sentences
from refine_core.verdict import write_verdict

MAX_RUNS = 8


class Playbacks:
    """The playbacks of the runs that were played last, at most `max_runs`. Safe to use from any thread."""

    def __init__(self, logs: RunLogs, max_runs: int = MAX_RUNS) -> None:
        self._logs, self._max_runs = logs, max_runs
        self._playbacks: OrderedDict[str, Playback] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, run_id: str) -> Playback | None:
        """The run as far as it is recorded, to step through; None if there is no such run. Raises StoreError."""
        with self._lock:
            playback = self._playbacks.setdefault(run_id, Playback())
            self._playbacks.move_to_end(run_id)
            while len(self._playbacks) > self._max_runs:
                self._playbacks.popitem(last=False)
        playback.extend([make_well_formed(r) for r in self._logs.records(run_id, after=playback.seq)])
        return playback if playback.all_steps else None


def run_at(playback: Playback, step: int) -> Run:
    """The run as a screen would have shown it at the end of this step. Raises IndexError for a step that there is not."""
    timeline = playback.timeline(step)
    sentences = stop_sentences(timeline)
    return Run(
        timeline.run_id,
        timeline,
        "running" if timeline.end is None else "finished",
        " ".join(sentences),
        usage_summary(timeline),
        is_local=False,
        revision=f"step.{timeline.seq}",
        stop_sentences=sentences,
        verdict=write_verdict(timeline, sentences),
        shown_at=playback.time_of(step),
    )
