"""A Refine or BestOfN of dspy's as the description of a run.

A program of one predictor is described so that it can run here, too. Of any other, how `forward` joins the predictors is in its
own file alone, and the description names that file.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

from refine_core.errors import SignatureError
from refine_core.interop.dspy_recording.rewards import unwrap
from refine_core.jsonable import to_jsonable
from refine_core.lm.secrecy import strip_login
from refine_core.signatures import ensure_signature
from refine_core.spec import ModelSpec, ProgramSpec, Schedule, StageSpec
from refine_core.spec.lambdas import extract_lambda
from refine_core.spec.models import check_model
from refine_core.spec.schedule import schedule

NO_FILE: Final = "an interactive session"
"""What stands for the file of a program that was typed at a prompt."""
_SETTINGS: Final = ("api_base", "base_url", "temperature", "max_tokens", "rollout_id")


def describe_refinement(
    instance: Any,
    named: Sequence[tuple[str, Any]],
    inputs: Mapping[str, Any],
    lm: Any,
    adviser: Any,
    *,
    version: str,
) -> Callable[[], ProgramSpec]:
    """What makes the description of a run, out of what is noted now: the program may change its Refine meanwhile.

    named: the predictors. lm: the model that answers; adviser: the one asked for advice. version: of dspy.
    """
    module = instance.module
    predictors = [
        (name, one.signature, tuple(to_jsonable(dict(demo)) for demo in one.demos)) for name, one in named
    ]
    single = len(predictors) == 1 and _is_bare(module)
    reward, threshold, attempts = find_reward(instance), instance.threshold, instance.N
    fail_count = None if instance.fail_count == attempts else instance.fail_count
    refines = _is_refine(instance)
    source = instance.reward_fn_code if refines else read_source(reward)
    title = "" if single else _name_of(module)
    name = str(getattr(reward, "__name__", ""))
    values = to_jsonable(dict(inputs))
    answering, advising = note_settings(lm), note_settings(adviser)

    def describe() -> ProgramSpec:
        model, other = describe_model(answering), describe_model(advising)
        return ProgramSpec(
            tuple(describe_stage(*one) for one in predictors) or (StageSpec("program", "inputs -> outputs"),),
            extract_lambda(textwrap.dedent(source)),
            inputs=values,
            title=title,
            strategy="refine" if refines else "best_of_n",
            reward_name=name if str.isidentifier(name) else None,
            N=attempts,
            threshold=float(threshold) if isinstance(threshold, int | float) else None,
            fail_count=fail_count,
            model=model,
            adviser=None if other.identity == model.identity or not refines else other,
            schedule=Schedule("dspy-3") if has_rollouts(version) else Schedule(),
            first_rollout=find_first_rollout(answering),
            program_file="" if single else _file_of(type(module)),
        )

    return describe


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What a model was called with when it was looked at. kwargs: only those that a description holds."""

    type_name: str
    model: object
    kwargs: Mapping[str, object]


def note_settings(lm: Any) -> ModelSettings:
    """The settings of a model of dspy's, or of the user's own."""
    kwargs: Mapping[str, Any] = getattr(lm, "kwargs", {})
    shown = {name: kwargs[name] for name in _SETTINGS if name in kwargs}
    return ModelSettings(type(lm).__name__, getattr(lm, "model", None), shown)


def has_rollouts(version: str) -> bool:
    """Whether this dspy tells attempts apart by rollout ids, at temperature 1.0, and not by temperatures."""
    return int(version.partition(".")[0]) > 2  # noqa: PLR2004 - dspy 2.6 has temperatures


def find_first_rollout(lm: Any) -> int:
    """The rollout id of the first attempt, where attempts have one."""
    rollout = getattr(lm, "kwargs", {}).get("rollout_id")
    return rollout if isinstance(rollout, int) else 0


def list_planned_temperatures(instance: Any, lm: Any, version: str) -> tuple[float, ...]:
    """The temperatures of its attempts, as dspy will choose them."""
    if has_rollouts(version):
        return (1.0,) * int(instance.N)
    first = getattr(lm, "kwargs", {}).get("temperature")
    return schedule(float(first) if isinstance(first, int | float) else 0.0, instance.N)


