"""Rewards that a run's log does not hold, computed from its recorded outputs by its recorded reward, in the sandboxed worker.

    compute_rewards(runs, run_id) -> ComputedRewards        what it found is in the run's log by then, as RewardComputed

Only runs that were recorded from elsewhere have such attempts: a trace does not hold the reward of the last one, and a script may
end before its reward did. No model is asked. An error is no fact of the run, as the reward may have had its names and modules
there: it is told, and the reward stays unknown.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from refine_core.errors import Problem, SpecError
from refine_core.events import AttemptFailed, AttemptStarted, Fault, RewardComputed, RewardScored
from refine_core.log.scope import Record
from refine_core.log.summaries import summarize
from refine_core.log.timeline import Timeline
from refine_core.runs.logs import no_such_run

if TYPE_CHECKING:
    from refine_core.runs.registry import Runs


@dataclass(frozen=True, slots=True)
class ComputedRewards:
    """What became of the attempts whose reward was unknown, by index. scored: index -> the reward that is on record now.

    errors: why one still has none. wants_judge: whether the reward asks a model, which this does not.
    """

    scored: Mapping[int, float]
    errors: Mapping[int, Fault]
    wants_judge: bool = False


def why_not_computed(timeline: Timeline) -> str:
    """Why the unknown rewards of a run cannot be computed here, to end a sentence; "" where they can be."""
    if "reward function" in timeline.unknown:
        return "the trace does not hold the reward. What if scores the outputs with one of yours"
    if any(one != "prompts" for one in timeline.left_out):
        return f"this run was shared without some of its values ({', '.join(timeline.left_out)})"
    return ""


def compute_rewards(runs: Runs, run_id: str) -> ComputedRewards:
    """Run the recorded reward on each attempt whose reward is unknown, and add what it returns to the run.

    Raises: SpecError for an unknown run, one at work, and one whose reward is not there; RewardError for a source that cannot be read;
    WorkerError; StoreError, also where another process has added to the run meanwhile; then nothing was added.
    """
    run = runs.get(run_id)
    if run is None:
        raise no_such_run(run_id)
    if run.live:
        raise SpecError([Problem("run", f"run {run_id!r} is still at work; wait until it has ended")])
    timeline = run.timeline
    if not timeline.unscored:
        return ComputedRewards({}, {})
    if why := why_not_computed(timeline):
        raise SpecError([Problem("run", f"its unknown rewards cannot be computed: {why}")])
    wanted = replace(timeline, attempts=[a for a in timeline.attempts if a.index in timeline.unscored])
    found = runs.what_ifs.rescorer.score_as_recorded(wanted)
    scored = [end for end in found.ends.values() if isinstance(end, RewardScored)]
    if scored:
        _append(runs, run_id, timeline.seq, scored)
    return ComputedRewards(
        {end.index: end.value for end in scored},
        {i: end.error for i, end in found.ends.items() if isinstance(end, AttemptFailed)},
        wants_judge=found.estimate is not None,
    )


def explain_error(error: Fault) -> str:
    """Why a recorded reward could not be run here, and what that says of the run."""
    if error.type in ("NameError", "ModuleNotFoundError", "ImportError"):
        why = "The recorded code is the reward function alone: what its file imports or defines around it is not recorded."
        return f"{error.message}. {why}"
    return f"{error.message}. It may have run otherwise in its own program, so the reward stays unknown."


def _append(runs: Runs, run_id: str, seq: int, scored: list[RewardScored]) -> None:
    """Make the scores durable, behind the run's last event."""
    records = runs.events(run_id)[:seq]
    spans = {
        r.event.index: r.span for r in records if isinstance(r.event, AttemptStarted) and not r.span.is_nested
    }
    at = time.time()
    added = [
        Record(run_id, number, at, spans[end.index], RewardComputed.of(end))
        for number, end in enumerate(scored, seq + 1)
    ]
    summary = functools.reduce(summarize, [*records, *added], None)
    if summary is not None:  # a run that was found has a beginning
        runs.store.append(added, summary, keep_writer=True)
