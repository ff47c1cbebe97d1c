"""One thing to change, in the dialog Fork: a hint, the temperature, the reward, the threshold or a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from pages.run.fork.form import ForkForm, name_stage
from pages.run.model_choice import AS_RECORDED, choose_model
from pages.shared import address
from pages.shared.choice import choose
from pages.shared.editor import editor, text_field
from pages.shared.text import escape_markdown
from pages.shared.web import EDIT, import_script, read_styles
from refine_core import programs
from refine_core.differences import diff_words
from refine_core.formatting import format_score, format_temperature, join_words, pluralize
from refine_core.hints import is_hint
from refine_core.unseen import show_unseen

CHANGES: Final[Mapping[str, str]] = {
    "hint": "Hint",
    "temperature": "Temperature",
    "reward": "Reward",
    "threshold": "Threshold",
    "model": "Model",
    "program": "Program",
    "inputs": "Inputs",
}
ELSEWHERE: Final = ("program", "inputs")
HINT_LINES: Final = 5
_WRITERS: Final = {
    "adviser": "As the adviser wrote it.",
    "person": "As it was edited by hand.",
    "reward": "As recorded.",
}
_edit = st.components.v2.component(
    "refinescope.edit", js=import_script(EDIT), css=read_styles(EDIT, root=".edit")
)


def draw_change(form: ForkForm) -> bool:
    """The choice of what is changed, and its field; whether Ctrl+Enter was pressed in it."""
    key = form.key("change")
    changed = form.changed()
    st.session_state.setdefault(key, form.get("change", "hint"))
    if st.session_state[key] not in CHANGES:
        st.session_state[key] = "hint"
    with st.container(gap="xxsmall"):
        st.markdown(":small[Change]")
        choose(
            "What to change",
            {name: f"{title} ●" if name in changed else title for name, title in CHANGES.items()},
            key=key,
        )
    chosen = str(st.session_state[key])
    form.set("change", chosen, "hint")
    return _FIELDS[chosen](form)


def _draw_hint(form: ForkForm) -> bool:
    """The hint of each predictor, with what the edit changes in it."""
    names = form.predictors()
    key = form.key("predictor")
    if st.session_state.get(key) not in names:
        hinted = [name for name in names if form.recorded_hint(name)]
        st.session_state[key] = (hinted or list(names))[0]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(
            f":small[Hint for attempt {form.first}{'' if len(names) > 1 else f', to {escape_markdown(name_stage(names[0]))}'}]"
        )
        if len(names) > 1:
            choose(
                "Which predictor gets the hint",
                {name: escape_markdown(name_stage(name)) for name in names},
                key=key,
            )
    name = str(st.session_state[key])
    recorded = form.recorded_hint(name)
    if not is_hint(recorded) and form.timeline.spec.hint_source == "none":
        st.caption(
            "This run used no hints. A hint that you write here reaches the first new attempt and stays in force."
        )
    field = form.key(f"hint.{form.first}.{name}")
    st.session_state.setdefault(field, form.hint(name))
    pressed = text_field(
        f"Hint for {name_stage(name)} at attempt {form.first}",
        key=field,
        placeholder="No hint. Write one, or leave it empty.",
        max_lines=HINT_LINES,
    )
    typed = str(st.session_state[field])
    form.set(f"hint.{form.first}.{name}", typed, recorded)
    if typed != recorded:
        _draw_edit(form, name, recorded, typed)
    elif recorded:
        st.caption(_WRITERS[form.writer(name)])
    return pressed


def _draw_edit(form: ForkForm, name: str, recorded: str, typed: str) -> None:
    """The marks of an edit to a predictor's hint, and the way back."""
    field = form.key(f"hint.{form.first}.{name}")

    def restore() -> None:
        st.session_state[field] = recorded

    place = st.container(gap=None)
    if recorded and typed:
        pieces = diff_words(recorded, typed).pieces
        data = {
            "pieces": [[piece.kind, show_unseen(piece.text)] for piece in pieces],
            "caption": describe_edit([(piece.kind, piece.text) for piece in pieces]),
        }
        with place:
            _edit(key=f"{field}:edit", data=data, height="content")
    elif recorded:
        place.caption(f"Without the hint. It was: {escape_markdown(recorded)}")
    label = "Restore the adviser's hint" if recorded and form.writer(name) == "adviser" else "Restore"
    place.button(label, key=f"{field}:restore", on_click=restore, type="tertiary", icon=":material/undo:")


