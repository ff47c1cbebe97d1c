"""What is wrong with the description of a model."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

from refine_core.errors import Problem
from refine_core.spec.program import ModelSpec


def model_problems(model: ModelSpec) -> list[Problem]:
    """Everything that keeps `model` from being asked, each with the field it concerns; [] if it can be."""
    found = []
    if model.kind == "litellm" and not model.model.strip():
        found.append(Problem("model", "name a model, such as openai/gpt-4o-mini"))
    if model.api_base and not _is_address(model.api_base):
        found.append(
            Problem(
                "api_base",
                "the address must begin with http:// or https://, such as http://127.0.0.1:8000/v1",
            )
        )
    if not math.isfinite(model.temperature) or model.temperature < 0:
        found.append(
            Problem("temperature", f"the temperature must be a number, 0 or more, not {model.temperature!r}")
        )
    return found


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
