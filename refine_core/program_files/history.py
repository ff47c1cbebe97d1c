"""The runs of a file that were started in the app, the newest first, kept in the store: they outlive the app."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from refine_core import runs
from refine_core.log import codec
from refine_core.program_child.descriptions import RunRequest

logger = logging.getLogger("refine_core")

KIND: Final = "program-file"
MAX_RUNS: Final = 50


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run of the file, with what it was asked for."""

    run_id: str
    program: str
    reward: str
    strategy: str
    n: int
    threshold: float | None


def add(path: Path, run_id: str, request: RunRequest) -> None:
    """Keep a run. Raises StoreError."""
    new = {
        "run_id": run_id,
        "program": request.program,
        "reward": request.reward,
        "strategy": request.strategy,
        "n": request.n,
        "threshold": request.threshold,
    }
    before = _read(path)
    runs.default().store.put(
        KIND, _key(path), codec.dumps({"path": str(path), "runs": [new, *before][:MAX_RUNS]})
    )


def list_past_runs(path: Path) -> list[PastRun]:
    """The runs of a file, the newest first; deleted ones, too. Raises StoreError."""
    return [PastRun(**one) for one in _read(path)]


def _read(path: Path) -> list[Mapping[str, Any]]:
    text = runs.default().store.document(KIND, _key(path))
    if text is None:
        return []
    try:
        match codec.loads(text):
            case {"runs": list() as found}:
                return [dict(one) for one in found]
    except (ValueError, TypeError):
        pass
    logger.warning("the list of the runs of %s cannot be read; a new one is begun", path.name)
    return []


def _key(path: Path) -> str:
    return hashlib.blake2b(str(path).encode(errors="surrogateescape"), digest_size=12).hexdigest()
