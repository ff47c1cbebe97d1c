"""What an address of the page names and the store does not have: said above everything else, with a way to be done with it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages.rewards import fields
from pages.rewards.fields import static_key
from pages.shared.text import escape_markdown, one_line
from refine_core import workbench
from refine_core.formatting import pluralize

_REWARD, _RUNS = static_key("no-such-reward"), static_key("no-such-runs")
_NAMED: Final = 3
_CHARACTERS: Final = 60


def note_absent(*, reward: str = "", run_ids: tuple[str, ...] = ()) -> None:
    """Keep what the address asked for in vain, as it asks only once."""
    st.session_state[_REWARD], st.session_state[_RUNS] = reward, run_ids


def forget_absent_reward() -> None:
    """Another reward was opened: that one is no longer asked for."""
    st.session_state.pop(_REWARD, None)


def draw_absent(missing: tuple[str, ...]) -> None:
    """A sentence for a reward, one for runs and one for other rows that are not here. missing: rows that the address still names."""
    reward: str = st.session_state.get(_REWARD, "")
    kept_runs = [one.removeprefix(workbench.RUN) for one in missing if one.startswith(workbench.RUN)]
    run_ids = [*dict.fromkeys([*st.session_state.get(_RUNS, ()), *kept_runs])]
    sets = len(missing) - len(kept_runs)
    sentences = []
    if reward:
        sentences.append(
            f"No saved reward is called “{one_line(reward, _CHARACTERS)}”. It may have been renamed or removed; the saved ones are under Open."
        )
    if run_ids:
        names = [one_line(one, _CHARACTERS) for one in run_ids[:_NAMED]]
        more = [f"{len(run_ids) - _NAMED} more"] if len(run_ids) > _NAMED else []
        sentences.append(
            f"Not among your runs: {', '.join([*names, *more])}. A deleted run can be restored for 30 days, under Deleted on the Runs page."
        )
    if sets:
        sentences.append(
            f"{pluralize(sets, 'set')} of rows that this address names {'is' if sets == 1 else 'are'} not here. Add the rows again."
        )
    if not sentences:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.warning("\n\n".join(map(escape_markdown, sentences)), icon=":material/warning:")
        st.button("Dismiss", key=static_key("dismiss-absent"), on_click=_dismiss, args=(missing,))


def add_source(ref: str) -> None:
    """Take rows among those that are shown; what the address names in vain is done with by that. In a callback, or before anything is drawn."""
    here = [one for one in fields.read_sources() if workbench.load_source(one) is not None]
    st.session_state.pop(_RUNS, None)
    fields.write_sources([*dict.fromkeys([*here, ref])])


def _dismiss(missing: tuple[str, ...]) -> None:
    st.session_state.pop(_REWARD, None)
    st.session_state.pop(_RUNS, None)
    if missing:
        fields.write_sources([one for one in fields.read_sources() if one not in missing])
