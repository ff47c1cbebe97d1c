"""Runs of the same arms in an earlier experiment, such as "Try 3 inputs first": what a plan learns from.

pilot = find_pilot(known, experiment)      a snapshot whose cells have the keys of this experiment's arms; None where nothing ran
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from refine_core.experiments.document import Experiment
from refine_core.experiments.experience import neutral
from refine_core.experiments.snapshot import Snapshot

if TYPE_CHECKING:
    from refine_core.experiments.running import Experiments


def find_pilot(known: Experiments, experiment: Experiment) -> Snapshot | None:
    """The experiment that ran most of these arms; of several, on the same table before others, that with the most runs. Raises StoreError."""
    best: tuple[tuple[int, bool, int], Experiment, dict[str, str]] | None = None
    for listed in known.list_experiments():
        other = listed.experiment
        keys = _match_arms(other, experiment) if listed.done else {}
        rank = len(keys), other.dataset_id == experiment.dataset_id, listed.done
        if keys and (best is None or rank > best[0]):
            best = rank, other, keys
    if best is None or (snapshot := known.get(best[1].id)) is None:
        return None
    keys = best[2]
    outcomes = {
        replace(cell, arm=keys[cell.arm]): outcome
        for cell, outcome in snapshot.outcomes.items()
        if cell.arm in keys
    }
    return replace(snapshot, cells=tuple(outcomes), outcomes=outcomes)


def _match_arms(other: Experiment, experiment: Experiment) -> dict[str, str]:
    """Key of an arm of the other experiment -> key of the arm here that runs the same."""
    mine = [(neutral(arm.spec), arm.key) for arm in experiment.arms]
    return {arm.key: key for arm in other.arms for spec, key in mine if spec == neutral(arm.spec)}
