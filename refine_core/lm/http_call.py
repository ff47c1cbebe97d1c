"""One HTTP call to a model: what is sent, and what comes back.

    HttpCall --litellm--> transports --> network           each response is watched on its way (see watch)
             <-- a whole reply (server_replies), a stream (streaming) or an error (error_messages)

Rule 1: the result is a Reply or an LMError with our own message. litellm's errors hold the request, and so the key.
Rule 2: a key goes to the address that the model was created with, and nowhere else.
Rule 3: a long prompt is counted first, where its server says how much it takes (context_size).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from refine_core.concurrency.threads import start_thread
from refine_core.errors import LMError, LMPromptTooLongError, LMRefusedError
from refine_core.lm import context_size, error_messages, prices
from refine_core.lm.capabilities import find_provider
from refine_core.lm.litellm_errors import as_litellm_error
from refine_core.lm.log_guard import log_guard
from refine_core.lm.process_wide import LOOPBACK, bypass_proxies_for_loopback
from refine_core.lm.secrecy import collect_secrets, environment_secrets
from refine_core.lm.server_replies import ServerReply, read_litellm_reply, to_reply
from refine_core.lm.shared import shared
from refine_core.lm.streaming import Draft, read_stream
from refine_core.lm.transport_faults import TimedOut, UnwatchedReply
from refine_core.lm.types import Message, OnText, Reply
from refine_core.lm.watch import Watch, current_watch
from refine_core.spec.secrets import is_secret

NO_KEY = "no-key"
"""Sent to a server whose address has no key: servers that need no key still expect the header."""

LOG_DELAY_S = 5.0  # litellm logs a call in the background, after it has ended

STREAM_LIMITS = 3
"""A stream may take this many times as long in all as it may be silent."""

_STREAM_WORDS = ("stream", "streams", "streaming", "stream_options", "include_usage")

_OPENAI_LIKE = frozenset(("openai", "hosted_vllm", "lm_studio", "vllm", "llamafile", "litellm_proxy"))
"""Providers whose protocol has the list of models at /v1/models, and the key as a bearer token."""

_ROUTING = frozenset(
    ("api_base", "base_url", "api_key", "custom_llm_provider", "model", "extra_headers", "headers")
)


@dataclass(slots=True, repr=False)
class HttpCall:
    """One HTTP call; a retry is another one. It has no repr, since it holds the key.

    provider: litellm's name of it, or None. where: the server, in words. params: all parameters of the call.
    private: the model's secrets, by name. limit_s: of a whole reply, from connecting to the last byte; of a stream, the
    longest silence. on_text: called while a stream is read.
    own_prices: US dollars for a million tokens sent and received, either may be None; None for litellm's price list.
    """

    model: str
    api_base: str | None
    provider: str | None
    where: str
    messages: Sequence[Message]
    params: Mapping[str, object]
    private: Mapping[str, object]
    limit_s: float
    on_text: OnText | None
    own_prices: tuple[float | None, float | None] | None
    secrets: frozenset[str] = field(init=False)
    draft: Draft | None = field(init=False)
    watch: Watch | None = field(init=False, default=None)
    _has_begun: bool = field(init=False, default=False)  # bytes of a stream have arrived
    _char_counts: tuple[int, int] = field(init=False, default=(0, 0))  # characters of text, and of reasoning

    def __post_init__(self) -> None:
        private = [*self.private.values(), *(v for n, v in self.params.items() if is_secret(n))]
        if self.api_base is None and "api_key" not in self.private:  # litellm uses the provider's own
            private += environment_secrets()
        self.secrets = collect_secrets(private, self.api_base)
        is_one = self.params.get("n") in (None, 1)  # the pieces of several replies would come mixed
        self.draft = Draft(self.on_text, self.secrets) if self.on_text is not None and is_one else None

    def restart_draft(self, before: HttpCall | None) -> None:
        """Tell the reader of the stream that the text of an earlier call, `before`, is void, if there was any."""
        if self.on_text is not None and before and before.draft and before.draft.has_begun:
            self.on_text("")

    def close_draft(self) -> None:
        """Send nothing more to the reader of the stream: the caller waits no longer."""
        if self.draft is not None:
            self.draft.close()

    @property
    def whole_limit_s(self) -> float:
        """From connecting to the last byte. A stream may take longer, as long as it is not silent."""
        return self.limit_s * (STREAM_LIMITS if self.draft is not None else 1)

    async def send(self, litellm: Any) -> Reply | LMError:
        """Make the call, in the engine's event loop. An error is explained before it is returned."""
        import asyncio

        loop = asyncio.get_running_loop()
        release = log_guard.protect(self.secrets)
        start_s = loop.time()
        try:
            async with asyncio.timeout(self.limit_s) as timer:  # around everything: the call is awaited

                def extend_deadline() -> None:
                    timer.reschedule(min(loop.time() + self.limit_s, start_s + self.whole_limit_s))

                result = await self._ask(litellm, extend_deadline)
        except TimeoutError as late:
            return self.explain(self._timeout_fault(loop.time() - start_s) or late)
        except LMError as error:
            return error.with_traceback(None)
        except Exception as error:  # noqa: BLE001  # whatever it is, it becomes an LMError
            return self.explain(error)
        finally:
            loop.call_later(LOG_DELAY_S, release)
        if self.draft is not None and isinstance(result, Reply):
            self.draft.end(result.text)
        return result

    def _timeout_fault(self, after_s: float) -> TimedOut | None:
        """The limit of a stream that was reached; None if no stream had begun."""
        if not self._has_begun:
            return None
        was_alive = after_s >= self.whole_limit_s * 0.99
        limit_s = self.whole_limit_s if was_alive else self.limit_s
        text_chars, reasoning_chars = self._char_counts
        return TimedOut(
            limit_s, text_chars or reasoning_chars, is_thinking=not text_chars, was_alive=was_alive
        )

    def explain(self, error: Exception) -> LMError:
        """The LMError for an exception, built in a frame of its own: a traceback shows its frames, and those hold secrets."""
        late = isinstance(error, TimedOut)
        refusal = self.watch.refusal if self.watch and not late else None
        lm_error = error_messages.explain(
            error,
            where=self.where,
            model=self.model,
            timeout_s=self.limit_s,
            secrets=self.secrets,
            keyless=self.api_base is not None and not self.secrets,
            refusal=refusal,
            fault=self.watch.fault if self.watch and not late else None,
        )
        if refusal is not None:
            lm_error.parameters = tuple(name for name in self.params if refusal.is_about(name))
        return as_litellm_error(lm_error, type(error))

    async def _find_excess(self, litellm: Any) -> LMError | None:
        """The error for a prompt that its server cannot take, where the server says how much it takes."""
        if self.api_base is None or context_size.measure(self.messages)[0] < context_size.ASKED_FROM_BYTES:
            return None
        provider = find_provider(litellm, self.model, self.api_base, self.provider)
        if (provider or self.model.partition("/")[0]) not in _OPENAI_LIKE:
            return None
        import asyncio

        look = start_thread(partial(self._look_for_excess, self.api_base), name="prompt size")
        excess = await asyncio.wrap_future(look)
        return None if excess is None else as_litellm_error(LMPromptTooLongError(excess, model=self.model))

    def _look_for_excess(self, address: str) -> str | None:
        """What is said of a prompt that is too long, or None. It asks the server, which is named and asked as a call would."""
        prefix = self.model.partition("/")[0]
        name = self.model.removeprefix(f"{prefix}/") if prefix in _OPENAI_LIKE else self.model
        key = self.private.get("api_key")
        endpoint = context_size.Endpoint(address, key if isinstance(key, str) else NO_KEY, name)
        server = (address, self.model)
        was_asked, context = shared.servers.context(server)
        if not was_asked:
            context = context_size.find_context(endpoint)
            shared.servers.note_context(server, context)
        if context is None:
            return None
        limit = self.params.get("max_tokens") or self.params.get("max_completion_tokens")
        reply_tokens = limit if isinstance(limit, int) else None
        return context_size.describe_excess(endpoint, context, self.messages, reply_tokens, where=self.where)

    async def _ask(self, litellm: Any, extend_deadline: Callable[[], None]) -> Reply | LMError:
        """Ask for a stream if there is a reader. A server that refuses streams is asked again without, now and from then on."""
        if (excess := await self._find_excess(litellm)) is not None:
            return excess
        server = (self.api_base, self.model)
        refuses_streams = False
        if self.draft is not None and "stream" not in shared.servers.refused_params(server):
            try:
                return self._to_reply(litellm, await self._ask_stream(litellm, self.draft, extend_deadline))
            except Exception:
                refusal = self.watch.refusal if self.watch else None
                if refusal is None or not refusal.is_about(*_STREAM_WORDS):
                    raise
            refuses_streams = True
        reply = self._to_reply(litellm, await self._ask_whole(litellm))
        if refuses_streams:
            shared.servers.add_refused(server, frozenset(("stream",)))
        return reply

    async def _ask_whole(self, litellm: Any) -> ServerReply:
        watch = self.watch = Watch(streamed=False)
        answer = await self._send_request(litellm, self._build_request(), watch)
        self._check_guarded(litellm, watch, answer)
        return read_litellm_reply(answer, watch.body)

    async def _ask_stream(
        self, litellm: Any, draft: Draft, extend_deadline: Callable[[], None]
    ) -> ServerReply:
        def on_piece(text: str, reasoning: str) -> None:
            text_chars, reasoning_chars = self._char_counts
            self._char_counts = text_chars + len(text), reasoning_chars + len(reasoning)
            if text:
                draft.add(text)

        def on_bytes() -> None:
            self._has_begun = True
            extend_deadline()

        watch = self.watch = Watch(streamed=True, on_text=on_piece, on_bytes=on_bytes)
        request = {**self._build_request(), "stream": True, "stream_options": {"include_usage": True}}
        pieces = await self._send_request(litellm, request, watch)
        reply = await read_stream(pieces, draft, watch)
        self._check_guarded(litellm, watch, pieces)
        return reply

    def _check_guarded(self, litellm: Any, watch: Watch, answer: Any) -> None:
        """Raise UnwatchedReply for a reply from the network that no guarded transport has seen."""
        provider = (
            find_provider(litellm, self.model, self.api_base, self.provider) or self.model.partition("/")[0]
        )
        in_process = (
            "mock_response" in self.params
            or provider in {one.get("provider") for one in litellm.custom_provider_map}
            or (getattr(answer, "_hidden_params", None) or {}).get("cache_hit")
        )
        if not watch.passed and not in_process:
            raise UnwatchedReply

    async def _send_request(self, litellm: Any, request: Mapping[str, object], watch: Watch) -> Any:
        """Litellm's response; `watch` sees the call at the transport."""
        current_watch.set(watch)
        return await litellm.acompletion(
            model=self.model,
            messages=[dict(message) for message in self.messages],
            custom_llm_provider=find_provider(litellm, self.model, self.api_base, self.provider),
            timeout=self.limit_s,
            num_retries=0,  # we retry ourselves and report it
            max_retries=0,
            drop_params=False,
            **{name: value for name, value in request.items() if value is not None},
        )

    def _build_request(self) -> dict[str, object]:
        """The parameters that are sent, the key among them. Raises LMRefusedError for those that belong to the model."""
        request = {**self.private, **self.params}
        for name in (
            "rollout_id",
            "timeout",
        ):  # rollout_id only tells calls apart in the cache; no server knows it
            request.pop(name, None)
        if misplaced := sorted(_ROUTING & set(self.params)):
            raise LMRefusedError(
                f"{misplaced[0]!r} belongs to the model, not to one call; give it to LM(…)", model=self.model
            )
        if self.api_base is not None:
            request["api_base"] = self.api_base
            request.setdefault("api_key", NO_KEY)
            if urlsplit(self.api_base).hostname in LOOPBACK:
                bypass_proxies_for_loopback()
        return request

    def _to_reply(self, litellm: Any, reply: ServerReply) -> Reply | LMError:
        return to_reply(
            reply,
            where=self.where,
            model=self.model,
            secrets=self.secrets,
            cost_of=lambda reply: self._cost_usd(litellm, reply),
        )

    def _cost_usd(self, litellm: Any, reply: ServerReply) -> float | None:
        """The cost by the model's own prices, else by litellm's list. None: unknown."""
        if self.own_prices is not None:
            return prices.cost_by_own_prices(reply.tokens, *self.own_prices)
        provider = find_provider(litellm, self.model, self.api_base, self.provider)
        try:
            model, provider = litellm.get_llm_provider(
                model=self.model, custom_llm_provider=provider, api_base=self.api_base
            )[:2]
        except litellm.exceptions.BadRequestError:  # an unknown model has no price
            return None
        listed = prices.is_listed(provider, self.api_base)
        return prices.cost_by_list(litellm, model, provider, reply.usage) if listed else None
