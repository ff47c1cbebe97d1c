"""What a module defines, found by type: programs, functions that can be a reward, values for inputs.

    refine = Refine(program, N=3, reward_fn=one_word, threshold=1.0)       a program with all that it needs; BestOfN too
    program = ChainOfThought("question -> answer")                         a program, for any reward of the file
    def one_word(inputs, prediction): ...                                  a reward: it takes two arguments
    INPUTS = {"question": "..."}; devset = [dspy.Example(...)]             values for its inputs

Of dspy, whatever the file imported is looked at; nothing here imports it.
"""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from refine_core.errors import SignatureError
from refine_core.formatting import clip
from refine_core.jsonable import to_jsonable
from refine_core.program_child.descriptions import (
    DEFAULT_N,
    DEFAULT_THRESHOLD,
    OWN,
    InputExample,
    InputField,
    Library,
    ProgramEntry,
    RewardEntry,
    Strategy,
)
from refine_core.program_child.function_source import collect_source
from refine_core.signatures import ensure_signature
from refine_core.signatures.types import format_type

_REFINEMENTS: Final = ("refine", "refinement", "program")
_PROGRAMS: Final = ("program", "Program")
_REWARDS: Final = ("reward", "reward_fn", "metric")
_ARGUMENTS: Final = 2  # of a reward: inputs and prediction
MAX_EXAMPLES: Final = 200
_PER_LIST: Final = 100
_MAX_SUMMARY: Final = 200  # characters
_MAX_SOURCE: Final = 50_000
_MAX_DEFAULT: Final = 60  # characters of a default that is shown


@dataclass(frozen=True, slots=True)
class FoundProgram:
    """A program in a module. value: the object itself; a class is called when it is run. entry: what is said of it."""

    value: Any
    entry: ProgramEntry

    @property
    def module(self) -> Any:
        """The program to be refined."""
        return self.value.module if self.entry.is_refinement else self.value


@dataclass(frozen=True, slots=True)
class Found:
    """All of a module. rewards: key -> function."""

    programs: Mapping[str, FoundProgram]
    rewards: Mapping[str, Callable[..., Any]]
    reward_entries: tuple[RewardEntry, ...]
    examples: tuple[InputExample, ...]

    def find_reward(self, program: FoundProgram, key: str) -> Callable[..., Any]:
        """The function of this key. Raises KeyError."""
        if key == OWN and program.entry.is_refinement:
            return get_reward(program.value, program.entry.library)
        return self.rewards[key]


def find_all(module: ModuleType) -> Found:
    """What a module defines, the likeliest first."""
    functions = dict(_by_name(_list_rewards(module), _REWARDS))
    programs = list(_list_programs(module, functions))
    entries = tuple(
        RewardEntry(
            name,
            _line_of(one),
            (inspect.getdoc(one) or "").partition("\n")[0][:_MAX_SUMMARY],
            _collect(module, name),
        )
        for name, one in functions.items()
    )
    return Found(
        {one.entry.name: one for one in programs},
        functions,
        entries,
        tuple(itertools.islice(_list_examples(module, programs), MAX_EXAMPLES)),
    )


def _collect(module: ModuleType, name: str) -> str:
    """A function of the module's file with what it uses of it; "" where that is not to be had, or is very long."""
    try:
        text = collect_source(Path(str(module.__file__)).read_text(encoding="utf-8-sig"), name)
    except (OSError, ValueError, SyntaxError):
        return ""
    return text if len(text) <= _MAX_SOURCE else ""


def get_reward(refinement: Any, library: Library) -> Callable[..., Any]:
    """The user's own function of a refinement: dspy wraps it in a lambda, whose closure holds it."""
    function: Callable[..., Any] = refinement.reward_fn
    if library == "refine_core":
        return function
    for cell in getattr(function, "__closure__", None) or ():
        try:
            if callable(inner := cell.cell_contents):
                return inner  # type: ignore[no-any-return]  # of dspy, whose types nobody knows here
        except ValueError:  # an empty cell
            continue
    return function


def find_dspy() -> Any:
    """dspy, if the file imported it; else None."""
    found = sys.modules.get("dspy")
    return found if hasattr(found, "Refine") and hasattr(found, "BestOfN") else None


