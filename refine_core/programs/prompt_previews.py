"""The prompts that a program will send, before it is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from refine_core.adapters import adapter_for
from refine_core.connect import first_format
from refine_core.jsonable import to_jsonable
from refine_core.modules import Predict
from refine_core.programs.reward_source import may_give_feedback
from refine_core.refine.advice_request import build_advice_request
from refine_core.refine.advice_style import AdviceStyle
from refine_core.refine.build import Pipeline
from refine_core.spec import ProgramSpec

CHARACTERS_A_TOKEN = 4
FEEDBACK = "{what the reward says, if anything}"


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


def preview_stage_prompt(spec: ProgramSpec, place: int) -> list[dict[str, str]]:
    """The messages that the first attempt will send the predictor of one stage. Raises SignatureError.

    The other stages, and the stage's own name, may be wrong.
    """
    alone = replace(spec, stages=(replace(spec.stages[place], name="stage"),), validators=())
    (messages,) = preview_first_prompts(alone).values()
    return messages


def preview_advice_prompt(spec: ProgramSpec) -> list[dict[str, str]]:
    """The messages that ask for advice after an attempt; what only the attempt will bring is {name}."""
    program = Pipeline(spec)
    predictors = [(name, one) for name, one in program.named_predictors() if isinstance(one, Predict)]
    values, steps = dict(spec.inputs), list[dict[str, object]]()
    for name, one in predictors:
        inputs = {field: values.get(field, f"{{{field}}}") for field in one.signature.input_fields}
        outputs = {field: f"{{{field}}}" for field in one.signature.output_fields}
        steps.append({"module_name": name, "inputs": to_jsonable(inputs), "outputs": outputs})
        values |= outputs
    signature, texts = build_advice_request(
        AdviceStyle(spec.advice_instructions, spec.advice_form),
        program,
        predictors,
        inputs=to_jsonable(spec.inputs),
        trajectory=steps,
        outputs={name: f"{{{name}}}" for name in values if name not in spec.inputs},
        reward_source=spec.reward,
        threshold=spec.threshold,
        reward="{reward}",
        feedback=FEEDBACK if may_give_feedback(spec.reward) else "",
    )
    return adapter_for(first_format(spec.adviser or spec.model)).format(signature, [], texts)


def estimate_tokens(messages: Sequence[Mapping[str, str]]) -> int:
    """About how many tokens these messages are, at four characters a token; no model's own count."""
    return sum(len(message["content"]) for message in messages) // CHARACTERS_A_TOKEN
