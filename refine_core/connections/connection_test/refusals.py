"""Which parameters, or whether the model, a server's refusal is about: by its text, or by asking again.

    refusal --names some of them--> ask without those --reply--> refused
            --names none----------> ask without all; on a reply, without each in turn

A refusal that stays when no parameter is sent is not about a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from refine_core.errors import LMError, LMRefusedError
from refine_core.lm import Reply
from refine_core.spec import ModelSpec

MAX_TRIES = 4
QUOTE_START = ' It said: "'
"""The text between ours and the server's in an error; see refine_core.lm.refusal_messages."""

_OTHER_NAMES = {
    "max_tokens": ("max_completion_tokens", "max_output_tokens", "maxOutputTokens", "num_predict"),
    "stop": ("stop_sequences", "stopSequences"),
    "reasoning_effort": ("reasoning", "thinking"),
}

Ask = Callable[[tuple[str, ...]], Reply | LMError]
"""Ask again without the parameters of these names."""


@dataclass(frozen=True, slots=True)
class RefusedParams:
    """Parameters that the server refuses.

    names: () if the refusal is about none of them. certain: whether all of them are refused; otherwise one or more of them
    are. result: the reply without them, else the last refusal.
    """

    names: tuple[str, ...]
    certain: bool
    result: Reply | LMError


def list_params(model: ModelSpec) -> list[str]:
    """The names of the parameters that the model is set to send."""
    usual = ("temperature", "max_tokens", "seed", "reasoning_effort")
    names = [name for name in usual if getattr(model, name) is not None]
    return [*names, *(["stop"] if model.stop else []), *model.extra]


def find_refused_params(ask: Ask, names: Sequence[str], refusal: LMError) -> RefusedParams:
    """The parameters that `refusal` is about, found in at most MAX_TRIES requests. names: of those that are set."""
    left = MAX_TRIES
    out: tuple[str, ...] = ()
    result: Reply | LMError = refusal
    while left and isinstance(result, LMRefusedError):
        named = tuple(name for name in names if name not in out and _mentions(name, str(result)))
        if not named:
            break
        out, left = (*out, *named), left - 1
        result = ask(out)
    if isinstance(result, Reply):
        return RefusedParams(out, certain=True, result=result)
    if not isinstance(result, LMRefusedError) or not left or set(out) == set(names):
        return RefusedParams((), certain=False, result=result)
    left -= 1
    without_all = ask(tuple(names))
    if not isinstance(without_all, Reply):
        return RefusedParams((), certain=False, result=without_all)
    suspects = [name for name in names if name not in out] if len(names) - len(out) == 1 else list(names)
    if len(suspects) == 1:
        return RefusedParams(tuple(suspects), certain=True, result=without_all)
    for name in suspects[:left]:
        without_one = ask((name,))
        if isinstance(without_one, Reply):
            return RefusedParams((name,), certain=True, result=without_one)
    return RefusedParams(tuple(suspects), certain=False, result=without_all)


def is_named(names: Iterable[str], refusal: LMError) -> bool:
    """Whether the server's own text in a refusal mentions one of these names."""
    text = str(refusal).partition(QUOTE_START)[2]
    return any(
        re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE) for name in names if name
    )


def _mentions(name: str, words: str) -> bool:
    called = "|".join(map(re.escape, (name, *_OTHER_NAMES.get(name, ()))))
    return re.search(rf"(?<!\w)(?:{called})(?!\w)", words) is not None
