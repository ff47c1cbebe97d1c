"""The class that every model derives from: messages and parameters in, one Reply out.

complete, flow    the call itself: no events, no cache, no history
lm(…), acall      the whole operation, as in dspy: cache, history, usage, callbacks and events; see `ask`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, Self, TextIO

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow, arun, run
from refine_core.configuration import check_callbacks, get_setting
from refine_core.lm.ask import ask_from_call
from refine_core.lm.effects import CallModel
from refine_core.lm.format_refusals import FormatSupport
from refine_core.lm.history import Entry, History, print_entries
from refine_core.lm.overrides import base_reply
from refine_core.lm.shared import shared
from refine_core.lm.types import Message, OnRetry, OnText, Reply
from refine_core.spec import ReplyFormat

# Methods of dspy's models that are never called here, and what to override instead.
_NEVER_CALLED: Mapping[str, str] = {
    "_process_lm_response": "__call__ and acall",
    "_get_cached_completion_fn": "forward and aforward",
}


class BaseLM:
    """A model with its default parameters. Derive from it and define `forward`, as for dspy, or `complete`.

    `forward(self, prompt=None, messages=None, **kwargs)` returns a reply as OpenAI shapes it, an object or a dict:
    choices[0].message.content, usage, model. A subclass may override `aforward`, `__call__` and `acall`, too; every
    call goes through them.
    model: its name. model_type: "chat". kwargs: default parameters of every call, temperature and max_tokens among them.
    callbacks: notified of every call of this model, beside those of the settings; see refine_core.BaseCallback.
    history: the last calls of this model and of its copies, as entries (see refine_core.lm.history).
    cache: whether identical calls are answered from the cache. address: of its server, without a login.
    reply_format: the format of its replies where no adapter is configured; "chat" is ChatAdapter, as in dspy.
    Raises: LMError and its kinds, RunCancelled, when called; TypeError for invalid callbacks.
    Source: dspy.BaseLM, version 2.6.23.
    """

    kind: ClassVar[Literal["practice", "scripted", "litellm", "replay"]]
    cache: bool = False
    cache_in_memory: bool = True
    address: str = ""
    reply_format: ReplyFormat = "chat"
    model_type: str = "chat"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, instead in _NEVER_CALLED.items():
            if name in vars(cls):
                raise TypeError(
                    f"{cls.__name__}.{name} would never be called here; override {instead} instead"
                )

    def __init__(  # dspy's own order
        self,
        model: str,
        model_type: str = "chat",
        temperature: float | None = 0.0,
        max_tokens: int | None = 1000,
        cache: bool | None = None,
        *,
        callbacks: Sequence[Any] | None = None,
        **kwargs: object,
    ) -> None:
        self.model, self.model_type = model, model_type
        self.kwargs: dict[str, object] = {"temperature": temperature, "max_tokens": max_tokens, **kwargs}
        if cache is not None:
            self.cache = cache
        self.callbacks: list[Any] = check_callbacks(callbacks)
        self.history = History()

    @property
    def history(self) -> History:
        """The last calls. May be set to a list, which empties it; a model of the user's own may append to it."""
        if "_history" not in self.__dict__:  # a subclass that does not call this __init__
            self.history = History()
        history: History = self.__dict__["_history"]
        return history

    @history.setter
    def history(self, entries: Iterable[Entry]) -> None:
        is_history = isinstance(entries, History)
        self.__dict__["_history"] = entries if is_history else History(entries=entries)

    def update_global_history(self, entry: Entry) -> None:
        """Add an entry to the history of all models, for a model that records its calls itself. Source: dspy.BaseLM."""
        if not get_setting("disable_history"):
            shared.history.append(entry)

    def complete(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
    ) -> Reply:
        """Ask once. params: all of them; the caller has merged `kwargs` with the call's own.

        Raises: LMError of the kind that says who is at fault; RunCancelled.
        """
        raise NotImplementedError(
            f"{type(self).__name__} cannot answer; define forward(self, prompt=None, messages=None, **kwargs)"
        )

    def flow(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
        on_text: OnText | None = None,  # noqa: ARG002  # `complete` gives the whole reply
    ) -> Flow[Reply]:
        """`complete` as an operation, for sync and async callers. on_text: called while the reply is written, if possible."""
        reply: Reply = yield CallModel(self.complete, messages, params, cancel=cancel, on_retry=on_retry)
        return reply

    def prepare(self, cancel: Cancel) -> Flow[None]:  # noqa: ARG002  # nothing is slow here
        """Load what is slow to load, so that later calls do not wait for it. Raises LMError, RunCancelled."""
        yield from ()

    def supports(self, param: str) -> bool:
        """Whether the model supports this parameter, "temperature" or "response_format" for instance, at any value."""
        return param == "temperature"

    @property
    def formats(self) -> FormatSupport:
        """The reply formats that it supports; shared with its copies."""
        formats: FormatSupport | None = self.__dict__.get("_formats")
        return formats if formats is not None else self.__dict__.setdefault("_formats", FormatSupport())

    def should_ask(self, messages: Sequence[Message], params: Mapping[str, object]) -> bool:  # noqa: ARG002  # a recording looks at them
        """Whether this request is worth sending: False for a reply format that the server refused before."""
        return not self.formats.refuses(params.get("response_format"))

    def at_temperature(self, temperature: float) -> Self:
        """A copy at a scheduled temperature, which may be left out if the model supports none."""
        return self.copy(temperature=temperature)

    def drop_refused_params(self, params: Mapping[str, object]) -> Mapping[str, object]:
        """The parameters without those that the server is known to refuse and no person asked for."""
        return params

    def without_unsupported(self) -> Self:
        """Itself, or a copy without a default temperature that it does not support."""
        return self

    def copy(self, **params: object) -> Self:
        """A copy with other default parameters, or with other attributes, such as `model`, `cache` or `callbacks`.

        A name that is an attribute of this model sets that attribute, any other name a parameter. Everything else is
        shared, the history too.
        """
        twin = object.__new__(type(self))
        own = twin.__dict__
        own.update(self.__dict__)
        if "_history" not in own:
            twin.history = self.history
        kwargs = own["kwargs"] = {**self.kwargs}
        for name, value in params.items():
            is_attribute = hasattr(self, name)
            if is_attribute:
                setattr(twin, name, value)
            if name in kwargs or not is_attribute:
                kwargs[name] = value
        return twin

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self.copy()

    def __call__(
        self, prompt: str | None = None, messages: Sequence[Message] | None = None, **params: object
    ) -> list[str]:
        """Ask as dspy does: a prompt or messages, parameters by keyword; a list with the reply's text, or with all `n`.

        cache: False asks the model even if the reply is cached. Raises: LMError, RunCancelled.
        """
        return run(self._ask(prompt, messages, params))

    async def acall(
        self, prompt: str | None = None, messages: Sequence[Message] | None = None, **params: object
    ) -> list[str]:
        """The same for async code. Cancelling the task ends the call."""
        return await arun(self._ask(prompt, messages, params))

    def _ask(
        self, prompt: str | None, messages: Sequence[Message] | None, params: Mapping[str, object]
    ) -> Flow[list[str]]:
        reply = yield from ask_from_call(self, prompt, _as_messages(prompt, messages), params)
        return list(reply.texts)

    def forward(
        self, prompt: str | None = None, messages: Sequence[Message] | None = None, **kwargs: object
    ) -> Any:
        """The reply as OpenAI shapes it, without events, history and callbacks; from the cache if it is there."""
        return run(self._respond(prompt, messages, kwargs))

    async def aforward(
        self, prompt: str | None = None, messages: Sequence[Message] | None = None, **kwargs: object
    ) -> Any:
        """`forward` for async code."""
        return await arun(self._respond(prompt, messages, kwargs))

    def _respond(
        self, prompt: str | None, messages: Sequence[Message] | None, params: Mapping[str, object]
    ) -> Flow[Any]:
        from refine_core.lm.responses import to_response

        reply = yield from base_reply(self, _as_messages(prompt, messages), params)
        return to_response(reply)

    def inspect_history(self, n: int = 1, *, file: TextIO | None = None) -> None:
        """Print the last `n` calls of this model and its copies. file: None means standard output."""
        print_entries(self.history, n, file=file)

    def dump_state(self) -> dict[str, object]:
        """The model's name and parameters as data, without anything secret."""
        return {"model": self.model, **self.kwargs}

    def __getstate__(self) -> dict[str, object]:
        state = self.__dict__  # the calls are not part of the model
        return {name: value for name, value in state.items() if name != "_history"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _history=History())
        self.__dict__.pop("history", None)  # of an older pickle

    def __repr__(self) -> str:
        rest = "".join(f", {name}={value!r}" for name, value in self.dump_state().items() if name != "model")
        return f"{type(self).__name__}({self.model!r}{rest})"


class FlowLM(BaseLM):
    """A model that is written as a flow, once for sync and async callers: its `complete` runs that flow."""

    def complete(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
    ) -> Reply:
        """Run `flow` in this thread. Raises what it raises."""
        return run(self.flow(messages, params, cancel=cancel, on_retry=on_retry))

    def flow(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
        on_text: OnText | None = None,
    ) -> Flow[Reply]:
        """The call, as an operation; each model writes its own."""
        raise NotImplementedError(
            f"{type(self).__name__} has no flow; define flow(self, messages, params, …)"
        )


def _as_messages(prompt: str | None, messages: Sequence[Message] | None) -> Sequence[Message]:
    if messages is not None:
        return messages
    if prompt is None:
        raise ValueError("there is nothing to ask: give a prompt or messages")
    return [{"role": "user", "content": prompt}]
