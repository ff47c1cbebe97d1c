"""An experiment that is being set up: its arms, what is wrong with it, where it is kept, and the experiment that comes of it.

new_draft() --propose_arms, add_arm_draft--> ExperimentDraft --build_experiment--> Experiment --draft_of--> ExperimentDraft

What is chosen is kept as it was then: a program or a connection that somebody removes later leaves the draft as it is. Never a key.
"""

from refine_core.experiments.drafts.arms import (
    add_arm_draft,
    arm_spec,
    name_arm_draft,
    name_draft,
    propose_arms,
)
from refine_core.experiments.drafts.building import build_experiment, draft_of, list_models
from refine_core.experiments.drafts.document import (
    ArmDraft,
    ExperimentDraft,
    ProgramChoice,
    RewardChoice,
    new_draft,
)
from refine_core.experiments.drafts.keeping import drop_draft, list_drafts, read_draft, save_draft
from refine_core.experiments.drafts.problems import find_draft_problems

__all__ = [
    "ArmDraft",
    "ExperimentDraft",
    "ProgramChoice",
    "RewardChoice",
    "add_arm_draft",
    "arm_spec",
    "build_experiment",
    "draft_of",
    "drop_draft",
    "find_draft_problems",
    "list_drafts",
    "list_models",
    "name_arm_draft",
    "name_draft",
    "new_draft",
    "propose_arms",
    "read_draft",
    "save_draft",
]
