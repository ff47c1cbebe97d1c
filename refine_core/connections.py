"""The door to models: what can be chosen, and getting litellm ready before it is needed."""

from __future__ import annotations

from refine_core.lm import litellm_ready, warm

__all__ = ["litellm_ready", "warm"]
