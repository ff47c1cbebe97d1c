"""A model with scripted replies, for tests."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow
from refine_core.configuration import describe_value
from refine_core.errors import LMError
from refine_core.jsonable import to_jsonable
from refine_core.lm.base import FlowLM
from refine_core.lm.effects import CallReplyFunction
from refine_core.lm.types import Message, OnRetry, OnText, Reply


class ScriptedCall(NamedTuple):
    """One call, as the model received it."""

    messages: tuple[Message, ...]
    params: Mapping[str, object]


Fields = Mapping[str, object]
"""A reply by its fields, name -> value; it is written in the format that the request asks for."""

ScriptReply = str | Reply | Fields
Script = Sequence[ScriptReply | BaseException]
Answerer = Callable[[Sequence[Message], Mapping[str, object]], "ScriptReply | Awaitable[ScriptReply]"]


class ScriptedLM(FlowLM):
    """A model that gives the replies of a script.

    replies: texts, replies by field ({"answer": "x"}) or whole Replies in the order of the calls, an exception among them
             being raised instead; or a function (messages, params) -> one of these, which may be async. Under `acall` a
             sync one runs in a thread.
    supports: the parameters that `supports` says yes to.
    calls:   every call so far, failed ones too. Copies share the script and the calls; any thread may ask. A pickle has
             the rest of the script, and no calls.
    Raises:  LMError once the script is used up; TypeError for a reply of another type.
    """

    kind: ClassVar[Literal["scripted"]] = "scripted"

    def __init__(
        self,
        replies: Script | Answerer,
        temperature: float = 0.0,
        *,
        supports: Sequence[str] = ("temperature",),
        callbacks: Sequence[Any] | None = None,
    ) -> None:
        super().__init__("scripted", temperature=temperature, callbacks=callbacks)
        del self.kwargs["max_tokens"]
        calls = _CallList()
        self.calls: list[ScriptedCall] = calls
        self._lock = calls.lock
        self._supported = frozenset(supports)
        self._function = replies if callable(replies) else None
        self._left = deque(() if callable(replies) else _check_script(replies))
        self._length = len(self._left)

    def supports(self, param: str) -> bool:
        """Whether this parameter is among those of `supports=…`. Any parameter is accepted."""
        return param in self._supported

    def flow(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,  # noqa: ARG002  # a script fails or answers at once
        on_text: OnText | None = None,  # noqa: ARG002  # and at once
    ) -> Flow[Reply]:
        """`complete` as an operation; a list of replies answers without any wait."""
        if cancel is not None:
            cancel.check()
        call = ScriptedCall(
            tuple(MappingProxyType(dict(m)) for m in messages), MappingProxyType(dict(params))
        )
        if self._function is not None:
            self.calls.append(call)
            reply = yield CallReplyFunction(self._function, call.messages, call.params)
        else:
            reply = self._next_reply(call)
        return Reply(reply, model=self.model) if type(reply) is str else self._to_reply(reply, call)

    def _next_reply(self, call: ScriptedCall) -> ScriptReply:
        with self._lock:  # so that calls[i] is what replies[i] answers
            self.calls.append(call)
            if not self._left:
                request = call.messages[-1]["content"][:80] if call.messages else ""
                raise LMError(
                    f"the script of {self._length} replies is used up, and one more was requested: {request!r}; "
                    "give ScriptedLM another reply, or a function",
                    model=self.model,
                )
            reply = self._left.popleft()
        if isinstance(reply, BaseException):
            raise reply
        return reply

    def _to_reply(self, reply: object, call: ScriptedCall) -> Reply:
        """The Reply for what is not plain text. Raises TypeError."""
        if isinstance(reply, Mapping):
            return Reply(_format_fields(reply, call), model=self.model)
        if isinstance(reply, Reply):
            return reply
        if isinstance(reply, str):
            return Reply(reply, model=self.model)
        raise _reply_type_error(reply)

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._lock = state["calls"].lock


class _CallList(list[ScriptedCall]):
    """The calls, with the lock of the models that share them. A pickle has no calls: they are not part of the model."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def __reduce__(self) -> tuple[type[_CallList], tuple[()]]:
        return _CallList, ()


def _format_fields(fields: Fields, call: ScriptedCall) -> str:
    """The fields in the format that the request asks for: under markers, unless it asks for JSON and shows no markers."""
    values = {name: to_jsonable(value) for name, value in fields.items()}
    request = call.messages[-1]["content"] if call.messages else ""
    by_json = call.params.get("response_format") is not None or "JSON" in request
    if by_json and "[[ ## completed ## ]]" not in request:
        return json.dumps(values, ensure_ascii=False)
    sections = [
        f"[[ ## {name} ## ]]\n{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
    ]
    return "\n\n".join([*sections, "[[ ## completed ## ]]"])


def _check_script(replies: Any) -> list[ScriptReply | BaseException]:
    """The replies of a script. Raises TypeError, which says which one is not a reply."""
    if isinstance(replies, (str, Reply, BaseException)):
        raise TypeError(
            f"replies must be a list of texts or a function, not {replies!r:.80}; write ScriptedLM([{replies!r:.80}])"
        )
    if isinstance(replies, (bytes, Mapping)) or not isinstance(replies, Iterable):
        raise TypeError(f"replies must be a list of texts or a function, not {describe_value(replies)}")
    result = list(replies)
    for i, one in enumerate(result):
        if not isinstance(one, (str, Reply, Mapping, BaseException)):
            raise _reply_type_error(one, f"replies[{i}]: ")
    return result


def _reply_type_error(reply: object, where: str = "") -> TypeError:
    return TypeError(
        f"{where}the model's reply must be text, a dict of fields or a Reply, not {describe_value(reply)}"
    )