def describe_stage(name: str, signature: Any, demos: tuple[Mapping[str, object], ...]) -> StageSpec:
    """A predictor as a stage, under a name that a stage can have."""
    text = f"{_list_fields(signature.input_fields)} -> {_list_fields(signature.output_fields)}"
    try:
        ensure_signature(text)
    except SignatureError:  # a type of the user's own
        text = f"{', '.join(signature.input_fields)} -> {', '.join(signature.output_fields)}"
    fields = {**signature.input_fields, **signature.output_fields}
    descriptions = {field: _description(info) for field, info in fields.items()}
    return StageSpec(
        stage_name(name),
        text,
        _own_instructions(signature),
        descriptions={
            field: text for field, text in descriptions.items() if text not in ("", f"${{{field}}}")
        },
        demos=demos,
    )


def stage_name(path: str) -> str:
    """The path of a predictor as a Python identifier."""
    return (
        path.removesuffix(".predict")
        .replace(".", "_")
        .replace("['", "_")
        .replace("[", "_")
        .replace("']", "")
        .replace("]", "")
    )


def describe_model(lm: ModelSettings) -> ModelSpec:
    """A model without its key; without its address where that holds one."""
    kwargs = lm.kwargs
    temperature, limit = kwargs.get("temperature"), kwargs.get("max_tokens")
    name = lm.model
    address = kwargs.get("api_base") or kwargs.get("base_url")
    model = ModelSpec(
        "litellm",
        name if isinstance(name, str) and name else lm.type_name,
        strip_login(address) if isinstance(address, str) else None,
        temperature=float(temperature) if isinstance(temperature, int | float) else None,
        max_tokens=limit if isinstance(limit, int) else None,
    )
    return model if not check_model(model) else replace(model, api_base=None, max_tokens=None)


def find_reward(instance: Any) -> Any:
    """The user's own reward function: dspy wraps it in a lambda, whose closure holds it."""
    wrapper = unwrap(instance.reward_fn)
    for cell in getattr(wrapper, "__closure__", None) or ():
        try:
            if callable(cell.cell_contents):
                return cell.cell_contents
        except ValueError:  # an empty cell
            continue
    return wrapper


_sources: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
"""Of rewards that were read: reading takes longer than all else that is noted of a run."""


def read_source(function: Any) -> str:
    """The source of a function, or of the class of a callable; a line that says so where there is none.

    Read at once, since the file may be another one a moment later.
    """
    try:
        known = _sources.get(function)
    except TypeError:  # it has no hash, or no weak reference
        return _find_source(function)
    if known is None:
        known = _sources[function] = _find_source(function)
    return known


def _find_source(function: Any) -> str:
    for target in (function, type(function)):
        try:
            return inspect.getsource(target)
        except (OSError, TypeError):
            continue
    return f"# the source of {getattr(function, '__qualname__', type(function).__name__)} is not available"


def _is_refine(instance: Any) -> bool:
    return hasattr(instance, "reward_fn_code")


def _name_of(module: Any) -> str:
    """The program's class; of one of dspy's own classes, such as a Refine in a Refine, also what it is made of."""
    name = type(module).__name__
    inner = getattr(module, "module", None)
    return (
        f"{name} of {_name_of(inner)}"
        if type(module).__module__.startswith("dspy.") and inner is not None
        else name
    )


def _is_bare(module: Any) -> bool:
    """Whether it is dspy's own Predict or ChainOfThought, and no program of the user's."""
    return type(module).__module__.startswith("dspy.") and type(module).__name__ in (
        "Predict",
        "ChainOfThought",
    )


def _file_of(program: type) -> str:
    """Name of the file that has the program: the user's script, for a program of dspy's own classes."""
    is_dspys = program.__module__.startswith("dspy.")
    defined = None if is_dspys else sys.modules.get(program.__module__)
    path = getattr(defined, "__file__", None) or getattr(sys.modules.get("__main__"), "__file__", None)
    return Path(path).name if path else NO_FILE


def _list_fields(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}{_type_suffix(info.annotation)}" for name, info in fields.items())


def _type_suffix(annotation: Any) -> str:
    if annotation is str or annotation is None:
        return ""
    name = (
        annotation.__name__
        if isinstance(annotation, type) and not hasattr(annotation, "__args__")
        else str(annotation)
    )
    return f": {name.replace('typing.', '')}"


def _description(info: Any) -> str:
    extra = getattr(info, "json_schema_extra", None)
    text = extra.get("desc") if isinstance(extra, Mapping) else None
    return text if isinstance(text, str) else ""


def _own_instructions(signature: Any) -> str:
    """The instructions that somebody wrote; "" for those that dspy makes of the fields."""
    text = textwrap.dedent(signature.instructions or "").strip()
    return "" if text.startswith("Given the fields `") and text.endswith("`.") else text
