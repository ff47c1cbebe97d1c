"""Which row is under X-ray, and which beside it: the selects beside the tabs, and the address ?row=&beside=."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.board import first_listed, row_number
from pages.rewards.fields import static_key
from pages.shared.query import write
from pages.shared.text import one_line
from pages.shared.viewport import is_narrow
from refine_core.unseen import show_unseen

PICKED_FROM: Final = 300  # rows; of more, their number is typed
_ROW, _BESIDE = static_key("xray-row"), static_key("xray-beside")
_NOTHING: Final = -1


@dataclass(frozen=True, slots=True)
class Choice:
    """Positions of the rows that are looked at, from 0. beside: None for none."""

    row: int
    beside: int | None

    @property
    def positions(self) -> tuple[int, ...]:
        """The one, or both."""
        return (self.row,) if self.beside is None else (self.row, self.beside)


def draw_bar(bench: Bench) -> None:
    """Which row is looked at, and which beside it."""
    if not bench.rows:
        return
    choice = read_choice(bench)
    narrow = is_narrow()
    with st.container(
        horizontal=True,
        wrap=not narrow,
        vertical_alignment="center",
        horizontal_alignment="left" if narrow else "right",
        gap="xsmall",
    ):
        if narrow:
            _pick(bench, choice.row, _ROW, "Row", write_row, other=None)
            last = len(bench.rows) - 1
            for text, by in (("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", -1), ("\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", 1)):  # fmt: skip
                st.button(
                    text,
                    key=static_key("xray-step", by),
                    help="The row before" if by < 0 else "The next row",
                    disabled=not 0 <= choice.row + by <= last,
                    on_click=write_row,
                    args=(choice.row + by,),
                )
        else:
            _pick_two(bench, choice)
    if narrow and choice.beside is not None:  # an address brought it along: it can be changed and left
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="xsmall"):
            st.caption("beside", width="content")
            _pick(bench, choice.beside, _BESIDE, "Beside", _write_beside, other=choice.row)


def _pick_two(bench: Bench, choice: Choice) -> None:
    st.caption("Row", width="content")
    _pick(bench, choice.row, _ROW, "Row", write_row, other=None)
    if len(bench.rows) > 1:
        st.caption("beside", width="content")
        chosen = _NOTHING if choice.beside is None else choice.beside
        _pick(bench, chosen, _BESIDE, "Beside", _write_beside, other=choice.row)


def read_choice(bench: Bench) -> Choice:
    """The rows that the address names; else the first that is listed in Scores."""
    count = len(bench.rows)
    row = fields.read_row()
    if row is None or not 0 <= row < count:
        row = first_listed(bench, fields.read_only())
    beside = fields.read_beside()
    return Choice(row, beside if beside is not None and 0 <= beside < count and beside != row else None)


def _pick(
    bench: Bench, chosen: int, key: str, label: str, take: Callable[[int], None], *, other: int | None
) -> None:
    """A select of rows; where there are very many, a field for the number."""
    count = len(bench.rows)
    if count > PICKED_FROM:
        st.session_state[key] = chosen + 1
        st.number_input(
            label if other is None else f"{label}, 0 for none",
            min_value=1 if other is None else 0,
            max_value=count,
            key=key,
            width=130,
            label_visibility="collapsed",
            on_change=lambda: take(st.session_state[key] - 1),
        )
        return
    # The same options always: of others, a choice that comes late would be text.
    options = [*([] if other is None else [_NOTHING]), *range(count)]
    st.session_state[key] = chosen if chosen in options else options[0]

    def changed() -> None:
        if isinstance(position := st.session_state[key], int):
            take(position)

    st.selectbox(
        label, options, key=key, width="stretch" if is_narrow() else 210, label_visibility="collapsed", on_change=changed,
        format_func=lambda position: "nothing" if position == _NOTHING else show_unseen(_name(bench, position, whole=True)),
    )  # fmt: skip


def write_row(position: int) -> None:
    """Have the row at this position looked at, from its own call on."""
    fields.write_row(position)
    write("call", None)
    if fields.read_beside() == position:
        fields.write_beside(None)


def _write_beside(position: int) -> None:
    fields.write_beside(None if position in (_NOTHING, fields.read_row()) else position)
    write("call", None)


def name_rows(bench: Bench, choice: Choice) -> list[str]:
    """What the rows are called, such as Attempt 2; with their sources where they have different ones."""
    apart = len({id(bench.find_source(one)[0]) for one in choice.positions}) > 1
    return [_name(bench, one, whole=apart) for one in choice.positions]


def _name(bench: Bench, position: int, *, whole: bool) -> str:
    """Name a row, such as Attempt 2; whole: with its source."""
    source, place = bench.find_source(position)
    number = row_number(bench.rows[position], place)
    noun = "attempt" if source.timeline is not None else "row"
    if whole and len(bench.sources) > 1:
        return f"{one_line(source.title, 24)}, {noun} {number}"
    return f"{noun.capitalize()} {number}"
