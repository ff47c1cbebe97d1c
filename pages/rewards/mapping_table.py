"""The parts of the mapping dialog: a line a column, the first row as it will be read, and rows that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.rewards.fields import static_key
from pages.shared.text import escape_markdown, one_line
from pages.shared.viewport import is_narrow
from refine_core.formatting import pluralize
from refine_core.rows import ROLES, MappingQuestion, Problem, Role, Row
from refine_core.runs import format_value

MAX_COLUMNS: Final = 60  # that are drawn; the others are left out
FIRST_CHARACTERS: Final = 90
VALUE_CHARACTERS: Final = 160
PROBLEMS_SHOWN: Final = 5
PAIR: Final = (34, 66)
WIDTHS: Final = (13, 36, 17, 34)
BECOMES: Final = "Becomes"
TITLES: Final = ("Column", "First value", BECOMES, "Why")
ROLE_WORDS: Final = {"part": "part of the reward", "id": "name of the row", "reward": "recorded reward"}
ROLE_HELP: Final = """
- **input**, **output**, **expected**: what the model was given, what it answered, the right answer
- **group**: rows with the same value belong together
- **recorded reward**, **part of the reward**: numbers from another scoring
- **label**: a person's verdict
- **feedback**: the reason for the recorded reward
"""


def draw_columns(question: MappingQuestion, number: int) -> dict[str, Role]:
    """A line a column with what it becomes; returns what was chosen. number: of the file, for the keys of its widgets."""
    narrow = is_narrow()
    if not narrow:
        for place, title in zip(st.columns(WIDTHS, gap="small"), TITLES, strict=True):
            place.caption(title, help=ROLE_HELP if title == BECOMES else None)
    choices: dict[str, Role] = {}
    with st.container(gap="medium" if narrow else "xsmall"):
        for i, guess in enumerate(question.columns[:MAX_COLUMNS]):
            name = f"**{escape_markdown(guess.column)}**"
            value = escape_markdown(one_line(guess.first, FIRST_CHARACTERS)) or "\N{EN DASH}"
            if narrow:
                place = st.container(gap="xxsmall")
                place.markdown(f"{name}  \n:gray[{value}]")
                becomes, why = place, place
            else:
                column, first, becomes, why = st.columns(WIDTHS, gap="small", vertical_alignment="center")
                column.markdown(name)
                first.markdown(f":gray[{value}]")
            with becomes:
                role = st.selectbox(
                    f"What {escape_markdown(guess.column)} becomes",
                    ROLES,
                    index=None if guess.role is None else ROLES.index(guess.role),
                    format_func=lambda role: ROLE_WORDS.get(role, role),
                    placeholder="Choose",
                    key=static_key("role", number, i),
                    label_visibility="collapsed",
                )
            if role is not None and role != guess.role:
                choices[guess.column] = role
                why.markdown(":gray[chosen by you]")
            elif guess.role is None:
                why.markdown(f":orange[{escape_markdown(guess.reason)}]")
            else:
                why.markdown(f":gray[{escape_markdown(guess.reason)}]")
    others = question.columns[MAX_COLUMNS:]
    if others:
        st.caption(f"{pluralize(len(others), 'more column')} left out.")
        choices |= dict.fromkeys((guess.column for guess in others), "leave out")
    return choices


def draw_row(row: Row | None, waiting: Sequence[str] = ()) -> None:
    """The first row by what its values are. waiting: columns that nobody has said anything of."""
    st.markdown("**Row 1, as it will be read**")
    lines: list[tuple[str, str, str]] = []
    if row is not None:
        for role, values in (("input", row.inputs), ("output", row.prediction), ("expected", row.expected)):
            lines += [(role, name, format_value(value)) for name, value in values.items()]
        lines += [("part", name, f"{value:g}") for name, value in row.parts.items()]
        single = {
            "group": row.group,
            "reward": None if row.reward is None else f"{row.reward:g}",
            "label": row.label,
            "feedback": row.feedback or None,
        }
        lines += [(role, "", value) for role, value in single.items() if value is not None]
    pairs = [
        (
            f"{escape_markdown(name)} :gray[{role}]" if name else f":gray[{role}]",
            escape_markdown(one_line(value, VALUE_CHARACTERS)),
        )
        for role, name, value in lines
    ]
    pairs += [(escape_markdown(column), ":orange[waits for your choice]") for column in waiting]
    _draw_pairs(pairs)


def draw_problems(problems: Sequence[Problem], total: int) -> None:
    """Rows that cannot be read, the first of them with their reasons."""
    if not total:
        return
    st.markdown(f"**{pluralize(total, 'row')} cannot be read**")
    _draw_pairs(
        [
            (f":gray[{escape_markdown(p.place)}]", escape_markdown(one_line(p.message, VALUE_CHARACTERS)))
            for p in problems[:PROBLEMS_SHOWN]
        ]
    )
    if total > PROBLEMS_SHOWN:
        st.caption(f"and {pluralize(total - PROBLEMS_SHOWN, 'more row')}")
    st.caption("They are left out.")


def _draw_pairs(pairs: Sequence[tuple[str, str]]) -> None:
    """A name and a value a line, both of them markdown already."""
    with st.container(gap="xxsmall"):
        for name, text in pairs:
            value = text or ":gray[empty]"
            if is_narrow():
                st.markdown(f"{name}  \n{value}")
                continue
            left, right = st.columns(PAIR, gap="small")
            left.markdown(name)
            right.markdown(value)
