"""Runs that failed, as on a connected model: how many, why, and how to run them again."""

from __future__ import annotations

from collections import Counter
from typing import Final

import streamlit as st

from pages.learn import links
from pages.learn.visit import Visit
from pages.shared import address
from pages.shared.credentials import ask_for_keys, collect_credentials
from pages.shared.text import escape_markdown, show_error
from refine_core import experiments
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.experiments import Experiment, Outcome, Snapshot
from refine_core.formatting import pluralize
from refine_core.runs import Credentials

FAILED: Final = "failed"


def list_failed(visit: Visit) -> list[Outcome]:
    """What became of the runs that failed."""
    if visit.snapshot is None:
        return []
    return [one for one in visit.snapshot.outcomes.values() if one.state == FAILED]


def has_only_failed(visit: Visit) -> bool:
    """Whether all runs have ended and every one of them failed, so that nothing was measured."""
    return visit.is_finished and len(list_failed(visit)) == len(
        visit.snapshot.cells if visit.snapshot else ()
    )


def draw_failures(visit: Visit) -> None:
    """Say how many failed and why; nothing where none did."""
    failed = list_failed(visit)
    if not failed or visit.snapshot is None:
        return
    why = Counter(one.error for one in failed).most_common(1)[0][0]
    if has_only_failed(visit):
        st.header(f"All {pluralize(len(failed), 'run')} failed", anchor=False)
        show_error(why)
        st.markdown("Nothing was measured. Your guess and your runs on the practice model are kept.")
    else:
        few = f"{len(failed)} of {len(visit.snapshot.cells)} runs failed and are left out here."
        st.warning(f"{few} {escape_markdown(why)}")
    if any(one.key_refused for one in failed):
        _link_to_keys()


def draw_stopped(snapshot: Snapshot) -> None:
    """Say why the rest was not run, and ask for the key where it lacks one."""
    for why in dict.fromkeys((snapshot.error, *snapshot.stopped_arms.values())):
        if why:
            show_error(why)
    if snapshot.keyless_arms:
        ask_for_keys(snapshot.experiment.arms[0].spec, ("model",))
        _link_to_keys()


def _link_to_keys() -> None:
    st.page_link(address.MODELS, label="Fix the key", icon=":material/lan:")


def draw_retry(visit: Visit, *, is_primary: bool) -> None:
    """The button that runs them again."""
    failed, snapshot = list_failed(visit), visit.snapshot
    if not failed or snapshot is None:
        return
    ask_for_keys(snapshot.experiment.arms[0].spec, ())
    label = f"Run {pluralize(len(failed), 'failed run')} again"
    if st.button(label, type="primary" if is_primary else "secondary", key="learn.retry"):
        try:
            experiments.retry_failed(snapshot.experiment.id, None, collect_keys(snapshot.experiment))
        except (SpecError, LMError, StoreError) as error:
            show_error(f"Not run again: {error}")
            return
        links.show_step("run")
        st.rerun()


def collect_keys(experiment: Experiment) -> Credentials:
    """The keys of this session for these runs; the practice model needs none."""
    keys = {arm.key: collect_credentials(arm.spec) for arm in experiment.arms}
    return experiments.join_credentials(keys)
