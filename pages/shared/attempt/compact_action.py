"""Where the request for advice was too long for the adviser's model: the way to the same run with a compact one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from pages.shared import address
from pages.shared.attempt.blocks import Block
from pages.shared.credentials import collect_credentials
from pages.shared.text import escape_markdown
from refine_core import runs
from refine_core.errors import LMError, SpecError, StoreError
from refine_core.runs import Advice, Timeline

COMPACT: Final = "compact-advice"
_TOO_LONG: Final = "LMPromptTooLongError"


def compact_offer(timeline: Timeline, advice: Advice) -> Sequence[Block]:
    """The offer; () where the advice failed for another reason, or where it was compact, goes on, or is run by its file alone."""
    failed_so = advice.error is not None and advice.error.type == _TOO_LONG
    spec = timeline.spec
    if not failed_so or spec.advice_form == "compact" or timeline.end is None or spec.program_file:
        return ()
    words = "A compact request leaves out the code and shortens the trace"
    return (Block("title-compact", "note", words, actions=[(COMPACT, "Run again with a compact request")]),)


def do_compact_action(timeline: Timeline) -> None:
    """Run it again, asking for advice briefly, and show that run; or say why it cannot start."""
    spec = runs.plan_again(timeline.run_id, advice_form="compact")
    credentials = collect_credentials(spec, origin=timeline.run_id)
    try:
        started = runs.run_again(timeline.run_id, credentials=credentials, advice_form="compact")
    except (SpecError, LMError, StoreError) as error:
        st.toast(escape_markdown(f"Not started: {error}"), icon=":material/error:")
    else:
        address.show_run(started)
        st.rerun()
