"""The description of a replay: the same program on the replies that a run recorded. And whether one can go through."""

from __future__ import annotations

from dataclasses import dataclass, replace

from refine_core.errors import RewardError, SignatureError
from refine_core.lm.replay import replay_spec
from refine_core.log.timeline import Timeline
from refine_core.refine.build import list_program_inputs
from refine_core.runs.what_ifs import WhatIfs
from refine_core.spec import ModelSpec, ProgramSpec
from refine_core.what_if import list_program_changes


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
        hint_test=None,
        experiment=None,
        fork_attempt=None,
        starting_hints={} if spec.fork_attempt is not None else spec.starting_hints,  # they are in the log
        change="",
    )


_LIMIT_S = 3.0  # that a replay waits for its outputs to be scored; a slower reward is not looked at


@dataclass(frozen=True, slots=True)
class ReplayMismatch:
    """Why a replay cannot go through. attempt: the first, from 1, whose requests have no recorded reply. why: what differs, in a few words."""

    attempt: int
    why: str


def find_mismatch(recorded: Timeline, spec: ProgramSpec, what_ifs: WhatIfs) -> ReplayMismatch | None:
    """What keeps a replay of `spec` on the replies of `recorded` from going through; None if nothing is known to.

    The outputs are scored with the reward of `spec` first, in the worker; no model is asked. A replay that only runs out of replies
    is no mismatch: it ends there, and says so. Raises WorkerError.
    """
    then = recorded.spec
    # Hints that it began with are in its recording, as all that a person wrote.
    hints = then.starting_hints
    now = replace(
        spec, model=then.model, adviser=then.adviser, judge=then.judge, seed=then.seed, starting_hints=hints
    )
    changed = list_program_changes(then, now)
    if "stages" in changed or _read_inputs(then) != _read_inputs(now):
        return ReplayMismatch(1, "another program" if "stages" in changed else "other inputs")
    try:
        answer = what_ifs.ask_spec(recorded, now, limit_s=_LIMIT_S)
    except RewardError:
        return None  # the run itself says what is wrong with it
    if answer.scores.estimate is not None or answer.scores.left_out:
        return None
    if answer.result.is_known and answer.result.stop == 1:
        return None
    if changed and spec.attempt_count > 1:
        return ReplayMismatch(2, f"other settings ({', '.join(changed)})")
    first = next((one for one in answer.result.attempts if one.state == "not_comparable"), None)
    return None if first is None else ReplayMismatch(first.attempt, first.why)


def _read_inputs(spec: ProgramSpec) -> dict[str, object]:
    """The inputs that a stage reads, and which so are in a prompt."""
    try:
        return {name: spec.inputs.get(name) for name in list_program_inputs(spec)}
    except SignatureError:
        return dict(spec.inputs)
