"""A server's reply, and how it becomes a Reply or the error that says why there is none.

    litellm's response, or the pieces of a stream --> ServerReply --to_reply--> Reply | LMError

Rule 1: what the server did not say is unknown. litellm makes up a finish_reason and numbers of tokens.
Rule 2: a key that a server repeats is masked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from refine_core.errors import Charge, LMError, LMRefusedError, LMUnavailableError
from refine_core.lm.chat_format import message_reasoning, normalize_usage, token_count
from refine_core.lm.refusal_text import MAX_QUOTE_CHARS
from refine_core.lm.secrecy import mask, redact
from refine_core.lm.transport_faults import ReplyTooLong
from refine_core.lm.types import Reply, Usage

MAX_REPLY_BYTES = 4_000_000
"""Of a reply's text, as UTF-8. The longest replies that models write have about 500 000."""


@dataclass(slots=True)
class ServerReply:
    """The parts of a server's reply.

    text: "" where there is none. model, finish_reason: "" where unknown. usage: by OpenAI's names.
    refusal: why the model does not answer. tools: names of the functions that it wants called. has_choices: whether there
    was any choice. others: the texts of further choices; other_reasons: their finish_reasons. reasoning: the model's, where
    the server sends it beside the text.
    """

    text: str = ""
    model: str = ""
    finish_reason: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    refusal: str = ""
    tools: tuple[str, ...] = ()
    has_choices: bool = True
    others: tuple[str, ...] = ()
    reasoning: str = ""
    other_reasons: tuple[str, ...] = ()

    @property
    def tokens(self) -> Usage:
        """The numbers of tokens. litellm writes 0 for unknown, and no prompt has 0 tokens."""
        prompt_tokens, completion_tokens = (
            token_count(self.usage.get("prompt_tokens")),
            token_count(self.usage.get("completion_tokens")),
        )
        return Usage(prompt_tokens or None, completion_tokens if prompt_tokens or completion_tokens else None)


def read_litellm_reply(response: Any, body: Mapping[str, Any] | None) -> ServerReply:
    """The reply in litellm's response. body: the server's own, where it is known (see refine_core.lm.bodies)."""
    choices = response.choices
    facts = body or {
        "usage": _usage_dict(getattr(response, "usage", None)),
        "model": response.model,
        "choices": [{"finish_reason": choice.finish_reason} for choice in choices],
    }
    reply = ServerReply(
        usage=normalize_usage(facts.get("usage")), model=facts.get("model") or response.model or ""
    )
    if not choices:
        reply.has_choices = False
        return reply
    message = choices[0].message
    reply.text = limit_length(message.content or "")
    reply.reasoning = reasoning_text(message)
    reply.finish_reason = facts["choices"][0].get("finish_reason") or ""
    reply.refusal = refusal_text(message)
    reply.tools = tool_names(message)
    further = [
        (text, end.get("finish_reason") or "")
        for choice, end in zip(choices[1:], facts["choices"][1:], strict=False)
        if (text := limit_length(choice.message.content or ""))
    ]
    reply.others = tuple(text for text, _ in further)
    reply.other_reasons = tuple(reason for _, reason in further)
    return reply


def read_reply_body(body: Mapping[str, Any]) -> ServerReply:
    """The reply in the body of a whole OpenAI chat reply (see refine_core.lm.bodies)."""
    reply = ServerReply(usage=normalize_usage(body.get("usage")), model=body.get("model") or "")
    if not body["choices"]:
        reply.has_choices = False
        return reply
    choice = body["choices"][0]
    message = choice["message"]
    refusal = message.get("refusal")
    reply.text = limit_length(message.get("content") or "")
    reply.reasoning = message_reasoning(message)
    reply.finish_reason = choice.get("finish_reason") or ""
    reply.refusal = refusal if isinstance(refusal, str) else ""
    reply.tools = _tool_names_in(message)
    return reply


