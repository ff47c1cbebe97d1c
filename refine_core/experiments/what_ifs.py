"""What if: a whole experiment under another reward, other validators or another threshold, out of what it recorded.

    what_if(snapshot, find_timeline, answer, changes) -> ExperimentWhatIf(snapshot, unknown, missing)       build_result(….snapshot)
    start_what_if(runs, snapshot, threshold=0.6) -> WhatIfJob                                               the same in the background

No model is asked. Attempts without hints do not depend on the reward: best of n and single attempts are exact. Refine's later
attempts had hints from an adviser who read the reward, so with another one they would have been others: such a run counts by the
outputs that it has: the first at the threshold with what was spent up to it, else the best with all that it took. It is counted as unknown,
and so is what it would have spent beyond its first attempts, which are the same under both.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Unpack

from refine_core.experiments.document import Cell
from refine_core.experiments.outcomes import AttemptFigures, Outcome
from refine_core.experiments.snapshot import Snapshot
from refine_core.formatting import join_words, pluralize
from refine_core.log.timeline import Timeline
from refine_core.rewards.pool import RunnerPool
from refine_core.runs import Runs, RunWhatIf
from refine_core.spec import ProgramSpec
from refine_core.what_if import Changes, WhatIf, WhatIfAttempt, change_spec

FindTimeline = Callable[[str], Timeline | None]
Answer = Callable[[Timeline, ProgramSpec], RunWhatIf]
OnProgress = Callable[[int, int], None]
"""Called with how many runs have been scored again, and how many there are."""


@dataclass(frozen=True, slots=True)
class ExperimentWhatIf:
    """The experiment as it would have been: `build_result(one.snapshot)` says what it shows.

    unknown: key of an arm -> runs of which nobody knows how they would have gone on; they count by the outputs they have.
    counted_calls: of these runs; sure_calls: those of them that would have been made whatever the adviser had said.
    missing: runs that could not be scored again, such as those that were deleted, or whose reward waits for a judge; they are left out.
    """

    snapshot: Snapshot
    unknown: Mapping[str, int] = field(default_factory=dict)
    missing: int = 0
    counted_calls: int = 0
    sure_calls: int = 0

    def describe(self) -> tuple[str, ...]:
        """What a reader has to know beside the result, a sentence each."""
        names = [
            f"{pluralize(count, 'run')} of {self.snapshot.experiment.arm(key).name}"
            for key, count in sorted(self.unknown.items())
            if count
        ]
        sentences = []
        if names:
            sentences.append(
                f"{join_words(names)} would have gone another way after some attempt: they count by the recorded output "
                "that is first at the threshold and the calls up to it, else by the best and all the calls they made, not by what they "
                f"would have done. Of these {pluralize(self.counted_calls, 'call')} {self.sure_calls:,} would have been made in any "
                "case; how many more is not known."
            )
        if self.missing:
            sentences.append(
                f"Left out, as they could not be scored again: {pluralize(self.missing, 'run')}."
            )
        if errors := Counter(one.error for one in self.snapshot.outcomes.values() if one.state == "failed"):
            ((most, count),) = errors.most_common(1)
            sentences += [f"{pluralize(count, 'run')} got no reward: {most}"] if most else []
        return tuple(sentences)


def what_if(
    snapshot: Snapshot,
    find_timeline: FindTimeline,
    answer: Answer,
    changes: Changes,
    *,
    on_progress: OnProgress | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> ExperimentWhatIf | None:
    """Every run that ended, under the changed description; None if it was cancelled. Raises what `answer` raises, and SpecError."""
    if "n" in changes or "fail_count" in changes:
        raise TypeError("of an experiment, only the reward, the validators and the threshold can be changed")
    experiment = snapshot.experiment
    arms = tuple(replace(arm, spec=change_spec(arm.spec, **changes)) for arm in experiment.arms)
    outcomes: dict[Cell, Outcome] = {}
    unknown: Counter[str] = Counter()
    missing = counted_calls = sure_calls = 0
    for done, (cell, outcome) in enumerate(snapshot.outcomes.items(), 1):
        if is_cancelled():
            return None
        timeline = find_timeline(cell.run_id(experiment.id))
        found = None if timeline is None else answer(timeline, change_spec(timeline.spec, **changes)).result
        if found is None or any(one.comparable and one.end is None for one in found.attempts):
            missing += 1
        else:
            supposed = outcomes[cell] = outcome_under(found, outcome)
            unknown[cell.arm] += not found.is_known
            if not found.is_known:
                counted_calls += supposed.calls
                sure_calls += sum(one.calls for one in supposed.attempts[: found.exact_until])
        if on_progress is not None:
            on_progress(done, len(snapshot.outcomes))
    changed = replace(snapshot, experiment=replace(experiment, arms=arms), outcomes=outcomes, cut_off={})
    return ExperimentWhatIf(changed, unknown, missing, counted_calls, sure_calls)


def outcome_under(found: WhatIf, recorded: Outcome) -> Outcome:
    """What would have become of a cell: up to where the changed run would have stopped; of an unknown one, up to its first output at the threshold, else all."""
    figures = tuple(_list_figures(found, recorded))
    tokens, costs = [one.tokens for one in figures], [one.cost_usd for one in figures]
    spent = replace(
        recorded,
        attempts=figures,
        calls=sum(one.calls for one in figures),
        tokens=None if None in tokens else sum(one or 0 for one in tokens),
        cost_usd=None if None in costs else sum(one or 0 for one in costs),
        failed_attempts=sum(one.reward is None for one in figures),
    )
    returned = found.returned if found.is_known else found.first
    best = figures[returned - 1] if returned is not None and returned <= len(figures) else None
    if returned is None or best is None or best.reward is None:
        error = next((one.error for one in reversed(found.attempts) if one.error), None)
        told = {"error_type": error.type, "error": error.message} if error is not None else {}
        return replace(spent, state="failed", reward=None, returned=None, parts={}, **told)  # type: ignore[arg-type]  # fields by their names
    return replace(
        spent,
        state="scored",
        reward=best.reward,
        reason=found.reason or recorded.reason,
        returned=returned - 1,
        parts=best.parts,
        error_type="",
        error="",
    )


def _list_figures(found: WhatIf, recorded: Outcome) -> Iterator[AttemptFigures]:
    last = found.stop if found.is_known else _first_at_threshold(found)
    for old, new in zip(recorded.attempts, found.attempts, strict=False):
        if last is not None and new.attempt > last:
            return
        yield replace(
            old,
            reward=new.new,
            parts=dict(new.parts),
            reaches=_reaches(new, found.threshold),
            unmet=bool(new.unmet),
        )


def _first_at_threshold(found: WhatIf) -> int | None:
    """Number of the first recorded attempt at the threshold; None if there is none."""
    first = next((one for one in found.attempts if one.attempt == found.first), None)
    return None if first is None or not _reaches(first, found.threshold) else first.attempt


def _reaches(attempt: WhatIfAttempt, threshold: float | None) -> bool:
    return (
        attempt.new is not None and threshold is not None and attempt.new >= threshold and not attempt.unmet
    )


@dataclass(slots=True)
class WhatIfJob:
    """A what-if at work in the background. done, total: runs. result: None before it has ended, and where it was cancelled.

    error: why it failed, or None.
    """

    total: int
    done: int = 0
    result: ExperimentWhatIf | None = None
    error: Exception | None = None
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def has_ended(self) -> bool:
        """Whether it is through, cancelled or failed."""
        return self._ended.is_set()

    def cancel(self) -> None:
        """End it after the run that it is at."""
        self._cancelled.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until it has ended; whether it has."""
        return self._ended.wait(timeout_s)

    def _run(self, snapshot: Snapshot, find_timeline: FindTimeline, answer: Answer, changes: Changes) -> None:
        try:
            self.result = what_if(
                snapshot,
                find_timeline,
                answer,
                changes,
                on_progress=self._progress,
                is_cancelled=self._cancelled.is_set,
            )
        except Exception as error:  # noqa: BLE001 - whoever waits for it shows it
            self.error = error
        finally:
            self._ended.set()

    def _progress(self, done: int, _total: int) -> None:
        self.done = done


def start_what_if(runs: Runs, snapshot: Snapshot, **changes: Unpack[Changes]) -> WhatIfJob:
    """Score an experiment again on a thread of its own. changes: reward, validators or threshold, as in refine_core.what_if.

    What goes wrong is the job's `error`.
    """
    job = WhatIfJob(len(snapshot.outcomes))
    pool = RunnerPool()

    def answer(timeline: Timeline, spec: ProgramSpec) -> RunWhatIf:
        return runs.what_ifs.ask_spec(timeline, spec, pool=pool)

    def work() -> None:
        with closing(pool):
            job._run(snapshot, runs.timeline, answer, changes)  # noqa: SLF001 - its own

    threading.Thread(
        target=work,
        name="experiment-what-if",
        daemon=True,
    ).start()
    return job