def _list_programs(module: ModuleType, rewards: Mapping[str, Callable[..., Any]]) -> Iterator[FoundProgram]:
    """Refinements, then programs, those with the most predictors first; where there are neither, classes of programs."""
    values = {name: one for name, one in vars(module).items() if not name.startswith("_")}
    refinements = [(name, one) for name, one in values.items() if _is_refinement(one)]
    programs = [(name, one) for name, one in values.items() if _is_program(one) and not _is_refinement(one)]
    if not refinements and not programs:  # an error in one of them is the file's
        programs = [(name, one()) for name, one in values.items() if _is_program_class(one, module)]
    programs.sort(key=lambda one: -len(one[1].named_predictors()))
    seen: set[int] = set()
    for name, one in (*_by_name(refinements, _REFINEMENTS), *_by_name(programs, _PROGRAMS)):
        if id(one) not in seen:
            seen.add(id(one))
            yield FoundProgram(one, _describe_program(name, one, module, rewards))


def _describe_program(
    name: str, value: Any, module: ModuleType, rewards: Mapping[str, Callable[..., Any]]
) -> ProgramEntry:
    library: Library = "dspy" if _is_dspys(value) else "refine_core"
    refines = _is_refinement(value)
    program = value.module if refines else value
    own: str | None = None
    strategy: Strategy = "refine"
    n, threshold = getattr(module, "N", DEFAULT_N), getattr(module, "THRESHOLD", DEFAULT_THRESHOLD)
    if refines:
        function = get_reward(value, library)
        own = next((key for key, one in rewards.items() if one is function), OWN)
        strategy = "refine" if hasattr(value, "reward_fn_code") and _asks_advice(value) else "best_of_n"
        n, threshold = value.N, value.threshold
    return ProgramEntry(
        name,
        f"{type(value).__name__} of {type(program).__name__}" if refines else type(value).__name__,
        library,
        _line_of(type(program)) if type(program).__module__ == module.__name__ else None,
        tuple(_list_inputs(program)),
        tuple(one for one, _ in program.named_predictors()),
        _name_model(program, library),
        own,
        strategy,
        n if isinstance(n, int) and not isinstance(n, bool) and n > 0 else DEFAULT_N,
        float(threshold) if isinstance(threshold, int | float) else None,
    )


def _list_inputs(program: Any) -> Iterator[InputField]:
    """What the program takes: the parameters of `forward`; of a predictor by itself, the inputs of its signature."""
    predictors = [one for _, one in program.named_predictors()]
    fields: dict[str, Any] = {}
    outputs: set[str] = set()
    for one in predictors:
        for name, info in one.signature.input_fields.items():
            if name not in outputs:
                fields.setdefault(name, info)
        outputs |= set(one.signature.output_fields)
    forward = type(program).forward  # dspy warns of a look at that of an instance
    try:
        signature = inspect.signature(forward, eval_str=True)
    except (NameError, TypeError, SyntaxError, AttributeError):  # an annotation that is no type
        signature = inspect.signature(forward)
    _self, *parameters = signature.parameters.values()
    named = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    for parameter in named:
        info = fields.get(parameter.name)
        annotated = parameter.annotation is not parameter.empty
        kind = parameter.annotation if annotated else _type_of(info)
        optional = parameter.default is not parameter.empty
        default = f"default {clip(repr(parameter.default), _MAX_DEFAULT)}" if optional else ""
        words = " · ".join(filter(None, [_description_of(info), default]))
        yield InputField(parameter.name, write_type(kind), words, optional)
    if not named:
        whole = getattr(getattr(program, "signature", None), "input_fields", None)
        for name, info in (whole if isinstance(whole, Mapping) and whole else fields).items():
            yield InputField(name, write_type(_type_of(info)), _description_of(info))


def write_type(kind: Any) -> str:
    """A type as a signature of this library writes it; "Any" for what it has no words for."""
    text = format_type(kind)
    try:
        ensure_signature(f"value: {text} -> result")
    except (SignatureError, RecursionError):
        return "Any"
    return text


def _type_of(info: Any) -> Any:
    """The type of a field: of this library's, or of dspy's, which are pydantic's."""
    if info is None:
        return str
    kind = getattr(info, "annotation", None) or getattr(info, "type", None)
    return str if kind is None else kind


def _description_of(info: Any) -> str:
    extra = getattr(info, "json_schema_extra", None)
    text = extra.get("desc") if isinstance(extra, Mapping) else getattr(info, "description", "")
    return text if isinstance(text, str) and not text.startswith("${") else ""


