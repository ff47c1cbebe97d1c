"""What goes into a model and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from refine_core.errors import LMError
from refine_core.spec.secrets import is_secret

Message = Mapping[str, str]
"""{"role": "system" | "user" | "assistant", "content": text}"""


def public_params(params: Mapping[str, object]) -> dict[str, object]:
    """The parameters without those that are secret."""
    return {name: value for name, value in params.items() if not is_secret(name)}


OnRetry = Callable[[int, float, LMError], None]
"""Called before each retry with its ordinal from 1, the wait in seconds, and the error that made it necessary."""


OnText = Callable[[str], None]
"""Called with the whole text of the reply so far, each time that it grows; with "" when the reply starts over."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call; None means unknown, never 0."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    def as_dict(self) -> dict[str, int | None]:
        """prompt_tokens, completion_tokens and their sum, total_tokens."""
        prompt, completion = self.prompt_tokens, self.completion_tokens
        total = None if prompt is None or completion is None else prompt + completion
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply of a model.

    model: the name the server gave itself. finish_reason: "stop", "length" and so on, where the server says.
    cost_usd: None means unknown. cache_hit: the reply came from a cache; its cost is 0, its tokens are those of the
    original call. replayed: the reply came from a recorded run. others: further texts, where the caller asked for several
    (`n=3`). other_reasons: their finish_reasons, "" where unknown. reasoning: the model's reasoning, where the server sends
    it beside the text.
    """

    text: str
    usage: Usage = Usage()
    model: str = ""
    finish_reason: str | None = None
    cost_usd: float | None = None
    cache_hit: bool = False
    replayed: bool = False
    others: tuple[str, ...] = ()
    reasoning: str = ""
    other_reasons: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text."""
        return (self.text, *self.others)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The finish_reason of every text, "" where unknown."""
        if not self.others:
            return (self.finish_reason or "",)
        reasons = (self.finish_reason or "", *self.other_reasons)
        return (*reasons, *("" for _ in self.texts[len(reasons) :]))[: len(self.texts)]


def join_replies(replies: Sequence[Reply]) -> Reply:
    """Merge replies into one that costs what all of them did. A sum is unknown if one of its numbers is."""
    if len(replies) == 1:
        return replies[0]
    first, last = replies[0], replies[-1]
    reasons = [reason for reply in replies for reason in reply.reasons]
    texts = [text for reply in replies for text in reply.texts]
    prompt = _sum(reply.usage.prompt_tokens for reply in replies)
    completion = _sum(reply.usage.completion_tokens for reply in replies)
    cost = _sum(reply.cost_usd for reply in replies)
    hit, replayed = all(r.cache_hit for r in replies), all(r.replayed for r in replies)
    usage = Usage(None if prompt is None else int(prompt), None if completion is None else int(completion))
    return Reply(
        texts[0],
        usage,
        last.model,
        first.finish_reason,
        cost,
        hit,
        replayed,
        others=tuple(texts[1:]),
        reasoning=first.reasoning,
        other_reasons=tuple(reasons[1:]),
    )


def _sum(values: Iterable[float | None]) -> float | None:
    numbers = list(values)
    return None if None in numbers else sum(v for v in numbers if v is not None)
