"""What the reward is read as, and how a person says otherwise: its shape, its functions with weights, its arguments.

draw_shape(bench)       the line above the editor, and "Change"
draw_question(bench)    which argument is what, where the names do not tell
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import streamlit as st

from pages.rewards import draft
from pages.rewards.bench import Bench
from pages.rewards.fields import static_key
from pages.shared.text import escape_markdown, one_line
from refine_core import workbench
from refine_core.errors import RewardError
from refine_core.formatting import pluralize
from refine_core.runs import format_value
from refine_core.workbench import ROLES, SHAPES, ArgumentQuestion, Reading, Recognized, Row

RECOGNIZE: Final = "Recognize it from its parameters"
QUESTION: Final = "Which argument is what?"
SAMPLE_CHARACTERS: Final = 42
IN_A_ROW: Final = 3


def draw_shape(bench: Bench) -> None:
    """One line: what it is read as, or what is wrong with it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=static_key("shape")):
        st.markdown(
            f":small[{_describe(bench)}]", width="content" if bench.recognized else "stretch", wrap=False
        )
        if bench.recognized is not None:
            with st.popover(":blue[Change]", type="tertiary"), st.container(width=360, gap="small"):
                _draw_change(bench)


def draw_question(bench: Bench) -> bool:
    """A row of selects, one for each argument that names do not tell, with a value of the first row below each.

    They stay when all are answered, so that an answer can be changed. Returns whether there are any.
    """
    asked = _read_asked(bench)
    if asked is None:
        return False
    function, names, message, suggestions = asked
    roles = draft.reading().arguments
    columns = sorted(workbench.list_columns(bench.rows))
    choices = {**ROLES, **{f"column:{name}": name for name in columns}}
    message = message.replace(f"{QUESTION} ", "")  # it stands above
    st.markdown(f"**{QUESTION}**  \n:small[:gray[{escape_markdown(message)}]]")
    row = bench.rows[0] if bench.rows else None
    for start in range(0, len(names), IN_A_ROW):
        places = st.columns(IN_A_ROW, gap="small")
        for place, name in zip(places, names[start : start + IN_A_ROW], strict=False):
            key = static_key("role", draft.revision(), function, name)
            if key not in st.session_state and (chosen := roles.get(name)) in choices:
                st.session_state[key] = chosen
            suggested = suggestions.get(name)
            hint = f"Perhaps {choices[suggested]}" if suggested in choices else "Choose"
            with place, st.container(gap="xxsmall"):
                role = st.selectbox(
                    _mono(name),
                    list(choices),
                    index=None,
                    key=key,
                    format_func=choices.__getitem__,
                    placeholder=hint,
                    on_change=_record_role,
                    args=(name, key),
                )
                st.caption(escape_markdown(_sample(row, role or suggested)))
    return True


def _read_asked(bench: Bench) -> tuple[str, list[str], str, Mapping[str, str]] | None:
    """The function that is asked about, its arguments in their order, the question, and what names suggest; None for none."""
    match bench.recognized:
        case ArgumentQuestion() as question:
            answered = [name for name in draft.reading().arguments if name not in question.parameters]
            names = [*answered, *question.parameters]
            start = max(0, bench.code.find(question.function))
            found = {name: re.search(rf"\b{re.escape(name)}\b", bench.code[start:]) for name in names}
            ordered = sorted(
                (name for name in names if found[name]),
                key=lambda name: found[name].start(),  # type: ignore[union-attr]  # found
            )
            return question.function, ordered, question.message, question.suggestions
        case Recognized() as recognized:
            for one in recognized.functions:
                if one.arguments:
                    names = [name for name in one.parameters if name in one.arguments]
                    return one.name, names, f"{one.name} gets what you chose here.", {}
    return None


def _record_role(name: str, key: str) -> None:
    now, role = draft.reading(), st.session_state[key]
    arguments = {one: old for one, old in now.arguments.items() if one != name}
    if role:
        arguments[name] = role
    draft.record_reading(replace(now, arguments=arguments))


def _sample(row: Row | None, role: str | None) -> str:
    """What this argument is in the first row."""
    if row is None or role is None:
        return ""
    everything = {**row.inputs, **row.expected}
    values: dict[str, object] = {
        "output": next(iter(row.prediction.values()), None),
        "expected": next(iter(row.expected.values()), None),
        "input": next(iter(row.inputs.values()), None),
        "inputs": ", ".join(everything),
        "outputs": ", ".join(row.prediction),
        "nothing": None,
    }
    value = everything.get(role.removeprefix("column:")) if role.startswith("column:") else values.get(role)
    return "row 1 has none" if value is None else f"row 1: {one_line(format_value(value), SAMPLE_CHARACTERS)}"


def _draw_change(bench: Bench) -> None:
    """What a person can say: the shape, the weights of several functions."""
    now = draft.reading()
    key = static_key("say-shape", draft.revision(), now.shape)
    st.session_state.setdefault(key, now.shape if now.shape in SHAPES else "")
    st.selectbox(
        "Read the reward as",
        ["", *SHAPES],
        key=key,
        format_func=lambda shape: SHAPES[shape] if shape else RECOGNIZE,
        on_change=lambda: draft.record_reading(Reading(shape=st.session_state[key] or "")),
    )
    recognized = bench.recognized
    if isinstance(recognized, ArgumentQuestion) or recognized is None:
        return
    if len(recognized.functions) > 1:
        _draw_weights(recognized, now)


def _draw_weights(recognized: Recognized, now: Reading) -> None:
    st.markdown("**Weights** :gray[the score is the weighted sum of the parts]")
    for one in recognized.functions:
        key = static_key("weight", draft.revision(), one.name)
        st.session_state.setdefault(key, float(one.weight))

        def record_weight(name: str = one.name, key: str = key) -> None:
            weights = {each.name: each.weight for each in recognized.functions}
            draft.record_reading(replace(now, weights={**weights, name: st.session_state[key]}))

        st.number_input(escape_markdown(one.name), key=key, step=0.1, on_change=record_weight)


def _describe(bench: Bench) -> str:
    error = bench.error
    if isinstance(error, RewardError):
        where = f"Line {error.line}: " if error.line is not None else ""
        message = f"{error.message[:1].upper()}{error.message[1:]}"
        return f":red[{escape_markdown(f'{where}{message}')}]"
    if error is not None:
        return f":red[{escape_markdown(str(error))}]"
    match bench.recognized:
        case Recognized() as recognized:
            line, _, names = workbench.describe_shape(recognized).partition(": ")
            line = line.removeprefix("Read as ")
            return f"Read as **{escape_markdown(line)}**" + (f": {_mono(names)}" if names else "")
        case ArgumentQuestion() as question:
            return f"{_mono(question.function)} needs {pluralize(len(question.parameters), 'answer')} below"
        case _:
            return "Write a function here, or paste one."


def _mono(names: str) -> str:
    """Names of parameters, set as code where nothing in them could end that."""
    return f"`{names}`" if "`" not in names and names.isprintable() else escape_markdown(names)
