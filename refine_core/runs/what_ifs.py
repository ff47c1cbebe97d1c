"""A recorded run under another reward, validators, threshold, N or fail_count: its outputs scored again, and what follows.

WhatIfs.ask(run_id, threshold=0.6) -> RunWhatIf(result, spec, scores)       the run itself never changes
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Unpack

from refine_core.displayed import Displayed
from refine_core.log.timeline import Timeline
from refine_core.rewards.pool import RunnerPool
from refine_core.rewards.shapes import Recognized
from refine_core.runs.judge_memory import JudgeMemory
from refine_core.runs.logs import no_such_run
from refine_core.runs.rescoring import ListForeign, OnProgress, Rescored, Rescorer, no_foreign
from refine_core.spec import ProgramSpec
from refine_core.what_if import (
    Changes,
    ThresholdStep,
    WhatIf,
    change_spec,
    threshold_curve,
    what_if,
)


@dataclass(frozen=True, slots=True, repr=False)
class RunWhatIf(Displayed):
    """A what-if of a run, which `print` and Jupyter show as a table. result: what would have happened. spec: the changed description. scores: of the recorded outputs.

    timeline: the run, as recorded.
    """

    timeline: Timeline
    spec: ProgramSpec
    scores: Rescored
    result: WhatIf

    def __repr__(self) -> str:
        return f"<What-if of run {self.timeline.run_id}: {self.result.headline}>"

    @property
    def curve(self) -> tuple[ThresholdStep, ...]:
        """The same for every threshold."""
        return threshold_curve(self.timeline, self.spec, self.scores.ends)


class WhatIfs:
    """What-ifs of the runs of one store. timeline: finds a run by its id. judge_memory: what judges have answered.

    Safe to use from any thread.
    """

    def __init__(
        self,
        timeline: Callable[[str], Timeline | None],
        judge_memory: JudgeMemory,
        list_foreign: ListForeign = no_foreign,
    ) -> None:
        self._timeline = timeline
        self.rescorer = Rescorer(judge_memory, list_foreign)

    def ask(
        self,
        run_id: str,
        *,
        recognized: Recognized | None = None,
        ask_judge: bool = False,
        keys: Mapping[str, str] | None = None,
        on_progress: OnProgress | None = None,
        **changes: Unpack[Changes],
    ) -> RunWhatIf:
        """What would have happened. No model is asked, unless `ask_judge` allows requests to the reward's judge.

        changes: see refine_core.what_if.Changes. recognized: of a reward that is not called as reward(inputs, prediction); see
        refine_core.rewards.shapes. keys: role -> key typed by a person, for the judge. on_progress: called as outputs are scored.
        Raises: SpecError for an unknown run and for wrong numbers; RewardError for a source without a reward; WorkerError;
        StoreError.
        """
        timeline = self._timeline(run_id)
        if timeline is None:
            raise no_such_run(run_id)
        return self.ask_spec(
            timeline,
            change_spec(timeline.spec, **changes),
            recognized=recognized,
            ask_judge=ask_judge,
            keys=keys,
            on_progress=on_progress,
        )

    def ask_spec(
        self,
        timeline: Timeline,
        spec: ProgramSpec,
        *,
        recognized: Recognized | None = None,
        ask_judge: bool = False,
        keys: Mapping[str, str] | None = None,
        limit_s: float | None = None,
        on_progress: OnProgress | None = None,
        pool: RunnerPool | None = None,
    ) -> RunWhatIf:
        """The same for a whole description, which differs from the run's in what a what-if may change. limit_s, pool: see Rescorer.score."""
        scores = self.rescorer.score(
            timeline,
            spec,
            recognized=recognized,
            ask_judge=ask_judge,
            keys=keys,
            limit_s=limit_s,
            on_progress=on_progress,
            pool=pool,
        )
        return RunWhatIf(timeline, spec, scores, what_if(timeline, spec, scores.ends))
