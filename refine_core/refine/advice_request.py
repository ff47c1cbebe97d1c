"""The request for advice as a signature and the texts of its inputs, in full or compact.

In full, the inputs, their names and their order are those of dspy.Refine 2.6.23; the words are ours. Compact is for
models with a small context window: what the reward says comes first, code is left out, and long values are shortened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from refine_core.adapters.field_values import to_json_text
from refine_core.events import RewardScored
from refine_core.loop import collect_feedback
from refine_core.modules.module import Module
from refine_core.modules.predict import Predict
from refine_core.refine.advice_style import AdviceStyle
from refine_core.refine.sources import describe_modules, get_source
from refine_core.signatures import InputField, OutputField, Signature
from refine_core.spec import AdviceForm, ProgramSpec
from refine_core.spec.source import program_source

VALUE_CHARACTERS = 400
CODE_CHARACTERS = 1_000
INSTRUCTION_CHARACTERS = 300
TRAJECTORY_CHARACTERS = 4_000


class OfferAdvice(Signature):
    """Find out which modules of the program kept the reward below its target, and tell each of those what to do.

    In the discussion, go through the trajectory and say what each module contributed to the reward that was reached.
    In the advice, give every module named in `module_names` one entry. The program will run again on the same inputs,
    and each module will see its own entry and nothing else of this attempt: so make it concrete, complete by itself and
    something that can be acted on. A module that is not to blame gets N/A.
    """

    program_code: str = InputField(desc="the source code of the program")
    modules_defn: str = InputField(
        desc="each module of the program: its input fields, output fields and instructions"
    )
    program_inputs: str = InputField(desc="what the program was given")
    program_trajectory: str = InputField(desc="what each module was given and what it returned, in order")
    program_outputs: str = InputField(desc="what the program returned")
    reward_code: str = InputField(desc="the source code of the reward function that scored the outputs")
    target_threshold: float = InputField(desc="the reward to reach")
    reward_value: float = InputField(desc="the reward that these outputs got")
    module_names: list[str] = InputField(
        desc="the names of the modules, each of which needs an entry in the advice"
    )
    discussion: str = OutputField(desc="which module is to blame for what, with evidence from the trajectory")
    advice: dict[str, str] = OutputField(desc="module name -> what it should do next time, or N/A")


class OfferAdviceBriefly(Signature):
    """Say what each module of the program must do next time to raise the reward.

    Each module will see its own entry of the advice and nothing else: make it concrete. N/A for a module not to blame.
    """

    reward_feedback: str = InputField(desc="what the reward says of the outputs")
    reward_value: str = InputField(desc="the reward that the outputs got")
    target_threshold: str = InputField(desc="the reward to reach")
    reward_code: str = InputField(desc="how the outputs are scored")
    modules: str = InputField(desc="the modules of the program")
    program_trajectory: str = InputField(desc="what each module was given and returned")
    module_names: list[str] = InputField(desc="each needs an entry in the advice")
    discussion: str = OutputField(desc="what went wrong, in one sentence")
    advice: dict[str, str] = OutputField(desc="module name -> what it should do next time, or N/A")


def default_instructions(form: AdviceForm) -> str:
    """What the adviser is told to do unless somebody says otherwise."""
    return (OfferAdvice if form == "full" else OfferAdviceBriefly).instructions


def build_advice_request(
    style: AdviceStyle,
    program: Module,
    predictors: Sequence[tuple[str, Predict]],
    *,
    inputs: object,
    trajectory: Sequence[Mapping[str, object]],
    outputs: object,
    reward_source: str,
    threshold: object,
    reward: object,
    feedback: str,
) -> tuple[type[Signature], dict[str, str]]:
    """The signature to fill, and the text of each input.

    trajectory: module name, inputs and outputs of each step, plain data, as are inputs and outputs. reward: the value.
    feedback: what the reward and the validators say of it; "" for nothing.
    """
    names = tuple(name for name, _ in predictors)
    values: dict[str, object]
    of_reward = list_reward_values(style.form, reward_source, threshold, reward, feedback)
    if style.form == "compact":
        values = {
            **of_reward,
            "modules": "\n".join(_describe_briefly(name, one) for name, one in predictors),
            "program_trajectory": shorten(
                to_json_text([_shorten_values(step) for step in trajectory]), TRAJECTORY_CHARACTERS
            ),
            "module_names": to_json_text(names),
        }
        values = {name: value for name, value in values.items() if value != ""}
    else:
        values = {
            "program_code": get_source(program),
            "modules_defn": describe_modules(predictors),
            "program_inputs": inputs,
            "program_trajectory": trajectory,
            "program_outputs": outputs,
            **of_reward,
            "module_names": names,
        }
    return _build_signature(style, names, tuple(values)), {
        name: _to_text(value) for name, value in values.items()
    }


def list_reward_values(
    form: AdviceForm, reward_source: str, threshold: object, reward: object, feedback: str
) -> dict[str, object]:
    """What of the request depends on the reward, the threshold and a score, in the request's order: input -> value."""
    if form == "compact":
        return {
            "reward_feedback": feedback,
            "reward_value": reward,
            "target_threshold": threshold,
            "reward_code": "" if feedback else shorten(reward_source, CODE_CHARACTERS),
        }
    return {
        "reward_code": reward_source,
        "target_threshold": threshold,
        "reward_value": f"{reward if isinstance(reward, str) else repr(reward)}\n{feedback}"
        if feedback
        else reward,
    }


