"""The model's part of the form: the practice model, or any model that litellm reaches."""

from __future__ import annotations

import streamlit as st

from pages.lab import roles
from pages.lab.budget_and_roles import budget_form, other_models_form
from pages.lab.program import show_problems
from pages.lab.state import SECRET, FormState, field_key
from pages.shared import address, keys
from pages.shared.credentials import holds_key
from pages.shared.reply_format import REPLY_FORMATS, reply_format
from pages.shared.secret import offer_key, secret
from pages.shared.text import mistake, plain
from refine_core import connections
from refine_core.formatting import format_temperature, format_time
from refine_core.programs import ModelSpec
from refine_core.runs import Run, RunRow

_KINDS = {"practice": "Practice model", "litellm": "A real model", "replay": "A recorded run"}
_REPLAY_DELAYS = {None: "at the recorded pace", 1.0: "1 s a reply", 0.0: "at once"}
_DELAYS = {0.0: "at once", 0.3: "0.3 s a reply", 1.0: "1 s a reply", 2.0: "2 s a reply"}
_FIELD_OF = {
    "LMKeyError": "key",
    "LMNotFoundError": "name",
    "LMUnavailableError": "base",
    "LMTimeoutError": "base",
}


def model_form(form: FormState, run: Run | None) -> None:
    """Which model answers. run: the one on screen, whose failures are told beside the field that they concern."""
    st.header("Model", anchor=False)
    kind = st.radio(
        "Kind",
        list(_KINDS),
        format_func=_KINDS.__getitem__,
        horizontal=True,
        key=field_key("model", "kind"),
        persist_state="session",
        label_visibility="collapsed",
    )
    if kind == "litellm":
        connections.warm()
        if not connections.litellm_ready():
            st.caption(
                "The library that reaches models is being loaded; a first call may wait some seconds for it."
            )
        _real_model(form, run)
    elif kind == "replay":
        _recording(form)
    else:
        _practice_model()
        show_problems(form, "model.temperature")
    if kind != "replay":
        other_models_form(form)
        budget_form(form)


def _real_model(form: FormState, run: Run | None) -> None:
    """A saved connection, or one typed here."""
    known = roles.list_choices()
    named = st.session_state.get(field_key("model", "connection")) or roles.HERE
    removed = bool(named) and named not in known.models
    if known.models or removed:
        st.selectbox(
            "Connection",
            [*known.models, *([named] if removed else []), roles.HERE],
            format_func=lambda name: (
                f"{name} (removed)" if removed and name == named else name or "another, typed here"
            ),
            key=field_key("model", "connection"),
            persist_state="session",
        )
    st.page_link(address.MODELS, label="Connect, test and change models", icon=":material/lan:")
    chosen = known.models.get(named)
    if removed:
        mistake(f"The connection {named} was removed. Choose another, or connect it again.")
        return
    if chosen is None:
        _model_fields(form, _find_failure(form, run))
        show_problems(form, "model.temperature")
        return
    said = [chosen.model, chosen.api_base or "the provider's own address", _describe_key(chosen)]
    said += [
        "no temperature sent"
        if chosen.temperature is None
        else f"temperature {format_temperature(chosen.temperature)}",
        f"reply format: {REPLY_FORMATS[chosen.reply_format]}",
    ]
    st.caption(plain(" · ".join(said)))
    for field in ("model", "api_base", "key_env", "extra"):
        show_problems(form, f"model.{field}")
    if complaint := _find_failure(form, run):
        mistake(complaint[1])


def _describe_key(model: ModelSpec) -> str:
    if holds_key(model):
        return "key typed, held until a reload"
    return f"key from {model.key_env}" if model.key_env else "no key typed in this session"


def _recording(form: FormState) -> None:
    """Replies of a run that is on record."""
    known = roles.list_choices()
    st.caption(
        "Every request gets the reply that it got in that run: no network, no key, no cost. A prompt that was never sent "
        "has no reply, so change the reward or the threshold, and leave the program as it was."
    )
    if not known.recorded:
        st.caption("There is no recorded run yet. Run a program once, then come back.")
        return
    st.selectbox(
        "Recorded run",
        ["", *known.recorded],
        format_func=lambda name: _name_run(known.recorded[name]) if name else "choose one",
        key=field_key("model", "recording"),
        persist_state="session",
    )
    show_problems(form, "model.recording_id")
    st.selectbox(
        "Replies come",
        list(_REPLAY_DELAYS),
        format_func=_REPLAY_DELAYS.__getitem__,
        key=field_key("model", "pace"),
        persist_state="session",
    )


