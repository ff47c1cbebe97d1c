"""Which right answer the doctor's probes are made from: one row's, or those of all rows that were tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import streamlit as st

from pages.rewards.bench import Bench
from pages.rewards.board import row_number
from pages.rewards.cases.state import read_case_set
from pages.rewards.fields import static_key
from pages.shared.text import one_line
from pages.shared.viewport import is_narrow
from refine_core.doctor import Examination, ProbeResult, RowProbes
from refine_core.unseen import show_unseen

ANSWER_CHARACTERS: Final = 24
ROWS_LOOKED_AT: Final = 1_000  # right answers are of the first rows
ALL: Final = "all"
_KEY: Final = static_key("right-answer")
ShownProbe = tuple[RowProbes, ProbeResult]
"""A text, and the right answer that it was made from."""


@dataclass(frozen=True, slots=True)
class Probes:
    """What was tried, of one right answer or of all. paid, refused: the two lists, each kind of text once.

    lead: what the texts begin with, where they are all of one form. varied: whether the right answer was written in other ways at all,
    which nobody can do for a whole output that somebody called good.
    """

    paid: Sequence[ShownProbe]
    refused: Sequence[ShownProbe]
    lead: str
    varied: bool = True


def find_probes(examination: Examination) -> Probes | None:
    """The probes of the right answer that is chosen; None where none was tried."""
    tried = _list_tried(examination)
    if not tried:
        return None
    chosen = _read_choice(examination)
    rows = tried if chosen is None else [chosen]
    leads = {_lead(one) for one in rows}
    paid = [(row, one) for row in rows for one in row.paid_for_nothing]
    refused = [(row, one) for row in rows for one in row.refused]
    return Probes(
        _once(sorted(paid, key=lambda pair: -(pair[1].share or 0.0))),
        _once(sorted(refused, key=lambda pair: pair[1].share or 0.0)),
        leads.pop() if len(leads) == 1 else "",
        varied=any(one.claim == "right" for row in rows for one in row.results),
    )


def _once(found: Iterable[ShownProbe]) -> list[ShownProbe]:
    """Each kind of text once, the first of them."""
    kinds: dict[str, ShownProbe] = {}
    for row, one in found:
        kinds.setdefault(one.name, (row, one))
    return list(kinds.values())


def choose_right_answer(bench: Bench, examination: Examination) -> None:
    """The select, with the row and the answer of each."""
    tried = _list_tried(examination)
    names = _name_rows(bench, tried)
    options = [*([ALL] if len(tried) > 1 else []), *names]
    if st.session_state.get(_KEY) not in options:
        st.session_state[_KEY] = options[0]
    narrow = is_narrow()
    with st.container(
        horizontal=True, wrap=False, vertical_alignment="center", horizontal_alignment="right", gap="xsmall"
    ):
        if not narrow:  # where the choice says it, too
            st.caption("right answer for the probes", width="content")
        st.selectbox(
            "Right answer for the probes", options, key=_KEY, width="stretch" if narrow else 168, label_visibility="collapsed",
            format_func=lambda key: f"all {len(tried)} right answers" if key == ALL else names[key],
        )  # fmt: skip


def _list_tried(examination: Examination) -> list[RowProbes]:
    return [one for one in examination.probes if one.results]


def _read_choice(examination: Examination) -> RowProbes | None:
    """The probes of one row; None for those of all."""
    tried = _list_tried(examination)
    if len(tried) == 1:
        return tried[0]
    chosen = st.session_state.get(_KEY, ALL)
    return next((one for one in tried if one.right.row.id == chosen), None)


def _name_rows(bench: Bench, tried: Sequence[RowProbes]) -> dict[str, str]:
    """Id of a row -> "row 1: 1250"."""
    places = {row.id: i for i, row in reversed(list(enumerate(islice(bench.rows, ROWS_LOOKED_AT))))}
    names = {}
    for one in tried:
        row = one.right.row
        position = places.get(row.id)
        number, noun = row.id, "row"
        if position is not None:
            source, place = bench.find_source(position)
            number, noun = row_number(row, place), "row" if source.timeline is None else "attempt"
        elif read_case_set().find(row.id) is not None:
            number, noun = "", "case"
        place_of = f"{noun} {number}".rstrip()
        names[row.id] = f"{place_of}: {show_unseen(one_line(one.right.text, ANSWER_CHARACTERS))}"
    return names


def _lead(probes: RowProbes) -> str:
    form = probes.form
    return f"{form.lead}{form.thought}{form.middle}"
