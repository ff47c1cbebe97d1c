"""A try of a hint test: the description of its run, and what became of it.

try_spec(spec, attempt, …) -> a run of one attempt, with the arm's hints, a seed and a rollout of its own, and no cache
read_try(runs, planned)    -> Try("scored", reward, …)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from refine_core.hint_tests.document import Arm, PlannedTry
from refine_core.log.timeline import Attempt, Timeline
from refine_core.runs import Runs, title
from refine_core.spec import ModelSpec, ProgramSpec, Schedule

TryState = Literal["not run", "running", "scored", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Try:
    """A try as far as it is recorded.

    state: "stopped": it was begun and then cancelled or interrupted, so that it has to be run again. reward: None unless scored.
    parts, unmet, outputs: of its attempt. error: why it failed. calls, cost_usd, took_s: what it took; None: unknown.
    reaches_threshold: whether it would have ended the run.
    """

    planned: PlannedTry
    state: TryState = "not run"
    reward: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    unmet: tuple[str, ...] = ()
    outputs: Mapping[str, object] = field(default_factory=dict)
    error: str = ""
    error_type: str = ""
    calls: int = 0
    cost_usd: float | None = None
    took_s: float | None = None
    reaches_threshold: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether it counts: it was scored, or it failed."""
        return self.state in ("scored", "failed")

    @property
    def is_left(self) -> bool:
        """Whether it has still to be run, or run again."""
        return self.state in ("not run", "stopped")


def try_spec(
    timeline: Timeline, attempt: Attempt, arm: Arm, planned: PlannedTry, test_id: str
) -> ProgramSpec:
    """The description of a try's run: the attempt once more with the arm's hints, all else equal, and nothing from the cache."""
    spec = timeline.spec
    is_untempered = spec.temperature_schedule.kind == "none"
    return replace(
        spec,
        title=f"{title(spec)} · attempt {attempt.index + 1}, {arm.label.lower()}, try {planned.number}",
        strategy="single",
        N=1,
        fail_count=None,
        seed=planned.seed,
        model=_fresh(spec.model, planned.seed),
        adviser=None,
        judge=_fresh(spec.judge, planned.seed) if spec.judge is not None else None,
        budget_usd=None,
        budget_tokens=None,
        example=None,
        parent=timeline.run_id,
        hints="none",
        schedule=Schedule("none") if is_untempered else Schedule("list", (attempt.temperature,)),
        stop_on_repeating_error=False,
        starting_hints=dict(arm.hints),
        first_rollout=planned.rollout,
        hint_test=test_id,
        fork_attempt=None,
        change="",
    )


def _fresh(model: ModelSpec, seed: int) -> ModelSpec:
    """The same model, never answered from the cache, and with that seed where it is sent one."""
    return replace(model, cache=False, seed=None if model.seed is None else seed)


def read_try(runs: Runs, planned: PlannedTry) -> Try:
    """What became of a try. Raises StoreError."""
    timeline = runs.timeline(planned.run_id)
    if timeline is None:
        return Try(planned)
    attempt = timeline.attempts[0] if timeline.attempts else None
    usage = timeline.usage
    spent = Try(planned, calls=usage.calls, cost_usd=usage.cost_usd)
    if attempt is not None and attempt.state == "scored" and attempt.score is not None:
        return replace(
            spent,
            state="scored",
            reward=attempt.reward,
            parts=attempt.score.parts,
            unmet=tuple(attempt.unmet),
            outputs=attempt.outputs or {},
            took_s=attempt.took_s,
            reaches_threshold=attempt.reaches_threshold,
        )
    if attempt is not None and attempt.state == "failed" and attempt.error is not None:
        error = attempt.error
        return replace(
            spent, state="failed", error=error.message, error_type=error.type, took_s=attempt.took_s
        )
    if timeline.end is not None and timeline.end.error is not None:
        error = timeline.end.error
        return replace(spent, state="failed", error=error.message, error_type=error.type)
    run = runs.get(planned.run_id) if timeline.end is None else None
    return replace(spent, state="running" if run is not None and run.live else "stopped")
