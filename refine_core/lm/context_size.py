"""How many tokens a server takes, where it says so, and how long a prompt is, counted by that server before it is sent.

    find_context(address, key, model) -> ContextSize | None          asked once for each server and model
    describe_excess(context, prompt, …) -> a sentence, or None       None: it fits, or nobody can know

llama.cpp     GET /props                                  counts by POST /v1/chat/completions/input_tokens, or /tokenize
vLLM, SGLang  GET /v1/models: max_model_len               counts by POST /tokenize
others        GET /v1/models: context_length …; LM Studio /api/v0/models; Ollama /api/ps      nobody counts there

Rule: where nobody counts, only what cannot fit is held back: what is too long even at eight characters a token.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from refine_core.lm.process_wide import LOOPBACK
from refine_core.lm.types import Message

USER_AGENT: Final = "refinescope (context size)"
ASKED_FROM_BYTES: Final = 2_000
"""A shorter prompt fits wherever a program runs, so nothing is asked for it."""
MAX_BYTES: Final = 8 * 2**20
STEP_S: Final = 2.0
WHOLE_S: Final = 5.0
CHARACTERS_A_TOKEN: Final = 8
OVERHEAD_TOKENS: Final = 64  # of the chat template, at most, and a system prompt of its own
OVERHEAD_A_MESSAGE: Final = 16
MAX_CONTEXT: Final = 2**31
_FIELDS: Final = ("max_model_len", "loaded_context_length", "context_length", "context_window", "max_context_length")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContextSize:
    """tokens: of prompt and reply together. counter: by which protocol the server counts prompts; "" where it does not.

    reserves_reply: whether it refuses a prompt that leaves no room for a reply of max tokens.
    """

    tokens: int
    counter: Literal["llama.cpp", "vllm", ""] = ""
    reserves_reply: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server. root: its address without /v1. key: sent as a bearer token. model: the server's own name for it."""

    address: str
    key: str | None
    model: str

    @property
    def root(self) -> str:
        """The address without /v1, where servers have what is their own."""
        return self.address.rstrip("/").removesuffix("/v1")


def find_context(endpoint: Endpoint, *, within_s: float = WHOLE_S) -> ContextSize | None:
    """What the server says; None where it says nothing. Raises nothing that a server can cause."""
    until = time.monotonic() + within_s
    address, root = endpoint.address.rstrip("/"), endpoint.root
    try:
        props = ask_json(f"{root}/props", endpoint.key, until=until)
        if tokens := _read_tokens(_get(props, "default_generation_settings", "n_ctx")):
            return ContextSize(tokens, "llama.cpp")
        for url in (f"{address}/models", f"{root}/api/v0/models", f"{root}/api/ps"):
            if found := _read_list(ask_json(url, endpoint.key, until=until), endpoint.model):
                return found
    except OSError:
        return None
    return None


def count_tokens(endpoint: Endpoint, context: ContextSize, messages: Sequence[Message]) -> int | None:
    """How many tokens the prompt is, by the server's own count; None where it does not count."""
    until = time.monotonic() + WHOLE_S
    sent: list[Any] = [dict(message) for message in messages]
    address, root, key = endpoint.address.rstrip("/"), endpoint.root, endpoint.key
    try:
        if context.counter == "vllm":
            body = {"model": endpoint.model, "messages": sent}
            return _read_tokens(_get(ask_json(f"{root}/tokenize", key, body, until=until), "count"))
        if context.counter == "llama.cpp":
            url = f"{address}/chat/completions/input_tokens"
            counted = ask_json(url, key, {"messages": sent}, until=until)
            if tokens := _read_tokens(_get(counted, "input_tokens")):
                return tokens
            prompt = _get(ask_json(f"{root}/apply-template", key, {"messages": sent}, until=until), "prompt")
            if isinstance(prompt, str):
                whole = {"content": prompt, "add_special": True, "parse_special": True}
                tokens_list = _get(ask_json(f"{root}/tokenize", key, whole, until=until), "tokens")
                return len(tokens_list) if isinstance(tokens_list, list) else None
    except OSError:
        return None
    return None


