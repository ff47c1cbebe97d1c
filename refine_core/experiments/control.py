"""How an experiment stands while nobody works at it: paused, stopped and why. Kept beside its document.

A state "running" that nobody works at is one that a crash ended.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from refine_core.experiments.snapshot import ExperimentState, StoppedBy
from refine_core.log import codec
from refine_core.store.protocol import EXPERIMENT_STATE_KIND, Store

logger = logging.getLogger("refine_core")


@dataclass(frozen=True, slots=True)
class Control:
    """How it stands. stopped_by, error, stopped_arms, keyless_arms: as in Snapshot."""

    state: ExperimentState = "stopped"
    stopped_by: StoppedBy = ""
    error: str = ""
    stopped_arms: Mapping[str, str] = field(default_factory=dict)
    keyless_arms: tuple[str, ...] = ()


def keep_control(store: Store, experiment_id: str, control: Control) -> None:
    """Keep how an experiment stands, in place of what was kept before; durable on return. Raises StoreError."""
    store.put(EXPERIMENT_STATE_KIND, experiment_id, codec.dumps(control))


def read_control(store: Store, experiment_id: str) -> Control:
    """How it stood when that was last kept. Raises StoreError."""
    text = store.document(EXPERIMENT_STATE_KIND, experiment_id)
    if text is None:
        return Control()
    try:
        return codec.build(Control, codec.loads(text))  # type: ignore[arg-type]  # what is not such data is caught
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning("how experiment %s stands cannot be read (%s)", experiment_id, type(error).__name__)
        return Control()
