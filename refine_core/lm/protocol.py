"""What the code that asks a model needs of it. BaseLM is the class that has it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.flows import Flow
from refine_core.lm.history import History
from refine_core.lm.types import Message, OnRetry, OnText, Reply


class Model(Protocol):
    """A model, as `ask`, the cache and the overrides see it; see BaseLM for what each part means."""

    model: str
    kwargs: dict[str, object]
    cache: bool
    cache_in_memory: bool

    @property
    def address(self) -> str:
        """Where the model is asked."""

    @property
    def history(self) -> History:
        """The last calls."""

    def flow(
        self,
        messages: Sequence[Message],
        params: Mapping[str, object],
        *,
        cancel: Cancel | None = None,
        on_retry: OnRetry | None = None,
        on_text: OnText | None = None,
    ) -> Flow[Reply]:
        """Ask once."""

    def drop_refused_params(self, params: Mapping[str, object]) -> Mapping[str, object]:
        """The parameters that are sent."""
