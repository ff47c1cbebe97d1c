"""Replies in the shape of OpenAI's responses, as the `forward` of a model returns them, and back.

Reply --to_response--> Response(choices, usage, model) --read_response--> Reply
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from refine_core.configuration import describe_value
from refine_core.errors import LMUnavailableError
from refine_core.lm.chat_format import content_text, normalize_usage, token_count
from refine_core.lm.types import Reply, Usage


class Response(SimpleNamespace):
    """A reply as OpenAI shapes it: choices[i].message.content, usage (a dict), model. Parts may be read as items, too."""

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None

    def get(self, name: str, default: Any = None) -> Any:
        """A part, or `default`."""
        return getattr(self, name, default)


def to_response(reply: Reply) -> Response:
    """A reply in OpenAI's shape."""
    reasoning = {"reasoning_content": reply.reasoning} if reply.reasoning else {}
    choices = [
        Response(
            index=i,
            message=Response(role="assistant", content=text, **(reasoning if i == 0 else {})),
            finish_reason=reason or "stop",
        )
        for i, (text, reason) in enumerate(zip(reply.texts, reply.reasons, strict=True))
    ]
    return Response(
        object="chat.completion",
        choices=choices,
        usage={name: tokens for name, tokens in reply.usage.as_dict().items() if tokens is not None},
        model=reply.model,
        cache_hit=reply.cache_hit,
        _hidden_params={"response_cost": reply.cost_usd},
    )


def read_response(response: object, owner: str, model: str) -> Reply:
    """The Reply in the result of a `forward`: an object or a dict in OpenAI's shape, or a Reply. owner: the class.

    Raises: TypeError for anything else; LMUnavailableError for a response without text.
    """
    if isinstance(response, Reply):
        return response
    choices = _part(response, "choices")
    if not isinstance(choices, (list, tuple)):
        raise TypeError(
            f"{owner}.forward must return a reply as OpenAI shapes it, with choices[0].message.content, "
            f"not {describe_value(response)}"
        )
    pairs = [(text, _part(choice, "finish_reason")) for choice in choices if (text := _text(choice))]
    texts = [text for text, _ in pairs]
    reasons = [reason if isinstance(reason, str) else "" for _, reason in pairs]
    if not texts:
        raise LMUnavailableError(f"{owner}.forward returned a reply without text.", model=model)
    raw = _part(response, "usage")
    raw = raw.model_dump() if hasattr(raw, "model_dump") else raw
    usage = normalize_usage(raw if isinstance(raw, Mapping) else getattr(raw, "__dict__", None))
    hidden = _part(response, "_hidden_params")
    cost = hidden.get("response_cost") if isinstance(hidden, Mapping) else None
    reasoning = _part(_part(choices[0], "message"), "reasoning_content")
    return Reply(
        texts[0],
        Usage(token_count(usage.get("prompt_tokens")), token_count(usage.get("completion_tokens"))),
        str(_part(response, "model") or model),
        reasons[0] or None,
        cost if isinstance(cost, (int, float)) else None,
        cache_hit=bool(_part(response, "cache_hit") is True),
        others=tuple(texts[1:]),
        other_reasons=tuple(reasons[1:]),
        reasoning=reasoning if isinstance(reasoning, str) else "",
    )


def _text(choice: object) -> str | None:
    message = _part(choice, "message")
    return content_text(_part(message, "content") if message is not None else _part(choice, "text"))


def _part(thing: object, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
