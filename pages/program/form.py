"""What is to be run: which program of the file, its inputs, the reward, N and threshold, and a model where the file sets none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import streamlit as st

from pages.program.draft import put_values
from pages.program.fields import MODEL, PRACTICE, PROGRAM, field_key, input_key, setting_key, static_key
from pages.shared import address
from pages.shared.choice import choose
from pages.shared.editor import Mark, editor
from pages.shared.text import capitalize, escape_markdown, one_line, show_error
from pages.shared.value_input import describe_input, draw_value
from refine_core import connections, program_files
from refine_core.errors import Problem, StoreError
from refine_core.glossary import GLOSSARY
from refine_core.program_files import OWN, TYPED, Description, ProgramEntry, RunRequest, Snapshot
from refine_core.programs import FormInput, ModelSpec

_NAME_AND_VALUE = (18, 82)
_SETTINGS = (30, 22, 48)
_STRATEGIES: Final = {"refine": "Refine", "best_of_n": "Best of N"}
_SAVED: Final = "saved:"
_TRIED: Final = static_key("tried")  # the problems of the last press on Run
_LAST: Final = static_key("last-reward")
_EMPTY: Final = "def reward(args, pred):\n    return 1.0\n"
_EDITOR_HEIGHT: Final = "12rem"
_EXAMPLE_CHARACTERS: Final = 70


@dataclass(frozen=True, slots=True)
class Filled:
    """The form as it stands: a request, or what is wrong. model: what is chosen where the file sets none."""

    program: ProgramEntry
    request: RunRequest | None
    problems: list[Problem]
    model: ModelSpec | None


def read_form(description: Description) -> Filled | None:
    """What is typed; None while the file defines nothing to run."""
    state = st.session_state
    program = description.find_program(str(state.get(field_key(PROGRAM), "")))
    if program is None:
        return None
    values = {
        one.name: state.get(input_key(program, one.name, one.kind))
        for one in program_files.list_inputs(program)
    }
    model = _read_model(program)
    request, problems = program_files.read_request(
        description,
        program,
        reward=state.get(setting_key(program, "reward")) or "",
        strategy=state[setting_key(program, "strategy")],
        n=state.get(setting_key(program, "n")),
        threshold=str(state.get(setting_key(program, "threshold")) or ""),
        inputs=values,
        model=model,
        source=str(state.get(setting_key(program, "typed")) or ""),
    )
    return Filled(program, request, problems, model)


def draw_form(shown: Snapshot) -> bool:
    """Draw it; nothing where the file was never read. Returns whether Ctrl-Enter was pressed in one of its texts."""
    description = shown.description
    filled = read_form(description) if description is not None else None
    if description is None or filled is None:
        if shown.state == "starting":
            st.caption(
                "What the file defines stands here once it is imported: its programs, inputs and rewards."
            )
        return False
    if len(description.programs) > 1:
        st.selectbox(
            "Program",
            [one.name for one in description.programs],
            format_func=lambda name: _name_program(description, name),
            key=field_key(PROGRAM),
            persist_state="session",
        )
    else:
        st.caption(f"Program: {escape_markdown(_name_program(description, filled.program.name))}")
    entered = _draw_inputs(description, filled)
    entered |= _draw_reward(description, filled)
    _draw_settings(filled)
    if not filled.program.model:
        _draw_model(filled)
    return entered


def note_refusal(filled: Filled) -> None:
    """Show from now on what is missing, as Run was pressed."""
    st.session_state[_TRIED] = filled.program.name


def _draw_inputs(description: Description, filled: Filled) -> bool:
    """Returns whether Ctrl-Enter was pressed in one of them."""
    program, entered = filled.program, False
    asked = program_files.list_inputs(program)
    if not asked:
        st.caption("It takes no inputs.")
    for one in asked:
        problems = _list_problems(filled, f"inputs.{one.name}")
        name, value = st.columns(_NAME_AND_VALUE, gap="xsmall", vertical_alignment="center")
        with name:
            st.caption(escape_markdown(one.name), help=describe_input(one))
        with value:
            marks = [Mark(_sentence(each), each.line, each.column) for each in problems]
            drawn = draw_value(one, key=input_key(program, one.name, one.kind), problems=marks)
        entered |= bool(drawn)
        if drawn is None:
            _show_problems(filled, f"inputs.{one.name}")
    needed = {one.name for one in asked if not one.optional}
    examples = [one for one in description.examples if needed <= one.values.keys()]
    if len(examples) > 1:
        with st.popover(
            "Inputs from the file", key=static_key("examples"), type="tertiary", icon=":material/list:"
        ):
            for place, example in enumerate(examples):
                words = ", ".join(str(value) for value in example.values.values())
                st.button(
                    escape_markdown(f"{example.label}: {one_line(words, _EXAMPLE_CHARACTERS)}"),
                    key=static_key("example", place),
                    type="tertiary",
                    on_click=put_values,
                    args=(program, dict(example.values)),
                )
    return entered


def _draw_reward(description: Description, filled: Filled) -> bool:
    """Returns whether Ctrl-Enter was pressed in one that is typed."""
    program = filled.program
    key = setting_key(program, "reward")
    st.selectbox(
        "Reward",
        [*description.list_rewards(program), TYPED],
        format_func=lambda name: _name_reward(description, name),
        key=key,
        persist_state="session",
        help=GLOSSARY["reward"],
    )
    if st.session_state.get(key) != TYPED:
        st.session_state[_LAST] = st.session_state.get(key)
        _show_problems(filled, "reward")
        return False
    typed = setting_key(program, "typed")
    if not st.session_state.get(typed):  # it begins with the reward that was chosen before
        chosen = st.session_state.get(_LAST)
        entry = next((one for one in description.rewards if one.name == chosen), None)
        st.session_state[typed] = entry.source if entry is not None and entry.source else _EMPTY
    edited = editor(
        str(st.session_state[typed]),
        key=static_key("reward", program.name),
        label="Reward",
        problems=program_files.check_typed,
        height=_EDITOR_HEIGHT,
        look="bare",
        store=typed,
    )
    missing = "The file has no function of two arguments, so type the reward here. "
    words = "It runs in the sandbox, as a reward in the Lab does, and not in the process of the file."
    st.caption(words if description.list_rewards(program) else f"{missing}{words}")
    if st.session_state.get(_TRIED) == program.name:  # until then, the mark in the text is enough
        _show_problems(filled, "reward")
    return edited.run


def _draw_settings(filled: Filled) -> None:
    program = filled.program
    attempts, threshold, strategy = st.columns(_SETTINGS, gap="xsmall", vertical_alignment="bottom")
    with attempts:
        st.number_input(
            "Max attempts (N)", key=setting_key(program, "n"), step=1, min_value=1, persist_state="session"
        )
    with threshold:
        st.text_input(
            "Threshold",
            key=setting_key(program, "threshold"),
            placeholder="none" if program.library == "refine_core" else "a number",
            persist_state="session",
            help=GLOSSARY["threshold"],
        )
    with strategy:
        choose("Strategy", _STRATEGIES, key=setting_key(program, "strategy"))
    for field in ("N", "threshold"):
        _show_problems(filled, field)


def _draw_model(filled: Filled) -> None:
    """The file sets no model: one of the app's is given to it."""
    choices = _list_models(filled.program)
    st.selectbox(
        "Model",
        ["", *choices],
        format_func=lambda name: _name_model(name) if name else "Choose one",
        key=field_key(MODEL),
        persist_state="session",
        help="The file sets no model, so one of the app's is given to it. To set one in the file: "
        + ("dspy.configure(lm=dspy.LM(…))." if filled.program.library == "dspy" else "configure(lm=LM(…))."),
    )
    if not choices:
        st.page_link(address.MODELS, label="Add a connection", icon=":material/lan:")
    _show_problems(filled, "model")


