"""One attempt in full: outputs, reward, hints, the prompts and replies of each predictor, advice.

reward_view           its reward
prompts_and_replies   what was sent, and what came back
"""

from __future__ import annotations

import streamlit as st

from pages.shared.prompts_and_replies import draw_calls, draw_predictor, draw_questions
from pages.shared.reward_view import draw_reward
from pages.shared.text import (
    escape_markdown,
    show_error,
    show_fields,
    show_output,
    show_text,
    show_whole_message,
)
from refine_core.formatting import (
    format_temperature,
)
from refine_core.glossary import GLOSSARY
from refine_core.hints import is_hint
from refine_core.messages import (
    ATTEMPT_OUTCOMES,
    describe_advice_failure,
    describe_failure,
    describe_rollout,
    describe_unmet_rules,
    format_reward,
    hint_source,
    suggest_next_step,
)
from refine_core.runs import Attempt, Timeline

_BLAME = {
    "program": "The reply does not fit what the program asks for.",
    "model": "The model or its provider is at fault.",
    "machine": "This machine is at fault.",
    "code": "The program's own code raised this.",
}


def draw_attempt(timeline: Timeline, attempt: Attempt) -> None:
    """Everything that is recorded of one attempt."""
    st.header(_title(timeline, attempt), anchor=False)
    _rollout(timeline, attempt)
    if attempt.error is not None:
        _failure(timeline, attempt)
    left, right = st.columns(2, gap="large")
    with left:
        _outputs(attempt)
    with right:
        draw_reward(timeline, attempt)
    _hints(timeline, attempt)
    st.markdown("**Prompts and replies**", help=GLOSSARY["predictor"])
    for run in attempt.predictors:
        draw_predictor(run)
    draw_questions("judge, asked by the reward", attempt.judge_calls, key=f"judge-{attempt.index}")
    draw_questions(
        "advice, asked for by a refinement inside this attempt",
        attempt.inner_advice,
        key=f"inner-{attempt.index}",
    )
    if not attempt.predictors:
        st.caption("Nothing has been sent yet." if attempt.state == "running" else "Nothing was sent.")
    _advice(attempt)


def _title(timeline: Timeline, attempt: Attempt) -> str:
    parts = [
        f"Attempt {attempt.index + 1} of {len(timeline.temperatures)}",
        f"temperature {format_temperature(attempt.temperature)}"
        if timeline.has_temperature(attempt)
        else describe_rollout(attempt.index),
    ]
    match attempt.state:
        case "scored":
            parts += [
                f"reward {format_reward(timeline, attempt.reward)}",
                *([describe_unmet_rules(attempt)] if attempt.unmet else ()),
            ]
        case state:
            parts.append(ATTEMPT_OUTCOMES[state])
    if attempt.is_returned:
        parts.append(ATTEMPT_OUTCOMES["returned"])
    return escape_markdown(" · ".join(parts))


def _rollout(timeline: Timeline, attempt: Attempt) -> None:
    """Which predictors got no temperature, and what tells their attempts apart."""
    names = attempt.fixed_temperature
    if not names:
        return
    whose = "The model" if not timeline.has_temperature(attempt) else f"The model of {' and '.join(names)}"
    rollout = f"Rollout {attempt.index} keeps this attempt's calls apart from the others' in the cache; it is not sent."
    if any("temperature" in retry.left_out for call in attempt.calls for retry in call.retries):
        st.caption(
            escape_markdown(
                f"{whose} refused the temperature, so it is left out from here on. Later attempts have rollout ids instead, "
                "which keep their calls apart in the cache and are not sent."
            )
        )
    elif timeline.spec.temperature_schedule.kind == "none":
        st.caption(escape_markdown(f"No temperature is sent in this run. {rollout}"))
    else:
        st.caption(escape_markdown(f"{whose} takes no temperature, so none is sent. {rollout}"))


def _failure(timeline: Timeline, attempt: Attempt) -> None:
    error = attempt.error
    if error is None:
        return
    where = "The reward failed" if attempt.phase == "reward" else "The program failed"
    at = f", line {error.line}" if error.line is not None else ""
    show_error(f"{where}{at}: {describe_failure(attempt)}")
    show_whole_message(describe_failure(attempt), key=f"error-{attempt.index}")
    st.caption("The reward is at fault." if attempt.phase == "reward" else _BLAME[error.blame])
    if advised := suggest_next_step(timeline, attempt):
        st.caption(advised)
    if error.stdout:
        show_output(error.stdout, "Printed before it failed", key=f"printed-{attempt.index}")


def _outputs(attempt: Attempt) -> None:
    st.markdown("**Output**")
    if attempt.outputs is None:
        st.caption("The program returned nothing." if attempt.state != "running" else "Not returned yet.")
        return
    show_fields(attempt.outputs, key=f"output-{attempt.index}")


def _hints(timeline: Timeline, attempt: Attempt) -> None:
    if not attempt.hints:
        return
    st.markdown(f"**Hints received** {hint_source(timeline, attempt)}", help=GLOSSARY["hint"])
    for name, hint in attempt.hints.items():
        _hint(name, hint, key=f"hint-{attempt.index}-{name}")


def _hint(title: str, hint: str, *, key: str) -> None:
    st.caption(escape_markdown(title))
    if is_hint(hint):
        show_text(hint, key=key)
    else:
        st.caption("No hint (module not at fault)")


def _advice(attempt: Attempt) -> None:
    advice = attempt.advice
    if advice is None:
        return
    st.markdown("**Advice after this attempt**", help=GLOSSARY["adviser"])
    if advice.error is not None:
        show_error(f"No advice came: {describe_advice_failure(advice)}")
        show_whole_message(describe_advice_failure(advice), key=f"no-advice-{attempt.index}")
    if advice.state == "done":
        st.caption("Discussion")
        show_text(advice.discussion, key=f"discussion-{attempt.index}")
        for name, text in advice.hints.items():
            _hint(f"Advice for {name}", text, key=f"advice-{attempt.index}-{name}")
    elif advice.error is None:
        st.caption(
            "No advice came: the run stopped first."
            if advice.state == "cut_off"
            else "Waiting for the adviser."
        )
    if advice.calls:
        with st.expander("The request for advice", key=f"advice-{attempt.index}"):
            draw_calls(advice.calls)
