"""A model that says what it was told to: for tests, yours and ours."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple

from refine_core.effects import Either, Steps, run
from refine_core.errors import LMError
from refine_core.lm.base import BaseLM, Message, OnRetry, Reply
from refine_core.waiting import Cancel


class Call(NamedTuple):
    """What the model was asked, as it was at that moment."""

    messages: tuple[Message, ...]
    params: Mapping[str, object]


Script = Sequence[str | Reply | BaseException]
Answerer = Callable[[Sequence[Message], Mapping[str, object]], "str | Reply | Awaitable[str | Reply]"]


class ScriptedLM(BaseLM):
    """Replies written down beforehand.

    replies: texts (or whole Replies) in the order of the calls, an exception among them being raised instead;
             or a function (messages, params) -> text or Reply, which may be async. Under `acall` a sync one runs in a thread.
    takes:   the parameters that this model says it takes; see `BaseLM.takes`.
    calls:   every call so far, the failed ones too. Copies share the script and the calls; any thread may ask.
    Raises:  LMError once the script is used up.
    """

    kind: ClassVar[Literal["scripted"]] = "scripted"

    def __init__(
        self,
        replies: Script | Answerer,
        temperature: float = 0.0,
        *,
        takes: Sequence[str] = ("temperature",),
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        super().__init__("scripted", callbacks=callbacks, temperature=temperature)
        self.calls: list[Call] = []
        self._takes = frozenset(takes)
        self._function = replies if callable(replies) else None
        self._left = deque(() if callable(replies) else replies)
        self._length = len(self._left)
        self._lock = threading.Lock()

    def takes(self, param: str) -> bool:
        """Whether it was said to take this parameter. It does not mind any."""
        return param in self._takes

    def complete(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
    ) -> Reply:
        """The next reply of the script, or the function's."""
        return run(self.steps(messages, params, cancel=cancel, on_retry=on_retry))

    def steps(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,  # noqa: ARG002  # a script fails or answers at once
    ) -> Steps[Reply]:
        """`complete` as an operation; a written script answers without any wait."""
        if cancel is not None:
            cancel.check()
        call = Call(tuple(MappingProxyType(dict(m)) for m in messages), MappingProxyType(dict(params)))
        if self._function is not None:
            self.calls.append(call)
            reply = yield Either(self._function, call.messages, call.params)
        else:
            reply = self._next(call)
        return reply if isinstance(reply, Reply) else Reply(reply, model=self.model)

    def _next(self, call: Call) -> str | Reply:
        with self._lock:  # so that calls[i] is what replies[i] answers
            self.calls.append(call)
            if not self._left:
                asked = call.messages[-1]["content"][:80] if call.messages else ""
                raise LMError(
                    f"the script of {self._length} replies is used up, and one more was asked for: {asked!r}; "
                    "give ScriptedLM another reply, or a function",
                    model=self.model,
                )
            reply = self._left.popleft()
        if isinstance(reply, BaseException):
            raise reply
        return reply