def _tool_names_in(message: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the functions that a message, as JSON, wants called."""
    calls = message.get("tool_calls")
    wanted = (
        [call.get("function") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    )
    names = [one.get("name") for one in (*wanted, message.get("function_call")) if isinstance(one, dict)]
    return tuple(name for name in names if isinstance(name, str) and name)


def limit_length(text: str) -> str:
    """The text, unless it is too long. Raises ReplyTooLong."""
    if len(text) > MAX_REPLY_BYTES or (
        len(text) > MAX_REPLY_BYTES // 4 and len(text.encode(errors="replace")) > MAX_REPLY_BYTES
    ):
        raise ReplyTooLong
    return text


def refusal_text(message: Any) -> str:
    """The refusal in a message or a piece of one; "" if there is none."""
    fields = getattr(message, "provider_specific_fields", None)
    text = getattr(message, "refusal", None) or (fields.get("refusal") if isinstance(fields, dict) else None)
    return text if isinstance(text, str) else ""


def tool_names(message: Any) -> tuple[str, ...]:
    """The names of the functions that a message or a piece of one wants called."""
    calls = getattr(message, "tool_calls", None)
    wanted = [getattr(call, "function", None) for call in calls] if isinstance(calls, list) else []
    names = [getattr(one, "name", None) for one in (*wanted, getattr(message, "function_call", None))]
    return tuple(name for name in names if isinstance(name, str) and name)


def reasoning_text(message: Any) -> str:
    """The reasoning in a message or a piece of one."""
    text = getattr(message, "reasoning_content", None)
    return text if isinstance(text, str) else ""


def _usage_dict(usage: Any) -> object:
    return usage.model_dump() if hasattr(usage, "model_dump") else usage


def to_reply(
    reply: ServerReply,
    *,
    where: str,
    model: str,
    secrets: Collection[str],
    cost_of: Callable[[ServerReply], float | None],
) -> Reply | LMError:
    """The reply, or the error that says why there is none, and what to do. where: as in error_messages.explain."""
    if reply.text:
        parts = (reply.text, reply.model, reply.finish_reason, reply.reasoning)
        text, served_by, reason, reasoning = (mask(part, secrets) for part in parts)
        others = tuple(mask(other, secrets) for other in reply.others)
        return Reply(
            text,
            reply.tokens,
            served_by or model,
            reason or None,
            cost_of(reply),
            others=others,
            reasoning=reasoning,
            other_reasons=tuple(mask(other, secrets) for other in reply.other_reasons),
        )
    error = _explain_missing_text(reply, where, model, secrets)
    if reply.usage or reply.finish_reason:  # the model has worked, so the call is charged
        tokens = reply.tokens
        error.charge = Charge(model, tokens.prompt_tokens, tokens.completion_tokens, cost_of(reply))
    return error


def _explain_missing_text(reply: ServerReply, where: str, model: str, secrets: Collection[str]) -> LMError:
    """Why there is no text, and what to do."""
    at = where[0].upper() + where[1:]
    if not reply.has_choices:
        return LMUnavailableError(f"{at} sent a reply without choices. Try again.", model=model)
    if reply.refusal:
        refusal = redact(reply.refusal, secrets)[:MAX_QUOTE_CHARS]
        return LMRefusedError(
            f'{model!r} refused to answer. It said: "{refusal}" Change the prompt.', model=model
        )
    if reply.tools:
        tool = redact(reply.tools[0], secrets)[:MAX_QUOTE_CHARS]
        return LMRefusedError(
            f"{model!r} asked for its tool {tool!r} to be called, and wrote no text. "
            "Leave `tools` out of the parameters, or ask for text in the prompt.",
            model=model,
        )
    if reply.finish_reason == "length":
        return LMRefusedError(
            f"{model!r} used up its tokens before it wrote any text. Raise max_tokens.", model=model
        )
    if reply.finish_reason == "content_filter":
        return LMRefusedError(
            f"{at} withheld the reply (content filter). Change the prompt, or ask another model.", model=model
        )
    return LMUnavailableError(
        f"{at} sent a reply without text. Try again; if that does not help, change the prompt.", model=model
    )
