"""What a call cost, in US dollars: by the model's own prices, else by the provider's report, else by litellm's list.

Rule: an unknown cost is None, never 0. A server of one's own has no listed price, whatever its models are called.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from refine_core.lm.types import Usage

PER_TOKENS = 1_000_000

OWN_SERVERS = frozenset(
    (
        *("openai", "custom_openai", "openai_like", "text-completion-openai", "litellm_proxy"),
        *(
            "ollama",
            "ollama_chat",
            "vllm",
            "hosted_vllm",
            "lm_studio",
            "llamafile",
            "xinference",
            "oobabooga",
        ),
        *("docker_model_runner", "lemonade", "petals", "triton", "infinity"),
    )
)
"""litellm's names of protocols that many servers speak, so that the protocol says nothing about a price."""


def cost_by_own_prices(
    tokens: Usage, price_in_usd: float | None, price_out_usd: float | None
) -> float | None:
    """The cost by prices for a million tokens. None if a price or a number of tokens that counts is unknown."""
    cost = 0.0
    for count, price in ((tokens.prompt_tokens, price_in_usd), (tokens.completion_tokens, price_out_usd)):
        if count == 0:
            continue
        if count is None or price is None:
            return None
        cost += count * price / PER_TOKENS
    return cost


def is_listed(provider: str, address: str | None) -> bool:
    """Whether the provider's listed prices hold for this address; None is the provider's own."""
    if provider == "openai":
        address = address or os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_BASE")
    host = urlsplit(address or "").hostname or ""
    return (
        not address
        or provider not in OWN_SERVERS
        or host == "api.openai.com"
        or host.endswith(".api.openai.com")
    )


def cost_by_list(litellm: Any, model: str, provider: str, usage: Mapping[str, Any]) -> float | None:
    """The cost by litellm's list, cached tokens included. usage: the server's, by OpenAI's names."""
    cost_usd = usage.get("cost")
    if provider == "openrouter" and isinstance(cost_usd, (int, float)):
        return float(cost_usd)  # openrouter reports what it charged, in dollars
    if not usage.get("prompt_tokens"):
        return None
    try:
        answer = litellm.ModelResponse(model=model, usage=litellm.Usage(**usage))
        cost = float(
            litellm.completion_cost(completion_response=answer, model=model, custom_llm_provider=provider)
        )
    except Exception:  # noqa: BLE001  # litellm raises a bare Exception for a model without a price
        return None
    return cost if cost > 0 and math.isfinite(cost) else None  # the table writes 0 for "unknown" as well
