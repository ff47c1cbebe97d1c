"""A Python file that defines a program, as `refinescope run` takes it. It is the user's own code, and is run as such: in this process.

    file --load--> module --find--> Refine(program, reward), inputs --> LiveProgram

What it may define, under these names or as the only one of its kind:
    refine      a Refine or BestOfN; else
    main        a function that calls one: it is run up to that call, and the call is what runs; else
    program     a Module, or Program, a class of one; and reward, reward_fn or metric, a function (inputs, prediction) -> number
    INPUTS, N, THRESHOLD      values where the options give none
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

from refine_core.cli.output import BadInput
from refine_core.cli.run_inputs import read_inputs, require_inputs
from refine_core.cli.run_spec import (
    RunOptions,
    change_model,
    describe_problems,
    read_threshold,
    require_key,
)
from refine_core.cli.user_code import load_module, run_main
from refine_core.program_child.function_source import collect_source

if TYPE_CHECKING:
    from refine_core.modules import Module
    from refine_core.programs.value_inputs import FormInput
    from refine_core.refine import BestOfN
    from refine_core.runs import LiveProgram
    from refine_core.signatures import Field

T = TypeVar("T")
_REFINEMENTS: Final = ("refine", "refinement", "program")
_PROGRAMS: Final = ("program", "Program")
_REWARDS: Final = ("reward", "reward_fn", "metric")
_N, _THRESHOLD = 5, 1.0


@dataclass(frozen=True, slots=True)
class FoundProgram:
    """What a file defines. refine: with its program and reward. inputs: that it gives itself. fields: input fields of its predictors.

    wanted: what the program takes. optional: which of that it can do without. reward_source: of the reward, to be run by itself; or "".
    """

    refine: BestOfN
    inputs: Mapping[str, Any]
    fields: Mapping[str, Field]
    wanted: Mapping[str, FormInput]
    optional: frozenset[str]
    reward_source: str


def load_program(path: Path, options: RunOptions) -> LiveProgram:
    """The program in a file, with what the options change. Raises BadInput, BadParameter, Question."""
    from refine_core.runs import LiveProgram

    found = find_program(path, options)
    inputs = {**found.inputs, **read_inputs(options.inputs, found.wanted.values())}
    needed = [one for name, one in found.wanted.items() if name not in found.optional]
    require_inputs(inputs, needed, as_json=options.as_json)
    typed = {name: _convert(found.fields.get(name), value) for name, value in inputs.items()}
    return LiveProgram(found.refine, typed, path.name, found.reward_source, options.title or "")


def find_program(path: Path, options: RunOptions) -> FoundProgram:
    """What a file defines, with what the options change, and a model. Raises BadInput, BadParameter."""
    from refine_core.errors import SpecError
    from refine_core.refine.temperatures import find_lm

    module = load_module(path)
    called: Mapping[str, Any] = {}
    try:
        refine, called = _find_refinement(module, path, options)
    except SpecError as error:
        raise BadInput(describe_problems(path.name, error.problems)) from None
    except TypeError as error:
        raise BadInput(f"{path.name}: {error}") from None
    if options.model is not None:
        _set_model(refine, options)
    elif find_lm(refine.module) is None:
        words = "Add --model NAME, such as --model practice, which needs no key; or call configure(lm=LM(…)) in the file."
        raise BadInput(f"{path.name} sets no model. {words}")
    fields = _list_fields(refine.module)
    given = called or getattr(module, "INPUTS", {})
    return FoundProgram(
        refine,
        given if isinstance(given, Mapping) else {},
        fields,
        _list_inputs(refine.module, fields),
        frozenset(_defaults(refine.module)),
        _collect(refine, path),
    )


def _find_refinement(
    module: ModuleType, path: Path, options: RunOptions
) -> tuple[BestOfN, Mapping[str, Any]]:
    """What the file refines, with N, threshold and reward of the options; and the inputs that it is called with, {} if it is not.

    Raises BadInput, SpecError, TypeError.
    """
    from refine_core.refine import BestOfN, Refine

    found = _find(module, _REFINEMENTS, lambda one: isinstance(one, BestOfN))
    called: Mapping[str, Any] = {}
    if found is None and (call := run_main(module, path)) is not None:
        found, called = call.module, call.inputs
        if not isinstance(found, BestOfN):
            found = BestOfN(
                found, 1, _find_reward(module, path, options), getattr(module, "THRESHOLD", _THRESHOLD)
            )
    if found is not None:
        return _change(cast("BestOfN", found), path, options), called
    n: Any = options.n or getattr(module, "N", _N)
    threshold = getattr(module, "THRESHOLD", _THRESHOLD)
    if options.threshold is not None:
        threshold = read_threshold(options.threshold)
    return Refine(_find_program(module, path), n, _find_reward(module, path, options), threshold), called


def _change(refine: BestOfN, path: Path, options: RunOptions) -> BestOfN:
    """A refinement with N and threshold of the options. Raises SpecError for wrong ones."""
    if options.reward is not None or options.function is not None:
        raise click.UsageError(f"{path.name} defines a refinement with its own reward; leave --reward out")
    if options.n is not None:
        if refine.fail_count == refine.N:
            refine.fail_count = options.n
        refine.N = options.n
    if options.threshold is not None:
        refine.threshold = read_threshold(options.threshold)
    refine._plan(0.0)  # noqa: SLF001  # which says what is wrong with them
    return refine


def _find_program(module: ModuleType, path: Path) -> Module:
    from refine_core.modules import Module

    def is_program(one: object) -> bool:
        return isinstance(one, Module) or (
            isinstance(one, type) and issubclass(one, Module) and one.__module__ == module.__name__
        )

    found = _find(module, _PROGRAMS, is_program)
    if found is None:
        raise BadInput(
            f"{path.name} defines no program. Write a class Program(Module), or program = Predict('question -> answer')"
        )
    if not isinstance(found, type):
        return cast("Module", found)
    try:
        return cast("Module", found())
    except TypeError as error:
        raise BadInput(
            f"{path.name}: {found.__name__}() fails: {error}. Write program = {found.__name__}(…)"
        ) from None


def _find_reward(module: ModuleType, path: Path, options: RunOptions) -> Any:
    """The reward function: of --reward FILE, else of the file itself."""
    where, name = (module, path) if options.reward is None else (load_module(options.reward), options.reward)
    if options.function is not None:
        if not callable(function := getattr(where, options.function, None)):
            raise click.BadParameter(
                f"{name.name} has no function {options.function}", param_hint="--function"
            )
        return function

    def is_reward(one: object) -> bool:
        if not inspect.isfunction(one) or one.__module__ != where.__name__:
            return False
        return len(inspect.signature(one).parameters) >= 2  # noqa: PLR2004  # inputs and prediction

    if (found := _find(where, _REWARDS, is_reward)) is not None:
        return found
    functions = [key for key, one in vars(where).items() if is_reward(one)]
    if functions:
        raise BadInput(
            f"{name.name} has several functions that may be the reward: {', '.join(functions)}. Add --function NAME"
        )
    raise BadInput(
        f"{name.name} defines no reward. Write def reward(inputs, prediction), or add --reward FILE"
    )


def _find(module: ModuleType, names: Iterable[str], fits: Any) -> object | None:
    """What stands under one of the names, else the only thing in the module that fits."""
    values = vars(module)
    for name in names:
        if name in values and fits(values[name]):
            return cast("object", values[name])
    found = {id(one): one for key, one in values.items() if not key.startswith("_") and fits(one)}
    return next(iter(found.values())) if len(found) == 1 else None


def _set_model(refine: BestOfN, options: RunOptions) -> None:
    from refine_core.connect import connect
    from refine_core.spec import ModelSpec

    model = change_model(ModelSpec(), options)
    require_key(model)
    refine.module.set_lm(connect(model, seed=options.seed or 0))


def _list_fields(program: Module) -> dict[str, Field]:
    """Name -> input field, of all predictors of a program."""
    fields: dict[str, Field] = {}
    for predictor in program.predictors():
        for name, field in predictor.signature.input_fields.items():
            fields.setdefault(name, field)
    return fields


def _list_inputs(program: Module, fields: Mapping[str, Field]) -> dict[str, FormInput]:
    """Name -> how a value is given, of what the program takes."""
    from refine_core.programs.value_inputs import as_form_input
    from refine_core.signatures import Field

    named = [
        one.name
        for one in inspect.signature(program.forward).parameters.values()
        if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
    ]
    if not named:  # a predictor by itself, which takes whatever its signature names
        predictors = program.predictors()
        named = list(predictors[0].signature.input_fields) if len(predictors) == 1 else []
    return {name: as_form_input(fields.get(name) or Field(name, "input", str)) for name in named}


def _defaults(program: Module) -> set[str]:
    parameters = inspect.signature(program.forward).parameters.values()
    return {one.name for one in parameters if one.default is not inspect.Parameter.empty}


def _convert(field: Field | None, value: object) -> object:
    """A value as the type that the program's signature names; as it is where it does not fit, so that the program says so."""
    from refine_core.signatures.types import validate

    if field is None:
        return value
    try:
        return validate(field, value)
    except ValueError:
        return value


def _collect(refine: BestOfN, path: Path) -> str:
    """The reward with what it uses of its file, so that it can be run by itself; "" where that is not to be had."""
    name = getattr(refine.reward_fn, "__name__", "")
    try:
        file = inspect.getsourcefile(inspect.unwrap(refine.reward_fn))
        return collect_source(Path(file or path).read_text(encoding="utf-8-sig"), name)
    except (OSError, TypeError, ValueError, SyntaxError):
        return ""
