"""What-ifs that somebody kept beside a run: documents of kind "what-if" in the same store. The run itself never changes.

keep(store, answer) -> KeptWhatIf        list_kept(store, run_id) -> those of a run, the newest first
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refine_core.errors import Problem, SpecError
from refine_core.log import codec
from refine_core.runs.what_ifs import RunWhatIf
from refine_core.spec import ProgramSpec
from refine_core.store.protocol import WHAT_IF_KIND, Store

logger = logging.getLogger("refine_core")

MAX_KEPT = 50


@dataclass(frozen=True, slots=True)
class KeptWhatIf:
    """A what-if as it was kept.

    id: unique among those of its run. spec: the changed description. saved_at: seconds since the epoch. headline: what would
    have happened. result: its JSON form (refine_core.what_if.results), as it was then.
    """

    id: str
    run_id: str
    spec: ProgramSpec
    saved_at: float
    headline: str
    result: Mapping[str, Any]


def keep(store: Store, answer: RunWhatIf) -> KeptWhatIf:
    """Keep a what-if beside its run; one with the same changes is kept once. Raises SpecError if there are too many; StoreError."""
    run_id = answer.timeline.run_id
    others = list_kept(store, run_id)
    same = next((one for one in others if one.spec == answer.spec), None)
    if same is None and len(others) >= MAX_KEPT:
        raise SpecError(
            [Problem("run", f"{MAX_KEPT} what-ifs are kept beside this run already; remove one first")]
        )
    kept = KeptWhatIf(
        same.id if same is not None else secrets.token_hex(3),
        run_id,
        answer.spec,
        time.time(),
        answer.result.headline,
        answer.result.to_json(),
    )
    text = codec.dumps(
        {"spec": kept.spec, "saved_at": kept.saved_at, "headline": kept.headline, "result": kept.result}
    )
    store.put(WHAT_IF_KIND, f"{run_id}/{kept.id}", text)
    return kept


def list_kept(store: Store, run_id: str) -> list[KeptWhatIf]:
    """The what-ifs kept beside a run, the newest first. One that cannot be read is left out. Raises StoreError."""
    kept = [
        one
        for name, text in store.documents(WHAT_IF_KIND).items()
        if name.rpartition("/")[0] == run_id
        and (one := _read(run_id, name.rpartition("/")[2], text)) is not None
    ]
    return sorted(kept, key=lambda one: -one.saved_at)


def drop(store: Store, run_id: str, kept_id: str) -> bool:
    """Remove a what-if; whether there was one. Raises StoreError."""
    return store.drop(WHAT_IF_KIND, f"{run_id}/{kept_id}")


def _read(run_id: str, kept_id: str, text: str) -> KeptWhatIf | None:
    try:
        data: Any = codec.loads(text)
        spec = codec.build(ProgramSpec, data["spec"])
        return KeptWhatIf(
            kept_id, run_id, spec, float(data["saved_at"]), str(data["headline"]), data["result"]
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning("what-if %r cannot be read (%s); it is left as it is", kept_id, type(error).__name__)
        return None
