"""The last calls of all models of this process: recording one, and printing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

from refine_core.configuration import get_setting
from refine_core.lm.history import Call, History, print_entries
from refine_core.lm.shared import shared
from refine_core.lm.types import Message, Reply


def record_call(
    history: History,
    model: str,
    messages: Sequence[Message],
    kwargs: Mapping[str, object],
    reply: Reply,
    *,
    prompt: str | None = None,
) -> None:
    """Record a call in its model's history and in that of all models, unless the setting `disable_history` forbids it.

    kwargs: the call's own parameters, nothing secret among them.
    """
    if get_setting("disable_history") or history.is_kept_by_model:
        return
    call = Call(model, messages, kwargs, reply, prompt)
    history.record(call)
    shared.history.record(call)


def inspect_history(n: int = 1, *, file: TextIO | None = None) -> None:
    """Print the last `n` calls of all models. n: how many, at least 0. file: None means standard output.

    Source: dspy.inspect_history, version 2.6.23.
    """
    print_entries(shared.history, n, file=file)