def _name_run(row: RunRow) -> str:
    return f"{format_time(row.summary.started_at)} · {row.summary.title} · {row.summary.model}"


def _practice_model() -> None:
    st.caption(
        "Built in, for practice: it needs no key and no network, knows the worked examples, and improvises otherwise. It is not a language model."
    )
    temperature, seed, pace = st.columns(3)
    with temperature:
        _temperature_field()
    with seed:
        st.number_input(
            "Seed",
            key=field_key("seed"),
            step=1,
            min_value=0,
            persist_state="session",
            help="The same seed repeats a run; another seed is another run.",
        )
    with pace:
        st.selectbox(
            "Replies come",
            list(_DELAYS),
            format_func=lambda s: _DELAYS.get(s, f"{s:g} s a reply"),
            key=field_key("model", "delay"),
            persist_state="session",
            help="Slower is easier to follow in a demo.",
        )


def _model_fields(form: FormState, complaint: tuple[str, str] | None) -> None:
    def complain(field: str) -> None:
        if complaint is not None and complaint[0] == field:
            mistake(complaint[1])

    st.text_input(
        "Model",
        key=field_key("model", "name"),
        placeholder="openai/gpt-4o-mini, anthropic/claude-…, ollama/llama3 …",
        persist_state="session",
        help="As litellm names it: provider/model. With an address below, the server's own name for it.",
    )
    show_problems(form, "model.model")
    complain("name")
    st.text_input(
        "Address of an OpenAI-compatible server",
        key=field_key("model", "base"),
        placeholder="left empty: the provider's own; http://127.0.0.1:8000/v1",
        persist_state="session",
    )
    show_problems(form, "model.api_base")
    complain("base")
    secret("Key", key=SECRET)
    offer_key(SECRET, keys.address_of(form.spec.model))
    complain("key")
    st.caption(
        "The key stays in this session's memory: a reload forgets it. A server of your own may need none."
    )
    st.text_input(
        "Or the environment variable that holds the key",
        key=field_key("model", "env"),
        placeholder="OPENAI_API_KEY",
        persist_state="session",
    )
    show_problems(form, "model.key_env")
    temperature, tokens, timeout = st.columns(3)
    with temperature:
        _temperature_field()
    with tokens:
        st.number_input(
            "Max tokens",
            key=field_key("model", "max_tokens"),
            step=100,
            min_value=1,
            value=None,
            placeholder="provider's",
            persist_state="session",
        )
    with timeout:
        st.number_input(
            "Time limit, s",
            key=field_key("model", "timeout"),
            min_value=1.0,
            step=10.0,
            format="%g",
            persist_state="session",
            help="Of one request. Passing failures are tried again three times.",
        )
    reply_format(field_key("model", "reply_format"))
    st.checkbox(
        "Cache identical calls",
        key=field_key("model", "cache"),
        persist_state="session",
        help="Cached calls are free, and the timeline marks them. Turn this off to ask the model every time.",
    )


def _temperature_field() -> None:
    st.number_input(
        "Temperature",
        key=field_key("model", "temperature"),
        step=0.1,
        min_value=0.0,
        value=None,
        placeholder="takes none",
        format="%g",
        persist_state="session",
        help="Of the first attempt, and of advice. Empty this field for a model that takes no temperature.",
    )


def _find_failure(form: FormState, run: Run | None) -> tuple[str, str] | None:
    """The field to blame for the failure of the run on screen, if that run used the model that is typed."""
    if run is None or run.timeline.spec.model != form.spec.model:
        return None
    failed = [a.error for a in run.timeline.attempts if a.error is not None]
    if not failed or failed[-1].blame != "model":
        return None
    return _FIELD_OF.get(failed[-1].type, "name"), failed[-1].message
