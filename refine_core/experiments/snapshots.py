"""How an experiment stands at this moment: out of its job while that is at work here, else out of what is kept."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from refine_core.experiments.control import Control, read_control
from refine_core.experiments.document import Cell
from refine_core.experiments.job import ExperimentJob
from refine_core.experiments.ledger import Ledger
from refine_core.experiments.snapshot import Snapshot
from refine_core.experiments.spending import to_spent


def snapshot_at_work(ledger: Ledger, job: ExperimentJob, revision: str) -> Snapshot:
    """Of an experiment that is at work in this process."""
    experiment, dataset = ledger.document
    return Snapshot(
        experiment, dataset, job.state, ledger.cells, ledger.outcomes, job.under_way, dict(job.stopped_arms),
        job.error, job.slowed, job.on_hold, revision=revision, stopped_by="", spent=to_spent(job.budget.charges),
        keyless_arms=frozenset(job.keyless_arms),
    )  # fmt: skip


def snapshot_at_rest(ledger: Ledger, job: ExperimentJob | None, *, is_claimed: bool, token: str) -> Snapshot:
    """Of an experiment that is not at work in this process. Raises StoreError.

    job: the last one that it had here. is_claimed: whether another process works at it. token: what its revision begins with.
    """
    experiment, dataset = ledger.document
    outcomes = ledger.outcomes
    under_way = _find_under_way(ledger) if is_claimed else frozenset[Cell]()
    has_ended = all(cell in outcomes for cell in ledger.cells)
    control = Control("running") if is_claimed else _stand(ledger, job, has_ended=has_ended)
    revision = f"{token}.{ledger.version}.{hash((control.state, control.error, under_way)):x}"
    return Snapshot(
        experiment, dataset, control.state, ledger.cells, outcomes, under_way, control.stopped_arms, control.error,
        revision=revision, is_local=not is_claimed, stopped_by=control.stopped_by, spent=to_spent(ledger.charges),
        cut_off=ledger.cut_off, keyless_arms=frozenset(control.keyless_arms),
    )  # fmt: skip


def _stand(ledger: Ledger, job: ExperimentJob | None, *, has_ended: bool) -> Control:
    """How it stands while nobody works at it: as was kept last, unless its cells say otherwise."""
    control = read_control(ledger.store, ledger.id)
    if has_ended:
        return Control("finished", stopped_arms=control.stopped_arms, keyless_arms=control.keyless_arms)
    if control.state == "running":  # its process ended, or could not keep how it ended, on a full disk
        if job is not None and job.stopped_by:
            return Control("stopped", job.stopped_by, job.error, job.stopped_arms, tuple(job.keyless_arms))
        return Control("stopped", "crash")
    return Control("stopped") if control.state == "finished" else control  # something was added since


def _find_under_way(ledger: Ledger) -> AbstractSet[Cell]:
    """The cells that another process runs."""
    begun = ledger.store.cell_runs(ledger.id)
    cells = (ledger.by_run.get(run_id) for run_id, has_ended in begun.items() if not has_ended)
    return frozenset(cell for cell in cells if cell is not None)
