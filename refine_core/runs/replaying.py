"""The description of a replay: the same program on the replies that a run recorded."""

from __future__ import annotations

from dataclasses import replace

from refine_core.lm.replay import replay_spec
from refine_core.spec import ModelSpec, ProgramSpec


def replay_program(spec: ProgramSpec, run_id: str, *, delay_s: float | None = None) -> ProgramSpec:
    """The same description on the replies that run `run_id` recorded. delay_s: of each reply; None as recorded."""

    def role(model: ModelSpec | None) -> ModelSpec | None:
        return None if model is None else replace(replay_spec(model, run_id), delay_s=delay_s)

    main = role(spec.model) or spec.model
    return replace(
        spec,
        model=main,
        adviser=role(spec.adviser),
        judge=role(spec.judge),
        budget_usd=None,
        budget_tokens=None,
        parent=run_id,
    )
