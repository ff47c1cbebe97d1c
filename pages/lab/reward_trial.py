"""Try the reward on an output: type the output's fields, press Score it, read the score with its parts."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import streamlit as st

from pages.lab.fields import field_key, static_key
from pages.lab.form_state import FormState
from pages.shared.editor import text_field
from pages.shared.isolation import why_code_is_refused
from pages.shared.text import escape_markdown, show_error, show_output
from refine_core import runs
from refine_core.formatting import format_score
from refine_core.runs import RewardTrial

_WORKERS = ThreadPoolExecutor(2, thread_name_prefix="reward-trial")
_POLL_S = 0.3
_TRIAL = static_key("trial")
_NAME_AND_VALUE = (18, 82)


def try_reward_form(form: FormState) -> None:
    """The fields, and below them the last score. Ctrl-Enter in one of them scores, too."""
    entered = False
    fields = runs.list_trial_fields(form.spec)
    for name, kind in fields.items():
        label, value = st.columns(_NAME_AND_VALUE, gap="xsmall", vertical_alignment="center")
        label.caption(escape_markdown(name))
        with value:
            entered |= text_field(
                f"Output {name}",
                key=field_key("trial", name),
                placeholder="Type or paste one" if kind == "str" else kind,
            )
    st.button("Score it", key=static_key("score-it"), on_click=_start, args=(form, tuple(fields)))
    if entered:
        _start(form, tuple(fields))
    _watch()


def _start(form: FormState, names: tuple[str, ...]) -> None:
    typed = {name: str(st.session_state.get(field_key("trial", name)) or "") for name in names}
    if refused := why_code_is_refused():
        done: Future[RewardTrial] = Future()
        done.set_result(RewardTrial(error=refused))
        st.session_state[_TRIAL] = done
        return
    st.session_state[_TRIAL] = _WORKERS.submit(runs.try_reward, form.spec, typed)


def _watch() -> None:
    """Show the result as soon as it is there; the rest of the page is not drawn again for it."""
    trial: Future[RewardTrial] | None = st.session_state.get(_TRIAL)
    waits = trial is not None and not trial.done()

    @st.fragment(run_every=_POLL_S if waits else None)
    def result() -> None:
        now: Future[RewardTrial] | None = st.session_state.get(_TRIAL)
        if now is None:
            st.caption("No model is asked. The reward runs in its sandbox, with the inputs of the form.")
        elif not now.done():
            st.caption("Scoring …")
        elif waits:
            st.rerun()  # so that it is no longer asked for
        else:
            _show(now.result())

    result()


def _show(trial: RewardTrial) -> None:
    if trial.error:
        where = f"Line {trial.line}: " if trial.line is not None else ""
        show_error(f"{where}{trial.error}")
    else:
        parts = "".join(f" · {escape_markdown(name)} {format_score(v)}" for name, v in trial.parts.items())
        st.markdown(f"**Reward {format_score(trial.value)}**{parts}")
        if trial.feedback:
            st.caption(escape_markdown(f"Feedback: {trial.feedback}"))
    if trial.stdout:
        show_output(trial.stdout, "What the reward printed", key=static_key("trial", "printed"))
