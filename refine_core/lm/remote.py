"""Real models, over litellm: one HTTP call an attempt, ended at once by a cancel.

LM.flow      attempt, wait, attempt …     sync or async (see retries); every wait ends with the caller's Cancel
engine       litellm's import, at the first call or by `warm()`, and the event loop that makes the calls
http_call    one such call: what is sent, what comes back
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow
from refine_core.errors import LMError, LMRefusedError
from refine_core.lm.base import FlowLM
from refine_core.lm.effects import AwaitLitellm, AwaitReply
from refine_core.lm.engine import engine, litellm_ready, warm
from refine_core.lm.format_refusals import FormatSupport
from refine_core.lm.secrecy import strip_login
from refine_core.lm.servers import OTHER_NAME, drop_params
from refine_core.lm.settings_checks import (
    check_address,
    check_max_tokens,
    check_model,
    check_reply_format,
    check_retries,
    check_seconds,
    check_temperature,
    drop_unsupported,
)
from refine_core.lm.shared import shared
from refine_core.lm.types import Message, OnRetry, OnText, Reply, public_params
from refine_core.log.well_formed import make_well_formed
from refine_core.spec import ReplyFormat
from refine_core.spec.secrets import is_secret

if TYPE_CHECKING:
    from refine_core.lm.http_call import HttpCall
    from refine_core.lm.rate_limits import Rates
    from refine_core.lm.turns import Turn

__all__ = ["LM", "litellm_ready", "warm"]

DEFAULT_TEMPERATURE = 0.0
ENGINE_GRACE_S = 5.0  # how much later than the call's own limit the caller stops waiting for the engine


class LM(FlowLM):
    """A model of any provider that litellm knows, or of any OpenAI-compatible server.

    model:       "provider/model", such as "openai/gpt-5"; with `api_base`, the server's own name for it will do.
    temperature, max_tokens, **params: defaults of every call; None leaves one out. A temperature of 0, the
                 default, is left out where the server refuses it. A parameter that is named like a secret
                 (…key, …token, …headers) is sent, but never shown, dumped or pickled. `max_tokens` reaches a reasoning
                 model under the name that it takes.
    cache:       identical calls are cached and marked as such; `cache=False` in one call asks anyway,
                 and `rollout_id=…` (never sent) makes a call another one. cache_in_memory: False passes memory over and
                 uses the file of `configure_cache` alone.
    callbacks:   notified of every call; see refine_core.BaseCallback.
    num_retries: further attempts after an error that may pass; a Retry-After is honoured up to 30 s.
    api_base:    the server's address, "http://HOST:PORT/v1"; `base_url` is another name for it. Only a key given here is
                 ever sent to it, not one from the environment; without a key it gets the harmless placeholder NO_KEY,
                 so keyless servers work.
    api_key:     without `api_base` and `api_key`, litellm takes the provider's key from the environment.
    timeout_s:   limit of one attempt in seconds, from connecting to the last byte; `timeout` is another name for it,
                 and may be given for one call too. A stream (see `flow`) may take three times as long in all, as long as it
                 is never silent for `timeout_s`; one that is still being written then is not retried.
    custom_llm_provider: litellm's name of the provider whose protocol a server speaks, if that is not OpenAI's.
    price_in_usd, price_out_usd: US dollars for a million tokens sent and received, where litellm's table is not to be asked.
    reply_format: the format of replies where no adapter is configured: "chat" (ChatAdapter, as in dspy), "json"
                 (JSONAdapter), "json_schema" (JSONSchemaAdapter) or "auto" (AutoAdapter, which finds out).
    Source: dspy.LM, version 2.6.23. Differs: `max_tokens` is None, the model's own limit, where dspy cuts at 1000; text
    completion (`model_type="text"`) is refused, and so is what trains or launches models.
    Raises: LMNotFoundError for an invalid address; LMRefusedError; TypeError, ValueError.
    """

    kind: ClassVar[Literal["litellm"]] = "litellm"

    # For a subclass whose own __init__ leaves this one's out.
    api_base: str | None = None
    custom_llm_provider: str | None = None
    timeout_s: float = 60.0
    num_retries: int = 3
    price_in_usd: float | None = None
    price_out_usd: float | None = None
    _may_drop_temperature = False
    _private: Mapping[str, object] = MappingProxyType({})

    def __init__(  # noqa: PLR0917  # dspy's own order
        self,
        model: str,
        model_type: str = "chat",
        temperature: float | None = 0.0,
        max_tokens: int | None = None,
        cache: bool = True,
        cache_in_memory: bool = True,
        callbacks: Sequence[Any] | None = None,
        num_retries: int = 3,
        *,
        api_base: str | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout_s: float = 60.0,
        timeout: float | None = None,
        custom_llm_provider: str | None = None,
        price_in_usd: float | None = None,
        price_out_usd: float | None = None,
        reply_format: ReplyFormat = "chat",
        **params: object,
    ) -> None:
        check_model(model, model_type)
        super().__init__(model, callbacks=callbacks, temperature=temperature, max_tokens=max_tokens)
        drop_unsupported(params)
        address = api_base or base_url or None
        check_address("base_url" if base_url else "api_base", address, model)
        of, limit_s = ("timeout_s", timeout_s) if timeout is None else ("timeout", timeout)
        check_seconds(of, limit_s)
        check_retries(num_retries)
        check_temperature(temperature)
        check_max_tokens(max_tokens)
        check_reply_format(reply_format)
        self.api_base, self.custom_llm_provider = address, custom_llm_provider
        self.cache, self.cache_in_memory = cache, cache_in_memory
        self.reply_format = reply_format
        self._may_drop_temperature = temperature == DEFAULT_TEMPERATURE
        self.timeout_s, self.num_retries = limit_s, num_retries
        self.price_in_usd, self.price_out_usd = price_in_usd, price_out_usd
        self._private = {"api_key": api_key} if api_key else {}
        self._merge_params(params)

    def _merge_params(self, params: Mapping[str, object]) -> None:
        """Merge parameters, keeping secrets apart from what may be shown."""
        shown = public_params(params)
        self._private = {**self._private, **{n: v for n, v in params.items() if n not in shown}}
        self.kwargs = {**self.kwargs, **shown}

    def copy(self, **params: object) -> Self:
        """The same model with other default parameters, or with another `model`, `cache`, `callbacks`, `timeout_s` and so on.

        Everything else is shared, the history too. The copy has the key; a pickle has not.
        """
        secret = {name: params.pop(name) for name in [*params] if is_secret(name)}
        twin = super().copy(**params)
        if "temperature" in params:
            twin._may_drop_temperature = params["temperature"] == DEFAULT_TEMPERATURE  # noqa: SLF001  # a copy of the same class
        if secret:
            twin._private = {**self._private, **secret}  # noqa: SLF001  # a copy of the same class
        return twin

    def flow(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
        on_text: OnText | None = None,
    ) -> Flow[Reply]:
        """`complete` as an operation; closing it closes the connection.

        on_text: called with the reply while it is written, from another thread, and with "" when a retry starts over. It
        must be quick. Without it no stream is requested.
        """
        from refine_core.lm.retries import retry  # loaded with the first call

        cancel = cancel or Cancel()
        call: HttpCall | None = None
        left_out = self._refused_params(params)
        turn = None if (rates := shared.rates) is None else _current_turn(rates, self, messages)

        def attempt(number: int) -> Flow[Reply | LMError]:
            """One attempt, repeated at once without the parameters that the server blames and no person asked for."""
            nonlocal call, left_out
            while True:
                before, call = call, self._call(messages, drop_params(params, left_out), on_text)
                call.restart_draft(before)
                if turn is None:
                    result = yield from self._send(call, cancel)
                else:
                    result = yield from self._send_in_turn(turn, call, cancel)
                more = self._params_to_drop(result, params) - left_out
                if not isinstance(result, LMError) or not more:
                    break
                left_out |= more
                result.left_out = tuple(sorted(more))
                if on_retry is not None:
                    on_retry(number, 0.0, result)
            if isinstance(result, Reply) and left_out:
                shared.servers.add_refused((self.api_base, self.model), left_out)
            return result

        return (yield from retry(attempt, self.num_retries, cancel, on_retry, is_limited=turn is not None))

    def _refused_params(self, params: Mapping[str, object]) -> frozenset[str]:
        """The parameters that this server is known to refuse and that no person asked for."""
        return self._droppable_params(params) & shared.servers.refused_params((self.api_base, self.model))

    def _params_to_drop(self, result: Reply | LMError, params: Mapping[str, object]) -> frozenset[str]:
        """The parameters that the server blames for its refusal and that no person asked for."""
        if not isinstance(result, LMRefusedError):
            return frozenset()
        blamed = self._droppable_params(params).intersection(result.parameters)
        return frozenset(n for n in blamed if n not in OTHER_NAME or OTHER_NAME[n] in str(result))

    def _droppable_params(self, params: Mapping[str, object]) -> frozenset[str]:
        """The parameters that no person asked for: a default or scheduled temperature, and the name of a limit."""
        names = set(OTHER_NAME)
        if self._may_drop_temperature and params.get("temperature") == self.kwargs.get("temperature"):
            names.add("temperature")
        return frozenset(names & params.keys())

    def _send_in_turn(self, turn: Turn, call: HttpCall, cancel: Cancel) -> Flow[Reply | LMError]:
        """The same once it is this call's turn; whatever time that takes is none of the call's own."""
        from refine_core.lm.rate_limits import give_back, give_up

        yield from turn.take(cancel)
        result: Reply | LMError | None = None
        try:
            result = yield from self._send(call, cancel)
        finally:
            give_back(turn, result)
        return give_up(turn, result)

    def _send(self, call: HttpCall, cancel: Cancel) -> Flow[Reply | LMError]:
        """Make one call. An error is returned, so that it is raised where no other one is attached to it."""
        try:
            litellm = yield AwaitLitellm(engine.litellm(), cancel)
        except LMError as failure:
            return failure
        work = engine.submit(call.send(litellm))
        try:
            result: Reply | LMError = yield AwaitReply(work, cancel, call.whole_limit_s + ENGINE_GRACE_S)
        except TimeoutError as late:
            return call.explain(late)
        finally:
            work.cancel()  # a caller who leaves early, by Ctrl-C too, closes the connection
            call.close_draft()
        if isinstance(result, LMError):
            from refine_core.lm.litellm_errors import as_litellm_error  # loaded with the first call

            return as_litellm_error(result)
        return result

    def _call(
        self, messages: Sequence[Message], params: Mapping[str, object], on_text: OnText | None
    ) -> HttpCall:
        from refine_core.lm.http_call import HttpCall  # the first call's own wait, not the import's

        prices = (self.price_in_usd, self.price_out_usd)
        timeout = params.get("timeout")
        return HttpCall(
            model=self.model,
            api_base=self.api_base,
            provider=self.custom_llm_provider,
            where=self._where,
            messages=make_well_formed(messages),  # half an emoji in a reply must not spoil the next call
            params=make_well_formed(params),
            private=self._private,
            limit_s=float(timeout) if isinstance(timeout, (int, float)) else self.timeout_s,
            on_text=on_text,
            own_prices=None if prices == (None, None) else prices,
        )

    def prepare(self, cancel: Cancel) -> Flow[None]:
        """Have litellm imported. Raises LMError if it cannot be; RunCancelled."""
        yield AwaitLitellm(engine.litellm(), cancel)

    def drop_refused_params(self, params: Mapping[str, object]) -> Mapping[str, object]:
        """The parameters without those that the server refused before and that no person asked for."""
        return drop_params(params, self._refused_params(params))

    def at_temperature(self, temperature: float) -> Self:
        """A copy at this temperature. Unless it is the model's own, it is left out where the server refuses it."""
        twin = self.copy(temperature=temperature)
        is_other = temperature != self.kwargs.get("temperature")
        twin._may_drop_temperature = self._may_drop_temperature or is_other  # noqa: SLF001  # a copy of the same class
        return twin

    def without_unsupported(self) -> Self:
        """Itself, or a copy without a default temperature that it would refuse. May wait for litellm's import."""
        if self.kwargs.get("temperature") is None or self.supports("temperature"):
            return self
        return self.copy(temperature=None)

    def supports(self, param: str) -> bool:
        """Whether the model supports this parameter, as far as litellm knows. May wait for litellm's import.

        "temperature": at any value; some models accept only 1. What the server refused in this process is not supported. A
        model that litellm does not know supports it, on a server of one's own.
        Raises: LMError if litellm cannot be imported.
        """
        model: object = self.model
        if not isinstance(model, str):  # a subclass with a forward of its own may keep anything there
            return super().supports(param)
        if param in shared.servers.refused_params((self.api_base, self.model)):
            return False
        from refine_core.lm import capabilities

        litellm = engine.litellm().result()
        effort = self.kwargs.get("reasoning_effort")
        effort_name = effort if isinstance(effort, str) else None
        provider = capabilities.find_provider(litellm, self.model, self.api_base, self.custom_llm_provider)
        return capabilities.supports(litellm, self.model, provider, param, effort_name)

    @property
    def formats(self) -> FormatSupport:
        """The reply formats that it supports; shared by all who ask this model at this address."""
        return shared.servers.format_support(self.address, self.custom_llm_provider, self.model)

    @property
    def address(self) -> str:  # type: ignore[override]  # read only, here as in the base
        """The server's address without user, password and query; "" for the provider's own."""
        return strip_login(self.api_base) if self.api_base else ""

    @property
    def _where(self) -> str:
        return f"the server at {self.address}" if self.api_base else f"the provider of {self.model!r}"

    def dump_state(self) -> dict[str, object]:
        """All settings as data, without the key and whatever else is secret; `LM(**state)` restores it."""
        params = {name: value for name, value in self.kwargs.items() if value is not None}
        rest: dict[str, object] = {"api_base": self.address} if self.api_base else {}
        if self.custom_llm_provider:
            rest["custom_llm_provider"] = self.custom_llm_provider
        rest |= {
            "timeout": self.timeout_s,
            "num_retries": self.num_retries,
        }  # the names that dspy's LM has
        if not self.cache:
            rest["cache"] = False
        if self.reply_format != "chat":
            rest["reply_format"] = self.reply_format
        return {"model": self.model, **params, **rest}

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "_private": {}}  # a pickle has no key


def _current_turn(rates: Rates, lm: LM, messages: Sequence[Message]) -> Turn | None:
    from refine_core.lm.rate_limits import current_turn  # only where somebody has limited the calls

    return current_turn(rates, lm, messages)