def _list_models(program: ProgramEntry) -> dict[str, ModelSpec]:
    """What can answer. The practice model speaks to programs of this library alone."""
    try:
        saved = {f"{_SAVED}{one.name}": one.model for one in connections.list_connections()}
    except StoreError:  # the page says so elsewhere
        saved = {}
    return ({PRACTICE: ModelSpec()} if program.library == "refine_core" else {}) | saved


def _read_model(program: ProgramEntry) -> ModelSpec | None:
    if program.model:
        return None
    return _list_models(program).get(str(st.session_state.get(field_key(MODEL)) or ""))


def _name_model(name: str) -> str:
    return "Practice model" if name == PRACTICE else escape_markdown(name.removeprefix(_SAVED))


def _name_program(description: Description, name: str) -> str:
    program = description.find_program(name)
    if program is None:
        return name
    model = f" · model {program.model}" if program.model else ""
    line = f" · line {program.line}" if program.line else ""
    return f"{program.name} · {program.kind}{line}{model}"


def _name_reward(description: Description, name: str) -> str:
    if name == OWN:
        return "its own"
    if name == TYPED:
        return "Another one, typed here"
    entry = next((one for one in description.rewards if one.name == name), None)
    if entry is None:
        return name
    return " · ".join(filter(None, [name, f"line {entry.line}" if entry.line else "", entry.summary]))


def _list_problems(filled: Filled, field: str) -> list[Problem]:
    """Those of a field. What was never filled in is no error before Run was pressed."""
    if st.session_state.get(_TRIED) != filled.program.name and not _is_filled(filled, field):
        return []
    return [one for one in filled.problems if one.field == field]


def _is_filled(filled: Filled, field: str) -> bool:
    name = field.removeprefix("inputs.")
    if field == "model":
        return False
    if name == field:
        return True
    one = next((each for each in program_files.list_inputs(filled.program) if each.name == name), None)
    return one is not None and bool(str(_value_of(filled.program, one) or "").strip())


def _value_of(program: ProgramEntry, one: FormInput) -> object:
    return st.session_state.get(input_key(program, one.name, one.kind))


def _show_problems(filled: Filled, field: str) -> None:
    for problem in _list_problems(filled, field):
        show_error(_sentence(problem))


def _sentence(problem: Problem) -> str:
    where = f" (line {problem.line})" if problem.line else ""
    return f"{capitalize(problem.message).rstrip('.')}{where}."
