"""What `refinescope run` runs: a description out of a file, a worked example or a recorded run, with what the options change.

SPEC.json | --example NAME --load--> ProgramSpec --change--> ProgramSpec, checked
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.output import BadInput, describe_problem, print_text
from refine_core.cli.reward_options import naming, read_functions, read_source, recognize_file
from refine_core.cli.run_inputs import read_inputs, require_inputs

if TYPE_CHECKING:
    from refine_core.errors import Problem
    from refine_core.spec import ModelSpec, ProgramSpec
    from refine_core.spec.foreign_models import ForeignModel

_PRACTICE: Final = ("practice", "practice model")
_BARE_NAMES: Final = {
    **dict.fromkeys(("gpt", "chatgpt", "o1", "o3", "o4"), "OPENAI_API_KEY"),
    "claude": "ANTHROPIC_API_KEY",
}
"""How names begin that litellm knows without a provider before them -> where the key is."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the options of `run` say. Whatever is None or empty stays as the description has it.

    inputs: NAME=VALUE texts. threshold: a number or "none". function: which one of the reward's file. trusted: addresses to which a
    description may send things.
    """

    inputs: tuple[str, ...] = ()
    n: int | None = None
    threshold: str | None = None
    reward: Path | None = None
    function: str | None = None
    model: str | None = None
    base_url: str | None = None
    key_env: str | None = None
    temperature: float | None = None
    seed: int | None = None
    title: str | None = None
    as_json: bool = False
    trusted: tuple[str, ...] = ()


def options_of(spec: ProgramSpec, *, as_json: bool) -> RunOptions:
    """The options by which a Python program runs as it did: with its recorded inputs, N and threshold."""
    import json

    from refine_core.cli.output import to_json

    inputs = tuple(f"{name}:={to_json(value)}" for name, value in spec.inputs.items())
    threshold = "none" if spec.threshold is None else json.dumps(spec.threshold)
    model = "practice" if spec.model.kind == "practice" else None
    return RunOptions(
        inputs, spec.N, threshold, model=model, temperature=spec.model.temperature, as_json=as_json
    )


def agree_to(foreign: Sequence[ForeignModel], trusted: Sequence[str]) -> frozenset[str]:
    """What the options agree to of models that came in a file: their texts. Raises BadInput for a model that they do not name."""
    if missing := [one for one in foreign if one.where not in trusted]:
        lines = [f"  {one.role}: {one.text}" for one in missing]
        options = " ".join(
            f"--trust-address {shlex.quote(where)}" for where in {one.where: None for one in missing}
        )
        raise BadInput(
            "\n".join(["This came in a file that names where prompts and keys are sent:", *lines,
                       f"If you want that, add {options}. Or choose another model with --model."])
        )  # fmt: skip
    return frozenset(one.text for one in foreign)


def load_example(name: str) -> ProgramSpec:
    """A worked example by its name. Raises BadParameter with the names that there are."""
    from refine_core.spec.examples import EXAMPLES

    if name not in EXAMPLES:
        names = "\n".join(f"  {one.key:<13} {one.title}" for one in EXAMPLES.values())
        raise click.BadParameter(f"--example {name}: there is no such example. There are:\n{names}")
    return EXAMPLES[name].spec


def load_document(path: Path) -> ProgramSpec:
    """The description in a file ("-" for standard input). Raises BadInput."""
    from refine_core.errors import SpecError
    from refine_core.spec.document import read_document

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text") from None
    try:
        return read_document(text)
    except SpecError as error:
        name = "standard input" if str(path) == "-" else str(path)
        raise BadInput(describe_problems(name, error.problems)) from None


def change(spec: ProgramSpec, options: RunOptions) -> ProgramSpec:
    """The description with what the options say, checked. Raises Question, BadParameter, BadInput."""
    from refine_core.programs.value_inputs import list_form_inputs
    from refine_core.refine.build import find_problems

    if spec.program_file:
        raise BadInput(describe_problems("This cannot run", find_problems(spec)))
    wanted = list_form_inputs(spec.stages)
    given = read_inputs(options.inputs, wanted)
    spec = change_program(replace(spec, inputs={**spec.inputs, **given}), options)
    require_inputs(spec.inputs, wanted, as_json=options.as_json)
    if problems := find_problems(spec):
        raise BadInput(describe_problems("This cannot run", problems))
    for model in (spec.model, spec.adviser, spec.judge):
        require_key(model)
    for name in given:
        if name not in {one.name for one in wanted}:
            names = ", ".join(one.name for one in wanted)
            print_text(
                f"Note: {name} is no input of the program ({names}), so only the reward sees it.", err=True
            )
    return spec


def change_program(spec: ProgramSpec, options: RunOptions) -> ProgramSpec:
    """The description with another N, threshold, reward or model, as the options say. Raises BadInput, BadParameter, UsageError."""
    from refine_core.spec.foreign_models import list_inherited

    spec = _change_numbers(spec, options)
    if options.reward is not None:
        found = read_reward_file(options.reward, options.function, as_json=options.as_json)
        spec = replace(
            spec,
            reward=found.source,
            reward_name=found.name,
            reward_shape=found.shape,
            reward_arguments={},
        )
    before = spec
    spec = replace(spec, model=change_model(spec.model, options))
    typed = (options.base_url, options.model)
    agree_to([one for one in list_inherited(spec, before) if one.where not in typed], options.trusted)
    return spec


def _change_numbers(spec: ProgramSpec, options: RunOptions) -> ProgramSpec:
    changes: dict[str, object] = {}
    if options.n is not None:
        changes["N"] = options.n
    if options.threshold is not None:
        changes["threshold"] = read_threshold(options.threshold)
    if options.seed is not None:
        changes["seed"] = options.seed
    if options.title is not None:
        changes["title"] = options.title
    return replace(spec, **changes)  # type: ignore[arg-type]  # fields by their names


def read_threshold(text: str) -> float | None:
    """A number, or None for "none". Raises BadParameter."""
    from refine_core.cli.numbers import read_number

    if text.strip().lower() == "none":
        return None
    try:
        return read_number(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a number nor none", param_hint="--threshold") from None


@dataclass(frozen=True, slots=True)
class RewardFile:
    """A reward out of a file. name: of its function. shape: how it is called."""

    source: str
    name: str | None
    shape: str


def read_reward_file(path: Path, function: str | None, *, as_json: bool) -> RewardFile:
    """The reward in a file. function: which one of it; None for the only one. Raises BadInput, Question, UsageError."""
    source = read_source(path)
    with naming(path):
        found = recognize_file(
            source, read_functions([function] if function else []), None, {}, None, as_json=as_json
        )
        if len(found.functions) > 1:
            names = ", ".join(one.name for one in found.functions)
            raise click.UsageError(
                f"{path.name} has several rewards: {names}. Choose one with --function NAME"
            )
    return RewardFile(source, found.functions[0].name, found.shape)


def change_model(model: ModelSpec, options: RunOptions) -> ModelSpec:
    """The model with what the options say of it. Raises UsageError."""
    if options.model is not None:
        model = choose_model(options.model, model)
    if options.base_url is not None or options.key_env is not None:
        if model.kind != "litellm":
            raise click.UsageError(
                "--base-url and --key-env say where a --model is; name one, such as openai/NAME"
            )
        key_env = options.key_env or (None if options.base_url else model.key_env)
        model = replace(model, api_base=options.base_url or model.api_base, key_env=key_env)
    return model if options.temperature is None else replace(model, temperature=options.temperature)


def require_key(model: ModelSpec | None) -> None:
    """Raise BadInput for a model whose key should be in an environment variable, and is not."""
    from refine_core.spec.secrets import environment_key

    if model is not None and model.kind == "litellm" and model.key_env and not environment_key(model.key_env):
        raise BadInput(
            f"{model.model} needs a key, and the environment variable {model.key_env} is not set. Set it (export "
            f"{model.key_env}=…), name another one with --key-env, or take --model practice, which needs none."
        )


def choose_model(name: str, before: ModelSpec) -> ModelSpec:
    """The model of --model: "practice", "local", the name of a saved connection, or litellm's name. before: its settings are kept."""
    from refine_core.connections import list_models
    from refine_core.connections.model_names import prefix_of
    from refine_core.connections.presets import PRESETS
    from refine_core.local_model import describe_model
    from refine_core.spec import ModelSpec

    if name.strip().lower() in _PRACTICE:
        return before if before.kind == "practice" else ModelSpec(temperature=before.temperature)
    if name.strip().lower() == "local":
        return replace(describe_model(), temperature=before.temperature)
    if (saved := list_models().get(name)) is not None:
        return saved
    own = (
        before
        if before.kind == "litellm" and before.model == name
        else ModelSpec("litellm", temperature=before.temperature)
    )
    model = replace(own, kind="litellm", model=name)
    prefix = prefix_of(model)
    preset = next((one for one in PRESETS.values() if prefix and one.prefix == prefix and one.key_env), None)
    usual = preset.key_env if preset is not None else _BARE_NAMES.get(name.partition("-")[0].lower())
    if usual and not model.api_base and model.key_env is None:
        model = replace(model, key_env=usual)
    return model


def describe_problems(what: str, problems: tuple[Problem, ...] | list[Problem]) -> str:
    """Problems as lines, each with the field it concerns and its line."""
    lines = [f"  {describe_problem(one)}" for one in problems]
    return "\n".join([f"{what}:", *lines])
