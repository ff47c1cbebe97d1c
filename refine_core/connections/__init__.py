"""Connections to models: the kinds there are, the saved ones, whether one works, what calls cost; and loading litellm.

presets            kinds of connections, with the usual settings       connection_store   saved ones, by name, without keys
connection_test/   whether one works, in sentences                     spending           cost of calls, by day and model
model_names        a model's name to litellm, its server and a person
"""

from __future__ import annotations

from dataclasses import replace

from refine_core.connect import connect
from refine_core.connections.connection_store import (
    Connection,
    check_connection,
    list_connections,
    list_models,
    remove_connection,
    save_connection,
)
from refine_core.connections.connection_test.checks import CHECKS, TEST_LIMIT_S
from refine_core.connections.connection_test.report import Check, Finding
from refine_core.connections.presets import PRESETS, Preset
from refine_core.connections.spending import ModelSpending, sum_spending
from refine_core.lm import litellm_ready, warm
from refine_core.spec import ModelSpec
from refine_core.spec.models import check_model
from refine_core.spec.secrets import environment_key

__all__ = [
    "PRESETS",
    "TEST_LIMIT_S",
    "Check",
    "Connection",
    "Finding",
    "ModelSpending",
    "Preset",
    "check_connection",
    "check_model",
    "get_check",
    "list_connections",
    "list_models",
    "litellm_ready",
    "remove_connection",
    "save_connection",
    "start_check",
    "stop_check",
    "sum_spending",
    "supports_temperature",
    "unset_variable",
    "wait_for_check",
    "warm",
]


def start_check(model: ModelSpec, key: str | None = None, *, limit_s: float = TEST_LIMIT_S) -> str:
    """Start to test a connection, and return the test's id at once. See Checks.start."""
    return CHECKS.start(model, key, limit_s=limit_s)


def get_check(check_id: str) -> Check | None:
    """The state of a test. See Checks.get."""
    return CHECKS.get(check_id)


def stop_check(check_id: str) -> None:
    """End a test now. See Checks.stop."""
    CHECKS.stop(check_id)


def wait_for_check(check_id: str, timeout_s: float) -> Check | None:
    """The test once it is done. See Checks.wait."""
    return CHECKS.wait(check_id, timeout_s)


def unset_variable(model: ModelSpec) -> str | None:
    """The environment variable that should hold the model's key and does not, or None."""
    name = model.key_env if model.kind == "litellm" else None
    return name if name and environment_key(name) is None else None


def supports_temperature(model: ModelSpec) -> bool:
    """Whether the model will be sent a temperature, as far as is known now. Sends nothing, and does not wait.

    Raises ValueError for an invalid description (see `check_model`).
    """
    if model.kind != "litellm" or model.temperature is None or not litellm_ready():
        return model.temperature is not None
    return connect(replace(model, key_env=None)).supports("temperature")
