"""The door to programs as typed: worked examples, what a form must ask for, what is wrong, what will be run.

Everything here is quick, calls no model and runs no reward.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ujson

from refine_core import loop
from refine_core.adapters import adapter_for
from refine_core.connect import first_format
from refine_core.errors import Problem, RewardError, SignatureError
from refine_core.log.plain import plain
from refine_core.modules import Predict
from refine_core.refine.advice_request import AdviceStyle, advice_request, default_instructions
from refine_core.refine.build import Pipeline, problems, program_inputs, reward_fields, stage_signature
from refine_core.rewards import find_reward
from refine_core.rewards.checks import Finding, Fix, call_question, check_reward, rename_parameters
from refine_core.signatures import Field
from refine_core.signatures.types import bare_type, choices, is_optional, type_text, validate
from refine_core.spec import AdviceForm, HintSource, ModelSpec, ProgramSpec, ReplyFormat, Schedule, StageSpec
from refine_core.spec.examples import EXAMPLES, Example
from refine_core.spec.limits import find_limit_problems
from refine_core.spec.source import program_source

__all__ = [
    "EXAMPLES",
    "AdviceForm",
    "Example",
    "Finding",
    "Fix",
    "FormInput",
    "HintSource",
    "ModelSpec",
    "Problem",
    "ProgramSpec",
    "ReplyFormat",
    "Schedule",
    "StageSpec",
    "apply_fix",
    "check_spec_reward",
    "default_instructions",
    "estimate_tokens",
    "find_limit_problems",
    "find_reward_question",
    "is_example",
    "list_form_inputs",
    "list_output_names",
    "list_reward_candidates",
    "list_temperatures",
    "may_give_feedback",
    "preview_advice_prompt",
    "preview_first_prompts",
    "problems",
    "program_source",
    "read_json_object",
    "read_number",
    "read_temperatures",
    "read_value",
    "rename_parameters",
    "write_number",
    "write_object",
    "write_temperatures",
    "write_value",
]

EXACT = 10**15
CHARACTERS_A_TOKEN = 4
FEEDBACK = "{what the reward says, if anything}"
_PROBLEMS_TOO = ("syntax", "no-reward", "many-rewards")
Kind = Literal["text", "int", "float", "bool", "choice", "json"]


@dataclass(frozen=True, slots=True)
class FormInput:
    """One input that a form must ask for. type: as a signature writes it. choices: for kind "choice"."""

    name: str
    kind: Kind
    type: str
    description: str
    choices: tuple[object, ...]
    optional: bool
    field: Field


def is_example(spec: ProgramSpec) -> bool:
    """Whether `spec` is still the worked example that it names: the same program, inputs, reward, aim and model."""
    if spec.example is None or spec.example not in EXAMPLES:
        return False
    origin = EXAMPLES[spec.example].spec
    same = (spec.stages, dict(spec.inputs), spec.strategy, spec.N, spec.threshold, spec.model.kind)
    return spec.reward.strip() == origin.reward.strip() and same == (
        origin.stages,
        dict(origin.inputs),
        origin.strategy,
        origin.N,
        origin.threshold,
        origin.model.kind,
    )


def list_form_inputs(stages: Sequence[StageSpec]) -> list[FormInput]:
    """The program's inputs, in order; [] as long as a signature does not parse."""
    try:
        fields = program_inputs(ProgramSpec(tuple(stages), ""))
    except SignatureError:
        return []
    return [
        FormInput(
            n,
            _kind(f),
            type_text(f.type),
            f.description,
            choices(bare_type(f.type)) or (),
            is_optional(f.type),
            f,
        )
        for n, f in fields.items()
    ]


