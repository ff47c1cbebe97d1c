"""Real models, over litellm: one HTTP call per `complete`, ended at once by a cancel.

    caller's thread   complete -> attempt, wait, attempt ...      every wait under the caller's Cancel
    engine            litellm's import, and one event loop that makes the calls, each in a daemon thread

litellm is imported here and nowhere else, at the first call or by `warm()`: the import takes seconds.
"""

from __future__ import annotations

import asyncio
import importlib
import math
import os
import re
import sys
import threading
import urllib.request
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

import tenacity

from refine_core.errors import LMError, LMNotFoundError, LMRefusedError, LMUnavailableError
from refine_core.lm import faults
from refine_core.lm.base import SECRET_NAME, BaseLM, Message, OnRetry, Reply, Usage
from refine_core.waiting import Cancel

NO_KEY = "no-key"
"""Sent to a server that was given by address but without a key: those that need none still want the header."""

MAX_RETRY_AFTER_S = 30.0
ENGINE_GRACE_S = 5.0  # how much later than the call's own limit the caller stops waiting for the engine
LOOPBACK = ("localhost", "127.0.0.1", "::1")

_ROUTING = frozenset(
    ("api_base", "base_url", "api_key", "custom_llm_provider", "model", "extra_headers", "headers")
)
_backoff = tenacity.wait_exponential(multiplier=0.5, max=8.0) + tenacity.wait_random(0, 0.5)


