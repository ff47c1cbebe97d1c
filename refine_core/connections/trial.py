r"""The steps of testing a connection, each a finding or several.

    problems? -> list of models -> one tiny request, streamed -> what came with the reply -> which reply format is kept
                      \-> the same without the key, beside the request: whether the key is looked at

The list only gives hints; the request decides, since it is what a run will make. Everything waits under one limit.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlsplit

from refine_core.adapters import Messages
from refine_core.concurrency import flows
from refine_core.concurrency.cancellation import Cancel
from refine_core.connect import connect
from refine_core.connections import blame, telling
from refine_core.connections.findings import WHATS, Board, Verdict, What
from refine_core.connections.format_test import found_format, tell, try_formats
from refine_core.connections.listing import REFUSALS, Listing, is_direct, look_aside, told
from refine_core.connections.names import (
    as_typed,
    first_part,
    like,
    own_names,
    prefix_of,
    typed,
    wants_key,
)
from refine_core.errors import (
    LMError,
    LMKeyError,
    LMNotFoundError,
    LMRateLimitError,
    LMRefusedError,
    LMTimeoutError,
    LMUnavailableError,
    RunCancelled,
)
from refine_core.lm import BaseLM, Reply, litellm_ready
from refine_core.lm.engine import engine
from refine_core.lm.http_call import NO_KEY
from refine_core.lm.streaming import Along
from refine_core.spec import ModelSpec
from refine_core.spec.models import check_model

ASKED = "Reply with the single word ready."
LOADING_S = 60.0
LISTING_S = 5.0
"""The longest wait for the list of models; some servers have none, and hang."""
FORMAT_S = 8.0
"""The longest that one reply in a format is waited for; a small model may write without end."""
KEYLESS_S = 0.5
"""The longest that a finished test waits to hear whether the list is to be had without the key."""

_FINDING: Mapping[str, What] = {"model": "Model", "api_base": "Base URL", "key_env": "Key"}
_OTHER_PROTOCOLS = frozenset(
    ("anthropic", "azure", "bedrock", "cohere", "gemini", "ollama", "ollama_chat", "sagemaker", "vertex_ai")
)
"""Providers whose servers take the key in another way, and list their models elsewhere."""


def run(board: Board, model: ModelSpec, key: str | None, cancel: Cancel, limit_s: float) -> str:
    """Do all of it, within `limit_s` seconds. Returns what is to be said of whatever was not looked at.

    The first test of a process loads litellm before that, which has nothing to do with the server.
    """
    if model.kind != "litellm":
        what = (
            "The practice model is part of the app"
            if model.kind == "practice"
            else "A replay needs no server"
        )
        board.nothing_to_test(f"{what}; there is nothing to test.")
        return ""
    if (not_loaded := _load(board, cancel)) is not None:
        return not_loaded
    limit = Cancel(parent=cancel)
    clock = threading.Timer(limit_s, limit.set)
    clock.daemon = True
    clock.start()
    trial = _Trial(board, model, key, limit, time.monotonic() + limit_s)
    try:
        return trial.run()
    except RunCancelled:
        if cancel.is_set:
            return "The test was stopped."
        if board.verdict("Reply") != "works":
            board.say(
                "Reply",
                "fails",
                f"{trial.waiting_for} within {limit_s:g} s. Try again, or look at the server.",
            )
        return f"Not known: the test ended after {limit_s:g} s."
    finally:
        clock.cancel()
        limit.detach()


def _load(board: Board, cancel: Cancel) -> str | None:
    """Have litellm ready. Returns what is to be said of everything else if that cannot be had."""
    if not litellm_ready():
        board.say("Reply", "waiting", "The library that reaches models is being loaded; this happens once.")
    try:
        cancel.result(engine.litellm(), LOADING_S)
    except RunCancelled:
        return "The test was stopped."
    except TimeoutError:
        board.say("Reply", "fails", f"The library litellm was not loaded within {LOADING_S:g} s. Try again.")
    except LMError as error:
        board.say("Reply", "fails", str(error))
    else:
        board.say("Reply", "waiting", "")
        return None
    return "Not tested, since no model can be asked without litellm."


class _Trial:
    """One test. until: when it must be over, by time.monotonic(). waiting_for: what has not happened yet, as a sentence begins."""

    def __init__(self, board: Board, model: ModelSpec, key: str | None, limit: Cancel, until: float) -> None:
        self.board, self.model, self.limit, self.until = board, model, limit, until
        self.key = key or (os.environ.get(model.key_env) if isinstance(model.key_env, str) else None) or None
        self.waiting_for = "Nothing was answered"
        self.listing = Listing()
        self.keyless: Future[Listing] | None = None
        self.near: list[str] = []
        self.along = Along()

    def run(self) -> str:
        """Returns what is to be said of whatever was not looked at."""
        if found := check_model(self.model):
            for what in WHATS:
                if wrong := [p.message for p in found if _FINDING.get(p.field, "Parameters") == what]:
                    self.board.say(what, "fails", " ".join(f"{_capital(one)}." for one in wrong))
            return "Not tested: something must be set right first."
        if self.key and not re.fullmatch(r"[!-~]+", self.key):
            self.board.say(
                "Key",
                "fails",
                "The key holds spaces, or characters that no key has. Copy it again, all of it and nothing else.",
            )
            return "Not tested, since the key cannot be sent."
        if self.model.api_base and not self._reach(self.model.api_base):
            return "Not tested, since the address cannot be reached."
        return self._ask_for_real()

    # The address and its list of models

    def _reach(self, address: str) -> bool:
        """Whether it makes sense to go on."""
        alike = (
            self.model.provider not in _OTHER_PROTOCOLS
            and first_part(self.model.model) not in _OTHER_PROTOCOLS
        )
        key = (self.key or NO_KEY) if alike else None  # as a run sends it
        allowed_s = min(LISTING_S, max(0.1, (self.until - time.monotonic()) / 2))
        try:
            found = self.limit.result(look_aside(address, key, allowed_s), allowed_s)
        except TimeoutError:
            found = Listing(failure=TimeoutError())
        self.listing = found if alike else replace(found, models=None, v1=False)
        self.board.say("Base URL", *told(self.listing, self._where, round(allowed_s, 1)))
        if self.listing.models:
            self._look_up(self.listing.models)
        if self.key and self.listing.models is not None and not self.listing.v1:
            self.keyless = look_aside(address, NO_KEY, allowed_s)
        lost = isinstance(found.failure, (ConnectionRefusedError, socket.gaierror))
        return not (lost and is_direct(address))

    def _look_up(self, listed: tuple[str, ...]) -> None:
        """Say whether the model is among those that the server lists, and if not, which are like it."""
        prefix = prefix_of(self.model)
        self.board.list_models([as_typed(name, prefix) for name in listed])
        names = own_names(self.model, prefix)
        if names & set(listed):
            self.board.say("Model", "works", f"{self._name} is among the models that the server lists.")
            return
        self.near = [as_typed(one, prefix) for one in like(min(names, key=len), listed)]
        self.board.say("Model", "unknown", self._unlisted)

    # The request

    def _ask_for_real(self) -> str:
        left_s = self.until - time.monotonic()
        # The test's own limit is to end it, unless the model's is shorter.
        timeout_s = self.model.timeout_s if self.model.timeout_s < left_s else left_s + 1
        self.waiting_for = "The library litellm was not ready"
        try:
            lm = connect(replace(self.model, timeout_s=timeout_s, retries=0, cache=False), key=self.key)
            flows.run(lm.ready(self.limit))
            untempered = () if lm.supports("temperature") else ("temperature",)
        except LMError as error:
            return self._failed(error)
        self.waiting_for = f"{_capital(self._where)} gave no reply"
        made = self._ask(lm, untempered)
        found: blame.Blame | None = None
        if isinstance(made, LMRefusedError):
            names = [name for name in blame.parameters(self.model) if name not in untempered]
            found = blame.find(lambda more: self._ask(lm, (*untempered, *more)), names, made)
            if found.names:
                self._blamed(found, made)
            made = found.made
        if isinstance(made, LMError):
            return self._failed(made)
        if not lm.supports("temperature"):  # as its server may have said only now
            untempered = ("temperature",)
        self._answered(made, untempered)
        left_out = (*untempered, *found.names) if found is not None else untempered
        if self.board.verdict("Reply") == "works":
            self._try_formats(lm, left_out)
        self.board.say("Key", *self._key_taken())  # the last, since it may wait a moment
        return "Not looked at."

    def _try_formats(self, lm: BaseLM, left_out: tuple[str, ...]) -> None:
        """Find out in which format the model replies so that it can be read."""

        def ask(messages: Messages, params: Mapping[str, object]) -> Reply | LMError | None:
            allowed_s = min(FORMAT_S, max(0.5, (self.until - time.monotonic()) / 2))
            share = Cancel(parent=self.limit)
            clock = threading.Timer(allowed_s, share.set)
            clock.daemon = True
            clock.start()
            try:
                sent = {**lm.kwargs, **dict.fromkeys(left_out), **params}
                return flows.run(lm.flow(messages, sent, cancel=share))
            except LMTimeoutError:
                return None
            except LMError as error:
                return error
            except RunCancelled:
                if self.limit.is_set:
                    raise
                return None
            finally:
                clock.cancel()
                share.detach()

        results = try_formats(ask, lm)
        self.board.say("Reply format", *tell(results))
        self.board.found_format(found_format(results))

    def _ask(self, lm: BaseLM, left_out: tuple[str, ...]) -> Reply | LMError:
        self.along = Along()  # a new one: a late piece of an earlier reply belongs to that
        messages = [{"role": "user", "content": ASKED}]
        params = {**lm.kwargs, **dict.fromkeys(left_out)}
        try:
            return flows.run(lm.flow(messages, params, cancel=self.limit, on_text=self.along))
        except LMError as error:
            return error

    def _blamed(self, found: blame.Blame, refusal: LMError) -> None:
        names = ", ".join(found.names)
        one = len(found.names) == 1
        who = (
            f"{names} {'is' if one else 'are'} refused"
            if found.certain
            else f"One or more of {names} are refused"
        )
        what = "Set it to 1, or choose another model." if found.names == ("temperature",) else (
            "Change it, or leave it out." if one else "Change them, or leave them out.")  # fmt: skip
        self.board.say(
            "Parameters",
            "fails",
            f"{who}; without {'it' if one else 'them'} a reply comes. {what} {self._told(refusal)}",
        )

    def _failed(self, error: LMError) -> str:
        """Which finding the error belongs to. Returns what is to be said of the others."""
        words, say = self._told(error), self.board.say
        moved = (
            error.status is not None and HTTPStatus.MULTIPLE_CHOICES <= error.status < HTTPStatus.BAD_REQUEST
        )
        unreachable = isinstance(error, LMUnavailableError) and words.startswith("Cannot reach")
        if unreachable or moved:
            say("Base URL", "fails", words)
        elif error.status is not None and self.board.verdict("Base URL") != "works" and not self.listing.v1:
            say("Base URL", "works", f"{_capital(self._where)} was reached.")
        if isinstance(error, LMKeyError):
            keyless = bool(self.model.api_base) and not self.key and error.status is not None
            say("Key", "fails", self._none_given(error) if keyless else words)
        elif isinstance(error, LMNotFoundError) and not moved:
            if self.listing.v1:
                say("Base URL", "fails", told(self.listing, self._where, 0.0)[1])
            elif (self.model.api_base or "").rstrip("/").endswith("/chat/completions"):
                say(
                    "Base URL",
                    "fails",
                    "The base URL must end before /chat/completions, which is added to it.",
                )
            else:
                say("Model", "fails", words + self._instead)
        elif self._is_about_the_model(error):
            say("Model", "fails", f"{self._unlisted} {words}")
        elif isinstance(error, LMRateLimitError) and error.retryable:
            say("Reply", "unknown", words)
        elif not unreachable and not moved:
            say("Reply", "fails", words)
            if error.status == HTTPStatus.BAD_REQUEST and self.listing.status in REFUSALS:
                say("Key", "unknown", self._suspected)
        return "Not known, since no reply came."

    def _answered(self, reply: Reply, untempered: tuple[str, ...]) -> None:
        """A reply came: say all that it tells."""
        say, where = self.board.say, _capital(self._where)
        if self.board.verdict("Base URL") != "works":
            say("Base URL", "works", f"{where} was reached, and answered.")
        if self.board.verdict("Model") == "unknown":
            say("Model", "works", f"{self._name} answered, though the server does not list it.")
        else:
            say("Model", "works", f"{self._name} answered.")
        if self.board.verdict("Parameters") != "fails":
            say("Parameters", *telling.parameters(self.model, untempered))
        self.board.answered(
            reply.text, (reply.usage.prompt_tokens, reply.usage.completion_tokens), reply.cost_usd
        )
        say("Reply", *telling.text(reply))
        say("Streaming", *telling.streaming(reply, self.along))
        say("Tokens", *telling.tokens(reply))
        say("Price", *telling.price(reply, self.model))

    def _key_taken(self) -> tuple[Verdict, str]:
        """What a reply says of the key: that it works only where without it there would have been none."""
        if not self.key:
            return "works", self._keyless
        if wants_key(self.model):
            return "works", "The key was taken; this provider answers nobody without one."
        without = Listing()
        if self.keyless is not None:
            with suppress(TimeoutError):
                without = self.keyless.result(min(KEYLESS_S, max(0.0, self.until - time.monotonic())))
        if without.status in REFUSALS:
            return "works", "The key was taken; without it, the server refuses even to list its models."
        words = "Nothing was said against the key."
        if without.models is not None:
            words += " The server lists its models without it too, so it may not look at keys at all."
        return "unknown", f"{words} That is no obstacle: a reply came."

    @property
    def _keyless(self) -> str:
        if self.model.api_base:
            return "None was given, and none is needed."
        return "None was given: one was found in the environment, or none is needed."

    def _none_given(self, error: LMError) -> str:
        return (
            f"{_capital(self._where)} requires an API key ({error.status}). Type one, or name the environment "
            f"variable that holds it.{''.join(str(error).partition(blame.SAID)[1:])}"
        )

    @property
    def _suspected(self) -> str:
        likely = (
            "the key is the likeliest cause. Check it, and that it belongs there."
            if self.key
            else "the likeliest cause is that it requires an API key. Type one."
        )
        return f"The server refuses every request, its list of models too; {likely}"

    def _is_about_the_model(self, error: LMError) -> bool:
        """Whether a refusal is about a model that the server does not list, either."""
        names = {self.model.model, *own_names(self.model, prefix_of(self.model))}
        unlisted = bool(self.listing.models) and self.board.verdict("Model") == "unknown"
        return unlisted and isinstance(error, LMRefusedError) and blame.is_about(names, error)

    def _told(self, error: LMError) -> str:
        """Its words, with the model's name as it was typed; what the server said stays as it is."""
        ours, *theirs = str(error).partition(blame.SAID)
        return _capital(ours.replace(repr(self.model.model), self._name)) + "".join(theirs)

    @property
    def _unlisted(self) -> str:
        return f"{self._name} is not among the models that the server lists.{self._instead}"

    @property
    def _name(self) -> str:
        return repr(typed(self.model))

    @property
    def _instead(self) -> str:
        return f" Did you mean {' or '.join(map(repr, self.near))}?" if self.near else ""

    @property
    def _where(self) -> str:
        if not self.model.api_base:
            return f"the provider of {self._name}"
        parts = urlsplit(self.model.api_base)
        return f"the server at {parts.scheme}://{parts.netloc}{parts.path}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
