"""Where drafts are kept: in the store, each under the id of the experiment that it will be, so that a reload or a crash loses nothing."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Final

from refine_core import runs
from refine_core.experiments.drafts.document import ExperimentDraft
from refine_core.log import codec
from refine_core.runs import new_run_id
from refine_core.store.protocol import EXPERIMENT_KIND

logger = logging.getLogger("refine_core")

KIND: Final = "experiment-draft"
MAX_DRAFTS: Final = 100
"""Once there are more, the oldest go."""


def save_draft(draft: ExperimentDraft) -> ExperimentDraft:
    """Keep it in place of what it was; durable on return. Raises StoreError, and then nothing was written.

    What another window kept since is not overwritten, nor is what it started hidden: this one goes on as a copy, with an id of its own.
    """
    place = runs.default().store
    stored = read_draft(draft.id)
    was_changed = stored is not None and stored.saved_at > draft.saved_at
    if was_changed or place.document(EXPERIMENT_KIND, draft.id) is not None:
        draft = replace(draft, id=new_run_id())
        stored = None
    saved = replace(draft, saved_at=time.time())
    place.put(KIND, saved.id, codec.dumps(saved))
    if stored is None:
        for old in list_drafts()[MAX_DRAFTS:]:
            place.drop(KIND, old.id)
    return saved


def read_draft(draft_id: str) -> ExperimentDraft | None:
    """The draft of that id, or None. Raises StoreError."""
    text = runs.default().store.documents(KIND).get(draft_id)
    return None if text is None else _read(draft_id, text)


def list_drafts() -> list[ExperimentDraft]:
    """The drafts, the newest first. What cannot be read is left out. Raises StoreError."""
    found = (_read(name, text) for name, text in runs.default().store.documents(KIND).items())
    return sorted(filter(None, found), key=lambda draft: -draft.saved_at)


def drop_draft(draft_id: str) -> None:
    """Remove a draft; nothing if it is not there. Raises StoreError."""
    runs.default().store.drop(KIND, draft_id)


def _read(name: str, text: str) -> ExperimentDraft | None:
    try:
        return codec.build(ExperimentDraft, codec.loads(text))  # type: ignore[arg-type]  # what is no such data is caught
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning("draft of an experiment %r cannot be read (%s)", name, type(error).__name__)
        return None
