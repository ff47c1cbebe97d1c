"""The pinned cases of the reward on the page: part of its draft, saved with it.

read_case_set() -> CaseSet       write_case_set(cases)       pin_case(case)       remove_case(name), undo_cases()
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

import streamlit as st

from pages.rewards.fields import static_key
from refine_core.cases import Case, CaseSet, output_key, read_cases, write_cases

_TEXT: Final = static_key("cases-text")
_UNDO: Final = static_key("cases-before")
_SELECTED: Final = static_key("case")
_ERROR: Final = static_key("cases-error")


def cases_text() -> str:
    """The document of the cases, as it is saved; "" for none."""
    return str(st.session_state.get(_TEXT, ""))


def restore_cases(text: str) -> None:
    """Put back the cases of a draft."""
    st.session_state[_TEXT] = text


def load_cases(text: str, *, came_with: str = "") -> None:
    """Another reward comes with these cases. Those of the one before can be brought back, unless it came_with the very same."""
    before = cases_text()
    if before not in ("", text, came_with):
        _keep_for_undo(before, "The cases of the reward before are put away.")
    st.session_state[_TEXT] = text
    st.session_state.pop(_SELECTED, None)


def read_case_set() -> CaseSet:
    """The pinned cases; none where the document cannot be read, and `find_problem` says why."""
    text = cases_text()
    if not text or find_problem():
        return CaseSet()
    return _read(text)


def outputs_digest() -> str:
    """Text that changes with the outputs of the pinned cases, and with nothing else of them."""
    return _digest_outputs(cases_text())


def find_problem() -> str:
    """Why the pinned cases cannot be read, such as that a newer version wrote them; "" where they can."""
    try:
        _read(cases_text() or '{"cases": []}')
    except ValueError as error:
        return str(error)
    return ""


def write_case_set(cases: CaseSet) -> None:
    """Have these cases pinned. Raises ValueError for values that no document can hold."""
    empty = not cases.cases and cases.threshold is None
    st.session_state[_TEXT] = "" if empty else write_cases(cases)


def pin_case(case: Case) -> None:
    """Pin an output, and select it. To be called in a callback."""
    try:
        before = read_case_set()
        after = before.add(case)
        write_case_set(after)
    except ValueError as error:
        show_problem(str(error))
        return
    st.session_state.pop(_ERROR, None)
    select_case(next(one.name for one in after if one.same_output(case)))


def remove_case(name: str) -> None:
    """Take a case away; `undo_cases` brings it back. To be called in a callback."""
    before = read_case_set()
    _keep_for_undo(cases_text(), f"“{name}” was removed.")
    place = next((i for i, one in enumerate(before) if one.name == name), 0)
    after = before.remove(name)
    write_case_set(after)
    select_case(after.cases[min(place, len(after) - 1)].name if len(after) else "")


def undo_cases() -> None:
    """Bring back what was there before. What was pinned since stays. To be called in a callback."""
    kept = st.session_state.pop(_UNDO, None)
    if kept is None:
        return
    now = read_case_set()
    back, known = _read(kept[0]), {output_key(case) for case in _read(kept[0])}
    write_case_set(back.add_all(case for case in now if output_key(case) not in known))


def describe_undo() -> str:
    """What `undo_cases` takes back, in words; "" for nothing."""
    kept = st.session_state.get(_UNDO)
    return kept[1] if kept is not None and kept[0] != cases_text() else ""


def select_case(name: str) -> None:
    """Look at this case."""
    st.session_state[_SELECTED] = name


def selected_case() -> str:
    """The name of the case that is looked at; "" for none."""
    return str(st.session_state.get(_SELECTED, ""))


def show_problem(message: str) -> None:
    """Have this said of what was just pressed. To be called in a callback."""
    st.session_state[_ERROR] = message


def take_problem() -> str:
    """What is wrong with what was pressed last; said once."""
    return str(st.session_state.pop(_ERROR, ""))


def _keep_for_undo(text: str, what: str) -> None:
    st.session_state[_UNDO] = (text, what)


@lru_cache(maxsize=16)
def _read(text: str) -> CaseSet:
    return read_cases(text)


@lru_cache(maxsize=16)
def _digest_outputs(text: str) -> str:
    keys = "\0".join(map(output_key, _read(text)))
    return hashlib.blake2b(keys.encode("utf-8", "replace"), digest_size=12).hexdigest()
