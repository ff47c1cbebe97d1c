"""Rewards to start from, written for the outputs of the program at hand."""

from __future__ import annotations

from collections.abc import Collection

from refine_core.errors import SignatureError
from refine_core.refine.build import build_stage_signature
from refine_core.rewards.shapes.names import MAIN_OUTPUT, REASONING
from refine_core.spec import ProgramSpec
from refine_core.starter_rewards import StarterReward, list_starters


def list_starters_for_outputs(names: Collection[str]) -> tuple[StarterReward, ...]:
    """All of them, each reading the main one of these outputs; `answer` where there is none."""
    known = [name for name in MAIN_OUTPUT if name in names]
    others = [name for name in names if name not in REASONING and name.isidentifier()]
    return list_starters((known or others or ["answer"])[0])


def list_reward_starters(spec: ProgramSpec) -> tuple[StarterReward, ...]:
    """All of them, each reading the last output of the program; `answer` where the signature does not parse."""
    try:
        names = tuple(build_stage_signature(spec.stages[-1]).output_fields) if spec.stages else ()
    except SignatureError:
        names = ()
    return list_starters(names[-1]) if names else list_starters()
