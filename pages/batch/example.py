"""Start with an example: three arms of a worked example over a table that comes with the app, on the practice model."""

from __future__ import annotations

from dataclasses import replace

from refine_core import datasets, runs
from refine_core.datasets import Dataset, ExampleDataset
from refine_core.experiments.drafts import ExperimentDraft, ProgramChoice, new_draft, propose_arms


def draft_example() -> ExperimentDraft:
    """A draft that can be run as it is. Its table is kept once, however often somebody starts with it. Raises StoreError."""
    example = datasets.example_dataset()
    dataset = _find_kept(example) or datasets.keep(runs.default().store, example.table, example.columns)
    draft = replace(
        new_draft(),
        name=f"{example.title}: what do hints give?",
        program=ProgramChoice(example.title, example.spec),
        dataset_id=dataset.id,
        dataset_version=dataset.version,
    )
    return propose_arms(draft)


def _find_kept(example: ExampleDataset) -> Dataset | None:
    store = runs.default().store
    for listed in datasets.list_datasets(store):
        if (listed.name, listed.columns) == (example.table.name, example.columns):
            found = datasets.get(store, listed.id, 1)
            if found is not None and len(found.rows) == len(example.table):
                return found
    return None
