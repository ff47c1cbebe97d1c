"""Problems of the form beside their fields."""

from __future__ import annotations

import streamlit as st

from pages.lab.form_state import FormState
from pages.shared.text import escape_markdown, show_error
from refine_core.errors import Problem


def show_problems(form: FormState, field: str) -> None:
    """What is wrong with the field above; what nobody has filled in yet is asked for, and is no error."""
    for problem in form.problems_at(field):
        words = describe_problem(problem)
        if problem in form.missing:
            st.caption(escape_markdown(words))
        else:
            show_error(words)


def describe_problem(problem: Problem) -> str:
    """One thing wrong with a field, as a sentence: what, and where in its text."""
    sentence = f"{problem.message[:1].upper()}{problem.message[1:]}"
    places = (("line", problem.line), ("column", problem.column))
    where = ", ".join(f"{name} {n}" for name, n in places if n is not None)
    if where:
        sentence = f"{sentence.removesuffix('.')} ({where})"
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
