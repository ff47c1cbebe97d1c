"""One attempt in full: outputs, reward, hints, the prompts and replies of each predictor, advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, islice

import streamlit as st
import ujson

from pages.shared.text import ROLES, escape_markdown, show_error, show_output, show_text, show_whole_message
from refine_core.errors import Charge
from refine_core.formatting import (
    format_cost,
    format_duration,
    format_number,
    format_temperature,
    format_tokens,
    pluralize,
)
from refine_core.glossary import GLOSSARY
from refine_core.hints import is_hint
from refine_core.messages import (
    ATTEMPT_OUTCOMES,
    describe_advice_failure,
    describe_error,
    describe_failure,
    describe_format,
    describe_parse_failure,
    describe_refusals,
    describe_retry,
    describe_rollout,
    describe_unmet_rules,
    format_reward,
    hint_source,
    suggest_next_step,
)
from refine_core.runs import Attempt, Call, PredictorRun, Timeline, prompt_parts

PARTS_ON_A_PAGE = 20
DRAFT_CHARACTERS = 4_000  # of a reply that is being written: its end
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
        _reward(timeline, attempt)
    _hints(timeline, attempt)
    st.markdown("**Prompts and replies**", help=GLOSSARY["predictor"])
    for run in attempt.predictors:
        _predictor(run)
    _questions("judge, asked by the reward", attempt.judge_calls, key=f"judge-{attempt.index}")
    _questions(
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
    if attempt.returned:
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
    for name, value in attempt.outputs.items():
        st.caption(escape_markdown(name))
        show_text(_text(value), key=f"output-{attempt.index}-{name}")


def _reward(timeline: Timeline, attempt: Attempt) -> None:
    st.markdown("**Reward**", help=GLOSSARY["reward"])
    scored = attempt.scored
    if scored is None:
        st.caption("Not scored yet." if attempt.state == "running" else "No reward was measured.")
        return
    threshold = timeline.spec.threshold
    delta = "no threshold" if threshold is None else f"threshold {format_reward(timeline, threshold)}"
    st.metric(
        "Reward",
        format_reward(timeline, scored.value),
        delta,
        delta_color="off",
        delta_arrow="off",
        label_visibility="collapsed",
    )
    if scored.unmet:
        said = "\n".join(f"Rule not met, {name}: {message}" for name, message in scored.unmet.items())
        st.warning(escape_markdown(said), icon=":material/rule:")
        show_whole_message(said, key=f"rules-{attempt.index}")
        st.caption(
            "An attempt ends the run early only if it meets every rule, and ranks below those that do."
        )
    if scored.parts:
        _parts(scored.parts, key=f"parts-{attempt.index}")
    if scored.refusals:
        refused = "\n".join(describe_refusals(scored))
        st.warning(escape_markdown(refused), icon=":material/block:")
        show_whole_message(refused, key=f"refusals-{attempt.index}")
    if scored.feedback:
        st.caption("What the reward says")
        show_text(scored.feedback, key=f"feedback-{attempt.index}")
    if scored.stdout:
        show_output(scored.stdout, "What the reward printed", key=f"printed-{attempt.index}")
    st.caption(f"Scored in {escape_markdown(format_duration(scored.took_s))}")


def _parts(parts: Mapping[str, float], *, key: str) -> None:
    """The parts of a reward, a page of them where there are many."""
    key = f"{key}-{len(parts)}"
    pages = -(-len(parts) // PARTS_ON_A_PAGE)
    page = int(st.session_state.get(key) or 1)
    shown = islice(parts.items(), (page - 1) * PARTS_ON_A_PAGE, page * PARTS_ON_A_PAGE)
    st.markdown(
        "\n".join(
            f"- {escape_markdown(name)}: {escape_markdown(format_number(value))}" for name, value in shown
        )
    )
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.pagination(pages, key=key, max_visible_pages=5)
            st.caption(f"{len(parts):,} parts", width="content")


def _hints(timeline: Timeline, attempt: Attempt) -> None:
    if not attempt.hints:
        return
    st.markdown(f"**Hints received** {hint_source(timeline, attempt)}", help=GLOSSARY["hint"])
    for name, hint in attempt.hints.items():
        st.caption(escape_markdown(name))
        if not is_hint(hint):
            st.caption("No hint (module not at fault)")
        else:
            show_text(hint, key=f"hint-{attempt.index}-{name}")


def _predictor(run: PredictorRun) -> None:
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
            if (again := [c for c in run.calls if c.again])
            else ()
        ),
    ]
    with st.expander(escape_markdown(" · ".join(parts)), key=f"predictor-{run.span}"):
        _asked(run.calls, run.hint)
        if run.error is not None and not any(call.parse_failed or call.error for call in run.calls[-1:]):
            show_error(describe_error(run.error))
            show_whole_message(describe_error(run.error), key=f"error-{run.span}")
        if run.outputs is not None:
            st.markdown("**Parsed fields**")
            for name, value in run.outputs.items():
                st.caption(escape_markdown(name))
                show_text(_text(value), key=f"parsed-{run.span}-{name}")


def _questions(title: str, calls: Sequence[Call], *, key: str) -> None:
    """One folded part for each question, with its second asking."""
    for caller in dict.fromkeys(call.caller for call in calls):
        with st.expander(title, key=f"{key}-{caller}"):
            _asked([call for call in calls if call.caller == caller])


def _asked(calls: Sequence[Call], hint: str | None = None) -> None:
    """One question: a call and, where its reply could not be read, the same in another format, and what came of that."""
    for i, call in enumerate(calls):
        after = calls[i + 1] if i + 1 < len(calls) else None
        if call.again:
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
        if call.parse_failed is None:
            if call.again and call.reply is not None:
                st.caption(":material/check: This reply could be read.")
            continue
        why = describe_parse_failure(call.parse_failed)
        if after is not None:
            st.warning(
                escape_markdown(
                    f"This reply could not be read: {why}. The question was sent again, {describe_format(after)}."
                ),
                icon=":material/replay:",
            )
        elif call.again:
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
        st.caption("Being written …" if answer else "Reasoning …")
    elif call.state == "cut_off":
        st.caption("No reply came: the run stopped first.")
    else:
        st.caption("Waiting for the model.")


def _charged(charge: Charge | None) -> str:
    """What an unusable reply cost."""
    if charge is None:
        return ""
    return f" That answer counts, too: {format_tokens(charge.prompt_tokens, charge.completion_tokens)}, {format_cost(charge.cost_usd)}."


def _cost(call: Call) -> str:
    reply = call.reply
    if reply is None:
        return ""
    tokens = format_tokens(reply.prompt_tokens, reply.completion_tokens)
    parts = [call.model, _temperature(call), format_duration(reply.took_s), tokens]
    if call.reply_format != "chat":
        parts.insert(1, f"reply format: {call.reply_format}")
    if reply.replayed:
        parts.append("replayed: nothing was asked or paid")
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
            st.caption(escape_markdown(f"Advice for {name}"))
            if not is_hint(text):
                st.caption("No hint (module not at fault)")
            else:
                show_text(text, key=f"advice-{attempt.index}-{name}")
    elif advice.error is None:
        st.caption(
            "No advice came: the run stopped first."
            if advice.state == "cut_off"
            else "Waiting for the adviser."
        )
    if advice.calls:
        with st.expander("The request for advice", key=f"advice-{attempt.index}"):
            _asked(advice.calls)


def _text(value: object) -> str:
    return (
        value
        if isinstance(value, str)
        else ujson.dumps(value, indent=2, ensure_ascii=False, escape_forward_slashes=False)
    )
