"""The draft of a window of the browser: what is typed on a page, kept in the store under an id that the address names."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.shared import address
from pages.shared.forms import Form
from refine_core import programs
from refine_core.errors import StoreError
from refine_core.programs import Draft, Fields


@dataclass(frozen=True, slots=True)
class WindowDraft:
    """The draft of one page. form: whose keys it has in the session. kind: of its documents in the store.

    Two windows may have one address, as a duplicated tab has. The one that is typed in first keeps it, the other gets a draft
    of its own, so that neither writes over what was typed in the other.
    """

    form: Form
    kind: str

    def find(self, *, newest: bool) -> Draft | None:
        """What the page holds first: the draft that the address names, else the newest, if that is wanted; None without any.

        The newest is that of another window, perhaps, so this one gets its own.
        """
        try:
            named = programs.read_draft(address.draft(), kind=self.kind) if address.draft() else None
            draft = named or (programs.newest_draft(kind=self.kind) if newest else None)
        except StoreError:  # the page says so
            return None
        if draft is not None:
            st.session_state[self._key("saved")] = draft
        if named is not None:
            st.session_state[self._key("id")] = named.id
        return draft

    def show(self) -> None:
        """Have the address name it, if there is one: a switch of pages leaves the address empty."""
        if self.id:
            address.name_draft(self.id)

    def keep(self, fields: Fields, replaced: Fields | None = None) -> None:
        """Save the fields, if any has changed. What stands there first is no work of a person, and is not saved."""
        state = st.session_state
        before = self.saved
        if before is None:
            state[self._key("saved")] = Draft("", fields, 0.0)
            return
        if before.fields == fields:
            return
        try:
            draft_id = self.id if self.id and not self._went_on_elsewhere(before) else programs.new_draft_id()
            state[self._key("saved")] = programs.save_draft(
                draft_id, fields, replaced=replaced, kind=self.kind
            )
            if draft_id != self.id:
                programs.drop_old_drafts(kind=self.kind)
        except StoreError as error:
            state[self._key("error")] = str(error)
            return
        state.pop(self._key("error"), None)
        state[self._key("id")] = draft_id
        address.name_draft(draft_id)

    def ensure_id(self) -> str:
        """Its id, which what was taken over from another window gets now; "" where it cannot be saved."""
        state, saved = st.session_state, self.saved
        if not self.id and saved is not None:
            draft_id = programs.new_draft_id()
            try:
                state[self._key("saved")] = programs.save_draft(draft_id, saved.fields, kind=self.kind)
            except StoreError as error:
                state[self._key("error")] = str(error)
                return ""
            state[self._key("id")] = draft_id
        return self.id

    def _went_on_elsewhere(self, before: Draft) -> bool:
        """Whether another window saved this draft after `before`, which is what this one knows of it. Raises StoreError."""
        stored = programs.read_draft(self.id, kind=self.kind)
        return stored is not None and stored.saved_at > before.saved_at

    @property
    def id(self) -> str:
        """Its id; "" while there is nothing to keep."""
        return str(st.session_state.get(self._key("id")) or "")

    @property
    def saved(self) -> Draft | None:
        """The fields as they were saved last, or as they stood there first."""
        draft: Draft | None = st.session_state.get(self._key("saved"))
        return draft

    @property
    def error(self) -> str:
        """Why it is not kept; "" where it is."""
        return str(st.session_state.get(self._key("error"), ""))

    def _key(self, name: str) -> str:
        return self.form.static_key("draft", name)