def _name_model(program: Any, library: Library) -> str:
    if library == "dspy":
        own = next((lm for _, one in program.named_predictors() if (lm := getattr(one, "lm", None))), None)
        lm = own or find_dspy().settings.lm
    else:
        from refine_core.refine.temperatures import find_lm

        lm = find_lm(program)
    if lm is None:
        return ""
    name = getattr(lm, "model", None)
    return name if isinstance(name, str) and name else type(lm).__name__


def _list_rewards(module: ModuleType) -> list[tuple[str, Callable[..., Any]]]:
    return [
        (name, one)
        for name, one in vars(module).items()
        if not name.startswith("_")
        and inspect.isfunction(one)
        and one.__module__ == module.__name__
        and _can_score(one)
    ]


def _can_score(function: Callable[..., Any]) -> bool:
    """Whether it can be called with inputs and a prediction, and is made for both."""
    parameters = list(inspect.signature(function).parameters.values())
    placed = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    needed = [one for one in parameters if one.default is one.empty and one.kind != one.VAR_KEYWORD]
    return len(placed) >= _ARGUMENTS and needed == placed[: len(needed)] and len(needed) <= _ARGUMENTS


def _list_examples(module: ModuleType, programs: Iterable[FoundProgram]) -> Iterator[InputExample]:
    """Values in the file that hold all that one of its programs needs."""
    wanted = [
        ({one.name for one in each.entry.inputs if not one.optional}, {one.name for one in each.entry.inputs})
        for each in programs
    ]

    def read(label: str, value: object) -> InputExample | None:
        values = _as_values(value)
        if values is None:
            return None
        names = next((every for needed, every in wanted if needed and needed <= values.keys()), None)
        if names is None:
            return None
        return InputExample(label, {name: to_jsonable(one) for name, one in values.items() if name in names})

    for name, value in vars(module).items():
        if name.startswith("_"):
            continue
        if (one := read(name, value)) is not None:
            yield one
        elif isinstance(value, list | tuple):
            for place, item in enumerate(value[:_PER_LIST]):
                if (one := read(f"{name}[{place}]", item)) is not None:
                    yield one


def _as_values(value: object) -> Mapping[str, Any] | None:
    dspy = find_dspy()
    if dspy is not None and isinstance(value, dspy.Example) and not isinstance(value, dspy.Prediction):
        return dict(value.items())
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return value
    return None


def _is_refinement(value: object) -> bool:
    from refine_core.refine.module import BestOfN

    dspy = find_dspy()
    return isinstance(value, BestOfN) or (dspy is not None and isinstance(value, dspy.Refine | dspy.BestOfN))


def _asks_advice(value: Any) -> bool:
    from refine_core.refine.module import BestOfN, Refine

    return isinstance(value, Refine) or not isinstance(value, BestOfN)


def _is_program(value: object) -> bool:
    dspy = find_dspy()
    is_model = dspy is not None and isinstance(value, dspy.BaseLM)
    return isinstance(value, _bases()) and not is_model


def _is_program_class(value: object, module: ModuleType) -> bool:
    """Whether it is a class of programs, of this file, that takes no arguments."""
    if not isinstance(value, type) or value.__module__ != module.__name__ or not issubclass(value, _bases()):
        return False
    _self, *parameters = inspect.signature(value.__init__).parameters.values()
    return all(
        one.default is not one.empty or one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        for one in parameters
    )


def _bases() -> tuple[type, ...]:
    from refine_core.modules import Module

    return (Module,) if (dspy := find_dspy()) is None else (Module, dspy.Module)


def _is_dspys(value: object) -> bool:
    dspy = find_dspy()
    return dspy is not None and isinstance(value, dspy.Module)


def _by_name(values: Iterable[tuple[str, Any]], names: tuple[str, ...]) -> list[tuple[str, Any]]:
    """Those with a name of the convention first, else in the order of the file."""
    return sorted(values, key=lambda one: names.index(one[0]) if one[0] in names else len(names))


def _line_of(thing: Any) -> int | None:
    if (code := getattr(inspect.unwrap(thing) if callable(thing) else thing, "__code__", None)) is not None:
        return int(code.co_firstlineno)
    try:
        return inspect.getsourcelines(thing)[1]
    except (OSError, TypeError):
        return None