class LM(BaseLM):
    """A model of any provider that litellm knows, or of any OpenAI-compatible server.

    model:       "provider/model", such as "openai/gpt-5"; with `api_base`, the server's own name for it will do.
    temperature, max_tokens, **params: defaults of every call; None leaves one out. What is named like a secret
                 (…key, …token, …headers) is sent, but never shown, dumped or pickled.
    api_base:    the server's address, "http://HOST:PORT/v1". Only a key given here is ever sent to it, not one from
                 the environment; without a key it gets the harmless placeholder NO_KEY, so keyless servers work.
    api_key:     without `api_base` and `api_key`, litellm takes the provider's key from the environment.
    timeout_s:   limit of one attempt in seconds, from connecting to the last byte.
    num_retries: further attempts after a failure that may pass; a Retry-After is honoured up to 30 s.
    """

    kind: ClassVar[Literal["litellm"]] = "litellm"

    def __init__(
        self,
        model: str,
        *,
        temperature: float | None = 0.0,
        max_tokens: int | None = None,
        api_base: str | None = None,
        api_key: str | None = None,
        timeout_s: float = 60.0,
        num_retries: int = 3,
        **params: object,
    ) -> None:
        super().__init__(model, temperature=temperature, max_tokens=max_tokens)
        if api_base and not re.match(r"https?://[^/]", api_base):
            raise LMNotFoundError(
                f"{faults.redact(api_base)!r} is no address; write http://HOST:PORT/v1", model=model
            )
        self.api_base = api_base or None
        self.timeout_s, self.num_retries = timeout_s, num_retries
        self._private: dict[str, object] = {"api_key": api_key} if api_key else {}
        self._take(params)

    def _take(self, params: Mapping[str, object]) -> None:
        """Merge parameters, keeping secrets apart from what may be shown."""
        secret = {name: value for name, value in params.items() if SECRET_NAME.search(name)}
        self._private = {**self._private, **secret}
        self.kwargs = {**self.kwargs, **{n: v for n, v in params.items() if n not in secret}}

    def copy(self, **params: object) -> Self:
        """The same model with other default parameters. The copy has the key; a pickle has not."""
        twin = super().copy()
        twin._take(params)  # noqa: SLF001  # a twin is ourselves
        return twin

    def complete(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
    ) -> Reply:
        """Ask, and ask again after failures that may pass. A None among `params` leaves that one out."""
        cancel = cancel or Cancel()

        def tell(state: tenacity.RetryCallState) -> None:
            error = _outcome(state)
            if on_retry is not None and state.next_action is not None and isinstance(error, LMError):
                on_retry(state.attempt_number, state.next_action.sleep, error)

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(1 + self.num_retries),
            wait=_wait_s,
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, LMError) and e.retryable),
            sleep=cancel.sleep,
            before_sleep=tell,
            reraise=True,
        )
        return retrying(self._attempt, messages, params, cancel)

    def _attempt(self, messages: Sequence[Message], params: Mapping[str, object], cancel: Cancel) -> Reply:
        litellm = cancel.result(_engine.litellm())
        work = _engine.submit(self._ask(litellm, messages, params))
        try:
            return self._read(litellm, cancel.result(work, self.timeout_s + ENGINE_GRACE_S))
        except LMError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it becomes an LMError
            failure = self._explain(error, params)
        finally:
            work.cancel()  # a caller who leaves early, by Ctrl-C too, closes the connection
        raise failure  # out here, where no context is attached to it

    def _explain(self, error: Exception, params: Mapping[str, object]) -> LMError:
        """Told in a frame of its own, since a traceback shows the frames that it passed, and these are secrets."""
        private = [*self._private.values(), *(v for n, v in params.items() if SECRET_NAME.search(n))]
        secrets = [text for value in private for text in _texts(value)]
        limit = self.timeout_s
        return faults.explain(error, where=self._where, model=self.model, timeout_s=limit, secrets=secrets)

    async def _ask(self, litellm: Any, messages: Sequence[Message], params: Mapping[str, object]) -> Any:
        """One HTTP call. Runs in the engine."""
        request = {**self._private, **params}
        request.pop("rollout_id", None)  # tells calls apart in a cache; no server knows it
        if misplaced := sorted(
            _ROUTING & set(params)
        ):  # the key goes where the model was told to be, and nowhere else
            raise LMRefusedError(
                f"{misplaced[0]!r} belongs to the model, not to one call; give it to LM(…)", model=self.model
            )
        if self.api_base is not None:
            request["api_base"] = self.api_base
            request.setdefault("api_key", NO_KEY)
            if "/" not in self.model or self.model.split("/")[0] not in litellm.provider_list:
                request["custom_llm_provider"] = "openai"
            if urlsplit(self.api_base).hostname in LOOPBACK:
                _spare_loopback_from_proxies()
        call = litellm.acompletion(
            model=self.model,
            messages=[dict(message) for message in messages],
            timeout=self.timeout_s,
            num_retries=0,  # we retry, and tell
            max_retries=0,
            drop_params=False,
            **{name: value for name, value in request.items() if value is not None},
        )
        return await asyncio.wait_for(call, self.timeout_s)

    def _read(self, litellm: Any, answer: Any) -> Reply:
        where = self._where[0].upper() + self._where[1:]
        if not answer.choices:
            raise LMUnavailableError(f"{where} sent a reply without choices. Try again.", model=self.model)
        choice = answer.choices[0]
        text, reason = choice.message.content, choice.finish_reason
        if text is None and reason == "length":
            raise LMRefusedError(
                f"{self.model!r} used up its tokens before it said anything. Raise max_tokens.",
                model=self.model,
            )
        if text is None and reason == "content_filter":
            raise LMRefusedError(f"{where} withheld the reply (content filter).", model=self.model)
        if text is None:
            raise LMUnavailableError(f"{where} sent a reply without text. Try again.", model=self.model)
        return Reply(
            text, _usage(answer), answer.model or self.model, reason, self._cost_usd(litellm, answer)
        )

    def _cost_usd(self, litellm: Any, answer: Any) -> float | None:
        """By litellm's price list. A server of one's own has no listed price, whatever it calls its models."""
        if self.api_base is not None:
            return None
        try:
            cost = float(litellm.completion_cost(completion_response=answer, model=self.model))
        except Exception:  # noqa: BLE001  # litellm raises a bare Exception for a model without a price
            return None
        return cost if cost > 0 and math.isfinite(cost) else None  # the list writes 0 for "unknown" as well

    @property
    def _where(self) -> str:
        return (
            f"the server at {_shown(self.api_base)}" if self.api_base else f"the provider of {self.model!r}"
        )

    def dump_state(self) -> dict[str, object]:
        """All settings as data, without the key and whatever else is secret."""
        address = {"api_base": _shown(self.api_base)} if self.api_base else {}
        given = {name: value for name, value in self.kwargs.items() if value is not None}
        limits = {"timeout_s": self.timeout_s, "num_retries": self.num_retries}
        return {"model": self.model, **given, **address, **limits}

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_private": {}}  # what is written down carries no key


