"""Experiments on the practice model or the loopback server, small enough for a test."""

from __future__ import annotations

import time
from dataclasses import replace

from refine_core import datasets
from refine_core.datasets import Dataset, table_of_cells
from refine_core.experiments import Arm, Experiment, RateLimit, new_experiment_id
from refine_core.spec import ProgramSpec, StageSpec

REWARD = "def reward(args, pred):\n    return float(len(pred.answer) % 3 == 0)\n"
REFINED = ProgramSpec((StageSpec("answer", "question -> answer"),), REWARD, N=3)
SINGLE = replace(REFINED, strategy="single")


def keep_rows(store, count: int) -> Dataset:
    """A dataset of so many questions, kept."""
    table = table_of_cells(["question"], [[f"What is {n} + {n}?"] for n in range(count)])
    guesses = datasets.suggest_columns(table, REFINED)
    return datasets.keep(store, table, [guess.column for guess in guesses])


def make_experiment(dataset: Dataset, *specs: ProgramSpec, at_once: int = 4, **given) -> Experiment:
    """Arms a, b, c … of these programs."""
    arms = tuple(Arm(chr(97 + place), f"Arm {chr(65 + place)}", spec) for place, spec in enumerate(specs))
    limits = {
        model.label: RateLimit(at_once) for spec in specs for model in (spec.model, spec.adviser) if model
    }
    return Experiment(
        new_experiment_id(),
        "questions",
        time.time(),
        dataset.id,
        dataset.version,
        arms,
        rate_limits=limits,
        **given,
    )
