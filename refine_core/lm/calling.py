"""One HTTP call to a model: what is sent, what comes of it.

    Call --litellm--> wire --> network         what passes there is watched
         <--answers-- whole reply, or `streaming` where somebody reads along, or `faults` where none came

Rule 1: what leaves here is a Reply or an LMError in our words. Errors of litellm hold the request, and so the key.
Rule 2: a key goes to the address that the model was made with, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from refine_core.errors import LMError, LMRefusedError
from refine_core.lm import faults, learned, prices
from refine_core.lm.answers import Said, read_whole, reply_of
from refine_core.lm.base import Message, OnText, Reply, is_secret
from refine_core.lm.catchable import catchable
from refine_core.lm.engine import LOOPBACK, spare_loopback_from_proxies
from refine_core.lm.families import provider_of
from refine_core.lm.secrecy import from_environment, in_use, secrets_in
from refine_core.lm.shapes import TookTooLong, Unguarded
from refine_core.lm.streaming import Draft, read_stream

if TYPE_CHECKING:
    from refine_core.lm.wire import Watch

NO_KEY = "no-key"
"""Sent to a server that was given by address but without a key: those that need none still want the header."""

LOGGED_LATE_S = 5.0  # litellm logs a call in the background, after its end

STREAM_LIMITS = 3
"""A stream may take so many times as long in all as it may be silent."""

_STREAM_WORDS = ("stream", "streams", "streaming", "stream_options", "include_usage")

_ROUTING = frozenset(
    ("api_base", "base_url", "api_key", "custom_llm_provider", "model", "extra_headers", "headers")
)


@dataclass(slots=True, repr=False)
class Call:
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
    _heard: bool = field(init=False, default=False)  # something came of a stream
    _written: tuple[int, int] = field(init=False, default=(0, 0))  # characters of text, and of reasoning

    def __post_init__(self) -> None:
        private = [*self.private.values(), *(v for n, v in self.params.items() if is_secret(n))]
        if self.api_base is None and "api_key" not in self.private:  # litellm takes the provider's own
            private += from_environment()
        self.secrets = secrets_in(private, self.api_base)
        is_one = self.params.get("n") in (None, 1)  # of several, the pieces would come mixed
        self.draft = Draft(self.on_text, self.secrets) if self.on_text is not None and is_one else None

    def begin_anew(self, before: Call | None) -> None:
        """Tell who reads along that what `before` has said is void, if it has said anything."""
        if self.on_text is not None and before and before.draft and before.draft.begun:
            self.on_text("")

    def leave(self) -> None:
        """The caller waits no longer, and whoever reads along is told nothing more."""
        if self.draft is not None:
            self.draft.close()

    @property
    def whole_limit_s(self) -> float:
        """From connecting to the last byte: a stream may take longer, as long as it is not silent."""
        return self.limit_s * (STREAM_LIMITS if self.draft is not None else 1)

    async def made(self, litellm: Any) -> Reply | LMError:
        """Make it, in the engine. What went wrong is told in our words before it leaves."""
        import asyncio

        loop = asyncio.get_running_loop()
        forget = in_use(self.secrets)
        began_s = loop.time()
        try:
            async with asyncio.timeout(
                self.limit_s
            ) as timer:  # around all of it: a call that is made is awaited

                def listen() -> None:
                    timer.reschedule(min(loop.time() + self.limit_s, began_s + self.whole_limit_s))

                made = await self._asked(litellm, listen)
        except TimeoutError as late:
            return self.explained(self._too_late(loop.time() - began_s) or late)
        except LMError as failure:
            return failure.with_traceback(None)
        except Exception as error:  # noqa: BLE001  # whatever it is, it becomes an LMError
            return self.explained(error)
        finally:
            loop.call_later(LOGGED_LATE_S, forget)
        if self.draft is not None and isinstance(made, Reply):
            self.draft.end(made.text)
        return made

    def _too_late(self, after_s: float) -> TookTooLong | None:
        """Which limit of a stream was reached; None where none had begun."""
        if not self._heard:
            return None
        was_alive = after_s >= self.whole_limit_s * 0.99
        limit_s = self.whole_limit_s if was_alive else self.limit_s
        written, thought = self._written
        return TookTooLong(limit_s, written or thought, is_thinking=not written, was_alive=was_alive)

    def explained(self, error: Exception) -> LMError:
        """Told in a frame of its own, since a traceback shows the frames that it passed, and these are secrets."""
        late = isinstance(error, TookTooLong)
        refusal = self.watch.refusal if self.watch and not late else None
        failure = faults.explain(
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
        return catchable(failure, type(error))

    async def _asked(self, litellm: Any, listen: Callable[[], None]) -> Reply | LMError:
        """Asked for a stream if somebody reads along; a server that refuses it is asked again, at once and for good."""
        place = (self.api_base, self.model)
        refuses_streams = False
        if self.draft is not None and "stream" not in learned.refused_at(place):
            try:
                return self._reply(litellm, await self._streamed(litellm, self.draft, listen))
            except Exception:
                refusal = self.watch.refusal if self.watch else None
                if refusal is None or not refusal.is_about(*_STREAM_WORDS):
                    raise
            refuses_streams = True
        reply = self._reply(litellm, await self._whole(litellm))
        if refuses_streams:
            learned.note_refused(place, frozenset(("stream",)))
        return reply

    async def _whole(self, litellm: Any) -> Said:
        from refine_core.lm.wire import Watch

        watch = self.watch = Watch(streamed=False)
        answer = await self._sent(litellm, self._request(), watch)
        self._check_guarded(litellm, watch, answer)
        return read_whole(answer, watch.body)

    async def _streamed(self, litellm: Any, draft: Draft, listen: Callable[[], None]) -> Said:
        from refine_core.lm.wire import Watch

        def tell(text: str, thought: str) -> None:
            written, thoughts = self._written
            self._written = written + len(text), thoughts + len(thought)
            if text:
                draft.add(text)

        def hear() -> None:
            self._heard = True
            listen()

        watch = self.watch = Watch(streamed=True, on_text=tell, on_bytes=hear)
        request = {**self._request(), "stream": True, "stream_options": {"include_usage": True}}
        pieces = await self._sent(litellm, request, watch)
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
            raise Unguarded

    async def _sent(self, litellm: Any, request: Mapping[str, object], watch: Watch) -> Any:
        """What litellm makes of the answer; the call is seen on the wire by `watch`."""
        from refine_core.lm import wire

        wire.watching.set(watch)
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

    def _request(self) -> dict[str, object]:
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
                spare_loopback_from_proxies()
        return request

    def _reply(self, litellm: Any, said: Said) -> Reply | LMError:
        return reply_of(
            said,
            where=self.where,
            model=self.model,
            secrets=self.secrets,
            cost_of=lambda said: self._cost_usd(litellm, said),
        )

    def _cost_usd(self, litellm: Any, said: Said) -> float | None:
        """By the prices given, else by those that are listed. None: unknown."""
        if self.own_prices is not None:
            return prices.by_own_prices(said.tokens, *self.own_prices)
        provider = provider_of(litellm, self.model, self.api_base, self.provider)
        try:
            model, provider = litellm.get_llm_provider(
                model=self.model, custom_llm_provider=provider, api_base=self.api_base
            )[:2]
        except litellm.exceptions.BadRequestError:  # nobody's model has no price
            return None
        listed = prices.is_listed(provider, self.api_base)
        return prices.by_list(litellm, model, provider, said.usage) if listed else None
