"""The small model as a model to call: where it answers is asked at each call, since its port and key are new at each start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import FutureResult
from refine_core.concurrency.flows import Flow
from refine_core.errors import LMUnavailableError
from refine_core.lm.effects import AwaitTurn
from refine_core.lm.format_refusals import FormatSupport
from refine_core.lm.remote import LM
from refine_core.lm.shared import shared
from refine_core.lm.types import Message, OnRetry, OnText, Reply
from refine_core.local_model.manager import local_model
from refine_core.local_model.server import Address
from refine_core.local_model.turns import turns
from refine_core.spec.program import LOCAL_PREFIX


class AwaitServer(FutureResult[Address]):
    """The server's address, once its model is loaded."""

    __slots__ = ()


class LocalLM(LM):
    """The model that runs on this machine under this name: "local/SmolLM2-135M-Instruct". Settings as of LM."""

    def flow(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
        on_text: OnText | None = None,
    ) -> Flow[Reply]:
        """As of LM, once it is this call's turn and the server is there; it is started where need be."""
        cancel = cancel or Cancel()
        name = self.model.removeprefix(LOCAL_PREFIX)
        turn = turns.take()
        try:
            yield AwaitTurn(turn, cancel)
            address = yield AwaitServer(local_model.require(name), cancel)
            try:
                there = self._at(name, address)
                return (
                    yield from there.flow(messages, params, cancel=cancel, on_retry=on_retry, on_text=on_text)
                )
            except LMUnavailableError:
                if (why := local_model.find_end()) is None:
                    raise
            raise LMUnavailableError(why, model=self.model)
        finally:
            turns.leave(turn)

    def _at(self, name: str, address: Address) -> LM:
        settings: dict[str, Any] = {
            "timeout_s": self.timeout_s,
            "num_retries": self.num_retries,
            "price_in_usd": 0.0,
            "price_out_usd": 0.0,
        }
        return _ServedLM(f"openai/{name}", api_base=address.url, api_key=address.key, **settings)

    def supports(self, param: str) -> bool:
        """Llama.cpp's server takes everything that is asked for."""
        return param not in shared.servers.refused_params((self.api_base, self.model))

    @property
    def formats(self) -> FormatSupport:
        """The reply formats that it supports, by its name: the port is another at each start."""
        return shared.servers.format_support("", None, self.model)


class _ServedLM(LM):
    """The same at its address of now."""

    @property
    def _where(self) -> str:
        return "the small model on this machine"
