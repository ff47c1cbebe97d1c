"""More of an experiment that has ended: further inputs, or another arm. What has run is kept, and not paid for again.

draw_more(snapshot)                 the button
open_more(snapshot, needed)         asks for the dialog
draw_more_dialog(snapshot)          draws the dialog where it was asked for
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.batch.inputs.bring import draw_ways
from pages.batch.inputs.state import Section, check
from pages.batch.inputs.view import draw_findings
from pages.batch.keys import collect_keys
from pages.batch.result.adding import add_arm, add_inputs, count_left, count_run
from pages.batch.setup.arm_dialog import ask_arm, find_twin
from pages.batch.setup.draft import current, load_draft
from pages.batch.setup.keys import draw_keys
from pages.shared.choice import choose
from pages.shared.text import capitalize, escape_markdown, show_error
from refine_core import datasets, experiments, runs
from refine_core.datasets import Dataset
from refine_core.errors import Problem
from refine_core.experiments import Arm, Experiment, ExperimentPlan, Snapshot
from refine_core.experiments.drafts import (
    ArmDraft,
    add_arm_draft,
    arm_spec,
    draft_of,
    name_arm_draft,
    new_draft,
)
from refine_core.formatting import pluralize

_KEY: Final = "more"
_OPEN, _BROUGHT, _REFUSED = (f"{_KEY}.{name}" for name in ("open", "brought", "refused"))
_INPUTS, _ARM = "inputs", "arm"


def draw_more(snapshot: Snapshot) -> None:
    """Draw the button, once every cell has ended."""
    if snapshot.state == "finished":
        st.button("Add inputs or an arm", key=f"{_KEY}.button", on_click=open_more, args=(snapshot, 0))


def open_more(snapshot: Snapshot, needed: int) -> None:
    """Ask for the dialog. needed: how many inputs are wanted; 0 for whatever one likes."""
    load_draft(draft_of(snapshot.experiment))
    for name in (_BROUGHT, _REFUSED):
        st.session_state.pop(name, None)
    count = int(st.session_state.get(f"{_OPEN}.count", 0)) + 1
    st.session_state[f"{_OPEN}.count"] = count
    st.session_state[_OPEN] = (snapshot.experiment.id, needed, count)


def draw_more_dialog(snapshot: Snapshot) -> None:
    """Draw it, if it was asked for."""
    experiment_id, needed, count = st.session_state.get(_OPEN, ("", 0, 0))
    if experiment_id != snapshot.experiment.id or snapshot.state != "finished":
        _close()
        return
    title = "Add inputs or an arm"
    st.dialog(title, width="medium", on_dismiss=_close)(_draw)(snapshot, needed, f"{_KEY}.{count}")


def _close() -> None:
    st.session_state.pop(_OPEN, None)


def _draw(snapshot: Snapshot, needed: int, key: str) -> None:
    what = f"{key}.what"
    st.session_state.setdefault(what, _INPUTS)
    choose("What is added", {_INPUTS: "Inputs", _ARM: "An arm"}, key=what)
    if st.session_state[what] == _INPUTS:
        _draw_inputs(snapshot, needed, key)
    else:
        _draw_arm(snapshot, key)


def _draw_inputs(snapshot: Snapshot, needed: int, key: str) -> None:
    experiment = snapshot.experiment
    dataset = _find_dataset(snapshot)
    left = count_left(snapshot, dataset)
    run = pluralize(count_run(snapshot), "input")
    if left > 0:
        st.markdown(escape_markdown(f"{run} have run. {dataset.name} has {pluralize(left, 'further row')}."))
    else:
        st.markdown(
            escape_markdown(
                f"{run} have run: all rows of {dataset.name}. Bring further ones with the same columns."
            )
        )
    waiting = _draw_bad_rows(snapshot, dataset) if dataset.pending else []
    if needed > left:
        short = pluralize(needed - max(left, 0), "further row")
        st.caption(f"To show a difference of this size, bring a table with at least {short}.")
    added = 0
    if left > 0:
        added = int(
            st.number_input(
                "Inputs to add", 1, left, min(needed or left, left), key=f"{key}.{dataset.version}.count"
            )
        )
    if left > 0 and needed <= left:
        with st.expander("Bring further rows"):
            _draw_ways(snapshot, dataset)
    else:
        _draw_ways(snapshot, dataset)
    if not added:
        return
    changed = replace(experiment, dataset_version=dataset.version, rows=count_run(snapshot) + added)
    missing = draw_keys(current())
    plan = experiments.plan_experiment(
        replace(changed, rows=added), dataset, pilot=snapshot, credentials=collect_keys(experiment.arms)
    )
    problems = waiting or [*_other_problems(changed, dataset, snapshot), *missing]
    _draw_plan(plan, problems)
    if st.button(
        f"Run {pluralize(plan.runs, 'more run')}",
        type="primary",
        key=f"{key}.run-inputs",
        disabled=bool(problems),
    ):
        _end(add_inputs(snapshot, dataset, added))


def _section(snapshot: Snapshot, dataset: Dataset) -> Section:
    spec = snapshot.experiment.arms[0].spec
    return Section(spec, dataset, f"{_KEY}.rows", lambda taken: _take(snapshot, taken))


def _draw_bad_rows(snapshot: Snapshot, dataset: Dataset) -> Sequence[Problem]:
    """Which rows that were brought cannot be run, and the offer to run the others; returned is what is in the way until it is taken."""
    section = _section(snapshot, dataset)
    table = datasets.get_table(runs.default().store, dataset.id, dataset.version)
    return (
        []
        if table is None or section.spec is None
        else draw_findings(section, dataset, check(dataset, table, section.spec))
    )


def _draw_ways(snapshot: Snapshot, dataset: Dataset) -> None:
    """The ways to bring rows; those that are taken are a further version of the dataset."""
    section = _section(snapshot, dataset)
    st.session_state[section.name("bringing")] = "add"
    if refused := st.session_state.get(_REFUSED):
        show_error(refused)
    draw_ways(section)


def _take(snapshot: Snapshot, taken: Dataset | None) -> None:
    """Have what was brought, where the rows that have run stand in it as they were. In a callback."""
    st.session_state.pop(_REFUSED, None)
    if taken is None:
        return
    if _goes_on(snapshot, taken):
        st.session_state[_BROUGHT] = (taken.id, taken.version)
    else:
        st.session_state[_REFUSED] = (
            "This dataset was changed since the experiment began: the rows that have run are others in it, so it cannot be gone on with."
        )


def _find_dataset(snapshot: Snapshot) -> Dataset:
    """The version that was brought, else the newest one that goes on where the experiment's ends."""
    store, experiment = runs.default().store, snapshot.experiment
    brought = st.session_state.get(_BROUGHT)
    version = brought[1] if brought is not None and brought[0] == experiment.dataset_id else None
    found = datasets.get(store, experiment.dataset_id, version)
    return found if found is not None and _goes_on(snapshot, found) else snapshot.dataset


