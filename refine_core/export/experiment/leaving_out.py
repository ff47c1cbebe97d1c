"""What is left out of an experiment before it is shared: keys in any case, inputs and chosen fields where somebody says so.

    snapshot --leave_out--> snapshot, what was left out in words

LEFT_OUT stands in the place of a value, also wherever a program, a name or an error quotes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from refine_core.datasets import Dataset
from refine_core.experiments import Arm, Outcome, Snapshot
from refine_core.experiments.shorthand import name_arm
from refine_core.export.leaving_out.keys import KeyHider
from refine_core.export.leaving_out.redaction import Redaction, Redactor
from refine_core.left_out import LEFT_OUT
from refine_core.log.well_formed import map_text
from refine_core.spec import ProgramSpec


def leave_out(snapshot: Snapshot, redaction: Redaction) -> tuple[Snapshot, tuple[str, ...]]:
    """The experiment without what is to be left out, and what that was: ("inputs", "field answer"). Its runs' ids stay."""
    snapshot = _hide_keys(snapshot)
    if not redaction:
        return snapshot, ()
    rows = snapshot.dataset.rows[: snapshot.experiment.rows]
    fields = {name for row in rows for name in row.values}
    names = frozenset((*redaction.fields, *(fields if redaction.inputs else ())))
    secrets = [row.values[name] for row in rows for name in row.values.keys() & names]
    arms = snapshot.experiment.arms
    work = Redactor.of_values(redaction, names, secrets, [arm.spec for arm in arms])
    clean = _map(snapshot, cache(work.text), work.spec)
    kept = [
        replace(row, values={n: LEFT_OUT if n in names else v for n, v in row.values.items()})
        for row in clean.dataset.rows
    ]
    return replace(clean, dataset=replace(clean.dataset, rows=tuple(kept))), redaction.describe()


def _hide_keys(snapshot: Snapshot) -> Snapshot:
    keys = KeyHider()
    text = cache(keys.text)
    clean = _map(snapshot, text, keys.spec)
    columns = tuple(replace(one, name=text(one.name), field=text(one.field)) for one in clean.dataset.columns)
    rows = tuple(
        replace(row, values={text(name): v for name, v in row.values.items()}) for row in clean.dataset.rows
    )
    return replace(clean, dataset=replace(clean.dataset, columns=columns, rows=rows))


def _map(
    snapshot: Snapshot, text: Callable[[str], str], spec: Callable[[ProgramSpec], ProgramSpec]
) -> Snapshot:
    """The experiment with every text and every program of it changed; names of fields stay. Of the rows, those that it uses are kept."""
    experiment = snapshot.experiment
    arms = tuple(Arm(arm.key, _map_name(arm, text), spec(arm.spec)) for arm in experiment.arms)
    limits = {text(label): one for label, one in experiment.rate_limits.items()}
    return replace(
        snapshot,
        experiment=replace(experiment, name=text(experiment.name), arms=arms, rate_limits=limits),
        dataset=_map_dataset(snapshot.dataset, experiment.rows, text),
        outcomes={cell: _map_outcome(one, text) for cell, one in snapshot.outcomes.items()},
        stopped_arms={key: text(why) for key, why in snapshot.stopped_arms.items()},
        error=text(snapshot.error),
    )


def _map_name(arm: Arm, text: Callable[[str], str]) -> str:
    """The name of an arm; one that only tells its way of trying again stays, though an input may be the number in it."""
    return arm.name if arm.name == name_arm(arm.spec) else text(arm.name)


def _map_dataset(dataset: Dataset, count: int | None, text: Callable[[str], str]) -> Dataset:
    rows = tuple(
        replace(
            row,
            values={name: map_text(value, text) for name, value in row.values.items()},
            source=text(row.source),
        )
        for row in dataset.rows[:count]
    )
    return replace(dataset, name=text(dataset.name), rows=rows)


def _map_outcome(outcome: Outcome, text: Callable[[str], str]) -> Outcome:
    parts = {text(name): value for name, value in outcome.parts.items()}
    attempts = tuple(
        replace(one, parts={text(name): value for name, value in one.parts.items()})
        for one in outcome.attempts
    )
    return replace(
        outcome,
        parts=parts,
        attempts=attempts,
        error=text(outcome.error),
        error_type=text(outcome.error_type),
    )
