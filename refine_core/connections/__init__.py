"""The door to models: what can be chosen, and getting litellm ready before it is needed."""

from __future__ import annotations

import os

from refine_core.lm import litellm_ready, warm
from refine_core.spec import ModelSpec

__all__ = ["litellm_ready", "unset_variable", "warm"]


def unset_variable(model: ModelSpec) -> str | None:
    """The environment variable that should hold the model's key and does not, or None."""
    name = model.key_env if model.kind == "litellm" else None
    return name if name and not os.environ.get(name) else None
