"""One HTTP call to a model: what is sent, what comes of it.

    HttpCall --litellm--> wire --> network         what passes there is watched
         <--answers-- whole reply, or `streaming` where somebody reads along, or `error_messages` where none came

Rule 1: what leaves here is a Reply or an LMError in our words. Errors of litellm hold the request, and so the key.
Rule 2: a key goes to the address that the model was made with, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from refine_core.errors import LMError, LMRefusedError
from refine_core.lm import error_messages, prices
from refine_core.lm.capabilities import provider_of
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
"""Sent to a server that was given by address but without a key: those that need none still want the header."""

LOG_DELAY_S = 5.0  # litellm logs a call in the background, after its end

STREAM_LIMITS = 3
"""A stream may take so many times as long in all as it may be silent."""

_STREAM_WORDS = ("stream", "streams", "streaming", "stream_options", "include_usage")

_ROUTING = frozenset(
    ("api_base", "base_url", "api_key", "custom_llm_provider", "model", "extra_headers", "headers")
)


@dataclass(slots=True, repr=False)
class HttpCall:
    """One try to get a reply; a retry is another. It is never shown, since it holds the key.

    provider: litellm's name of it, if it was given. where: the server in words. params: all of the call's own.
    private: the model's secrets by name. limit_s: of a whole reply, from connecting to the last
    byte; of a stream's silence. on_text: who reads along.
    own_prices: US dollars for a million tokens sent and received, either may be None; None for those that are listed.
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
    _has_begun: bool = field(init=False, default=False)  # something came of a stream
    _char_counts: tuple[int, int] = field(init=False, default=(0, 0))  # characters of text, and of reasoning

    def __post_init__(self) -> None:
        private = [*self.private.values(), *(v for n, v in self.params.items() if is_secret(n))]
        if self.api_base is None and "api_key" not in self.private:  # litellm takes the provider's own
            private += environment_secrets()
        self.secrets = collect_secrets(private, self.api_base)
        is_one = self.params.get("n") in (None, 1)  # of several, the pieces would come mixed
        self.draft = Draft(self.on_text, self.secrets) if self.on_text is not None and is_one else None

    def restart_draft(self, before: HttpCall | None) -> None:
        """Tell who reads along that what `before` has said is void, if it has said anything."""
        if self.on_text is not None and before and before.draft and before.draft.begun:
            self.on_text("")

    def close_draft(self) -> None:
        """The caller waits no longer, and whoever reads along is told nothing more."""
        if self.draft is not None:
            self.draft.close()

    @property
    def whole_limit_s(self) -> float:
        """From connecting to the last byte: a stream may take longer, as long as it is not silent."""
        return self.limit_s * (STREAM_LIMITS if self.draft is not None else 1)

    async def send(self, litellm: Any) -> Reply | LMError:
        """Make it, in the engine. What went wrong is told in our words before it leaves."""
        import asyncio

        loop = asyncio.get_running_loop()
        release = log_guard.protect(self.secrets)
        began_s = loop.time()
        try:
            async with asyncio.timeout(
                self.limit_s
            ) as timer:  # around all of it: a call that is made is awaited

                def extend_deadline() -> None:
                    timer.reschedule(min(loop.time() + self.limit_s, began_s + self.whole_limit_s))

                result = await self._ask(litellm, extend_deadline)
        except TimeoutError as late:
            return self.explain(self._timeout_fault(loop.time() - began_s) or late)
        except LMError as failure:
            return failure.with_traceback(None)
        except Exception as error:  # noqa: BLE001  # whatever it is, it becomes an LMError
            return self.explain(error)
        finally:
            loop.call_later(LOG_DELAY_S, release)
        if self.draft is not None and isinstance(result, Reply):
            self.draft.end(result.text)
        return result

    def _timeout_fault(self, after_s: float) -> TimedOut | None:
        """Which limit of a stream was reached; None where none had begun."""
        if not self._has_begun:
            return None
        was_alive = after_s >= self.whole_limit_s * 0.99
        limit_s = self.whole_limit_s if was_alive else self.limit_s
        written, thought = self._char_counts
        return TimedOut(limit_s, written or thought, is_thinking=not written, was_alive=was_alive)

    def explain(self, error: Exception) -> LMError:
        """Told in a frame of its own, since a traceback shows the frames that it passed, and these are secrets."""
        late = isinstance(error, TimedOut)
        refusal = self.watch.refusal if self.watch and not late else None
        failure = error_messages.explain(
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
            failure.parameters = tuple(name for name in self.params if refusal.is_about(name))
        return as_litellm_error(failure, type(error))

    async def _ask(self, litellm: Any, extend_deadline: Callable[[], None]) -> Reply | LMError:
        """Asked for a stream if somebody reads along; a server that refuses it is asked again, at once and for good."""
        place = (self.api_base, self.model)
        refuses_streams = False
        if self.draft is not None and "stream" not in shared.servers.refused_params(place):
            try:
                return self._to_reply(litellm, await self._ask_stream(litellm, self.draft, extend_deadline))
            except Exception:
                refusal = self.watch.refusal if self.watch else None
                if refusal is None or not refusal.is_about(*_STREAM_WORDS):
                    raise
            refuses_streams = True
        reply = self._to_reply(litellm, await self._ask_whole(litellm))
        if refuses_streams:
            shared.servers.add_refused(place, frozenset(("stream",)))
        return reply

    async def _ask_whole(self, litellm: Any) -> ServerReply:
        watch = self.watch = Watch(streamed=False)
        answer = await self._send_request(litellm, self._build_request(), watch)
        self._check_guarded(litellm, watch, answer)
        return read_litellm_reply(answer, watch.body)

    async def _ask_stream(
        self, litellm: Any, draft: Draft, extend_deadline: Callable[[], None]
    ) -> ServerReply:
        def on_piece(text: str, thought: str) -> None:
            written, thoughts = self._char_counts
            self._char_counts = written + len(text), thoughts + len(thought)
            if text:
                draft.add(text)

        def on_bytes() -> None:
            self._has_begun = True
            extend_deadline()

        watch = self.watch = Watch(streamed=True, on_text=on_piece, on_bytes=on_bytes)
        request = {**self._build_request(), "stream": True, "stream_options": {"include_usage": True}}
        pieces = await self._send_request(litellm, request, watch)
        said = await read_stream(pieces, draft, watch)
        self._check_guarded(litellm, watch, pieces)
        return said

    def _check_guarded(self, litellm: Any, watch: Watch, answer: Any) -> None:
        """Raise Unguarded for a reply that came from the network by a way that is not watched."""
        provider = (
            provider_of(litellm, self.model, self.api_base, self.provider) or self.model.partition("/")[0]
        )
        in_process = (
            "mock_response" in self.params
            or provider in {one.get("provider") for one in litellm.custom_provider_map}
            or (getattr(answer, "_hidden_params", None) or {}).get("cache_hit")
        )
        if not watch.passed and not in_process:
            raise UnwatchedReply

    async def _send_request(self, litellm: Any, request: Mapping[str, object], watch: Watch) -> Any:
        """What litellm makes of the answer; the call is seen on the wire by `watch`."""
        current_watch.set(watch)
        return await litellm.acompletion(
            model=self.model,
            messages=[dict(message) for message in self.messages],
            custom_llm_provider=provider_of(litellm, self.model, self.api_base, self.provider),
            timeout=self.limit_s,
            num_retries=0,  # we retry, and tell
            max_retries=0,
            drop_params=False,
            **{name: value for name, value in request.items() if value is not None},
        )

    def _build_request(self) -> dict[str, object]:
        """What is sent, the key too. Raises LMRefusedError for what belongs elsewhere."""
        request = {**self.private, **self.params}
        for ours in ("rollout_id", "timeout"):  # the first tells calls apart in a cache; no server knows it
            request.pop(ours, None)
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

    def _to_reply(self, litellm: Any, said: ServerReply) -> Reply | LMError:
        return to_reply(
            said,
            where=self.where,
            model=self.model,
            secrets=self.secrets,
            cost_of=lambda said: self._cost_usd(litellm, said),
        )

    def _cost_usd(self, litellm: Any, said: ServerReply) -> float | None:
        """By the prices given, else by those that are listed. None: unknown."""
        if self.own_prices is not None:
            return prices.cost_by_own_prices(said.tokens, *self.own_prices)
        provider = provider_of(litellm, self.model, self.api_base, self.provider)
        try:
            model, provider = litellm.get_llm_provider(
                model=self.model, custom_llm_provider=provider, api_base=self.api_base
            )[:2]
        except litellm.exceptions.BadRequestError:  # nobody's model has no price
            return None
        listed = prices.is_listed(provider, self.api_base)
        return prices.cost_by_list(litellm, model, provider, said.usage) if listed else None