def _goes_on(snapshot: Snapshot, later: Dataset) -> bool:
    """Whether the rows that have run are the first ones of it, read in the same way."""
    own, count = snapshot.dataset, count_run(snapshot)
    if later.id != own.id or later.version < own.version or len(later.rows) < count:
        return False
    used, own_used = ([column for column in one.columns if column.role != "left out"] for one in (later, own))
    return used == own_used and all(later.rows[place] == own.rows[place] for place in range(count))


def _draw_arm(snapshot: Snapshot, key: str) -> None:
    experiment, draft = snapshot.experiment, current()
    new = ask_arm(_propose_arm(), f"{key}.arm")
    spec = arm_spec(draft, new)
    if spec is None:
        return
    arm = Arm(_new_key(experiment), name_arm_draft(new), spec)
    missing = draw_keys(replace(draft, arms=(*draft.arms, replace(new, key=arm.key))))
    changed = replace(experiment, arms=(*experiment.arms, arm))
    alone = replace(experiment, arms=(arm,))
    plan = experiments.plan_experiment(
        alone, snapshot.dataset, pilot=snapshot, credentials=collect_keys(alone.arms)
    )
    twin = find_twin(new)
    problems = [*_other_problems(changed, snapshot.dataset, snapshot), *missing]
    if twin:
        st.caption(escape_markdown(f"As chosen, it would be the same as {twin}: choose another setting."))
    else:
        _draw_plan(plan, problems)
    if st.button(
        f"Run {pluralize(plan.runs, 'more run')}",
        type="primary",
        key=f"{key}.run-arm",
        disabled=bool(twin or problems),
    ):
        _end(add_arm(snapshot, arm))


def _propose_arm() -> ArmDraft:
    """One that the experiment does not have yet, where there is such a one."""
    ways = [ArmDraft("", strategy) for strategy in ("refine", "best_of_n", "single")]
    ways.append(ArmDraft("", "refine", hints="none"))
    return next((one for one in ways if not find_twin(one)), ways[0])


def _new_key(experiment: Experiment) -> str:
    """A key that no arm has."""
    draft = new_draft()
    taken = {arm.key for arm in experiment.arms}
    while True:
        draft = add_arm_draft(draft, ArmDraft(""))
        if (key := draft.arms[-1].key) not in taken:
            return key


def _other_problems(changed: Experiment, dataset: Dataset, snapshot: Snapshot) -> Sequence[Problem]:
    """What keeps it from being run, but for keys, which have fields of their own."""
    plan = experiments.plan_experiment(changed, dataset, pilot=snapshot)
    return [one for one in plan.problems if not one.field.endswith(".key")]


def _draw_plan(plan: ExperimentPlan, problems: Sequence[Problem]) -> None:
    """What is added, before the button."""
    facts = {
        "runs": f"{plan.runs:,}",
        "calls": plan.calls_text,
        "cost": plan.cost_text,
        "time": plan.time_text,
    }
    st.markdown(escape_markdown(" · ".join(f"{name} {value}" for name, value in facts.items())))
    st.caption(escape_markdown(f"{plan.source} What has run is kept, and not paid for again.".strip()))
    if plan.stop:
        st.caption(escape_markdown(f"{plan.stop} What was spent before counts."))
    for one in problems:
        st.markdown(f":small[:red[\N{MULTIPLICATION X} {escape_markdown(capitalize(one.message))}]]")


def _end(why: str) -> None:
    if why:
        show_error(why)
        return
    _close()
    st.rerun()
