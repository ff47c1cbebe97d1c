"""Module: a program, and the tree of predictors in it.

    class Answer(Module):
        def __init__(self):
            self.draft = ChainOfThought("question -> draft")      # named "draft.predict"
            self.check = Predict("question, draft -> answer")     # named "check"
        def forward(self, question):
            return self.check(question=question, draft=self.draft(question=question).draft)

Lists, tuples, dicts and nested modules are walked, in the order of their attributes; a shared predictor is named once.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from refine_core.lm.base import BaseLM
    from refine_core.modules.predict import Predict


class Parameter:
    """What a program can be tuned in; every predictor is one. Source: dspy.predict.parameter.Parameter."""


class Module:
    """The base of programs: write `forward`, call the module. Source: dspy.Module."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program. Takes what `forward` takes, returns what it returns."""
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the program does; yours to write."""
        raise NotImplementedError(f"{type(self).__name__} has no forward; define forward(self, …)")

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """(path, parameter) of each in the tree, each once; a bare predictor's own path is "self"."""
        return list(_walk(self))

    def named_predictors(self) -> list[tuple[str, Predict]]:
        """(path, predictor) of each in the tree, such as ("draft.predict", …); a bare predictor is "self"."""
        from refine_core.modules.predict import Predict

        return [(name, one) for name, one in _walk(self) if isinstance(one, Predict)]

    def predictors(self) -> list[Predict]:
        """The predictors of the tree."""
        return [one for _, one in self.named_predictors()]

    def set_lm(self, lm: BaseLM | None) -> None:
        """Have every predictor of the tree ask this model."""
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

    def deepcopy(self) -> Self:
        """A copy that shares no mutable state with this one, models excepted."""
        return copy.deepcopy(self)


def _walk(root: Module) -> Iterator[tuple[str, Parameter]]:
    seen: set[int] = set()

    def visit(name: str, value: Any) -> Iterator[tuple[str, Parameter]]:
        if isinstance(value, (Parameter, Module, list, tuple, dict)):
            if id(value) in seen:
                return
            seen.add(id(value))
        if isinstance(value, Parameter):
            yield name or "self", value
        elif isinstance(value, Module):
            if getattr(value, "_compiled", False) and value is not root:
                return
            for key, inner in list(vars(value).items()):
                yield from visit(f"{name}.{key}" if name else key, inner)
        elif isinstance(value, (list, tuple)):
            for i, inner in enumerate(value):
                yield from visit(f"{name}[{i}]", inner)
        elif isinstance(value, dict):
            for key, inner in value.items():
                yield from visit(f"{name}[{key!r}]", inner)

    yield from visit("", root)
