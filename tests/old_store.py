"""A store of eleven runs that version 5bd9b18 wrote: finished, failed, replayed, cancelled and interrupted ones."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path

from refine_core.store import Store, open_store

DATA = Path(__file__).parent / "data" / "old-store"
EXPECTED: Mapping[str, Mapping[str, object]] = json.loads((DATA / "expected.json").read_text())
"""Run id -> what that run is, as the version that wrote it had it."""


def old_store(folder: Path) -> Store:
    """A copy of the store, opened in `folder`."""
    (folder / "refinescope.db").write_bytes(gzip.decompress((DATA / "refinescope.db.gz").read_bytes()))
    return open_store(folder)
