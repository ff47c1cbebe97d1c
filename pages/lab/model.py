"""The model's part of the form: the practice model, or any model that litellm reaches."""

from __future__ import annotations

import streamlit as st

from pages.lab import roles
from pages.lab.fields import SECRET, field_key, static_key
from pages.lab.form_state import FormState
from pages.lab.problems import show_problems
from pages.shared import address, keys
from pages.shared.credentials import ask_to_agree
from pages.shared.local_model import draw_local_model
from pages.shared.reply_format import REPLY_FORMATS, select_reply_format
from pages.shared.run.actions import REPLAY_DELAYS
from pages.shared.secret import offer_key, secret_field
from pages.shared.text import escape_markdown, show_error
from refine_core import connections
from refine_core.formatting import format_number, format_temperature, format_time
from refine_core.glossary import GLOSSARY
from refine_core.local_model import TITLE
from refine_core.programs import ModelSpec
from refine_core.runs import Run, RunRow

_KINDS = {
    "practice": "Practice model",
    "local": TITLE,
    "litellm": "Real model",
    "replay": "Recorded run",
}
POPOVER_PX = 440
_DELAYS = {0.0: "none", 0.3: "0.3 s", 1.0: "1 s", 2.0: "2 s"}
_FIELD_OF = {
    "LMKeyError": "key",
    "LMNotFoundError": "name",
    "LMUnavailableError": "base",
    "LMTimeoutError": "base",
}


def model_popover(form: FormState, run: Run | None) -> None:
    """The model's name; open, which model answers. run: the one on screen, whose failures are told beside their field."""
    kind = st.session_state.get(field_key("model", "kind"))
    with st.container(gap="xxsmall"):
        st.markdown(":small[Model]")
        with (
            st.popover(
                escape_markdown(_name_model(form)), key=static_key("model"), width="stretch", wrap=False
            ),
            st.container(width=POPOVER_PX),
        ):
            st.radio(
                "Kind",
                list(_KINDS),
                format_func=_KINDS.__getitem__,
                horizontal=True,
                key=field_key("model", "kind"),
                persist_state="session",
                label_visibility="collapsed",
            )
            ask_to_agree(form.spec, form.spec.parent)
            if kind == "litellm":
                connections.warm()
                if not connections.litellm_ready():
                    st.caption("Loading litellm. The first call may take a few seconds longer.")
                _real_model(form, run)
            elif kind == "replay":
                _recording(form)
            elif kind == "local":
                _local_model(form)
            else:
                _practice_model()
                show_problems(form, "model.temperature")


def _name_model(form: FormState) -> str:
    """Short enough for the row of settings."""
    model = form.spec.model
    match model.kind:
        case "practice":
            return "Practice"
        case "replay":
            return "Recorded run"
        case _ if model.is_local:
            return model.model.removeprefix("local/")
        case _:
            return model.connection or model.model.rpartition("/")[2] or "Choose one"


def _local_model(form: FormState) -> None:
    """Setting it up, whether it runs, its limits, and the settings that are worth trying."""
    connections.warm()
    draw_local_model("lab", compact=True)
    temperature, tokens = st.columns(2)
    with temperature:
        _temperature_field("local")
    with tokens:
        _max_tokens_field("local")
    show_problems(form, "model.temperature")
    select_reply_format(field_key("local", "reply_format"))


def _real_model(form: FormState, run: Run | None) -> None:
    """A saved connection, or one typed here."""
    choices = roles.list_choices()
    named = st.session_state.get(field_key("model", "connection")) or roles.HERE
    removed = bool(named) and named not in choices.models
    if choices.models or removed:
        st.selectbox(
            "Connection",
            [*choices.models, *([named] if removed else []), roles.HERE],
            format_func=lambda name: (
                f"{name} (removed)" if removed and name == named else name or "enter a model below"
            ),
            key=field_key("model", "connection"),
            persist_state="session",
        )
    st.page_link(address.MODELS, label="Manage connections", icon=":material/lan:")
    chosen = choices.models.get(named)
    if removed:
        show_error(f"The connection {named} was removed. Choose another one, or add it again.")
        return
    if chosen is None:
        _model_fields(form, _find_failure(form, run))
        show_problems(form, "model.temperature")
        return
    parts = [chosen.model, chosen.api_base or "the provider's URL", _describe_key(chosen)]
    parts += [
        "no temperature sent"
        if chosen.temperature is None
        else f"temperature {format_temperature(chosen.temperature)}",
        f"reply format: {REPLY_FORMATS[chosen.reply_format]}",
    ]
    st.caption(escape_markdown(" · ".join(parts)))
    for field in ("model", "api_base", "key_env", "extra"):
        show_problems(form, f"model.{field}")
    if complaint := _find_failure(form, run):
        show_error(complaint[1])


