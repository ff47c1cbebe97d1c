"""What a server said, read as a reply, or as the reason why there is none.

    litellm's answer, or the pieces of a stream --> ServerReply --to_reply--> Reply | LMError

Rule 1: what the server did not tell is unknown: litellm fills in tokens and a finish_reason of its own making.
Rule 2: a key that a server repeats is in no reply.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from refine_core.errors import Charge, LMError, LMRefusedError, LMUnavailableError
from refine_core.lm.chat_format import message_reasoning, normalize_usage, token_count
from refine_core.lm.secrecy import mask, redact
from refine_core.lm.transport_faults import ReplyTooLong
from refine_core.lm.types import Reply, Usage

MAX_REPLY_BYTES = 4_000_000
"""Of a reply's text, as UTF-8. The longest replies that models write have about 500 000."""

MAX_WORDS = 300
"""Characters kept of what a model says instead of a reply."""


@dataclass(slots=True)
class ServerReply:
    """What a server said, as it was told.

    text: "" where there was none. model, finish_reason: "" where not told. usage: as OpenAI names its parts.
    refusal: why the model does not answer. tools: names of what it wants called. choices: whether it said anything.
    others: the texts of further choices; other_reasons: their finish_reasons. reasoning: what the model thought, where
    the server sends it beside the text.
    """

    text: str = ""
    model: str = ""
    finish_reason: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    refusal: str = ""
    tools: tuple[str, ...] = ()
    choices: bool = True
    others: tuple[str, ...] = ()
    reasoning: str = ""
    other_reasons: tuple[str, ...] = ()

    @property
    def tokens(self) -> Usage:
        """Where a server told nothing litellm writes 0, and no prompt has 0 tokens."""
        asked, said = (
            token_count(self.usage.get("prompt_tokens")),
            token_count(self.usage.get("completion_tokens")),
        )
        return Usage(asked or None, said if asked or said else None)


def read_litellm_reply(answer: Any, body: Mapping[str, Any] | None) -> ServerReply:
    """A whole answer, as litellm gives it. body: the server's own, where it is known (see refine_core.lm.wire)."""
    choices = answer.choices
    told = body or {
        "usage": _usage_dict(getattr(answer, "usage", None)),
        "model": answer.model,
        "choices": [{"finish_reason": choice.finish_reason} for choice in choices],
    }
    said = ServerReply(
        usage=normalize_usage(told.get("usage")), model=told.get("model") or answer.model or ""
    )
    if not choices:
        said.choices = False
        return said
    message = choices[0].message
    said.text = limit_length(message.content or "")
    said.reasoning = reasoning_text(message)
    said.finish_reason = told["choices"][0].get("finish_reason") or ""
    said.refusal = refusal_text(message)
    said.tools = tool_names(message)
    further = [
        (text, end.get("finish_reason") or "")
        for choice, end in zip(choices[1:], told["choices"][1:], strict=False)
        if (text := limit_length(choice.message.content or ""))
    ]
    said.others = tuple(text for text, _ in further)
    said.other_reasons = tuple(reason for _, reason in further)
    return said


def read_reply_body(body: Mapping[str, Any]) -> ServerReply:
    """A reply in the shape of a whole chat reply of OpenAI's (see refine_core.lm.wire), without litellm's view of it."""
    said = ServerReply(usage=normalize_usage(body.get("usage")), model=body.get("model") or "")
    if not body["choices"]:
        said.choices = False
        return said
    choice = body["choices"][0]
    message = choice["message"]
    refusal = message.get("refusal")
    said.text = limit_length(message.get("content") or "")
    said.reasoning = message_reasoning(message)
    said.finish_reason = choice.get("finish_reason") or ""
    said.refusal = refusal if isinstance(refusal, str) else ""
    said.tools = _tool_names_in(message)
    return said


