"""The same lesson on a connected model: its price first, and where a real model may differ."""

from __future__ import annotations

import streamlit as st

from pages.learn import links
from pages.learn.failures import collect_keys
from pages.learn.visit import Visit
from pages.shared import address
from pages.shared.credentials import ask_for_keys
from pages.shared.text import escape_markdown, show_error
from refine_core import connections, datasets, experiments, lessons, runs
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.experiments import Experiment
from refine_core.lessons import LessonError


def draw_other_model(visit: Visit) -> None:
    """The button, which opens the choice of a model and what it takes: only then are models looked at."""
    if st.button("Try it on another model", key="learn.other-model"):
        st.dialog("The lesson on another model")(_draw_choice)(visit)


def _draw_choice(visit: Visit) -> None:
    words = lessons.fill_text(visit.lesson, "Another model", visit.values)
    if words:
        st.markdown(words)
    models = connections.list_models()
    if not models:
        st.caption("No model is connected yet.")
        st.page_link(address.MODELS, label="Connect a model", icon=":material/lan:")
        return
    name = st.selectbox("Model", [*models], key="learn.other-model.name")
    _draw_start(lessons.build_experiment(visit.lesson, runs.default().store, model=models[name]))


def _draw_start(experiment: Experiment) -> None:
    """What it takes, and the button that begins it."""
    dataset = datasets.get(runs.default().store, experiment.dataset_id)
    if dataset is None:
        return
    plan = experiments.plan_experiment(experiment, dataset)
    st.caption(
        escape_markdown(
            f"{plan.calls_text} calls, cost: {plan.cost_text}, time: {plan.time_text}. {plan.source}"
        )
    )
    for problem in plan.problems:
        show_error(problem.message)
    spec = experiment.arms[0].spec
    ask_for_keys(spec, ())
    if st.button(f"Run {plan.calls_text} calls", key="learn.other-model.run", disabled=bool(plan.problems)):
        try:
            experiments.start(experiment, collect_keys(experiment))
        except (LessonError, SpecError, LMError, StoreError) as error:
            show_error(f"Not started: {error}")
            return
        links.show_runs(experiment.id)
        links.show_step("run")
        st.rerun()


def draw_way_back(visit: Visit) -> None:
    """Whose runs these are, and back to those on the practice model."""
    if visit.snapshot is None:
        return
    label = visit.snapshot.experiment.arms[0].spec.model.label
    st.caption(escape_markdown(f"These runs are on {label}."), width="content")
    if st.button(":blue[Back to the practice model]", type="tertiary", key="learn.back-to-practice"):
        links.show_runs(None)
        st.rerun()
