"""What is worth knowing of an experiment before it runs, though nothing keeps it from running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from refine_core.estimates import models_of
from refine_core.experiments.document import Experiment
from refine_core.spec import ModelSpec, ProgramSpec

PRACTICE: Final = "The practice model answers: no key, no cost. It is not a language model."


def list_notes(experiment: Experiment) -> list[str]:
    """What is worth knowing before it runs, a sentence each."""
    notes = []
    specs = [arm.spec for arm in experiment.arms]
    models = [model for spec in specs for model in _asked(spec)]
    if any(model.kind == "practice" for model in models):
        notes.append(PRACTICE)
    if len({_reward(spec) for spec in specs}) > 1:
        notes.append(
            "The arms have different rewards, so their numbers cannot be compared; \N{LEFT DOUBLE QUOTATION MARK}What if\N{RIGHT DOUBLE QUOTATION MARK} "
            "scores all outputs with one reward afterwards."
        )
    if len({spec.threshold for spec in specs}) > 1:
        notes.append("The arms have different thresholds, so they stop at different rewards.")
    fixed = [arm.name for arm in experiment.arms if _is_fixed(arm.spec)]
    if experiment.repeats > 1 and fixed:
        who = "every arm" if len(fixed) == len(specs) else " and ".join(fixed)
        notes.append(
            f"At temperature 0 the first attempts of {who} may come out alike each time: repeats then tell little. More inputs tell more."
        )
    return notes


def _asked(spec: ProgramSpec) -> Sequence[ModelSpec]:
    models = models_of(spec)
    return [models["predict"], *([models["advice"]] if spec.hint_source == "adviser" else [])]


def _reward(spec: ProgramSpec) -> tuple[str, str | None, str]:
    return spec.reward, spec.reward_name, spec.reward_shape


def _is_fixed(spec: ProgramSpec) -> bool:
    """Whether its first attempt is drawn at temperature 0 by a model that no other seed reaches."""
    return spec.model.temperature == 0 and spec.model.seed is None and spec.model.kind != "practice"
