"""Setting up an experiment: inputs, arms and limits left; what it will take, and Run, right."""

from __future__ import annotations

from pages.batch.header import draw_header
from refine_core import experiments
from refine_core.experiments import ExperimentDraft


def draw_setup(draft: ExperimentDraft) -> None:
    """Draw the whole page of a draft, its header too."""
    draw_header(draft.name or experiments.name_draft(draft), "draft", key=draft.id)