class _Engine:
    """What all models share: the import of litellm, and one event loop. Each starts when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._import: Future[Any] | None = None  # Any: mypy would take minutes to read litellm
        self._loop: asyncio.AbstractEventLoop | None = None

    def litellm(self) -> Future[Any]:
        """litellm, now or soon. A failed import is tried again at the next call."""
        with self._lock:
            failed = self._import is not None and self._import.done() and self._import.exception()
            if self._import is None or failed:
                self._import = Future()
                self._import.set_running_or_notify_cancel()  # one impatient caller must not cancel it for all
                threading.Thread(
                    target=_import_litellm, args=(self._import,), name="lm-import", daemon=True
                ).start()
            return self._import

    def ready(self) -> bool:
        with self._lock:
            return self._import is not None and self._import.done() and not self._import.exception()

    def submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="lm-calls", daemon=True).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)


def _import_litellm(done: Future[Any]) -> None:
    os.environ.setdefault(
        "LITELLM_LOCAL_MODEL_COST_MAP", "True"
    )  # prices from the package, not from the network
    try:
        litellm: Any = importlib.import_module("litellm")
        litellm.telemetry = False
        litellm.suppress_debug_info = True  # it prints advice otherwise
    except Exception as error:  # noqa: BLE001  # the waiting callers get it
        # What was half imported must go, or the next import would find its parts without their whole.
        for name in [n for n in sys.modules if n == "litellm" or n.startswith("litellm.")]:
            del sys.modules[name]
        done.set_exception(
            LMError(f"litellm cannot be imported ({type(error).__name__}: {error}). Reinstall it.")
        )
    else:
        done.set_result(litellm)


_engine = _Engine()


def warm() -> None:
    """Start importing litellm in the background, so that the first call need not wait for it. Returns at once."""
    _engine.litellm()


def litellm_ready() -> bool:
    """Whether litellm is imported, so that a call starts without delay."""
    return _engine.ready()


def _outcome(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _wait_s(state: tenacity.RetryCallState) -> float:
    """How long to wait before the next attempt: as long as the server asks, else ever longer."""
    advised: float | None = getattr(_outcome(state), "retry_after_s", None)
    return _backoff(state) if advised is None else min(advised, MAX_RETRY_AFTER_S)


def _usage(answer: Any) -> Usage:
    """Tokens as told; where the server told nothing litellm writes 0, and no prompt has 0 tokens."""
    told = getattr(answer, "usage", None)
    asked, said = getattr(told, "prompt_tokens", None), getattr(told, "completion_tokens", None)
    return Usage(asked or None, said if asked or said else None)


def _texts(value: object) -> list[str]:
    """The strings in a private parameter, which may be a text or, as headers are, a mapping."""
    return [str(part) for part in (value.values() if isinstance(value, Mapping) else [value])]


def _shown(address: str | None) -> str:
    """An address without user, password and query."""
    parts = urlsplit(address or "")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _spare_loopback_from_proxies() -> None:
    """Where the environment names a proxy, say that this machine's own addresses need none."""
    if not urllib.request.getproxies_environment():
        return
    spared = [host.strip() for host in os.environ.get("no_proxy", os.environ.get("NO_PROXY", "")).split(",")]
    if "*" not in spared and (missing := [host for host in LOOPBACK if host not in spared]):
        both = ",".join([*filter(None, spared), *missing])
        os.environ["no_proxy"] = os.environ["NO_PROXY"] = both
