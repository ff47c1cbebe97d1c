"""Before a run costs anything: one sentence on how the reward can be paid for nothing and which right answers it refuses.

It is known where the form says a right answer: in a reference value, or in a worked example. No model is called.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

import streamlit as st

from pages.lab.fields import static_key
from pages.lab.form_state import FormState
from pages.shared import address
from pages.shared.isolation import why_code_is_refused
from pages.shared.reward_draft import open_reward
from pages.shared.text import escape_markdown, show_error
from refine_core import doctor, workbench
from refine_core.doctor import Examination
from refine_core.errors import RewardError, StoreError
from refine_core.programs import ProgramSpec
from refine_core.workbench import Job, Reading, Recognized

PX: Final = 40  # its height
WAIT_S: Final = 0.15
POLL_S: Final = 0.3
_RUNNING: Final = static_key("doctor", "running")
examinations: Final[workbench.KeptJobs[Examination]] = workbench.KeptJobs()


def examine_reward(form: FormState) -> Job[Examination] | None:
    """The examination of the form's reward, begun if need be; None where nothing in the form says a right answer."""
    rows = doctor.rows_of_program(form.spec) if not form.reward_errors else ()
    recognized = _recognize(form.spec) if rows else None
    if recognized is None or workbench.asks_judge(recognized) or why_code_is_refused():
        return None
    examined = [recognized.source, recognized.to_plan(), [row.to_json() for row in rows], form.spec.threshold]
    key = hashlib.blake2b(
        json.dumps(examined, default=str).encode("utf-8", "replace"), digest_size=12
    ).hexdigest()
    before = examinations.find(st.session_state.get(_RUNNING, ""))
    if before is not None and before.key != key and before.running:
        before.cancel()
    st.session_state[_RUNNING] = key
    threshold = form.spec.threshold
    job = examinations.start(
        key,
        lambda progress, cancel: doctor.examine(
            recognized, rows, threshold=threshold, on_progress=progress, cancel=cancel
        ),
    )
    job.wait(WAIT_S)
    return job


def draw_doctor_line(form: FormState, job: Job[Examination]) -> None:
    """The sentence, and the way to the doctor."""
    waits = job.running

    @st.fragment(run_every=POLL_S if waits else None)
    def line() -> None:
        if waits and not job.running:
            st.rerun()
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key=static_key("doctor")
        ):
            st.markdown(f":small[{_describe(job)}]", width="stretch")
            if job.result is not None and st.button(
                ":blue[Doctor]", key=static_key("doctor", "open"), type="tertiary",
                help="Opens the reward in Rewards, with every text that was tried and what it is paid.",
            ):  # fmt: skip
                _open(form)

    line()


def _open(form: FormState) -> None:
    spec = form.spec
    rows = doctor.rows_of_program(spec)
    try:
        query = open_reward(spec.reward, _read(spec), "The Lab's form", rows, "doctor")
    except StoreError as error:
        show_error(str(error))
        return
    st.switch_page(address.REWARDS, query_params=query)


def _describe(job: Job[Examination]) -> str:
    if job.running:
        return ":gray[Trying the reward on texts that deserve nothing …]"
    if job.result is None:
        return f":gray[{escape_markdown(f'The reward could not be tried: {job.error}')}]"
    found = job.result
    bad = bool(found.paid_for_nothing or found.refused)
    sign = ":orange[\N{BLACK UP-POINTING TRIANGLE}]" if bad else ":green[\N{CHECK MARK}]"
    return f"{sign} **Reward, tried without a model:** {escape_markdown(found.verdict)}"


def _recognize(spec: ProgramSpec) -> Recognized | None:
    try:
        found = workbench.read_reward_source(spec.reward, _read(spec))
    except RewardError:
        return None
    return found if isinstance(found, Recognized) else None


def _read(spec: ProgramSpec) -> Reading:
    return Reading(spec.reward_shape, spec.reward_name or "", arguments=spec.reward_arguments)
