"""What an attempt puts on its own copies of predictors: their hints, where they emit, where their calls are noted."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from contextvars import Token
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from refine_core.configuration import BLOCK, get_setting, layered_context
from refine_core.hints import is_hint
from refine_core.log.scope import SCOPE, Scope, use_scope
from refine_core.modules.prediction import Prediction

if TYPE_CHECKING:
    from refine_core.modules.predict import Predict

Trace = list[tuple["Predict", dict[str, Any], Prediction]]
"""The calls of an attempt, in order: who was called, with which inputs, and what it returned."""


class use_attempt:  # noqa: N801 - it reads as the statement that it is
    """Put an attempt in force for a block of code: its scope, and the settings by which calls are noted in its trace."""

    __slots__ = ("_block_token", "_scope", "_scope_token", "_trace")

    _block_token: Token[Mapping[str, Any]]
    _scope_token: Token[Scope]

    def __init__(self, scope: Scope, trace: Trace) -> None:
        self._scope, self._trace = scope, trace

    def __enter__(self) -> None:
        self._scope_token = SCOPE.set(self._scope)
        self._block_token = BLOCK.set({**BLOCK.get(), "trace": self._trace, "_attempt": self._trace})

    def __exit__(self, *_: object) -> None:
        BLOCK.reset(self._block_token)
        SCOPE.reset(self._scope_token)


@dataclass(slots=True)  # not frozen: every attempt makes some, and that would cost three times as much
class AttemptContext:
    """What an attempt puts on its own copy of a predictor, so that a user's threads keep it.

    name: the predictor's path. hint: for the field `hint_`; None before any advice. trace: where calls are noted.
    block: the settings of its blocks. outer: the context of the attempt that this one is part of, in a nested refinement.
    """

    name: str
    scope: Scope
    hint: str | None
    trace: Trace
    block: Mapping[str, Any]
    outer: AttemptContext | None = None

    def restore(self) -> AbstractContextManager[Any] | None:
        """The attempt's settings and scope, for a thread that has not inherited them; None where it has."""
        if get_setting("_attempt") is self.trace:
            return None
        stack = ExitStack()
        stack.enter_context(layered_context(self.block))
        stack.enter_context(use_scope(self.scope))
        return stack

    def full_hint(self) -> str | None:
        """This attempt's own hint, with that of the attempt around it where both have one."""
        if self.outer is None:
            return self.hint
        around = self.outer.full_hint()
        real = [hint for hint in (around, self.hint) if is_hint(hint)]
        return "\n".join(map(str, real)) if real else self.hint or around

    @property
    def path(self) -> str:
        """The predictor's path in the outermost program, which is the one whose run is recorded."""
        return self.outer.path if self.outer is not None else self.name

    def name_in(self, trace: Trace) -> str | None:
        """The predictor's path in the program whose attempt keeps `trace`."""
        if trace is self.trace:
            return self.name
        return self.outer.name_in(trace) if self.outer is not None else None
