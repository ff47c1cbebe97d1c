"""From a description of a model to the model. The key comes beside the description, never in it."""

from __future__ import annotations

import os

from refine_core.errors import LMKeyError
from refine_core.lm.base import BaseLM
from refine_core.lm.practice import PracticeLM
from refine_core.lm.remote import LM
from refine_core.spec import ModelSpec


def connect(spec: ModelSpec, *, key: str | None = None, seed: int = 0, cache: bool = False) -> BaseLM:
    """The model that `spec` describes. key: typed by a person; else the environment variable that the spec names.

    cache: whether identical calls are answered from memory; not unless asked, since a run shows what models say now.
    Nothing is sent yet. Raises LMKeyError if that variable is not set.
    """
    if spec.kind == "practice":
        return PracticeLM(seed, temperature=spec.temperature, delay_s=spec.delay_s)
    if key is None and spec.key_env:
        key = os.environ.get(spec.key_env)
        if not key:
            raise LMKeyError(
                f"the environment variable {spec.key_env} is not set; set it before the app starts, or type the key",
                model=spec.model,
            )
    return LM(
        spec.model,
        temperature=spec.temperature,
        max_tokens=spec.max_tokens,
        api_base=spec.api_base,
        api_key=key,
        timeout_s=spec.timeout_s,
        num_retries=spec.retries,
        cache=cache,
    )