def _tool_names_in(message: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the functions that a message wants called."""
    calls = message.get("tool_calls")
    wanted = (
        [call.get("function") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    )
    names = [one.get("name") for one in (*wanted, message.get("function_call")) if isinstance(one, dict)]
    return tuple(name for name in names if isinstance(name, str) and name)


def limit_length(text: str) -> str:
    """The text. Raises ReplyTooLong."""
    if len(text) > MAX_REPLY_BYTES or (
        len(text) > MAX_REPLY_BYTES // 4 and len(text.encode(errors="replace")) > MAX_REPLY_BYTES
    ):
        raise ReplyTooLong
    return text


def refusal_text(message: Any) -> str:
    """What the model said in place of content, if it refused; from a message or a piece of one."""
    fields = getattr(message, "provider_specific_fields", None)
    told = getattr(message, "refusal", None) or (fields.get("refusal") if isinstance(fields, dict) else None)
    return told if isinstance(told, str) else ""


def tool_names(message: Any) -> tuple[str, ...]:
    """The names of the functions that the model wants called; from a message or a piece of one."""
    calls = getattr(message, "tool_calls", None)
    wanted = [getattr(call, "function", None) for call in calls] if isinstance(calls, list) else []
    names = [getattr(one, "name", None) for one in (*wanted, getattr(message, "function_call", None))]
    return tuple(name for name in names if isinstance(name, str) and name)


def reasoning_text(message: Any) -> str:
    """What the model thought, beside the text; from a message or a piece of one."""
    told = getattr(message, "reasoning_content", None)
    return told if isinstance(told, str) else ""


def _usage_dict(usage: Any) -> object:
    return usage.model_dump() if hasattr(usage, "model_dump") else usage


def to_reply(
    said: ServerReply,
    *,
    where: str,
    model: str,
    secrets: Collection[str],
    cost_of: Callable[[ServerReply], float | None],
) -> Reply | LMError:
    """The reply, or the error that says why there is none, and what to do. where: as in error_messages.explain."""
    if said.text:
        parts = (said.text, said.model, said.finish_reason, said.reasoning)
        text, served, reason, thought = (mask(part, secrets) for part in parts)
        others = tuple(mask(other, secrets) for other in said.others)
        return Reply(
            text,
            said.tokens,
            served or model,
            reason or None,
            cost_of(said),
            others=others,
            reasoning=thought,
            other_reasons=tuple(mask(other, secrets) for other in said.other_reasons),
        )
    error = _explain_missing_text(said, where, model, secrets)
    if said.usage or said.finish_reason:  # the model was at work, so somebody pays
        tokens = said.tokens
        error.charge = Charge(model, tokens.prompt_tokens, tokens.completion_tokens, cost_of(said))
    return error


def _explain_missing_text(said: ServerReply, where: str, model: str, secrets: Collection[str]) -> LMError:
    """Why there is no text, and what to do."""
    at = where[0].upper() + where[1:]
    if not said.choices:
        return LMUnavailableError(f"{at} sent a reply without choices. Try again.", model=model)
    if said.refusal:
        told = redact(said.refusal, secrets)[:MAX_WORDS]
        return LMRefusedError(
            f'{model!r} refused to answer. It said: "{told}" Change the prompt.', model=model
        )
    if said.tools:
        tool = redact(said.tools[0], secrets)[:MAX_WORDS]
        return LMRefusedError(
            f"{model!r} asked for its tool {tool!r} to be called, and wrote no text. "
            "Leave `tools` out of the parameters, or ask for text in the prompt.",
            model=model,
        )
    if said.finish_reason == "length":
        return LMRefusedError(
            f"{model!r} used up its tokens before it said anything. Raise max_tokens.", model=model
        )
    if said.finish_reason == "content_filter":
        return LMRefusedError(
            f"{at} withheld the reply (content filter). Change the prompt, or ask another model.", model=model
        )
    return LMUnavailableError(
        f"{at} sent a reply without text. Try again; if it stays so, change the prompt.", model=model
    )
