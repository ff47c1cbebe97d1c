"""The figures of a lesson's runs, read off them once a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from refine_core import lessons
from refine_core.experiments import Snapshot
from refine_core.lessons import Lesson

_KNOWN: Final = "lesson.values"
MAX_KNOWN: Final = 40


def take_values(lesson: Lesson, snapshot: Snapshot) -> Mapping[str, Any]:
    """The figures of these runs, read off them once. Raises LessonError, StoreError."""
    known: dict[tuple[str, str], Mapping[str, Any]] = st.session_state.setdefault(_KNOWN, {})
    key = (snapshot.experiment.id, snapshot.revision)
    if key not in known:
        while len(known) >= MAX_KNOWN:
            known.pop(next(iter(known)))
        known[key] = lessons.take_measures(lesson, snapshot)
    return known[key]
