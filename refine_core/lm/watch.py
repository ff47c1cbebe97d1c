"""What is seen of one call between litellm and the network."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from refine_core.lm.refusals import Refusal, parse_refusal
from refine_core.lm.transport_faults import ErrorBody, TransportFault


def _ignore(*_: object) -> None:
    """The default observer."""


@dataclass(slots=True)
class Watch:
    """One call, as the guarded transports see it.

    streamed: the request asks for a stream. on_text: called with each piece of text and of reasoning. on_bytes: called
    whenever bytes arrive.
    passed: the latest request went through a guarded transport. redirects: how many there were. body: the reply's, in the
    shape of a whole OpenAI chat reply, streamed or not. pieces: of a stream that was read here. done: the stream said that
    it was complete. refusal: of the latest response, if it was one. fault: what was wrong with the response.
    """

    streamed: bool
    on_text: Callable[[str, str], None] = _ignore
    on_bytes: Callable[[], None] = _ignore
    passed: bool = False
    redirects: int = 0
    body: dict[str, Any] | None = None
    pieces: int = 0
    done: bool = False
    refusal: Refusal | None = None
    fault: TransportFault | None = None

    def begin(self) -> None:
        """Forget what was seen of an earlier request of this call: another one is sent."""
        self.passed, self.refusal, self.fault = True, None, None

    def note(self, fault: TransportFault) -> None:
        """Record the fault that ends this call; an error in place of a reply is a refusal, too."""
        self.fault = fault
        if isinstance(fault, ErrorBody):
            self.refusal = parse_refusal(fault.body)


current_watch: ContextVar[Watch | None] = ContextVar("refine_core_wire", default=None)
"""The call that this task makes; requests made outside of one are not guarded."""
