"""Two attempts side by side, or two whole runs: the address says which. A run that goes on is followed."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.compare.experiment import draw_way_back
from pages.compare.reference import Letter, Reference, read_reference
from pages.compare.view import draw_comparison
from pages.shared import address
from pages.shared.run.view import show_unknown_run
from pages.shared.text import show_error, show_store_error
from pages.shared.updates import follow
from refine_core import runs
from refine_core.errors import StoreError
from refine_core.formatting import pluralize
from refine_core.runs import Run


def find_run(wanted: Reference) -> Run:
    """The run that is named; without one, say so and stop."""
    try:
        run = runs.get(wanted.run_id)
    except StoreError as error:
        show_store_error(str(error))
        st.stop()
    if run is None:
        show_unknown_run(wanted.run_id)
        st.stop()
    return run


def check_attempt(wanted: Reference, run: Run, letter: Letter) -> None:
    """Stop where the run has no such attempt, and show a way on."""
    count = len(run.timeline.attempts)
    if wanted.number is None or 1 <= wanted.number <= count:
        return
    has = f"It has {pluralize(count, 'attempt')}." if count else "It has no attempt yet."
    show_error(
        f"The run {wanted.run_id!r} has no attempt {wanted.number}, which the address names as {letter.upper()}. {has}"
    )
    st.page_link(
        address.RUN, label="Open the run", icon=":material/timeline:", query_params={"run": run.run_id}
    )
    st.stop()


def _best(run: Run) -> int:
    """The number of the attempt that stands for a whole run."""
    return (run.timeline.best or 0) + 1


@st.fragment
def view() -> None:
    """The comparison; drawn again whenever there is more of a run that goes on."""
    body = st.container()
    foot = st.container()  # so that `follow` keeps its place
    with body:
        compare(foot)


def compare(foot: DeltaGenerator) -> None:
    """What the address names. foot: where a live run is followed."""
    a, b = read_reference("a"), read_reference("b")
    if a is None or b is None:
        one = a or b
        if one is None:
            st.info(
                "Nothing is chosen to compare. Open a run, select an attempt and press d, or select two runs in the list.",
                icon=":material/info:",
            )
            st.page_link(address.RUNS, label="All runs", icon=":material/history:")
            return
        a = b = one  # a second one is chosen on the page
    first = find_run(a)
    second = first if b.run_id == a.run_id else find_run(b)
    with foot:
        for run in {run.run_id: run for run in (first, second) if run.live}.values():
            follow(run.run_id, run.revision)
    if (a.number is None) != (b.number is None) or (a.number is None and a.run_id == b.run_id):
        a, b = (one.at(one.number or _best(run)) for one, run in ((a, first), (b, second)))
    check_attempt(a, first, "a")
    check_attempt(b, second, "b")
    draw_way_back(first, second)
    draw_comparison(a, first, b, second)


view()