def read_value(form_input: FormInput, typed: object) -> tuple[object, Problem | None]:
    """The value that a person typed, as JSON data, and what is wrong with it. Text is read as JSON where the type is no plain one."""
    where, value = f"inputs.{form_input.name}", typed
    if form_input.optional and isinstance(typed, str) and not typed.strip():
        return None, None
    if form_input.kind == "json" and isinstance(typed, str):
        if not typed.strip():
            return None, Problem(
                where, f"give a value of type {form_input.type}, as JSON: {_sample(form_input.type)}"
            )
        try:
            value = ujson.loads(typed)
        except ValueError:
            return typed, Problem(
                where, f"this is not valid JSON; {form_input.type} looks like {_sample(form_input.type)}"
            )
    if value is None and not form_input.optional:
        return None, Problem(where, f"give a value of type {form_input.type}")
    try:
        return plain(validate(form_input.field, value)), None
    except ValueError as why:
        return value, Problem(where, f"must be {form_input.type}: {why}")


def write_value(form_input: FormInput, value: object) -> Any:
    """A recorded value as the form's widget wants it: JSON text where the type is no plain one."""
    if form_input.kind != "json":
        return value
    return (
        ""
        if value is None
        else ujson.dumps(value, indent=2, ensure_ascii=False, escape_forward_slashes=False)
    )


def read_json_object(text: str, where: str) -> tuple[dict[str, object], Problem | None]:
    """The JSON object in `text`; {} for blank text."""
    if not text.strip():
        return {}, None
    try:
        value = ujson.loads(text)
    except ValueError as why:
        return {}, Problem(
            where, f'this is not valid JSON ({why}); write an object such as {{"answer": "Paris"}}'
        )
    if not isinstance(value, dict):
        return {}, Problem(where, 'write a JSON object, such as {"answer": "Paris"}')
    return value, None


def read_number(text: str) -> float:
    """The number that a person typed, with a decimal point or comma. Raises ValueError, also where it is ambiguous."""
    bare = text.strip()
    if "_" in bare or re.search(r",\d{3}$", bare):
        raise ValueError(f"{bare!r} may be read in two ways")
    return float(bare.replace(",", "."))


def write_number(value: float) -> str:
    """A number as a person types it, with every digit that it has."""
    return str(int(value)) if value == int(value) and abs(value) < EXACT else repr(value)


def write_object(values: Mapping[str, object]) -> str:
    """The inverse of `read_json_object`: "" for nothing."""
    return (
        ujson.dumps(dict(values), indent=2, ensure_ascii=False, escape_forward_slashes=False)
        if values
        else ""
    )


def list_reward_candidates(source: str) -> tuple[str, ...]:
    """The functions between which a person must choose; () where there is nothing to choose."""
    try:
        find_reward(source)
    except RewardError as error:
        return error.candidates
    return ()


def check_spec_reward(spec: ProgramSpec) -> tuple[Finding, ...]:
    """What reading the reward finds wrong with it, beside what keeps `spec` from running (see `problems`)."""
    found = check_reward(spec.reward, spec.reward_name, reward_fields(spec))
    return tuple(one for one in found if one.code not in _PROBLEMS_TOO)


def find_reward_question(spec: ProgramSpec) -> Finding | None:
    """What to ask before a reward is called that seems to be written for another framework; None for others."""
    return call_question(spec.reward, spec.reward_name, reward_fields(spec))


def apply_fix(source: str, fix: Fix) -> str:
    """The source with one finding fixed."""
    lines = source.split("\n")
    line = lines[fix.line - 1]
    lines[fix.line - 1] = line[: fix.column - 1] + fix.text + line[fix.end_column - 1 :]
    return "\n".join(lines)


def list_temperatures(spec: ProgramSpec) -> tuple[float, ...]:
    """Those that a run of `spec` will use, one an attempt; zeros where it sends none; () if N is no number of attempts."""
    n = spec.attempt_count
    if not isinstance(n, int) or n < 1:
        return ()
    return loop.temperatures(spec.temperature_schedule, spec.model.temperature or 0.0, n)


