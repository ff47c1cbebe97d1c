"""A call of a model by dspy, as the facts LMRequested and LMReplied: without credentials, and without what nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ujson

from refine_core.errors import LMError
from refine_core.events import Fault, LMReplied, LMRequested, Purpose
from refine_core.jsonable import to_jsonable
from refine_core.lm.secrecy import mask_named, redact, strip_login
from refine_core.log.well_formed import map_text
from refine_core.spec.secrets import is_secret

_ADDRESSES = frozenset({"api_base", "base_url", "azure_endpoint"})
_OF_MODELS = frozenset(
    {"litellm", "openai", "httpx", "lm15"}
)  # packages whose errors are a model's or its server's


def describe_request(lm: Any, inputs: Mapping[str, Any], purpose: Purpose) -> Callable[[], LMRequested]:
    """What is sent, and what leaves keys out of it. inputs: the arguments of the model's `__call__`, as dspy tells a callback."""
    sent = {**getattr(lm, "kwargs", {}), **(inputs.get("kwargs") or {})}
    messages = inputs.get("messages") or [{"role": "user", "content": inputs.get("prompt") or ""}]
    shown = tuple(_message(one) for one in messages)
    params = {
        name: to_jsonable(value) for name, value in sent.items() if value is not None and not is_secret(name)
    }
    model = _name(lm)
    return lambda: LMRequested(model, shown, hide_keys(params), purpose)


def hide_keys(params: Mapping[str, object]) -> dict[str, object]:
    """The parameters without secrets at any depth; of an address neither login nor query."""
    params = {
        name: strip_login(value) if name in _ADDRESSES and isinstance(value, str) else value
        for name, value in params.items()
    }
    return map_text(mask_named(params), redact)


def describe_reply(lm: Any, outputs: Any, took_s: float, last_entry: object) -> Callable[[], LMReplied]:
    """What came back. Tokens and cost are those that dspy keeps in the model's history; None where it keeps none.

    last_entry: the newest of that history when the call began.
    """
    several = isinstance(outputs, list | tuple) and outputs
    replies = [dict(one) if isinstance(one, dict) else one for one in (outputs if several else [outputs])]
    entry, model = _find_entry(lm, outputs, last_entry), _name(lm)
    return lambda: _make_reply(model, replies, took_s, entry)


def _make_reply(model: str, replies: Sequence[Any], took_s: float, entry: Mapping[str, Any]) -> LMReplied:
    texts = [_text(one) for one in replies]
    usage = entry.get("usage") or {}
    response = entry.get("response")
    reasons = [getattr(one, "finish_reason", None) for one in getattr(response, "choices", None) or ()]
    cache_hit = bool(getattr(response, "cache_hit", False))
    return LMReplied(
        texts[0],
        took_s,
        _read_tokens(usage, "prompt_tokens"),
        _read_tokens(usage, "completion_tokens"),
        0.0 if cache_hit else _read_cost(entry.get("cost")),
        reasons[0] if reasons and isinstance(reasons[0], str) else None,
        cache_hit,
        model,
        str(entry.get("response_model") or ""),
        others=tuple(texts[1:]),
        reasoning=_reasoning(replies[0]),
        other_reasons=tuple(str(one or "") for one in reasons[1:]),
    )


def describe_fault(error: BaseException) -> Fault:
    """An exception of dspy's, of a provider's or of the program's own code, without what looks like a key."""
    if isinstance(error, LMError):
        return Fault.of(error)
    name, package = type(error).__name__, type(error).__module__.partition(".")[0]
    of_model = package in _OF_MODELS or "LM" in name or name == "AdapterParseError"
    return Fault(name, redact(str(error)), "model" if of_model else "code")


def find_last_entry(lm: Any) -> object:
    """The newest entry of the model's history; None where it has none."""
    history = getattr(lm, "history", None)
    return history[-1] if history else None


def _find_entry(lm: Any, outputs: Any, last_entry: object) -> Mapping[str, Any]:
    """The entry of this very reply in the model's history, among those since the call began; {} where dspy keeps none."""
    for entry in reversed(getattr(lm, "history", None) or []):
        if entry is last_entry:
            break
        if isinstance(entry, Mapping) and entry.get("outputs") is outputs:
            return entry
    return {}


def _message(message: Any) -> dict[str, str]:
    """A message as text; parts that are no text, such as images, as JSON."""
    if type(message) is not dict and not isinstance(message, Mapping):
        return {
            "role": str(getattr(message, "role", "")),
            "content": str(getattr(message, "content", message)),
        }
    content = message.get("content")
    if not isinstance(content, str):
        content = "" if content is None else ujson.dumps(to_jsonable(content), ensure_ascii=False)
    return {"role": str(message.get("role", "")), "content": content}


def _text(output: Any) -> str:
    if isinstance(output, Mapping):
        output = output.get("text")
    return output if isinstance(output, str) else "" if output is None else str(output)


def _reasoning(reply: Any) -> str:
    text = reply.get("reasoning_content") if isinstance(reply, Mapping) else None
    return text if isinstance(text, str) else ""


def _read_tokens(usage: Any, name: str) -> int | None:
    value = usage.get(name) if isinstance(usage, Mapping) else getattr(usage, name, None)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _read_cost(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _name(lm: Any) -> str:
    name = getattr(lm, "model", "")
    return name if isinstance(name, str) and name else type(lm).__name__
