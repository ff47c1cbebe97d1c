"""Frameworks that a reward file imports and that are not installed: placeholders, so that the file runs as it is.

    import verifiers as vf               a module in which every name is a placeholder
    @scorer(metrics=[accuracy()])        a placeholder that is called with a function gives the function back
    trainer = GRPOTrainer(…)             while the source loads, a placeholder can be called and have attributes: it sets things up
    Score(value=CORRECT)                 the few classes and constants of which a score is made are real

Rule 1: what is installed is imported; a placeholder comes last.
Rule 2: no placeholder becomes a part of a score. Asked for a truth, a length, a sum or the like at any time, or for anything at all
        while a row is scored, it raises ModuleNotFoundError, which names the package to install.

Standard library only, like everything the worker imports.
"""

from __future__ import annotations

import ast
import builtins
import sys
import typing
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Any

from refine_core.python_parser import parse_module
from refine_core.rewards.shapes.stand_ins import Target

FRAMEWORKS = frozenset((
    "braintrust", "datasets", "deepeval", "dspy", "inspect_ai", "langfuse", "langsmith", "mlflow", "openrlhf", "trl", "verifiers",
    "verl",
))  # fmt: skip
"""Packages that reward files import to be registered, typed or started with."""

_TYPING = frozenset(("Any", "Callable", "Dict", "List", "Literal", "Optional", "Tuple", "TypedDict", "Union"))
_INSPECT = {
    **dict.fromkeys(
        (
            "CORRECT", "INCORRECT", "NOANSWER", "PARTIAL", "Score", "Scorer", "Target", "accuracy", "bootstrap_stderr", "mean",
            "scorer", "std", "stderr",
        ),
        "inspect_ai.scorer",
    ),
    "TaskState": "inspect_ai.solver",
}  # fmt: skip
_MODULES = {"vf": "verifiers", "dspy": "dspy"}
"""Names under which documentation uses a package without importing it."""
_BY_SHAPE = {
    "verifiers": frozenset(("vf",)),
    "dspy": frozenset(("dspy",)),
    "gepa": frozenset(("dspy",)),
    "inspect": frozenset(_INSPECT),
}

_is_loading = True


class _Instance:
    """Something that a framework's class makes: what it was given, by name."""

    _fields: tuple[str, ...] = ()

    def __init__(self, *values: Any, **named: Any) -> None:
        vars(self).update(dict(zip(self._fields, values, strict=False)), **named)


class _InspectScore(_Instance):
    _fields = ("value", "answer", "explanation", "metadata")

    @classmethod
    def unscored(cls, **named: Any) -> _InspectScore:
        """A score that counts as none."""
        return cls(value=float("nan"), **named)


class _Valued(_Instance):
    _fields = ("value",)


_REAL: dict[str, Any] = {
    "inspect_ai.scorer.CORRECT": "C",
    "inspect_ai.scorer.INCORRECT": "I",
    "inspect_ai.scorer.NOANSWER": "N",
    "inspect_ai.scorer.PARTIAL": "P",
    "inspect_ai.scorer.Score": _InspectScore,
    "inspect_ai.scorer.Target": Target,
    "braintrust.Score": _Instance,
    "dspy.Example": _Instance,
    "dspy.Prediction": _Instance,
    "langfuse.Evaluation": _Instance,
    "langsmith.evaluation.EvaluationResult": _Instance,
    "mlflow.entities.Feedback": _Valued,
}


class Placeholder:
    """Anything of a package that is not installed. name: such as "verifiers.Rubric"; what it was called with by name are attributes."""

    def __init__(self, name: str, given: dict[str, Any] | None = None) -> None:
        vars(self).update(given or {}, _name=name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _get(f"{vars(self)['_name']}.{name}")

    def __call__(self, *values: Any, **named: Any) -> Any:
        if not _is_loading:
            self._refuse()
        if len(values) == 1 and not named and isinstance(values[0], (FunctionType, type)):
            return values[0]  # it decorates
        return Placeholder(vars(self)["_name"], named)

    def __getitem__(self, _key: Any) -> Any:
        if not _is_loading:
            self._refuse()
        return self

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type, ...]:
        return ()

    def __or__(self, _other: Any) -> Any:  # in annotations
        return self

    __ror__ = __or__
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        if not _is_loading:
            self._refuse()
        return self is other

    def __repr__(self) -> str:
        return f"<{vars(self)['_name']}, which is not installed>"

    def _refuse(self, *_: Any) -> Any:
        raise _missing(vars(self)["_name"])

    __bool__ = __len__ = __iter__ = __contains__ = __int__ = __float__ = __index__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __enter__ = __aenter__ = __await__ = __aiter__ = _refuse


class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _get(f"{self.__name__}.{name}")


class _Finder(MetaPathFinder, Loader):
    """Last of all finders: whatever is installed was found before."""

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        top, dot, _ = fullname.partition(".")
        if top not in FRAMEWORKS or (dot and not isinstance(sys.modules.get(top), _Module)):
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is in it."""


def begin_load(module: ModuleType, source: str, shapes: set[str]) -> None:
    """Before a source of these shapes runs in the module: let it import what is not installed, and use what its documentation leaves out."""
    global _is_loading  # noqa: PLW0603  # as in end_load; an X-ray loads its source anew for each row
    _is_loading = True
    if not any(type(one) is _Finder for one in sys.meta_path):
        sys.meta_path.append(_Finder())
    supplied = frozenset[str]().union(*map(list_supplied, shapes))
    for name in (_list_unbound(source) - set(vars(builtins))) & supplied:
        if name in _TYPING:
            vars(module)[name] = getattr(typing, name)
        elif name in _MODULES:
            vars(module)[name] = import_module(_MODULES[name])
        else:
            vars(module)[name] = getattr(import_module(_INSPECT[name]), name)


def list_supplied(shape: str) -> frozenset[str]:
    """Names that a source of this shape may use without an import."""
    if shape == "refine":
        return frozenset()
    return _TYPING | _BY_SHAPE.get(shape, frozenset())


def end_load() -> None:
    """From now on a placeholder that is used is an error."""
    global _is_loading  # noqa: PLW0603  # this process runs one source
    _is_loading = False


def _get(name: str) -> Any:
    if name in _REAL:
        return _REAL[name]
    if not _is_loading:
        raise _missing(name)
    return Placeholder(name)


def _missing(name: str) -> ModuleNotFoundError:
    top = name.partition(".")[0]
    return ModuleNotFoundError(f"No module named {top!r}, and the score needs {name}", name=top)


def _list_unbound(source: str) -> set[str]:
    """Names that the source uses and binds nowhere."""
    used, bound = set[str](), set[str]()
    for node in ast.walk(parse_module(source)):
        match node:
            case ast.Name(id=name, ctx=ctx):
                (used if isinstance(ctx, ast.Load) else bound).add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.arg(arg=name) | ast.ExceptHandler(name=str() as name):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                bound.add(other or name.partition(".")[0])
            case _:
                continue
    return used - bound
