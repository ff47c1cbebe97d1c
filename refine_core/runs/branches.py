"""Branches and runs done again: what is made of a run that is there, and the family that comes of it.

plan(run_id, attempt, …) -> ForkPlan        fork(run_id, attempt, …) -> run id        run_again(run_id, …) -> run id
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from refine_core.errors import SpecError
from refine_core.log.timeline import Timeline
from refine_core.refine.run_job import require_same_key
from refine_core.runs.forking import AgainChanges, Family, ForkChanges, ForkPlan, find_family, plan_fork
from refine_core.runs.forking.changes import change_again
from refine_core.runs.forking.family import MAX_MEMBERS
from refine_core.runs.logs import no_such_run
from refine_core.runs.rescoring import Rescored
from refine_core.spec import ModelSpec, ProgramSpec

if TYPE_CHECKING:
    from refine_core.runs.registry import Credentials, Runs


class Branches:
    """What is made of the runs of one store. Safe to use from any thread."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def plan(
        self,
        run_id: str,
        attempt: int,
        *,
        ask_judge: bool = False,
        credentials: Credentials | None = None,
        **changes: Unpack[ForkChanges],
    ) -> ForkPlan:
        """The branch of a run that begins at this attempt, from 1. No model is asked, unless `ask_judge` allows requests to the judge.

        changes: see ForkChanges. The run may have ended in any way, or be at work still: attempts that ended can be kept.
        Raises SpecError for an unknown run, an attempt that cannot be the first new one, and wrong numbers; RewardError for a reward or
        a check that cannot be read; WorkerError; with ask_judge LMKeyError; StoreError.
        """
        timeline = self._timeline(run_id)
        records = self._runs.events(run_id)[: timeline.seq]
        keys = credentials.keys if credentials is not None else {}

        def rescore(whole: Timeline, spec: ProgramSpec) -> Rescored:
            return self._runs.what_ifs.rescorer.score(whole, spec, ask_judge=ask_judge, keys=keys)

        return plan_fork(records, timeline, attempt, changes, rescore)

    def fork(
        self,
        run_id: str,
        attempt: int,
        *,
        name: str | None = None,
        credentials: Credentials | None = None,
        stepwise: bool = False,
        ask_judge: bool = False,
        **changes: Unpack[ForkChanges],
    ) -> str:
        """Begin the branch that `plan` describes, and return its id; what it keeps is durable by then.

        name: what it is called, beside its title. stepwise: wait for a person before each new step. Raises as `plan`, and SpecError with
        every problem of the plan; LMKeyError for a missing key.
        """
        plan = self.plan(run_id, attempt, ask_judge=ask_judge, credentials=credentials, **changes)
        if plan.problems:
            raise SpecError(plan.problems)
        if plan.attempts_at_most and (timeline := self._runs.timeline(run_id)) is not None:
            _require_typed_keys(timeline, plan.spec, credentials)
        return self._named(self._runs.start_branch(plan, credentials, stepwise=stepwise), name)

    def plan_again(self, run_id: str, **changes: Unpack[AgainChanges]) -> ProgramSpec:
        """The description of the run that `run_again` begins. Raises SpecError for an unknown run; StoreError."""
        return change_again(self._timeline(run_id).spec, run_id, changes)

    def run_again(
        self,
        run_id: str,
        *,
        name: str | None = None,
        credentials: Credentials | None = None,
        stepwise: bool = False,
        **changes: Unpack[AgainChanges],
    ) -> str:
        """Run the same program on the same inputs again from its first attempt, and return the new run's id. Nothing is kept.

        Raises SpecError for an unknown run and for what cannot run; LMKeyError; StoreError.
        """
        timeline = self._timeline(run_id)
        spec = change_again(timeline.spec, run_id, changes)
        _require_typed_keys(timeline, spec, credentials)
        return self._named(self._runs.start(spec, credentials, stepwise=stepwise), name)

    def _timeline(self, run_id: str) -> Timeline:
        timeline = self._runs.timeline(run_id)
        if timeline is None:
            raise no_such_run(run_id)
        return timeline

    def _named(self, run_id: str, name: str | None) -> str:
        """The run's id, once it is called that."""
        if name and name.strip():
            self._runs.list.rename(run_id, name)
        return run_id

    def family(self, run_id: str) -> Family:
        """The runs that this one was made from, and all that was made of these. Raises StoreError."""
        runs = self._runs
        return find_family(
            run_id,
            runs.store.row,
            runs.list.annotation,
            lambda filters: runs.list.search("", filters, size=MAX_MEMBERS + 1).rows,
        )


def _require_typed_keys(parent: Timeline, spec: ProgramSpec, credentials: Credentials | None) -> None:
    """Raise LMKeyError if a key was typed for the parent that its child needs too, and it was not typed again."""
    keys = credentials.keys if credentials is not None else {}
    for role in parent.typed_key_roles:
        then, now = (getattr(one, role) or one.model for one in (parent.spec, spec))
        if _asked_where(then) == _asked_where(now):
            require_same_key(now, role in keys)


def _asked_where(model: ModelSpec) -> tuple[object, ...]:
    """What a key is for."""
    return model.kind, model.model, model.provider, model.api_base
