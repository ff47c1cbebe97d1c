"""A code editor, which keeps the draft of its text: Python colours, error marks, Ctrl-Enter to run.

    editor(code, key=…, label=…, problems=…) -> EditorState(code, run)
    take_fix(key) -> the label of the fix that was pressed under a line, once

What is typed reaches Python 300 ms after the last key, and before any button pressed on the page acts. It survives
reruns and page switches: it is kept in `st.session_state`, under the key and `rev`, and by the browser until it is
there: of a text and a switch of pages that a busy server gets at once, Streamlit drops the text. An app that was started
again gets what was typed meanwhile.

The source is in assets/editor; the browser fetches what is built of it once (pages/shared/web.py).
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, cast

import streamlit as st

from pages.shared.web import EDITOR, import_script
from refine_core.errors import Problem
from refine_core.runs import make_well_formed

LINE_PX, FIELD_PADDING_PX = 19.5, 12  # of the editor's text, as in assets/editor
MESSAGE_LINE = 50  # letters
_SESSION = "editor:session"  # tells the browser that the app was started again

# Registered once a process, at import; a runtime that came later (each AppTest has one) takes it over at the first use.
_editor = st.components.v2.component("refinescope.editor", js=import_script(EDITOR))


@dataclass(frozen=True, slots=True)
class EditorState:
    """code: the text as it stands, lines ended by a line feed. run: Ctrl-Enter was pressed, true in one script run."""

    code: str
    run: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark in the text, with its message written under the line.

    line, column: from 1; None for the first line, or the whole of one. fixes: labels of what a press can do about it.
    end_column: behind the last letter; None for a word. under: False where the message stands elsewhere on the page, so
    that the text is only underlined, and says it when it is pointed at.
    """

    message: str
    line: int | None = None
    column: int | None = None
    severity: Literal["error", "warning", "note"] = "error"
    fixes: tuple[str, ...] = ()
    end_column: int | None = None
    under: bool = True


class Goto(TypedDict):
    """A line, from 1, and what tells this press from others."""

    line: int
    at: object


class _Draft(TypedDict):
    """What the browser sends: the text, and the `rev` that it grew from."""

    code: str
    rev: int


def editor(
    code: str,
    *,
    key: str,
    label: str,
    problems: Sequence[Problem | Mark] | Callable[[str], Sequence[Problem | Mark]] = (),
    rev: int = 0,
    height: str = "18rem",
    below: int = 0,
    language: Literal["python", "signature", "text"] = "python",
    readonly: bool = False,
    look: Literal["titled", "bare", "line"] = "titled",
    placeholder: str = "",
    store: str | None = None,
    goto: Goto | None = None,
    eager: bool = False,
) -> EditorState:
    """Draw the editor and return what it holds.

    code: shown when there is no typed text of this `key` and `rev`, ignored otherwise. To replace what is typed (an
        example is loaded, say), change `rev`; one undo brings the old text back.
    label: shown above, and the name that assistive technology reads.
    problems: marked at their line and column; without a line, at the first. Their `field` is not looked at. A function
        is asked for them with the text as it stands, so that marks never lag behind it.
    height: a CSS length, and the person may drag it taller; in a "line", the most that it grows to; "fill" for what is left
        of the screen above `below` pixels of other things.
    look: "titled" shows the label above; "bare" leaves it to assistive technology; "line" is for a line or two of a form,
        without line numbers, where Tab goes on to the next field.

    eager: whether the first letter of what is typed is told at once; else, as all that follows, when typing rests.
    store: where in `st.session_state` the text is to be put as well, as soon as it is known.
    goto: where the cursor is to go, once for each `at`, such as to a line that was pressed elsewhere on the page.

    In an AppTest, type with `at.session_state[key] = {"draft": {"code": "…", "rev": 0}}`.
    """
    memory = f"{key}:draft"

    def remember() -> None:
        # A callback, as it runs even when the next page's script is what follows.
        if draft := _draft(key):
            st.session_state[memory] = draft
            if store is not None:
                st.session_state[store] = current_text("", key=key, rev=draft["rev"])

    text = current_text(code, key=key, rev=rev)
    st.session_state[memory] = _Draft(code=text, rev=rev)

    marks = problems(text) if callable(problems) else problems
    result = _editor(
        key=key,
        data={
            "name": key,
            "session": st.session_state.setdefault(_SESSION, secrets.token_hex(4)),
            "code": text,
            "rev": rev,
            "label": label,
            "problems": [_describe_mark(p) for p in marks],
            "goto": goto,
            "height": height,
            "below": below,
            "language": language,
            "readonly": readonly,
            "look": look,
            "placeholder": placeholder,
            "eager": eager,
        },
        on_draft_change=remember,
        on_run_change=_ignore,
        on_fix_change=_ignore,
    )
    return EditorState(text, bool(result.run))


