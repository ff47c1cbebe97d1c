"""Tree: the predictors of a program, found wherever its attributes hold them.

    self.draft = ChainOfThought(…)        "draft.predict"         attributes, in the order they were set
    self.checks = [Predict(…), Predict(…)]    "checks[0]", …      lists and tuples, at any depth
    self.by_topic = {"law": Predict(…)}   "by_topic['law']"       dicts; a key that is no text is written as text
    a bare predictor                      "self"

Rule 1: what is reached twice is named once, by its first path, depth first.
Rule 2: a sub-module marked `_compiled` is finished: nothing in it is a parameter any more.
Rule 3: sets are not searched, since they have no order; nor is a predictor's own data, such as its demos.

Source: dspy.Module, version 2.6.23, for names and rules. Differs: dspy does not look into lists within lists, nor into
a predictor that holds others; it gives the keys 3 and "3" one name; a bare predictor is not replaced by
`map_named_predictors`, and a shared one only at its first place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, ModuleType, NoneType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

from refine_core.modules.parameter import PREDICTOR_ATTRIBUTES, Parameter, Predictor

if TYPE_CHECKING:
    from refine_core.lm.base import BaseLM
    from refine_core.modules.predict import Predict

T = TypeVar("T")

LEAF_TYPES = frozenset(
    (NoneType, bool, int, float, complex, str, bytes, type, FunctionType, BuiltinFunctionType, ModuleType)
)
"""Types whose values hold no predictor and are never changed, so they are neither searched nor copied."""


class Tree:
    """The part of a Module that knows its predictors and sub-modules."""

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """(path, parameter) of each in the tree, each once; a bare predictor's own path is "self"."""
        found: list[tuple[str, Parameter]] = []
        if isinstance(self, Parameter):
            found.append(("self", self))
            if PREDICTOR_ATTRIBUTES.issuperset(vars(self)):  # as of nearly every predictor
                return found
        _search_attributes("", self, found, {id(self)})
        return found

    def parameters(self) -> list[Parameter]:
        """The parameters of the tree."""
        return [one for _, one in self.named_parameters()]

    def named_predictors(self) -> list[tuple[str, Predict]]:
        """(path, predictor) of each in the tree, such as ("draft.predict", …); a bare predictor is "self"."""
        found = [pair for pair in self.named_parameters() if isinstance(pair[1], Predictor)]
        return cast("list[tuple[str, Predict]]", found)

    def predictors(self) -> list[Predict]:
        """The predictors of the tree."""
        found = [one for _, one in self.named_parameters() if isinstance(one, Predictor)]
        return cast("list[Predict]", found)

    @overload
    def named_sub_modules(
        self, type_: None = None, skip_compiled: bool = False
    ) -> Iterator[tuple[str, Tree]]: ...
    @overload
    def named_sub_modules(self, type_: type[T], skip_compiled: bool = False) -> Iterator[tuple[str, T]]: ...
    def named_sub_modules(
        self, type_: type[Any] | None = None, skip_compiled: bool = False
    ) -> Iterator[tuple[str, Any]]:
        """(path, object) of each module in the tree, this one ("self") first, the nearest before the deeper.

        type_: what to look for instead of modules; any class will do. skip_compiled: do not look inside `_compiled`
        ones (they are themselves listed). Paths are as in dspy: "self.by_topic[law].predict".
        """
        wanted = Tree if type_ is None else type_
        queue: deque[tuple[str, Any]] = deque([("self", self)])
        seen = {id(self)}
        while queue:
            path, value = queue.popleft()
            if isinstance(value, wanted):
                yield path, value
            if isinstance(value, Tree):
                closed = skip_compiled and getattr(value, "_compiled", False)
                inner = [] if closed else [(f"{path}.{name}", one) for name, one in list(vars(value).items())]
            elif isinstance(value, (list, tuple)):
                inner = [(f"{path}[{i}]", one) for i, one in enumerate(value)]
            elif isinstance(value, dict):
                inner = [(f"{path}[{key}]", one) for key, one in list(dict.items(value))]
            else:
                continue
            for step in inner:
                if id(step[1]) not in seen:
                    seen.add(id(step[1]))
                    queue.append(step)

    def map_named_predictors(self, func: Callable[[Predict], Any]) -> Self:
        """Put func(predictor) in the place of each predictor; returns this module.

        A shared predictor is asked for once and replaced everywhere. Should `func` raise, nothing has changed. A bare
        predictor cannot take its own place: func(self) is returned instead.
        """
        new = {id(one): func(one) for one in self.predictors()}
        _replace_attributes(self, new, {id(self)})
        return cast("Self", new.get(id(self), self))

    def set_lm(self, lm: BaseLM | None) -> None:
        """Have every predictor of the tree ask this model; None: the one configured at each call."""
        for one in self.predictors():
            one.lm = lm

    def get_lm(self) -> BaseLM | None:
        """The model that all predictors share, or None if none is set. Raises ValueError if they differ."""
        models = {id(one.lm): one.lm for one in self.predictors()}
        if len(models) > 1:
            raise ValueError(
                "this program's predictors use several models; read .lm of each of named_predictors()"
            )
        return next(iter(models.values()), None)

    def __repr__(self) -> str:
        lines = [f"{path} = {one!r}" for path, one in self.named_predictors() if one is not self]
        return "\n".join(lines) or f"{type(self).__name__}()"


