"""What the arguments of a reward function are, in each framework's way of calling, and what their fields are."""

from __future__ import annotations

from collections.abc import Mapping

from refine_core.rewards.checks.code import Code
from refine_core.rewards.checks.kinds import UNKNOWN, Kind, kind_of_type
from refine_core.rewards.shapes.names import EXPECTED, OUTPUT_WORDS

_BY_POSITION: Mapping[str, tuple[Kind, ...]] = {
    "refine": (Kind("inputs", given=True), Kind("prediction", written=True)),
    "dspy": (Kind("inputs", given=True), Kind("prediction", written=True)),
    "gepa": (Kind("inputs", given=True), Kind("prediction", written=True)),
    "inspect": (Kind("state"), Kind("target", given=True)),
    "deepeval": (Kind("test case"),),
}
_BY_NAME: Mapping[str, Mapping[str, Kind]] = {
    "openai": {"sample": Kind("sample", written=True), "item": Kind("inputs", given=True)},
    "promptfoo": {"output": Kind("text", written=True), "context": Kind("context", given=True)},
    "verl": {
        "solution_str": Kind("text", written=True),
        "solution_strs": Kind("list", written=True, item=Kind("text", written=True)),
        "extra_info": Kind("inputs", given=True),
        "data_source": UNKNOWN,
    },
    "langsmith": {
        "outputs": Kind("prediction", written=True),
        "inputs": Kind("inputs", given=True),
        "reference_outputs": Kind("inputs", given=True),
    },
    "verifiers": {"info": Kind("inputs", given=True), "answer": Kind("text", given=True), "state": UNKNOWN},
}
_WRITTEN, _GIVEN = Kind(written=True), Kind(given=True)
_TEXT_WRITTEN, _TEXT_GIVEN = Kind("text", written=True), Kind("text", given=True)
_FIELDS: Mapping[tuple[str, str], Kind] = {
    ("sample", "output_text"): _TEXT_WRITTEN,
    ("context", "vars"): Kind("inputs", given=True),
    ("context", "prompt"): _TEXT_GIVEN,
    ("message", "content"): _TEXT_WRITTEN,
    ("test case", "actual_output"): _TEXT_WRITTEN,
    ("test case", "expected_output"): _TEXT_GIVEN,
    ("test case", "input"): _TEXT_GIVEN,
    ("state", "output"): Kind("model output", written=True),
    ("model output", "completion"): _TEXT_WRITTEN,
    ("target", "text"): _TEXT_GIVEN,
}


def list_argument_kinds(code: Code) -> dict[str, Kind]:
    """Parameter -> what it is given, of the reward function itself."""
    names = code.parameters
    if code.shape in _BY_POSITION:
        return dict(zip(names, _BY_POSITION[code.shape], strict=False))
    parameters = code.reward.parameters if code.reward is not None else tuple(names)
    kinds = {name: _kind_by_name(code, name) for name in parameters}
    further = code.function.args.kwarg if code.function is not None else None
    if further is not None:
        kinds[further.arg] = Kind("columns", given=True)
    return kinds


def _kind_by_name(code: Code, name: str) -> Kind:
    known = _BY_NAME.get(code.shape, {}).get(name)
    if known is not None:
        return known
    reward = code.reward
    many = reward is not None and reward.per != "row"
    as_messages = reward is not None and reward.as_messages
    if name in {"completion", "completions"}:
        message = Kind("list", written=True, item=Kind("message", written=True))
        one = message if as_messages else _TEXT_WRITTEN
    elif name in OUTPUT_WORDS | {"outputs"}:
        one = kind_of_type((code.fields.outputs or {}).get(name), written=True)
    elif reward is not None and name not in {*reward.required, *(code.fields.inputs or ()), *EXPECTED}:
        return UNKNOWN  # a setting with a default
    else:
        one = kind_of_type((code.fields.inputs or {}).get(name), written=False)
    return Kind("list", one.written, one.given, one) if many else one


def get_field_kind(code: Code, owner: Kind, name: str) -> Kind:
    """What a field of an argument is: `pred.answer`, `sample["output_text"]`, `context["vars"]["x"]`."""
    if owner.type == "prediction":
        return kind_of_type((code.fields.outputs or {}).get(name), written=True)
    if owner.type == "inputs":
        return kind_of_type((code.fields.inputs or {}).get(name), written=False)
    return _FIELDS.get((owner.type, name)) or owner.as_type("")
