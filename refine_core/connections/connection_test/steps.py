r"""The steps of a test, each with one finding or several.

    problems? -> list of models -> one tiny request, streamed -> what the reply shows -> which reply format is kept
                      \-> the list without the key, beside the request: does the server look at the key?

The list only gives hints; the request decides, since a run sends the same. Everything waits under one limit.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace

from refine_core.adapters import Messages
from refine_core.concurrency import flows
from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.time_limit import time_limit
from refine_core.connect import connect
from refine_core.connections.connection_test import reply_findings
from refine_core.connections.connection_test.error_findings import record_error, record_refused_params
from refine_core.connections.connection_test.model_list import (
    REFUSALS,
    ModelList,
    describe_address,
    is_direct,
    probe_models,
)
from refine_core.connections.connection_test.refusals import find_refused_params, list_params
from refine_core.connections.connection_test.reply_format import describe_formats, find_format, try_formats
from refine_core.connections.connection_test.report import SUBJECTS, CheckReport, Subject, Verdict
from refine_core.connections.connection_test.target import Target, capitalize
from refine_core.connections.model_names import (
    first_part,
    format_typed,
    prefix_of,
    requires_key,
    server_names,
    suggest_names,
)
from refine_core.errors import LMError, LMRefusedError, LMTimeoutError, RunCancelled
from refine_core.lm import BaseLM, Reply
from refine_core.lm.http_call import NO_KEY
from refine_core.lm.streaming import StreamObserver
from refine_core.spec import ModelSpec
from refine_core.spec.models import check_model
from refine_core.spec.secrets import environment_key

PROMPT = "Reply with the single word ready."
LISTING_S = 5.0
"""The longest wait for the list of models; some servers have none, and hang."""
FORMAT_S = 8.0
"""The longest wait for one reply in a format; a small model may write without end."""
KEYLESS_S = 0.5
"""The longest that a finished test waits for the list without the key."""
NOT_TESTED = "Not tested."

_SUBJECT_OF_FIELD: Mapping[str, Subject] = {"model": "Model", "api_base": "Base URL", "key_env": "Key"}
_OTHER_PROTOCOLS = frozenset(
    ("anthropic", "azure", "bedrock", "cohere", "gemini", "ollama", "ollama_chat", "sagemaker", "vertex_ai")
)
"""Providers whose servers take the key in another way, and list their models elsewhere."""


class ConnectionTest:
    """One test. deadline: by time.monotonic(). pending: what has not happened yet, as the beginning of a sentence."""

    def __init__(
        self, report: CheckReport, model: ModelSpec, key: str | None, limit: Cancel, deadline: float
    ) -> None:
        self.report, self.limit, self.deadline = report, limit, deadline
        self.target = Target(model, key or environment_key(model.key_env), ModelList())
        self.pending = "Nothing was answered"
        self.keyless: Future[ModelList] | None = None
        self.observer = StreamObserver()

    def run(self) -> str:
        """Returns the sentence for each subject that was not tested."""
        model, key = self.target.model, self.target.key
        if problems := check_model(model):
            for what in SUBJECTS:
                if messages := [
                    p.message for p in problems if _SUBJECT_OF_FIELD.get(p.field, "Parameters") == what
                ]:
                    self.report.record(what, "fails", " ".join(f"{capitalize(one)}." for one in messages))
            return "Not tested: fix the other problems first."
        if key and not re.fullmatch(r"[!-~]+", key):
            self.report.record(
                "Key",
                "fails",
                "The key contains spaces or other characters that no key has. Copy it again.",
            )
            return "Not tested: the key cannot be sent."
        if model.api_base and not self._reach(model.api_base):
            return "Not tested: the server cannot be reached."
        return self._send_request()

    # The address and its list of models

    def _reach(self, address: str) -> bool:
        """Ask for the list of models. Returns whether the request should be sent."""
        target = self.target
        same_protocol = (
            target.model.provider not in _OTHER_PROTOCOLS
            and first_part(target.model.model) not in _OTHER_PROTOCOLS
        )
        key = (target.key or NO_KEY) if same_protocol else None  # as a run sends it
        timeout_s = min(LISTING_S, max(0.1, self._left_s / 2))
        try:
            answer = self.limit.result(probe_models(address, key, timeout_s), timeout_s)
        except TimeoutError:
            answer = ModelList(failure=TimeoutError())
        listing = target.listing = answer if same_protocol else replace(answer, models=None, v1=False)
        self.report.record("Base URL", *describe_address(listing, target.where, round(timeout_s, 1)))
        if listing.models:
            self._look_up_model(listing.models)
        if target.key and listing.models is not None and not listing.v1:
            self.keyless = probe_models(address, NO_KEY, timeout_s)
        lost = isinstance(answer.failure, (ConnectionRefusedError, socket.gaierror))
        return not (lost and is_direct(address))

    def _look_up_model(self, listed: tuple[str, ...]) -> None:
        """Record whether the server lists the model, and if not, which names are similar."""
        target = self.target
        prefix = prefix_of(target.model)
        self.report.record_models([format_typed(name, prefix) for name in listed])
        names = server_names(target.model, prefix)
        if names & set(listed):
            self.report.record("Model", "works", f"{target.name} is among the models that the server lists.")
            return
        target.similar = tuple(
            format_typed(one, prefix) for one in suggest_names(min(names, key=len), listed)
        )
        self.report.record("Model", "unknown", target.not_listed)

    # The request

    def _send_request(self) -> str:
        model = self.target.model
        # The test's own limit is to end it, unless the model's is shorter.
        timeout_s = model.timeout_s if model.timeout_s < self._left_s else self._left_s + 1
        self.pending = "litellm was not ready"
        try:
            lm = connect(replace(model, timeout_s=timeout_s, retries=0, cache=False), key=self.target.key)
            flows.run(lm.prepare(self.limit))
            left_out = () if lm.supports("temperature") else ("temperature",)
        except LMError as error:
            return self._fail(error)
        self.pending = f"{capitalize(self.target.where)} gave no reply"
        reply = self._ask(lm, left_out)
        refused: tuple[str, ...] = ()
        if isinstance(reply, LMRefusedError):
            names = [name for name in list_params(model) if name not in left_out]
            params = find_refused_params(lambda more: self._ask(lm, (*left_out, *more)), names, reply)
            refused = params.names
            if refused:
                record_refused_params(self.report, self.target, params, reply)
            reply = params.result
        if isinstance(reply, LMError):
            return self._fail(reply)
        if not lm.supports("temperature"):  # as its server may have said only now
            left_out = ("temperature",)
        self._record_reply(reply, left_out)
        if self.report.verdict("Reply") == "works":
            self._try_formats(lm, (*left_out, *refused))
        self.report.record("Key", *self._judge_key())  # the last, since it may wait a moment
        return NOT_TESTED

    def _fail(self, error: LMError) -> str:
        record_error(self.report, self.target, error)
        return "Unknown: no reply came."

    def _try_formats(self, lm: BaseLM, left_out: tuple[str, ...]) -> None:
        """Find out in which format the model's replies can be parsed."""

        def ask(messages: Messages, params: Mapping[str, object]) -> Reply | LMError | None:
            with time_limit(self.limit, min(FORMAT_S, max(0.5, self._left_s / 2))) as share:
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

        results = try_formats(ask, lm)
        self.report.record("Reply format", *describe_formats(results))
        self.report.record_format(find_format(results))

    def _ask(self, lm: BaseLM, left_out: tuple[str, ...]) -> Reply | LMError:
        self.observer = StreamObserver()  # a new one: a late piece of an earlier reply belongs to that
        messages = [{"role": "user", "content": PROMPT}]
        params = {**lm.kwargs, **dict.fromkeys(left_out)}
        try:
            return flows.run(lm.flow(messages, params, cancel=self.limit, on_text=self.observer))
        except LMError as error:
            return error

    def _record_reply(self, reply: Reply, left_out: tuple[str, ...]) -> None:
        """Record what the reply shows. left_out: ("temperature",) where the model supports none, else ()."""
        record, target = self.report.record, self.target
        if self.report.verdict("Base URL") != "works":
            record("Base URL", "works", f"{capitalize(target.where)} was reached, and answered.")
        if self.report.verdict("Model") == "unknown":
            record("Model", "works", f"{target.name} answered, though the server does not list it.")
        else:
            record("Model", "works", f"{target.name} answered.")
        if self.report.verdict("Parameters") != "fails":
            record("Parameters", *reply_findings.check_params(target.model, left_out))
        usage = reply.usage
        self.report.record_reply(reply.text, (usage.prompt_tokens, usage.completion_tokens), reply.cost_usd)
        record("Reply", *reply_findings.check_text(reply))
        record("Streaming", *reply_findings.check_streaming(reply, self.observer))
        record("Tokens", *reply_findings.check_tokens(reply))
        record("Price", *reply_findings.check_price(reply, target.model))

    def _judge_key(self) -> tuple[Verdict, str]:
        """What a reply shows of the key: it works only if without it there would have been no reply."""
        if not self.target.key:
            return "works", self._no_key
        if requires_key(self.target.model):
            return "works", "The key was accepted; this provider answers nobody without one."
        without = ModelList()
        if self.keyless is not None:
            with suppress(TimeoutError):
                without = self.keyless.result(min(KEYLESS_S, max(0.0, self._left_s)))
        if without.status in REFUSALS:
            return "works", "The key was accepted; without it, the server refuses even to list its models."
        words = "The key was not rejected."
        if without.models is not None:
            words += " The server lists its models without it too, so it may not look at keys at all."
        return "unknown", f"{words} It works: a reply came."

    @property
    def _no_key(self) -> str:
        if self.target.model.api_base:
            return "No key was sent, and none is needed."
        return "No key was entered: one was found in the environment, or none is needed."

    @property
    def _left_s(self) -> float:
        return self.deadline - time.monotonic()