def preview_first_prompts(spec: ProgramSpec) -> Mapping[str, list[dict[str, str]]]:
    """Predictor name -> the messages that the first attempt will send it; an input made by an earlier stage is {name}."""
    adapter = adapter_for(first_format(spec.model))
    return {
        name: adapter.format(
            one.signature, one.demos, {n: spec.inputs.get(n, f"{{{n}}}") for n in one.signature.input_fields}
        )
        for name, one in Pipeline(spec).named_predictors()
        if isinstance(one, Predict)
    }


def preview_advice_prompt(spec: ProgramSpec) -> list[dict[str, str]]:
    """The messages that ask for advice after an attempt; what only the attempt will tell is {name}."""
    program = Pipeline(spec)
    predictors = [(name, one) for name, one in program.named_predictors() if isinstance(one, Predict)]
    known, steps = dict(spec.inputs), list[dict[str, object]]()
    for name, one in predictors:
        inputs = {field: known.get(field, f"{{{field}}}") for field in one.signature.input_fields}
        outputs = {field: f"{{{field}}}" for field in one.signature.output_fields}
        steps.append({"module_name": name, "inputs": plain(inputs), "outputs": outputs})
        known |= outputs
    signature, texts = advice_request(
        AdviceStyle(spec.advice_instructions, spec.advice_form),
        program,
        predictors,
        inputs=plain(spec.inputs),
        trajectory=steps,
        outputs={name: f"{{{name}}}" for name in known if name not in spec.inputs},
        reward_source=spec.reward,
        threshold=spec.threshold,
        reward="{reward}",
        feedback=FEEDBACK if may_give_feedback(spec.reward) else "",
    )
    return adapter_for(first_format(spec.adviser or spec.model)).format(signature, [], texts)


def may_give_feedback(reward: str) -> bool:
    """Whether this source can say something beside its number: it names Score or feedback. It is not run."""
    return "Score" in reward or "feedback" in reward


def estimate_tokens(messages: Sequence[Mapping[str, str]]) -> int:
    """About how many tokens these messages are, at four characters a token; no model's own count."""
    return sum(len(message["content"]) for message in messages) // CHARACTERS_A_TOKEN


def read_temperatures(text: str) -> tuple[tuple[float, ...], Problem | None]:
    """The list of temperatures that a person typed, such as "0, 0.5, 0.9"; with decimal commas, "0; 0,5; 0,9"."""
    parts = [part for part in re.split(r"\s*;\s*" if ";" in text else r"[,\s]+", text.strip()) if part]
    if not parts:
        return (), Problem("schedule", "list a temperature for each attempt, such as 0, 0.5, 0.9")
    if ";" not in text and "." not in text and re.search(r"\d,\d", text) and re.search(r"\d,?\s+\d", text):
        return (), Problem(
            "schedule",
            "this may be read in two ways; write decimal points, as in 0, 0.5, 0.9, or 0; 0,5; 0,9",
        )
    try:
        return tuple(read_number(part) for part in parts), None
    except ValueError:
        return (), Problem(
            "schedule", f"temperatures are numbers between commas, such as 0, 0.5, 0.9, not {text.strip()!r}"
        )


def write_temperatures(values: Sequence[float]) -> str:
    """The inverse of `read_temperatures`."""
    return ", ".join(map(write_number, values))


def list_output_names(stage: StageSpec) -> tuple[str, ...]:
    """The names of a stage's outputs; () if its signature does not parse."""
    try:
        return tuple(stage_signature(stage).output_fields)
    except SignatureError:
        return ()


def _kind(field: Field) -> Kind:
    kind = bare_type(field.type)
    if choices(kind) is not None:
        return "choice"
    plain: dict[object, Kind] = {str: "text", int: "int", float: "float", bool: "bool"}
    return plain.get(kind, "json")


def _sample(kind: str) -> str:
    if kind.startswith(("dict", "Mapping")):
        return '{"name": 1}'
    if kind.startswith("list[str]") or kind in ("list", "set", "tuple"):
        return '["one", "two"]'
    if kind.startswith(("list", "set", "tuple")):
        return "[1, 2]"
    return '"text", 1 or null'
