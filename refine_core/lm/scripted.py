"""A model that says what it was told to: for tests, yours and ours."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Literal, NamedTuple

from refine_core.errors import LMError
from refine_core.lm.base import BaseLM, Message, OnRetry, Reply
from refine_core.waiting import Cancel


class Call(NamedTuple):
    """What the model was asked, as it was at that moment."""

    messages: tuple[Message, ...]
    params: Mapping[str, object]


class ScriptedLM(BaseLM):
    """Replies written down beforehand.

    replies: texts (or whole Replies) in the order of the calls, an exception among them being raised instead;
             or a function (messages, params) -> text.
    calls:   every call so far, the failed ones too. Copies share the script and the calls; any thread may ask.
    Raises:  LMError once the script is used up.
    """

    kind: ClassVar[Literal["scripted"]] = "scripted"

    def __init__(
        self,
        replies: Sequence[str | Reply | BaseException]
        | Callable[[Sequence[Message], Mapping[str, object]], str],
        temperature: float = 0.0,
    ) -> None:
        super().__init__("scripted", temperature=temperature)
        self.calls: list[Call] = []
        self._function = replies if callable(replies) else None
        self._left = deque(() if callable(replies) else replies)
        self._length = len(self._left)
        self._lock = threading.Lock()

    def complete(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,  # noqa: ARG002  # a script fails or answers at once
    ) -> Reply:
        """The next reply of the script, or the function's."""
        if cancel is not None:
            cancel.check()
        call = Call(tuple(MappingProxyType(dict(m)) for m in messages), MappingProxyType(dict(params)))
        if self._function is not None:
            self.calls.append(call)
            return Reply(self._function(call.messages, call.params), model=self.model)
        with self._lock:  # so that calls[i] is what replies[i] answers
            self.calls.append(call)
            if not self._left:
                asked = messages[-1]["content"][:80] if messages else ""
                raise LMError(
                    f"the script of {self._length} replies is used up, and one more was asked for: {asked!r}; "
                    "give ScriptedLM another reply, or a function",
                    model=self.model,
                )
            reply = self._left.popleft()
        if isinstance(reply, BaseException):
            raise reply
        return reply if isinstance(reply, Reply) else Reply(reply, model=self.model)
