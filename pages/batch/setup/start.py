"""Run, or try three inputs first; and what keeps it from being run, beside the buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.batch.inputs import state
from pages.batch.keys import collect_keys
from pages.batch.setup.draft import FORM, current
from pages.shared.isolation import why_code_is_refused
from pages.shared.text import capitalize, escape_markdown
from refine_core import experiments
from refine_core.errors import LMError, Problem, SpecError, StoreError
from refine_core.experiments import ExperimentPlan
from refine_core.experiments.drafts import build_experiment, drop_draft, name_arm_draft
from refine_core.formatting import pluralize

TRIED: Final = 3
_REFUSED: Final = FORM.static_key("refused")


def draw_start(plan: ExperimentPlan, problems: Sequence[Problem]) -> None:
    """Draw the buttons."""
    ready = not problems
    mistakes = sum(not is_missing(one) for one in problems)
    label = f"Run {plan.runs:,}" if ready else f"Fix {pluralize(mistakes, 'problem')}" if mistakes else "Run"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            label,
            type="primary",
            key=FORM.static_key("run"),
            disabled=not ready,
            on_click=_start,
            args=(None,),
        )
        st.button(
            f"Try {TRIED} inputs first",
            key=FORM.static_key("try"),
            disabled=not ready or plan.inputs <= TRIED,
            on_click=_start,
            args=(TRIED,),
            help="All arms on the first three rows. The rest can be run after it, without paying for these again.",
        )


def draw_notes(problems: Sequence[Problem], warnings: Sequence[str]) -> None:
    """Draw what is to be known beside the buttons: what to fix, what may be wrong, or that the page can be closed."""
    if (refused := st.session_state.get(_REFUSED)) and refused[0] == current():
        _show_fault(refused[1])
    elif not problems:
        st.caption("You can close this page: it goes on, and can be resumed.")
    names = {f"arms.{arm.key}": f"{name_arm_draft(arm)}: " for arm in current().arms}
    with st.container(gap="xxsmall"):
        for one in problems:
            words = capitalize(one.message)
            if is_missing(one):
                st.caption(escape_markdown(words))
            else:
                _show_fault(f"{names.get(one.field, '')}{words}")
        for text in warnings:
            st.markdown(f":small[:orange[\N{BLACK UP-POINTING TRIANGLE}] {escape_markdown(text)}]")


def is_missing(problem: Problem) -> bool:
    """Whether it is only that nobody has chosen or typed something yet: no error."""
    draft = current()
    match problem.field:
        case "keys" | state.TO_CHOOSE:
            return True
        case "program":
            return draft.program is None
        case "inputs":
            return not draft.dataset_id
        case _:
            return problem.field == "arms"


def _show_fault(words: str) -> None:
    st.markdown(f":small[:red[\N{MULTIPLICATION X} {escape_markdown(words)}]]")


def _start(rows: int | None) -> None:
    """Begin it; the draft goes, as its document is fixed now. Or keep why it cannot begin."""
    draft = current()
    if refused := why_code_is_refused():
        st.session_state[_REFUSED] = (draft, refused)
        return
    try:
        experiment = build_experiment(draft, rows=rows)
        experiments.start(experiment, collect_keys(experiment.arms))
        drop_draft(draft.id)
    except (SpecError, LMError, StoreError) as error:
        words = error.message if isinstance(error, SpecError) else str(error)
        st.session_state[_REFUSED] = (draft, f"Not started: {words}")
        return
    st.session_state.pop(_REFUSED, None)
