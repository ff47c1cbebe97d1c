"""The door to models: what can be connected, what is kept, whether it works, what it cost; and getting litellm ready.

presets    kinds of connections, with what is usual there filled in
saved      connections under names of one's own, without keys
check      testing one; trial, listing, blame: its steps; findings, telling: what works and what does not, in sentences
spending   what calls cost, by day and model
"""

from __future__ import annotations

import os
from dataclasses import replace

from refine_core.connect import connect
from refine_core.connections.check import check, checked, stop_check
from refine_core.connections.findings import Check, Finding
from refine_core.connections.presets import PRESETS, Preset
from refine_core.connections.saved import Connection, problems, remove, save, saved
from refine_core.connections.spending import Spent, spending
from refine_core.lm import litellm_ready, warm
from refine_core.spec import ModelSpec
from refine_core.spec.models import check_model

__all__ = [
    "PRESETS",
    "Check",
    "Connection",
    "Finding",
    "Preset",
    "Spent",
    "check",
    "check_model",
    "checked",
    "litellm_ready",
    "problems",
    "remove",
    "save",
    "saved",
    "spending",
    "stop_check",
    "supports_temperature",
    "unset_variable",
    "warm",
]


def unset_variable(model: ModelSpec) -> str | None:
    """The environment variable that should hold the model's key and does not, or None."""
    name = model.key_env if model.kind == "litellm" else None
    return name if name and not os.environ.get(name) else None


def supports_temperature(model: ModelSpec) -> bool:
    """Whether the model will be sent a temperature, as far as is known now. Asks nothing, and waits for nothing.

    Raises ValueError for a description with problems (see `check_model`).
    """
    if model.kind != "litellm" or model.temperature is None or not litellm_ready():
        return model.temperature is not None
    return connect(replace(model, key_env=None)).supports("temperature")
