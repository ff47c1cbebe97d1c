"""A reply that is known at once, written over time as a real one is."""

from __future__ import annotations

from refine_core.concurrency.cancellation import Cancel
from refine_core.concurrency.effects import Pause
from refine_core.concurrency.flows import Flow
from refine_core.lm.types import OnText

STEP_S = 0.1  # between two calls of on_text


def write_slowly(text: str, over_s: float, cancel: Cancel, on_text: OnText | None) -> Flow[None]:
    """Take `over_s` seconds, and call on_text with more and more of the text meanwhile. Raises RunCancelled."""
    if over_s <= 0:
        cancel.check()
        return
    pieces = 1 if on_text is None else max(1, min(len(text), round(over_s / STEP_S)))
    for piece in range(1, pieces + 1):
        yield Pause(over_s / pieces, cancel)
        if on_text is not None:
            on_text(text[: len(text) * piece // pieces])
