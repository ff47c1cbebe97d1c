"""What a refusal is about: which of the parameters that were set, or the model; by its words, or by asking again.

    refusal --named in it?--> ask without those --yes--> blamed
            --not named?----> ask without all; if that works, without each in turn

A refusal that stays when nothing is set is not about a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from refine_core.errors import LMError, LMRefusedError
from refine_core.lm import Reply
from refine_core.spec import ModelSpec

MOST_TRIES = 4
SAID = ' It said: "'
"""What stands between our words and the server's in an error; see refine_core.lm.refusal_messages."""

_ALSO_CALLED = {
    "max_tokens": ("max_completion_tokens", "max_output_tokens", "maxOutputTokens", "num_predict"),
    "stop": ("stop_sequences", "stopSequences"),
    "reasoning_effort": ("reasoning", "thinking"),
}

Ask = Callable[[tuple[str, ...]], Reply | LMError]
"""Ask again, with the parameters of these names left out."""


@dataclass(frozen=True, slots=True)
class Blame:
    """What came of it.

    names: the parameters refused; () if it is about none of them. certain: whether it is just these; otherwise one or
    more of them. made: the reply without them; else the last refusal.
    """

    names: tuple[str, ...]
    certain: bool
    made: Reply | LMError


def parameters(model: ModelSpec) -> list[str]:
    """The names of what is sent beside the messages."""
    usual = ("temperature", "max_tokens", "seed", "reasoning_effort")
    names = [name for name in usual if getattr(model, name) is not None]
    return [*names, *(["stop"] if model.stop else []), *model.extra]


def find(ask: Ask, names: Sequence[str], refusal: LMError) -> Blame:
    """Who is to blame for `refusal`, in at most MOST_TRIES more requests. names: of the parameters that are set."""
    left = MOST_TRIES
    out: tuple[str, ...] = ()
    made: Reply | LMError = refusal
    while left and isinstance(made, LMRefusedError):
        named = tuple(name for name in names if name not in out and _is_named(name, str(made)))
        if not named:
            break
        out, left = (*out, *named), left - 1
        made = ask(out)
    if isinstance(made, Reply):
        return Blame(out, certain=True, made=made)
    if not isinstance(made, LMRefusedError) or not left or set(out) == set(names):
        return Blame((), certain=False, made=made)
    left -= 1
    without_all = ask(tuple(names))
    if not isinstance(without_all, Reply):
        return Blame((), certain=False, made=without_all)
    suspects = [name for name in names if name not in out] if len(names) - len(out) == 1 else list(names)
    if len(suspects) == 1:
        return Blame(tuple(suspects), certain=True, made=without_all)
    for name in suspects[:left]:
        without_one = ask((name,))
        if isinstance(without_one, Reply):
            return Blame((name,), certain=True, made=without_one)
    return Blame(tuple(suspects), certain=False, made=without_all)


def is_about(names: Iterable[str], refusal: LMError) -> bool:
    """Whether the server itself named one of these when it refused. names: by which it may know the model."""
    said = str(refusal).partition(SAID)[2]
    return any(
        re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", said, re.IGNORECASE) for name in names if name
    )


def _is_named(name: str, words: str) -> bool:
    called = "|".join(map(re.escape, (name, *_ALSO_CALLED.get(name, ()))))
    return re.search(rf"(?<!\w)(?:{called})(?!\w)", words) is not None
