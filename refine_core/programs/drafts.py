"""Drafts: what is typed in the Lab, or on the Rewards page, valid or not, kept in the store so that a reload or a restart loses none of it.

    save_draft --> the store's documents of kind "draft", by id --> read_draft, newest_draft

Each window of the browser has a draft of its own, named by an id in its address. Never a key: see `draft_fields`.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from refine_core import runs
from refine_core.log import codec
from refine_core.spec import ModelSpec
from refine_core.spec.pasted_keys import is_pasted_key

logger = logging.getLogger("refine_core")

DRAFT_KIND = "draft"
MAX_DRAFTS = 30
"""Once there are more, the oldest go."""
Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Draft:
    """fields: name -> what was typed, as plain data. saved_at: seconds since the epoch.

    replaced: the fields that an example, a saved program or a run replaced last, to put back; None if there are none.
    """

    id: str
    fields: Fields
    saved_at: float
    replaced: Fields | None = None


def new_draft_id() -> str:
    """The id of a draft that does not exist yet."""
    return secrets.token_hex(4)


def save_draft(
    draft_id: str, fields: Fields, *, replaced: Fields | None = None, kind: str = DRAFT_KIND
) -> Draft:
    """Keep a draft in place of what it was; durable on return. kind: whose drafts; the Lab's, unless it is named.

    Raises StoreError, and then nothing was written.
    """
    place = runs.default().store
    draft = Draft(draft_id, fields, time.time(), replaced)
    place.put(
        kind,
        draft_id,
        codec.dumps({"fields": fields, "saved_at": draft.saved_at, "replaced": replaced}),
    )
    return draft


def read_draft(draft_id: str, *, kind: str = DRAFT_KIND) -> Draft | None:
    """The draft with this id, or None. Raises StoreError."""
    text = runs.default().store.documents(kind).get(draft_id)
    return None if text is None else _read(draft_id, text)


def newest_draft(*, kind: str = DRAFT_KIND) -> Draft | None:
    """The draft that was saved last, or None if there is none. Raises StoreError."""
    return next(iter(_list_drafts(kind)), None)


def drop_old_drafts(*, kind: str = DRAFT_KIND) -> None:
    """Remove the oldest drafts beyond MAX_DRAFTS. Raises StoreError."""
    place = runs.default().store
    for draft in _list_drafts(kind)[MAX_DRAFTS:]:
        place.drop(kind, draft.id)


def draft_fields(fields: Fields) -> dict[str, object]:
    """The fields that a draft may keep: plain data, and no text of one word that looks like a key."""
    return {name: value for name, value in fields.items() if _is_plain(value) and not _is_key(value)}


def model_to_data(model: ModelSpec | None) -> object:
    """A model as plain data, for a field of a draft."""
    return None if model is None else codec.loads(codec.dumps(model))


def model_from_data(value: object) -> ModelSpec | None:
    """The inverse of `model_to_data`."""
    return codec.build(ModelSpec, value) if isinstance(value, Mapping) else None


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(one) for key, one in value.items())
    return value is None or isinstance(value, str | int | float)


def _is_key(value: object) -> bool:
    return isinstance(value, str) and " " not in value.strip() and "\n" not in value and is_pasted_key(value)


def _list_drafts(kind: str) -> list[Draft]:
    """The drafts, newest first."""
    drafts = (_read(draft_id, text) for draft_id, text in runs.default().store.documents(kind).items())
    return sorted(filter(None, drafts), key=lambda draft: -draft.saved_at)


def _read(draft_id: str, text: str) -> Draft | None:
    """The draft in a document, or None where it cannot be read; it is left as it is."""
    try:
        match codec.loads(text):
            case {
                "fields": Mapping() as fields,
                "saved_at": float(at),
                "replaced": None | Mapping() as replaced,
            }:
                return Draft(draft_id, fields, at, replaced)
    except (ValueError, TypeError, KeyError) as error:
        logger.warning("draft %s cannot be read (%s); it is left as it is", draft_id, type(error).__name__)
    return None