def describe_excess(
    endpoint: Endpoint,
    context: ContextSize,
    messages: Sequence[Message],
    max_tokens: int | None,
    *,
    where: str,
) -> str | None:
    """Why the prompt does not fit, and what to do; None where it fits or nobody can know. where: the server, in words."""
    text_bytes, characters = measure(messages)
    reserved = (max_tokens or 0) if context.reserves_reply else 0
    overhead = OVERHEAD_TOKENS + OVERHEAD_A_MESSAGE * len(messages)
    if text_bytes + overhead + reserved < context.tokens:  # a token is a byte at least
        return None
    tokens = count_tokens(endpoint, context, messages)
    if tokens is not None:
        length, too_long = f"{tokens:,} tokens long", tokens + max(1, reserved) > context.tokens
    else:
        least = characters // CHARACTERS_A_TOKEN
        length, too_long = f"{characters:,} characters long, so at least about {least:,} tokens", least >= context.tokens  # fmt: skip
    if not too_long:
        return None
    fits_alone = tokens is not None and tokens < context.tokens
    reply = f", and leaves no room for a reply of {reserved:,}" if fits_alone else ""
    step = "Lower max tokens, shorten" if fits_alone else "Shorten"
    return (
        f"The prompt is {length}{reply}: {where} takes {context.tokens:,} tokens in all, prompt and reply together, as it "
        f"says. Nothing was sent. {step} the inputs or the examples, or load the model with a larger context window."
    )


def measure(messages: Sequence[Message]) -> tuple[int, int]:
    """The length of all texts of a prompt, in bytes and in characters."""
    texts = [text for message in messages if isinstance(text := message.get("content"), str)]
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts), sum(map(len, texts))


def ask_json(url: str, key: str | None, body: object = None, *, until: float) -> object:
    """What the server answers, as data; None for an answer of another kind. body: sent as JSON, by POST.

    Redirects are not followed, so that the key is sent to no other address. Raises OSError where there is no answer at all.
    """
    import urllib.error
    import urllib.request

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:  # the redirect itself becomes the answer
            return None

    proxies = urllib.request.ProxyHandler({} if urlsplit(url).hostname in LOOPBACK else None)
    headers = {"Accept": "application/json", "Content-Type": "application/json", "User-Agent": USER_AGENT}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310  # an address that check_address let pass
    left_s = max(0.1, min(STEP_S, until - time.monotonic()))
    try:
        with urllib.request.build_opener(proxies, Stay()).open(request, timeout=left_s) as answer:
            return json.loads(answer.read(MAX_BYTES))
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return None
    except urllib.error.URLError as error:
        raise OSError(str(error.reason)) from None
    except (http.client.HTTPException, ValueError, RecursionError):
        return None


def _read_list(listed: object, model: str) -> ContextSize | None:
    """The size in a list of models, by the first field that states one."""
    for row in _rows_of(listed, model):
        for name in _FIELDS:
            if tokens := _read_tokens(row.get(name)):
                is_vllm = name == "max_model_len"
                return ContextSize(tokens, "vllm" if is_vllm else "", reserves_reply=is_vllm)
        if tokens := _read_tokens(_get(row, "meta", "n_ctx")):
            return ContextSize(tokens, "llama.cpp")
    return None


def _rows_of(listed: object, model: str) -> Iterator[Mapping[str, Any]]:
    """The rows of that model."""
    found = listed.get("data", listed.get("models")) if isinstance(listed, dict) else listed
    for row in found if isinstance(found, list) else ():
        if isinstance(row, dict) and model in (row.get("id"), row.get("name"), row.get("model")):
            yield row


def _get(data: object, *path: str) -> object:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _read_tokens(value: object) -> int | None:
    return (
        value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MAX_CONTEXT else None
    )