def _describe_key(model: ModelSpec) -> str:
    if keys.connection_key(model):
        return "API key entered, kept until you reload the page"
    return f"key from {model.key_env}" if model.key_env else "no API key entered"


def _recording(form: FormState) -> None:
    """Replies of a run that is on record."""
    choices = roles.list_choices()
    st.caption(
        "Every request gets the reply that was recorded in that run: no network, no key, no cost. Other requests have no "
        "reply. To try another reward or threshold, open the run and choose What if."
    )
    if not choices.recorded:
        st.caption("No recorded runs yet. Run a program first.")
        return
    st.selectbox(
        "Recorded run",
        ["", *choices.recorded],
        format_func=lambda name: _name_run(choices.recorded[name]) if name else "Choose one",
        key=field_key("model", "recording"),
        persist_state="session",
        help=GLOSSARY["recording"],
    )
    show_problems(form, "model.recording_id")
    st.selectbox(
        "Reply delay",
        list(REPLAY_DELAYS),
        format_func=REPLAY_DELAYS.__getitem__,
        key=field_key("model", "pace"),
        persist_state="session",
    )


def _name_run(row: RunRow) -> str:
    return f"{format_time(row.summary.started_at)} · {row.summary.title} · {row.summary.model}"


def _practice_model() -> None:
    st.caption(
        "Built in, for practice: no key, no network. It knows the examples and improvises on other programs. It is not a "
        "language model."
    )
    temperature, pace = st.columns(2)
    with temperature:
        _temperature_field()
    with pace:
        st.selectbox(
            "Reply delay",
            list(_DELAYS),
            format_func=lambda s: _DELAYS.get(s, f"{format_number(s)} s"),
            key=field_key("model", "delay"),
            persist_state="session",
            help="Slower is easier to follow in a demo.",
        )


def _model_fields(form: FormState, complaint: tuple[str, str] | None) -> None:
    def complain(field: str) -> None:
        if complaint is not None and complaint[0] == field:
            show_error(complaint[1])

    st.text_input(
        "Model",
        key=field_key("model", "name"),
        placeholder="openai/gpt-4o-mini, anthropic/claude-…, ollama/llama3 …",
        persist_state="session",
        help="The litellm name, `provider/model`. With a base URL, the server's name for the model.",
    )
    show_problems(form, "model.model")
    complain("name")
    st.text_input(
        "Base URL (OpenAI-compatible server)",
        key=field_key("model", "base"),
        placeholder="Optional, such as http://127.0.0.1:8000/v1",
        persist_state="session",
    )
    show_problems(form, "model.api_base")
    complain("base")
    secret_field("API key", slot=SECRET)
    offer_key(SECRET, keys.address_of(form.spec.model))
    complain("key")
    st.caption("Kept in this session's memory only; a reload discards it. Local servers often need no key.")
    st.text_input(
        "Or environment variable with the API key",
        key=field_key("model", "env"),
        placeholder="OPENAI_API_KEY",
        persist_state="session",
    )
    show_problems(form, "model.key_env")
    temperature, tokens, timeout = st.columns(3)
    with temperature:
        _temperature_field()
    with tokens:
        _max_tokens_field()
    with timeout:
        st.number_input(
            "Timeout (s)",
            key=field_key("model", "timeout"),
            min_value=1.0,
            step=10.0,
            format="%g",
            persist_state="session",
            help="For each request. Temporary failures are retried up to three times.",
        )
    select_reply_format(field_key("model", "reply_format"))
    st.checkbox(
        "Cache identical calls",
        key=field_key("model", "cache"),
        persist_state="session",
        help="Cached calls are free and marked in the timeline. Turn this off to send every call to the model.",
    )


def _max_tokens_field(of: str = "model") -> None:
    st.number_input(
        "Max tokens",
        key=field_key(of, "max_tokens"),
        step=100,
        min_value=1,
        value=None,
        placeholder="default",
        persist_state="session",
    )


def _temperature_field(of: str = "model") -> None:
    st.number_input(
        "Temperature",
        key=field_key(of, "temperature"),
        step=0.1,
        min_value=0.0,
        value=None,
        placeholder="not sent",
        format="%g",
        persist_state="session",
        help="For the first attempt and for advice. Leave this empty if the model does not support a temperature.",
    )


def _find_failure(form: FormState, run: Run | None) -> tuple[str, str] | None:
    """The field to blame for the failure of the run on screen, if that run used the model that is typed."""
    if run is None or run.timeline.spec.model != form.spec.model:
        return None
    failed = [a.error for a in run.timeline.attempts if a.error is not None]
    if not failed or failed[-1].blame != "model":
        return None
    return _FIELD_OF.get(failed[-1].type, "name"), failed[-1].message
