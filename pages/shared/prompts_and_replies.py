"""What was sent to the models in an attempt, and what came back: prompts, replies, retries, what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import streamlit as st

from pages.shared.text import (
    ROLES,
    escape_markdown,
    show_error,
    show_fields,
    show_text,
    show_whole_message,
)
from refine_core.errors import Charge
from refine_core.formatting import (
    format_cost,
    format_duration,
    format_temperature,
    format_tokens,
    pluralize,
)
from refine_core.messages import (
    ATTEMPT_OUTCOMES,
    describe_error,
    describe_format,
    describe_parse_failure,
    describe_retry,
    describe_rollout,
)
from refine_core.runs import Call, PredictorRun, prompt_parts

DRAFT_CHARACTERS = 4_000  # of a reply that is being written: its end


def draw_predictor(run: PredictorRun) -> None:
    """A predictor's run, folded: what it sent and got, and what was parsed of that."""
    took = format_duration(run.took_s) if run.took_s is not None else ""
    state = took if run.state == "done" else ATTEMPT_OUTCOMES[run.state]
    retries = sum(len(c.retries) for c in run.calls)
    parts = [
        run.name,
        *(f"attempt {index + 1} inside" for index in run.inner),
        state,
        *([pluralize(retries, "retry", "retries")] if retries else ()),
        *(
            [f"asked again {describe_format(again[-1])}"]
            if (again := [c for c in run.calls if c.is_repeat])
            else ()
        ),
    ]
    with st.expander(escape_markdown(" · ".join(parts)), key=f"predictor-{run.span}"):
        draw_calls(run.calls, run.hint)
        if run.error is not None and not any(call.parse_failure or call.error for call in run.calls[-1:]):
            show_error(describe_error(run.error))
            show_whole_message(describe_error(run.error), key=f"error-{run.span}")
        if run.outputs is not None:
            st.markdown("**Parsed fields**")
            show_fields(run.outputs, key=f"parsed-{run.span}")


def draw_questions(title: str, calls: Sequence[Call], *, key: str) -> None:
    """Calls that no predictor made: one folded part for each question, with its second asking."""
    for caller in dict.fromkeys(call.caller for call in calls):
        with st.expander(title, key=f"{key}-{caller}"):
            draw_calls([call for call in calls if call.caller == caller])


def draw_calls(calls: Sequence[Call], hint: str | None = None) -> None:
    """One question: a call and, where its reply could not be read, the same in another format, and what came of that."""
    for i, call in enumerate(calls):
        after = calls[i + 1] if i + 1 < len(calls) else None
        if call.is_repeat:
            st.markdown(f"**Asked again, {describe_format(call)}**")
        _call(call, hint)
        if (
            call.error is not None
            and after is not None
            and call.reply_format in ("JSON schema", "JSON object")
        ):
            st.caption(
                escape_markdown(
                    f"The reply format was refused, so the question was sent again, {describe_format(after)}."
                )
            )
        if call.parse_failure is None:
            if call.is_repeat and call.reply is not None:
                st.caption(":material/check: This reply could be read.")
            continue
        why = describe_parse_failure(call.parse_failure)
        if after is not None:
            st.warning(
                escape_markdown(
                    f"This reply could not be read: {why}. The question was sent again, {describe_format(after)}."
                ),
                icon=":material/replay:",
            )
        elif call.is_repeat:
            show_error(f"The second reply could not be read either: {why}.")
        else:
            show_error(f"This reply could not be read: {why}.")


def _call(call: Call, hint: str | None) -> None:
    for i, parts in groupby(prompt_parts(call, hint), key=lambda part: part.message):
        role = call.messages[i]["role"]
        st.markdown(f"**{ROLES.get(role, escape_markdown(role))}**")
        for part in parts:
            if part.is_hint:
                with st.container(border=True):
                    st.caption(":material/lightbulb: the hint, as it stands in the prompt")
                    show_text(part.text.strip(), key=f"hint-sent-{call.span}-{i}")
            else:
                show_text(part.text.strip("\n"), key=f"message-{call.span}-{i}-{part.ordinal}")
    for retry in call.retries:
        st.warning(
            escape_markdown(f"{describe_retry(retry)}{_charged(retry.charge)}"),
            icon=":material/replay:",
        )
        show_whole_message(retry.error.message, key=f"retry-{call.span}-{retry.ordinal}")
    st.markdown("**Reply**")
    _reply(call)


def _reply(call: Call) -> None:
    """What came of the call so far; reasoning stands apart, folded once there is an answer."""
    thought, answer = call.reasoning_and_answer
    if thought and (answer or call.reply is not None):
        with st.expander("Reasoning", key=f"thinking-{call.span}"):
            show_text(thought, key=f"thought-{call.span}")
    if call.reply is not None:
        if answer.strip() or not thought:
            show_text(answer.strip("\n"), key=f"reply-{call.span}")
        else:
            st.caption("The reply holds only reasoning.")
        st.caption(escape_markdown(_cost(call)))
    elif call.error is not None:
        show_error(call.error.message + _charged(call.charge))
        show_whole_message(call.error.message, key=f"error-{call.span}")
    elif call.draft:
        st.code((answer or thought)[-DRAFT_CHARACTERS:], language=None, wrap_lines=True)
        st.caption("Writing …" if answer else "Reasoning …")
    elif call.state == "cut_off":
        st.caption("No reply came: the run stopped first.")
    else:
        st.caption("Waiting for the model.")


def _charged(charge: Charge | None) -> str:
    """What an unusable reply cost."""
    if charge is None:
        return ""
    return f" The unusable reply was charged, too: {format_tokens(charge.prompt_tokens, charge.completion_tokens)}, {format_cost(charge.cost_usd)}."


def _cost(call: Call) -> str:
    reply = call.reply
    if reply is None:
        return ""
    tokens = format_tokens(reply.prompt_tokens, reply.completion_tokens)
    parts = [call.model, _temperature(call), format_duration(reply.took_s), tokens]
    if call.reply_format != "chat":
        parts.insert(1, f"reply format: {call.reply_format}")
    if reply.replayed:
        parts.append("replayed: no model was asked")
    elif reply.cache_hit:
        parts.append("cached")
    else:
        parts.append(format_cost(reply.cost_usd))
    if reply.served_by and reply.served_by != call.model:
        parts.append(f"served by {reply.served_by}")
    if reply.finish_reason == "length":
        parts.append("cut short by the token limit")
    return " · ".join(parts)


def _temperature(call: Call) -> str:
    sent, rollout = call.params.get("temperature"), call.params.get("rollout_id")
    if isinstance(sent, int | float):
        also = f", rollout {rollout}" if isinstance(rollout, int) else ""
        return f"temperature {format_temperature(sent)}{also}"
    return describe_rollout(rollout) if isinstance(rollout, int) else "no temperature sent"
