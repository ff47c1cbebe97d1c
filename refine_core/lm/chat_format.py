"""OpenAI's chat format, as servers really send it: normalized where that is harmless, refused where it is not.

    body of a reply --normalize_reply--> body whose fields have the right types      or MalformedReply
                    --to_sse--> the same reply as a stream, where one was requested

Rule 1: a wrong number of tokens, finish_reason or name must not lose a reply: it is dropped, and so unknown.
Rule 2: a reply whose content is not text is a fault of the server.
Other protocols pass unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from refine_core.lm.transport_faults import ErrorBody, MalformedReply

MAX_TOKENS_PER_CALL = 10**9
"""Greater numbers are invalid."""

MAX_LEVELS = 5  # of tables in a usage


def normalize_reply(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The body of a chat reply with fields of the right types; None for another protocol's. Raises MalformedReply, ErrorBody."""
    if not body.get("choices") and (body.get("error") or ("choices" not in body and _is_refusal(body))):
        raise ErrorBody(dict(body))
    if "choices" not in body:
        return None
    choices = [] if body["choices"] is None else body["choices"]
    if not isinstance(choices, list):
        raise MalformedReply(f"its choices are {describe_kind(choices)}, not a list")
    valid = {n: body[n] for n, kind in (("id", str), ("model", str)) if isinstance(body.get(n), kind)}
    valid |= {"usage": usage} if (usage := normalize_usage(body.get("usage"))) else {}
    rest = {n: v for n, v in body.items() if n not in ("id", "model", "usage", "created")}
    return {**rest, **valid, "choices": [_normalize_choice(choice) for choice in choices]}


def _is_refusal(body: Mapping[str, Any]) -> bool:
    """Whether a body that is not a reply is an error: FastAPI's detail, a list of errors, or a message and nothing else."""
    if body.get("detail") or isinstance(body.get("errors"), list):
        return True
    alone = {"message", "object", "type", "code", "param", "status", "success"}
    return isinstance(body.get("message"), str) and alone.issuperset(body)


def _normalize_choice(choice: object) -> dict[str, Any]:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise MalformedReply("it has no message")
    if has_failed(choice):
        raise ErrorBody({"error": choice.get("error")})
    reason = choice.get("finish_reason")
    normalized = {**message, "content": content_text(message.get("content"))}
    return {**choice, "message": normalized, "finish_reason": reason if isinstance(reason, str) else None}


def has_failed(choice: Mapping[str, Any]) -> bool:
    """Whether the server failed within a choice; its text so far is not a reply."""
    return bool(choice.get("error")) or choice.get("finish_reason") == "error"


_TEXT_PARTS = ("text", "output_text", None)


def content_text(content: object) -> str | None:
    """The text of a message's content, which may be a list of parts. Raises MalformedReply for anything else."""
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, (dict, str)) for part in content):
        parts = [{"text": part} if isinstance(part, str) else part for part in content]
        texts: list[Any] = [part.get("text") for part in parts if part.get("type") in _TEXT_PARTS]
        if all(isinstance(text, str) for text in texts):
            return "".join(texts) if texts else None
    raise MalformedReply(f"its content is {describe_kind(content)}, not text")


def normalize_usage(usage: object) -> dict[str, Any]:
    """The plausible parts of a usage: numbers of tokens, prices, and tables of these; {} for nothing."""
    if not isinstance(usage, Mapping):
        return {}
    plausible = {name: value for name, value in usage.items() if _is_plausible(value)}
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        if token_count(plausible.get(name)) is None:
            plausible.pop(name, None)
    return plausible


def _is_plausible(value: object, levels: int = MAX_LEVELS) -> bool:
    if isinstance(value, Mapping):
        return levels > 0 and all(part is None or _is_plausible(part, levels - 1) for part in value.values())
    # An infinity, NaN and an integer that no float can hold are outside the range, too.
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS_PER_CALL
    )


def token_count(value: object) -> int | None:
    """A plausible number of tokens, or None."""
    is_valid = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TOKENS_PER_CALL
    return value if is_valid else None  # type: ignore[return-value]  # it is an int


def to_sse(body: Mapping[str, Any]) -> bytes:
    """A normalized reply as a stream of one event."""
    choices = [
        {"index": n, "delta": choice["message"], "finish_reason": choice["finish_reason"]}
        for n, choice in enumerate(body["choices"])
    ]
    event = {**body, "object": "chat.completion.chunk", "choices": choices}
    return f"data: {json.dumps(event)}\n\ndata: [DONE]\n\n".encode()


def describe_kind(value: object) -> str:
    """The kind of a JSON value, in plain words."""
    kinds = {
        bool: "a yes or no",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return kinds.get(type(value), "nothing")


def message_reasoning(message: Mapping[str, Any]) -> str:
    """The model's reasoning, as servers send it beside the text; from a message or a piece of one."""
    text = message.get("reasoning_content") or message.get("reasoning")
    return text if isinstance(text, str) else ""