def format_key(key: object, among: Mapping[Any, Any]) -> str:
    """How a dict's key is written in a path: dspy's form, unless a text among the keys already has that name."""
    clash = not isinstance(key, str) and str(key) in among
    return f"[{key!r}]" if clash else f"['{key}']"


_Found = list[tuple[str, Parameter]]


def _search_attributes(prefix: str, holder: object, found: _Found, seen: set[int]) -> None:
    skip = PREDICTOR_ATTRIBUTES if isinstance(holder, Parameter) else ()
    for name, value in list(vars(holder).items()):  # a list: another thread may set an attribute meanwhile
        kind = type(value)
        if kind not in LEAF_TYPES and name not in skip and not (kind is list and not value):
            _search(prefix + name, value, found, seen)


def _search(path: str, value: object, found: _Found, seen: set[int]) -> None:
    """Add the parameters in `value`, which lies at `path`."""
    if not isinstance(value, (Tree, Parameter, list, tuple, dict)) or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, (Tree, Parameter)):
        if isinstance(value, Parameter):
            found.append((path, value))
            if PREDICTOR_ATTRIBUTES.issuperset(vars(value)):
                return
        if isinstance(value, Tree) and not getattr(value, "_compiled", False):
            _search_attributes(path + ".", value, found, seen)
    elif isinstance(value, dict):
        if not LEAF_TYPES.issuperset(map(type, list(dict.values(value)))):
            for key, one in list(dict.items(value)):
                _search(path + format_key(key, value), one, found, seen)
    elif not LEAF_TYPES.issuperset(map(type, value)):  # long lists of texts cost little
        for i, one in enumerate(value):
            _search(f"{path}[{i}]", one, found, seen)


def _replace_attributes(holder: object, new: Mapping[int, Any], seen: set[int]) -> None:
    for name, value in list(vars(holder).items()):
        put = _replace(value, new, seen)
        if put is not value:
            setattr(holder, name, put)


def _replace(value: Any, new: Mapping[int, Any], seen: set[int]) -> Any:
    """The replacement of `value`: itself, changed inside, unless it is a predictor or a tuple with one."""
    if id(value) in new:
        return new[id(value)]
    if isinstance(value, tuple):
        items = [_replace(one, new, seen) for one in value]
        same = all(a is b for a, b in zip(items, value, strict=True))
        return value if same else tuple.__new__(type(value), items)  # a named tuple stays one
    if not isinstance(value, (Tree, list, dict)) or id(value) in seen:
        return value
    seen.add(id(value))
    if isinstance(value, Tree):
        if not getattr(value, "_compiled", False):
            _replace_attributes(value, new, seen)
    else:
        places = list(dict.items(value)) if isinstance(value, dict) else list(enumerate(value))
        for place, one in places:
            put = _replace(one, new, seen)
            if put is not one:
                value[place] = put
    return value
