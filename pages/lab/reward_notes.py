"""What reading the reward notes: patterns that often pay wrongly, and may well be meant so. A quiet list beside the reward."""

from __future__ import annotations

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.lab.reward_source import replace_reward
from pages.shared.text import escape_markdown
from refine_core import programs
from refine_core.formatting import pluralize


def draw_notes(form: FormState) -> None:
    """The list, with a button for each fix that is one edit; nothing where there is no note."""
    notes = [one for one in form.findings if one.severity == "note"]
    if not notes:
        return
    with (
        st.popover(f":gray[{pluralize(len(notes), 'note')}]", type="tertiary", key=static_key("notes")),
        st.container(gap="small", width=380),
    ):
        st.caption("Patterns that often pay wrongly. If one is meant so, leave it.")
        for place, note in enumerate(notes):
            with st.container(gap="xxsmall"):
                where = f"**Line {note.line}** " if note.line is not None else ""
                st.markdown(f"{where}{escape_markdown(note.message)}")
                if note.fix is not None:
                    st.button(
                        f":blue[{escape_markdown(note.fix.label)}]",
                        key=static_key("notes", "fix", place),
                        type="tertiary",
                        on_click=_apply,
                        args=(form.spec.reward, note.fix),
                    )


def _apply(source: str, fix: programs.Fix) -> None:
    replace_reward(programs.apply_fix(source, fix))
