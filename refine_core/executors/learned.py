"""What calls have shown about the servers of a run's models (refine_core.lm.servers), sent between the app and its workers.

By the role of the model, as the description of the run names it: addresses do not travel a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from refine_core.connect import formats_of
from refine_core.lm.context_size import ContextSize
from refine_core.lm.shared import shared
from refine_core.spec import ProgramSpec


def write_learned(spec: ProgramSpec) -> dict[str, Any]:
    """What this process knows of them, as plain data; {} where it knows nothing."""
    written = {}
    for role, model in spec.models.items():
        if model.kind == "litellm":
            server = model.api_base, model.model
            context = shared.servers.context(server)[1]
            known = {
                "refused": sorted(shared.servers.refused_params(server)),
                "context": None if context is None else list(astuple(context)),
                "formats": formats_of(model).dump(),
            }
            if any(known.values()):
                written[role] = known
    return written


def learn(spec: ProgramSpec, written: Mapping[str, Any]) -> None:
    """Know from now on what another process has written."""
    for role, known in written.items():
        model = spec.models[role]
        server = model.api_base, model.model
        shared.servers.add_refused(server, frozenset(known["refused"]))
        if known["context"] is not None:
            shared.servers.note_context(server, ContextSize(*known["context"]))
        if known["formats"] is not None:
            formats_of(model).learn(known["formats"])
