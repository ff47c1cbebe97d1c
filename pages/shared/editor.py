"""A code editor, which keeps the draft of its text: Python colours, error marks, Ctrl-Enter to run.

    editor(code, key=…, label=…, problems=…) -> EditorState(code, run)

What is typed reaches Python 300 ms after the last key, and before any button pressed on the page acts. It survives
reruns and page switches: it is kept in `st.session_state`, under the key and `rev`, and by the browser until it is
there: of a text and a switch of pages that a busy server gets at once, Streamlit drops the text.

The source is in assets/editor; the browser fetches what is built of it once (pages/shared/web.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, cast

import streamlit as st

from pages.shared.web import EDITOR, import_script
from refine_core.errors import Problem
from refine_core.runs import make_well_formed

# Registered once a process, at import; a runtime that came later (each AppTest has one) takes it over at the first use.
_editor = st.components.v2.component("refinescope.editor", js=import_script(EDITOR))


@dataclass(frozen=True, slots=True)
class EditorState:
    """code: the text as it stands, lines ended by a line feed. run: Ctrl-Enter was pressed, true in one script run."""

    code: str
    run: bool


class _Draft(TypedDict):
    """What the browser sends: the text, and the `rev` that it grew from."""

    code: str
    rev: int


def editor(
    code: str,
    *,
    key: str,
    label: str,
    problems: Sequence[Problem] | Callable[[str], Sequence[Problem]] = (),
    rev: int = 0,
    height: str = "18rem",
    language: Literal["python", "text"] = "python",
    readonly: bool = False,
) -> EditorState:
    """Draw the editor and return what it holds.

    code: shown when there is no typed text of this `key` and `rev`, ignored otherwise. To replace what is typed (an
        example is loaded, say), change `rev`; one undo brings the old text back.
    label: shown above, and the name that assistive technology reads.
    problems: marked at their line and column; without a line, at the first. Their `field` is not looked at. A function
        is asked for them with the text as it stands, so that marks never lag behind it.
    height: a CSS length; the person may drag it taller.

    In an AppTest, type with `at.session_state[key] = {"draft": {"code": "…", "rev": 0}}`.
    """
    memory = f"{key}:draft"

    def remember() -> None:
        # A callback, as it runs even when the next page's script is what follows.
        if draft := _draft(key):
            st.session_state[memory] = draft

    text = current_text(code, key=key, rev=rev)
    st.session_state[memory] = _Draft(code=text, rev=rev)

    marks = problems(text) if callable(problems) else problems
    result = _editor(
        key=key,
        data={
            "name": key,
            "code": text,
            "rev": rev,
            "label": label,
            "problems": [{"line": p.line, "column": p.column, "message": p.message} for p in marks],
            "height": height,
            "language": language,
            "readonly": readonly,
        },
        on_draft_change=remember,
        on_run_change=_ignore,
    )
    return EditorState(text, bool(result.run))


def current_text(code: str, *, key: str, rev: int) -> str:
    """What the editor `key` holds, also before it is drawn: the typed text of this `rev`, else `code`."""
    remembered = cast("_Draft | None", st.session_state.get(f"{key}:draft"))
    drafts = (_draft(key), remembered, _Draft(code=code, rev=rev))
    draft = next(one for one in drafts if one and one["rev"] == rev)
    # A component's text comes as JSON, which lets half an emoji through.
    return make_well_formed(draft["code"]).replace("\r\n", "\n").replace("\r", "\n")


def _draft(key: str) -> _Draft | None:
    """What the browser last sent for the editor `key`, if it is on the page and was typed in."""
    state = st.session_state.get(key)
    return cast("_Draft | None", state.get("draft")) if state else None


def _ignore() -> None:
    """Name the trigger `run`, so that the result has it; what it does is the page's business."""
