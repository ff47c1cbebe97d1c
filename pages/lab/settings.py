"""The settings in two rows: what most runs need, then the strategy, the temperatures, and More with all the rest."""

from __future__ import annotations

import math

import streamlit as st

from pages.lab.budget_and_roles import other_models_form, token_budget
from pages.lab.fields import field_key, static_key
from pages.lab.form_state import FormState
from pages.lab.hints import advice_fields, hints_and_schedule
from pages.lab.model import model_popover
from pages.lab.pausing import is_stepwise, stepwise_box
from pages.lab.problems import show_problems
from pages.lab.reference import reference_values
from pages.lab.tables import REFERENCE_VALUES
from pages.lab.validators import validators_form
from pages.shared.choice import choose, describe_tabs
from pages.shared.text import escape_markdown
from refine_core import programs
from refine_core.glossary import GLOSSARY
from refine_core.runs import Run

ROWS_PX = 134  # of both rows, with the page's margin below
PROBLEM_PX = 58  # of a sentence between the rows
SUMMARY_PX, LINE_CHARS = 24, 72  # of a line of what is set behind More
_STRATEGIES = {"refine": "Refine", "best_of_n": "Best of N", "single": "Single attempt"}
_IN_THE_ROW = ("N", "threshold", "fail_count", "budget_usd")
_COLUMNS = (96, 84, 102, 84, 106)


def settings_form(form: FormState, run: Run | None, *, wrap: bool = False) -> bool:
    """Both rows. Returns whether Ctrl-Enter was pressed in one of the texts behind More. run: the one on screen, whose model's failures are told beside the field that they concern.

    wrap: whether a row may take more than one line.
    """
    attempts, threshold, failures, budget, model = st.columns(
        _COLUMNS, gap="xxsmall", vertical_alignment="bottom"
    )
    with attempts:
        st.number_input(
            "Max attempts (N)",
            key=field_key("N"),
            step=1,
            persist_state="session",
            disabled=form.spec.strategy == "single",
        )
    with threshold:
        st.text_input(
            "Threshold",
            key=field_key("threshold"),
            placeholder="none",
            persist_state="session",
            help=f"{GLOSSARY['threshold']} If empty, the run never stops early.",
        )
    with failures:
        st.text_input(
            "Failures allowed",
            key=field_key("fail_count"),
            placeholder=f"{form.spec.N} (N)",
            persist_state="session",
        )
    with budget:
        st.text_input(
            "Budget ($)",
            key=field_key("budget", "usd"),
            placeholder="none",
            persist_state="session",
            help="Once this much is spent, the run makes no more calls and returns its best attempt. The call that exceeds "
            "the budget is still paid for.",
        )
    with model:
        model_popover(form, run)
    for field in _IN_THE_ROW:  # below it, as a column is too narrow for a sentence
        show_problems(form, field)
    with st.container(horizontal=True, wrap=wrap, vertical_alignment="center", gap="small"):
        choose("Strategy", _STRATEGIES, key=field_key("strategy"))
        st.caption(escape_markdown(_temperatures(form)), width="content" if wrap else "stretch", wrap=wrap)
        entered = _more(form)
    if summary := summarize_more(form):
        st.caption(escape_markdown(summary))
    return entered


def height_px(form: FormState) -> int:
    """How much room both rows take, with the summary below them."""
    problems = sum(len(form.problems_at(field)) for field in _IN_THE_ROW)
    lines = math.ceil(len(summarize_more(form)) / LINE_CHARS)
    return ROWS_PX + SUMMARY_PX * lines + PROBLEM_PX * problems


def summarize_more(form: FormState) -> str:
    """Every setting behind More that is not at its default; "" for none."""
    reference = "reference values" if REFERENCE_VALUES.rows() else ""
    stepwise = "pauses before each step" if is_stepwise() else ""
    return " · ".join(filter(None, [*programs.describe_settings(form.spec), reference, stepwise]))


def _temperatures(form: FormState) -> str:
    spec = form.spec
    if spec.schedule.kind == "none" or spec.model.temperature is None:
        return "no temperature"
    return programs.summarize_temperatures(programs.list_temperatures(spec))


def _more(form: FormState) -> bool:
    """Everything that most runs leave as it is. Returns whether Ctrl-Enter was pressed in one of its texts."""
    with st.popover("More", key=static_key("more")), st.container(width=420):
        settings, rules, reference = st.tabs(describe_tabs(["Settings", "Validators", "Reference values"]))
    with rules, st.container(gap="xsmall"):
        entered = validators_form(form)
    with reference, st.container(gap="xsmall"):
        entered |= reference_values(form)
    with settings, st.container(gap="small"):
        seed, limit = st.columns(2)
        with seed:
            st.number_input(
                "Seed",
                key=field_key("seed"),
                step=1,
                min_value=0,
                persist_state="session",
                disabled=form.spec.model.kind == "litellm",
                help="Of the practice model: the same seed gives the same run.",
            )
        with limit:
            st.number_input(
                "Reward time limit (s)",
                key=field_key("reward_timeout"),
                min_value=0.1,
                step=1.0,
                format="%g",
                persist_state="session",
                help="How long one score may take. An attempt whose reward takes longer fails.",
            )
        show_problems(form, "reward_timeout_s")
        hints_and_schedule(form)
        if form.spec.hint_source == "adviser":
            advice_fields(form)
        if form.spec.model.kind != "replay":
            other_models_form(form)
            token_budget(form)
        stepwise_box()
    return entered