def text_field(
    label: str,
    *,
    key: str,
    language: Literal["python", "signature", "text"] = "text",
    problems: Sequence[Problem | Mark] = (),
    placeholder: str = "",
    max_lines: int = 3,
    eager: bool = False,
) -> bool:
    """Draw a field for text that grows from one line to `max_lines`, then scrolls; return whether Ctrl-Enter was pressed in it.

    The text is `st.session_state[key]`; whoever sets that replaces what is typed. It stays while the field is not drawn.
    label: for assistive technology; the page shows a name of its own. eager: as of `editor`.
    """
    state, widget, count = st.session_state, f"{key}:text", f"{key}:replaced"
    text = str(state.get(key) or "")
    rev = int(state.get(count, 0))
    if f"{widget}:draft" in state and current_text(text, key=widget, rev=rev) != text:
        rev = state[count] = rev + 1
    field = editor(
        text,
        key=widget,
        label=label,
        rev=rev,
        problems=problems,
        height=f"{(max_lines + sum(map(_count_lines, problems))) * LINE_PX + FIELD_PADDING_PX}px",
        language=language,
        look="line",
        placeholder=placeholder,
        store=key,
        eager=eager,
    )
    return field.run


def _count_lines(problem: Problem | Mark) -> int:
    """How many lines a message takes under the line that it is about, in a narrow field."""
    return math.ceil(len(problem.message) / MESSAGE_LINE) + bool(isinstance(problem, Mark) and problem.fixes)


def current_text(code: str, *, key: str, rev: int) -> str:
    """What the editor `key` holds, also before it is drawn: the typed text of this `rev`, else `code`."""
    remembered = cast("_Draft | None", st.session_state.get(f"{key}:draft"))
    drafts = (_draft(key), remembered, _Draft(code=code, rev=rev))
    draft = next(one for one in drafts if one and one["rev"] == rev)
    # A component's text comes as JSON, which lets half an emoji through.
    return make_well_formed(draft["code"]).replace("\r\n", "\n").replace("\r", "\n")


def take_fix(key: str) -> str | None:
    """The label of the fix that was pressed in the editor `key`, in the one script run that follows; call it before it is drawn."""
    state = st.session_state.get(key)
    fix = state.get("fix") if state else None
    return str(fix["label"]) if fix else None


def _describe_mark(mark: Problem | Mark) -> dict[str, object]:
    """A mark as the browser gets it."""
    if not isinstance(mark, Mark):
        mark = Mark(mark.message, mark.line, mark.column, under=False)
    return {
        "line": mark.line,
        "column": mark.column,
        "end": mark.end_column,
        "message": mark.message,
        "severity": "info" if mark.severity == "note" else mark.severity,  # as CodeMirror calls it
        "fixes": list(mark.fixes),
        "note": mark.under,
    }


def _draft(key: str) -> _Draft | None:
    """What the browser last sent for the editor `key`, if it is on the page and was typed in."""
    state = st.session_state.get(key)
    return cast("_Draft | None", state.get("draft")) if state else None


def _ignore() -> None:
    """Name a trigger, so that the result has it; what it does is the page's business."""
