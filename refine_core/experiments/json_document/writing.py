"""An experiment as a JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields

from refine_core.datasets import Dataset
from refine_core.experiments.document import Budget, Experiment, RateLimit
from refine_core.log import codec
from refine_core.spec.document import write_document


def write_experiment(
    experiment: Experiment, dataset: Dataset, result: Mapping[str, object] | None = None
) -> str:
    """An experiment as JSON, with its rows in it, so that it runs anywhere. result: what it gave, for readers; it is not read back."""
    rows = dataset.rows if experiment.rows is None else dataset.rows[: experiment.rows]
    given = [(one.field or one.name, one.role) for one in dataset.columns if one.role != "left out"]
    data: dict[str, object] = {
        "name": experiment.name,
        "arms": [
            {"name": arm.name, "spec": _without_inputs(json.loads(write_document(arm.spec)))}
            for arm in experiment.arms
        ],
        "repeats": experiment.repeats,
        "seed": experiment.seed,
    }
    if limits := _trim(experiment.budget):
        data["budget"] = limits
    if experiment.rate_limits:
        data["rate_limits"] = {label: _trim(limit) for label, limit in experiment.rate_limits.items()}
    data["dataset"] = {
        "name": dataset.name,
        "columns": dict(given),
        "rows": [json.loads(codec.dumps(dict(row.values))) for row in rows],
    }
    if result is not None:
        data["result"] = dict(result)
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _trim(value: Budget | RateLimit) -> dict[str, object]:
    """The fields that are not at their default."""
    named = {one.name: (getattr(value, one.name), one.default) for one in fields(value)}
    return {name: now for name, (now, default) in named.items() if now != default}


def _without_inputs(data: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in data.items() if name != "inputs"}
