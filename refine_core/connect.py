"""From a description of a model to the model. The key comes beside the description, never in it."""

from __future__ import annotations

from typing import Any

from refine_core.errors import LMKeyError
from refine_core.lm.base import BaseLM
from refine_core.lm.format_refusals import FormatSupport
from refine_core.lm.remote import LM
from refine_core.lm.secrecy import strip_login
from refine_core.lm.shared import shared
from refine_core.practice import PracticeLM
from refine_core.spec import ModelSpec, ReplyFormat
from refine_core.spec.secrets import environment_key


def first_format(spec: ModelSpec) -> ReplyFormat:
    """The reply format that the next request to this model will ask for."""
    if spec.kind != "litellm":
        return "chat"
    if spec.reply_format != "auto":
        return spec.reply_format
    return "json_schema" if formats_of(spec).json_first else "chat"


def formats_of(spec: ModelSpec) -> FormatSupport:
    """The reply formats of a model of litellm's, as far as this process knows them."""
    return shared.servers.format_support(strip_login(spec.api_base), spec.provider, spec.model)


def connect(spec: ModelSpec, *, key: str | None = None, seed: int = 0) -> BaseLM:
    """The model that `spec` describes, for all but replays, which need a recorded run (see refine_core.lm.replay).

    key: typed by a person; else the environment variable that the spec names. seed: of the practice model.
    Nothing is sent yet, and the small model on this machine is not started yet. Raises LMKeyError if that variable is not set; ValueError for a replay.
    """
    if spec.kind == "practice":
        return PracticeLM(seed, temperature=spec.temperature, delay_s=spec.delay_s or 0.0)
    if spec.kind == "replay":
        raise ValueError("a replay needs its recording; build a ReplayLM from the run's records")
    if key is None and spec.key_env:
        key = environment_key(spec.key_env)
        if not key:
            raise LMKeyError(
                f"the environment variable {spec.key_env} is not set; set it and restart the app, or enter the key.",
                model=spec.model,
            )
    params: dict[str, Any] = {
        "seed": spec.seed,
        "stop": list(spec.stop) or None,
        "reasoning_effort": spec.reasoning_effort,
        **spec.extra,
    }
    make: type[LM] = LM
    if spec.is_local:
        from refine_core.local_model.lm import LocalLM  # few need it

        make = LocalLM
    return make(
        spec.model,
        temperature=spec.temperature,
        max_tokens=spec.max_tokens,
        api_base=spec.api_base,
        api_key=key,
        timeout_s=spec.timeout_s,
        num_retries=spec.retries,
        cache=spec.cache,
        custom_llm_provider=spec.provider,
        price_in_usd=spec.price_in_usd,
        price_out_usd=spec.price_out_usd,
        reply_format=spec.reply_format,
        **{name: value for name, value in params.items() if value is not None},
    )
