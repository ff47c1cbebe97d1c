"""What is offered under the verdict: the rest of the table after a try, and as many inputs as would be enough.

offer_more(snapshot, result)        the buttons, for the page's component
describe_rest(snapshot)             what the rest of the table would take and show, by what has run
take_more(snapshot, result, name)   one of the buttons was pressed
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from pages.batch.keys import list_keys
from pages.batch.result.adding import add_inputs, count_left
from pages.batch.result.more import open_more
from pages.shared.text import escape_markdown
from refine_core import experiments
from refine_core.experiments import Experiment, ExperimentPlan, Snapshot
from refine_core.experiments.result import Result, count_more
from refine_core.formatting import format_score, pluralize

ENOUGH, FEWER, REST = "enough", "fewer", "rest"
STEP: Final = 10  # numbers of inputs that are offered besides what is needed are round
MAX_OFFERED: Final = 10_000


def offer_more(snapshot: Snapshot, result: Result) -> list[dict[str, object]]:
    """The buttons under the verdict: the rest of the table, as many inputs as would show this difference, and fewer that show a larger one.

    The first of them is the one to press where the data is not enough.
    """
    left, needed = _count_rest(snapshot), _count_needed(snapshot, result)
    rest = _offer(REST, f"Run the other {pluralize(left, 'input')}", snapshot, left)
    if needed is None:
        return [rest] if left else []
    asks = "" if needed <= count_left(snapshot) else " …"
    enough = _offer(ENOUGH, f"Add {pluralize(needed, 'input')}{asks}", snapshot, needed)
    if left:
        offered = [rest, enough] if needed < left else [enough, rest] if needed > left else [rest]
        return [{**offered[0], "primary": True}, *offered[1:]]
    offered = [{**enough, "primary": True}]
    fewer, main = _count_fewer(needed), result.main
    if fewer and main is not None and main.difference is not None:
        # The smallest difference that n inputs show goes with one over the root of n.
        shown = abs(main.difference.difference) * ((main.inputs + needed) / (main.inputs + fewer)) ** 0.5
        label = f"Only {fewer:,} more: shows {format_score(shown)} or larger"
        offered.append(_offer(FEWER, label, snapshot, fewer))
    return offered


def _offer(name: str, label: str, snapshot: Snapshot, count: int) -> dict[str, object]:
    return {"name": name, "label": label, "primary": False, "title": _title(snapshot, count)}


def describe_rest(snapshot: Snapshot) -> str:
    """What the rest of the table would take and show, by what has run; "" where there is none."""
    left = _count_rest(snapshot)
    if not left:
        return ""
    plan = _plan_rest(snapshot.revision, replace(snapshot.experiment, name=""), snapshot)
    whole = pluralize(len(snapshot.dataset.rows), "input")
    shows = ""
    if plan.is_known and plan.detectable is not None:
        every = (
            f"All {whole} show a difference of {format_score(plan.detectable)} or more, four times in five."
        )
        shows = f" {every}"
    return (
        f"The other {pluralize(left, 'input')}: {pluralize(left * plan.arms * plan.repeats, 'run')}, {plan.calls_text} calls, "
        f"{plan.cost_text}, {plan.time_text}, by the {pluralize(snapshot.done, 'run')} so far.{shows}"
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _plan_rest(revision: str, experiment: Experiment, _snapshot: Snapshot) -> ExperimentPlan:
    """The plan of the rows that are left; what it shows is that of the whole table. revision: of the snapshot."""
    del revision
    dataset = _snapshot.dataset
    left = replace(experiment, rows=_count_rest(_snapshot))
    plan = experiments.plan_experiment(left, dataset, pilot=_snapshot)
    whole = experiments.plan_experiment(replace(experiment, rows=None), dataset, pilot=_snapshot)
    return replace(plan, detectable=whole.detectable)


def take_more(snapshot: Snapshot, result: Result, name: object) -> None:
    """One of the buttons was pressed: add inputs of the table and go on, or have the dialog ask for what is missing."""
    needed, left = _count_needed(snapshot, result) or 0, _count_rest(snapshot)
    count = {REST: left, ENOUGH: needed, FEWER: _count_fewer(needed)}.get(str(name), 0)
    if not count:
        return
    if count <= count_left(snapshot) and not list_keys(snapshot):
        why = add_inputs(snapshot, snapshot.dataset, count)
        if not why:
            st.rerun()
        st.toast(escape_markdown(why), icon=":material/error:")
        return
    open_more(snapshot, count)


def _count_rest(snapshot: Snapshot) -> int:
    """How many rows of the table a try has left."""
    return max(count_left(snapshot), 0) if snapshot.state == "finished" else 0


def _count_needed(snapshot: Snapshot, result: Result) -> int | None:
    main = result.main
    if snapshot.state != "finished" or main is None or result.verdict.answer != "not enough data":
        return None
    more = count_more(main)
    return more if more is not None and more <= MAX_OFFERED else None


def _count_fewer(needed: int) -> int:
    """About half; 0 where that is not worth a choice."""
    return needed // 2 // STEP * STEP


def _title(snapshot: Snapshot, count: int) -> str:
    experiment = snapshot.experiment
    added = pluralize(count * len(experiment.arms) * experiment.repeats, "more run")
    if count <= count_left(snapshot):
        return f"{added}, on further rows of the table. What has run is not paid for again."
    return f"{added}. The table has not so many further rows: you are asked for more."
