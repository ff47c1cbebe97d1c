"""What a model is here: messages and parameters in, one Reply out, nothing emitted and nothing remembered."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from refine_core.errors import LMError
from refine_core.waiting import Cancel

Message = Mapping[str, str]
"""{"role": "system" | "user" | "assistant", "content": text}"""

SECRET_NAME = re.compile(r"(key|token|secret|password|headers|credentials)$", re.IGNORECASE)
"""A parameter named like this is sent, but never shown, recorded, dumped or pickled."""

OnRetry = Callable[[int, float, LMError], None]
"""Told before each retry: its ordinal from 1, the wait in seconds, and the error that made it necessary."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call; None means unknown, never 0."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said.

    model: the name the server gave itself. finish_reason: "stop", "length" and so on, where told.
    cost_usd: None means unknown. cache_hit: answered from a cache, so it cost nothing this time.
    """

    text: str
    usage: Usage = Usage()
    model: str = ""
    finish_reason: str | None = None
    cost_usd: float | None = None
    cache_hit: bool = False


class BaseLM(ABC):
    """A model with its default parameters. Derive from it and write `complete`.

    model: its name. kwargs: default parameters of every call, such as temperature and max_tokens.
    """

    kind: ClassVar[Literal["practice", "scripted", "litellm"]]

    def __init__(self, model: str, **kwargs: object) -> None:
        self.model = model
        self.kwargs: dict[str, object] = kwargs

    @abstractmethod
    def complete(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
    ) -> Reply:
        """Ask once. params: all of them; the caller has merged `kwargs` with the call's own.

        Raises: LMError of the kind that says whose fault it is; RunCancelled.
        """

    def copy(self, **params: object) -> Self:
        """The same model with other default parameters; everything else is shared, nothing is deeply copied."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.kwargs = {**self.kwargs, **params}
        return twin

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self.copy()

    def __call__(
        self, prompt: str | None = None, messages: Sequence[Message] | None = None, **params: object
    ) -> list[str]:
        """Ask as dspy does: a prompt or messages, parameters by keyword; a list with the reply's text."""
        if messages is None:
            if prompt is None:
                raise ValueError("nothing to ask: give a prompt or messages")
            messages = [{"role": "user", "content": prompt}]
        return [self.complete(messages, {**self.kwargs, **params}).text]

    def dump_state(self) -> dict[str, object]:
        """The model's name and parameters as data, without anything secret."""
        return {"model": self.model, **self.kwargs}

    def __repr__(self) -> str:
        rest = "".join(f", {name}={value!r}" for name, value in self.dump_state().items() if name != "model")
        return f"{type(self).__name__}({self.model!r}{rest})"