def collect_advice_feedback(form: AdviceForm, scored: RewardScored) -> str:
    """What the request says of a score beside its value: the reward's feedback, and the validators that were not met."""
    prefix = "The reward says: " if scored.feedback and form == "full" else ""
    return f"{prefix}{collect_feedback(scored)}"


def list_score_texts(spec: ProgramSpec, scored: RewardScored) -> dict[str, str]:
    """The texts of the request about `scored` that depend on the reward, its threshold and the score, as they are sent."""
    feedback = collect_advice_feedback(spec.advice_form, scored)
    values = list_reward_values(spec.advice_form, spec.reward, spec.threshold, scored.value, feedback)
    return {name: _to_text(value) for name, value in values.items()}


def has_same_code(a: ProgramSpec, b: ProgramSpec) -> bool:
    """Whether the requests of two runs of one program show the same program. In full, the validators' checks are part of it.

    Raises RewardError for a check that cannot be read.
    """
    return (
        a.advice_form == "compact" or a.validators == b.validators or program_source(a) == program_source(b)
    )


def shorten(text: str, max_characters: int) -> str:
    """The beginning and the end of a long text, with a mark that says how much is missing between them."""
    if len(text) <= max_characters:
        return text
    end = max_characters // 4
    missing = len(text) - max_characters
    return f"{text[: max_characters - end]} [… {missing:,} characters left out …] {text[-end:]}"


@lru_cache(maxsize=128)
def _build_signature(style: AdviceStyle, names: tuple[str, ...], inputs: tuple[str, ...]) -> type[Signature]:
    """The signature of advice; where a JSON schema is sent, it makes each predictor a key that must be there."""
    signature: type[Signature] = OfferAdvice if style.form == "full" else OfferAdviceBriefly
    for name in [name for name in signature.input_fields if name not in inputs]:
        signature = signature.delete(name)
    keys = {"properties": {name: {"type": "string"} for name in names}, "additionalProperties": False}
    signature = signature.with_updated_fields("advice", json_schema_extra=keys)
    return signature.with_instructions(style.instructions) if style.instructions.strip() else signature


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else to_json_text(value, indent=2)


def _describe_briefly(name: str, one: Predict) -> str:
    fields = f"{', '.join(one.signature.input_fields)} -> {', '.join(one.signature.output_fields)}"
    return f"{name}: {fields}. {shorten(one.signature.instructions, INSTRUCTION_CHARACTERS)}"


def _shorten_values(value: object) -> object:
    """The same data with every long text in it shortened."""
    if isinstance(value, str):
        return shorten(value, VALUE_CHARACTERS)
    if isinstance(value, Mapping):
        return {name: _shorten_values(one) for name, one in value.items()}
    return [_shorten_values(one) for one in value] if isinstance(value, (list, tuple)) else value