def describe_edit(pieces: list[tuple[str, str]]) -> str:
    """How many words an edit added, replaced and removed: "3 words added, 1 replaced"."""
    counts = {"added": 0, "replaced": 0, "removed": 0}
    gone = 0
    for kind, text in [*pieces, ("same", "")]:
        words = len(text.split())
        if kind == "removed":
            gone += words
        elif kind == "added":
            replaced = min(gone, words)
            counts["replaced"] += replaced
            counts["added"] += words - replaced
            gone -= replaced
        else:
            counts["removed"] += gone
            gone = 0
    said = [f"{count} {what}" for what, count in counts.items() if count]
    if not said:
        return ""
    number, what = said[0].split(" ", 1)
    return ", ".join([f"{pluralize(int(number), 'word')} {what}", *said[1:]])


def _draw_temperature(form: ForkForm) -> bool:
    recorded = form.recorded_temperature()
    if recorded is None:
        st.caption(
            "This model takes no temperature. A new attempt gets another rollout id, so it is asked anew."
        )
        return False
    _draw_text(
        form,
        f"temperature.{form.first}",
        f"Temperature of attempt {form.first}",
        format_temperature(recorded),
        "Only this attempt. Later ones follow the schedule.",
    )
    return False


def _draw_threshold(form: ForkForm) -> bool:
    old = form.timeline.spec.threshold
    _draw_text(
        form,
        "threshold",
        "Threshold",
        "" if old is None else programs.write_number(old),
        f"As recorded: {'none' if old is None else format_score(old)}. Empty: the branch never stops early.",
    )
    return False


def _draw_text(form: ForkForm, name: str, label: str, recorded: str, note: str) -> None:
    key = form.key(name)
    with st.container(width=260, gap="xxsmall"):
        st.text_input(label, form.get(name, recorded), key=key, live=True)
    form.set(name, str(st.session_state.get(key) or ""), recorded)
    st.caption(note)


def _draw_reward(form: ForkForm) -> bool:
    spec = form.timeline.spec
    state = editor(
        form.reward(),
        key=form.key("reward"),
        label="Reward",
        rev=int(st.session_state.get(form.key("reward:rev"), 0)),
        height="14rem",
        look="bare",
    )
    form.set("reward", state.code, spec.reward)
    if state.code == spec.reward:
        st.caption("The attempts that are kept are scored again with what you write here, without a call.")
    else:

        def restore() -> None:
            form.set("reward", spec.reward, spec.reward)
            st.session_state[form.key("reward:rev")] = (
                int(st.session_state.get(form.key("reward:rev"), 0)) + 1
            )

        st.button(
            "Restore the run's reward",
            key=form.key("reward:restore"),
            on_click=restore,
            type="tertiary",
            icon=":material/undo:",
        )
    return state.run


def _draw_model(form: ForkForm) -> bool:
    spec = form.timeline.spec
    names = {
        "model": spec.model.label,
        "adviser": "the program's model" if spec.adviser is None else spec.adviser.label,
    }
    titles = {"model": f"Model from attempt {form.first} on", "adviser": "Adviser"}
    roles = ["model", *(["adviser"] if spec.hint_source == "adviser" else [])]
    for column, role in zip(st.columns(2), roles, strict=False):
        with column:
            key = form.key(role)
            choose_model(titles[role], form.get(role, AS_RECORDED), names[role], key=key)
            form.set(role, st.session_state[key], AS_RECORDED)
    st.page_link(address.MODELS, label="Manage connections", icon=":material/lan:")
    return False


def _draw_elsewhere(what: str) -> bool:
    st.markdown(
        f"With other {what} no attempt can be kept: each would be another one. That is a run of its own, not a branch. "
        f"Change the {what} in the Lab; the new run keeps a link to this one."
    )
    return False


_FIELDS: Final[Mapping[str, Callable[[ForkForm], bool]]] = {
    "hint": _draw_hint,
    "temperature": _draw_temperature,
    "reward": _draw_reward,
    "threshold": _draw_threshold,
    "model": _draw_model,
    "program": lambda _: _draw_elsewhere("program"),
    "inputs": lambda _: _draw_elsewhere("inputs"),
}


def describe_changes(form: ForkForm) -> str:
    """What is changed, as a list: "the hint for extract and the temperature of attempt 3"."""
    words = {
        "hint": f"the hint for {join_words(form.hinted())}",
        "temperature": f"the temperature of attempt {form.first}",
        "reward": "the reward",
        "threshold": "the threshold",
        "model": "the model",
        "n": "the maximum of attempts",
    }
    return join_words([words[name] for name in form.changed()])
