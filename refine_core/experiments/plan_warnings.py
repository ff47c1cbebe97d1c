"""What is likely wrong with an experiment although it can run: its rewards and its table read together. Nothing is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from refine_core.datasets import Dataset
from refine_core.experiments.document import Experiment
from refine_core.formatting import join_words
from refine_core.programs import check_spec_reward
from refine_core.spec import ProgramSpec
from refine_core.uptake.rule import as_text

_LOOKED_AT: Final = 100  # rows


def list_warnings(experiment: Experiment, dataset: Dataset | None) -> tuple[str, ...]:
    """A sentence each, with the arms that it concerns where it does not concern all of them."""
    if dataset is None or not dataset.rows:
        return ()
    concerned: dict[str, list[str]] = {}
    for arm in experiment.arms:
        for text in _warn(arm.spec, dataset):
            concerned.setdefault(text, []).append(arm.name)
    return tuple(
        text if len(names) == len(experiment.arms) else f"{join_words(names)}: {text}"
        for text, names in concerned.items()
    )


def _warn(spec: ProgramSpec, dataset: Dataset) -> Iterator[str]:
    if spec.reward_shape != "refine":  # other shapes are given columns by their own rules
        return
    lacking = {
        one.subject: one.line
        for one in check_spec_reward(replace(spec, inputs=dataset.rows[0].values))
        if one.code == "unknown-input" and one.severity == "error"
    }
    for name, line in lacking.items():
        yield f"The reward reads {name} in line {line}, and no column is {name}: every run would fail there."
    hidden = dataset.fields("reward only")
    unread = [name for name in hidden if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", spec.reward)]
    if unread:
        yield (
            f"The reward's code does not mention {join_words(unread)}, which then counts for nothing: "
            "choose a reward that reads it, or leave the column out."
        )
    shown = [name for name in hidden if name not in unread and _is_secret(name, dataset)]
    if shown and spec.strategy == "refine" and spec.hint_source == "adviser" and spec.advice_form == "full":
        yield (
            f"The adviser is shown {join_words(shown)}, as the reward is, so a hint can give it away. "
            "Read some hints before you trust the difference."
        )


def _is_secret(name: str, dataset: Dataset) -> bool:
    """Whether a row has a value that the inputs of the same row do not say anyway."""
    inputs = dataset.fields("input")
    return any(
        as_text(row.values.get(name, "")) not in " ".join(as_text(row.values.get(one, "")) for one in inputs)
        for row in dataset.rows[:_LOOKED_AT]
    )
