"""The reward tried on one output that a person typed: no model is asked, nothing is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import ujson

from refine_core.errors import RewardError, SignatureError, WorkerError
from refine_core.refine.build import build_stage_signature, list_program_inputs
from refine_core.refine.reward_calls import make_reward_runner
from refine_core.signatures import Field
from refine_core.signatures.types import format_type, strip_optional, validate
from refine_core.spec import ProgramSpec


@dataclass(frozen=True, slots=True)
class RewardTrial:
    """What the reward made of an output: a value with its parts and feedback, or an error and the line to blame."""

    value: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    feedback: str = ""
    stdout: str = ""
    error: str = ""
    line: int | None = None


def list_trial_fields(spec: ProgramSpec) -> dict[str, str]:
    """The outputs that the reward may read, by name, each with its type; {} as long as a signature does not parse."""
    return {name: format_type(one.type) for name, one in _output_fields(spec).items()}


def try_reward(spec: ProgramSpec, typed: Mapping[str, str]) -> RewardTrial:
    """Score what was typed for the outputs. Takes up to the reward's time limit, and starts a process."""
    outputs: dict[str, object] = {}
    for name, one in _output_fields(spec).items():
        try:
            outputs[name] = _read_output(one, typed.get(name, ""))
        except ValueError:
            return RewardTrial(error=f"{name} must be {format_type(one.type)}")
    try:
        with make_reward_runner(spec, list_program_inputs(spec)) as runner:
            scored = runner.score(spec.inputs, outputs)
    except RewardError as error:
        return RewardTrial(error=error.message, line=error.line, stdout=error.stdout)
    except WorkerError as error:
        return RewardTrial(error=str(error))
    return RewardTrial(scored.value, scored.parts, scored.feedback, scored.stdout)


def _output_fields(spec: ProgramSpec) -> dict[str, Field]:
    try:
        return {
            name: one
            for stage in spec.stages
            for name, one in build_stage_signature(stage).output_fields.items()
        }
    except SignatureError:
        return {}


def _read_output(one: Field, text: str) -> object:
    """Text as it is for a str field; else JSON, or the text where it is none, as a choice is typed."""
    if strip_optional(one.type) is str:
        return text
    try:
        value = ujson.loads(text)
    except ValueError:
        value = text.strip()
    return validate(one, value)
