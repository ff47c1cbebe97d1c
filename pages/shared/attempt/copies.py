"""What can be copied of an attempt: the open tab as text or as JSON, and a call as code that makes it again.

list_copies(…) -> {"text": "Text", "curl": "curl"}        write_copy(…, "curl") -> Copy
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pages.shared.attempt.advice import describe_advice
from pages.shared.attempt.output import describe_output
from pages.shared.attempt.prompts_and_replies import describe_conversation
from pages.shared.attempt.reward import describe_score
from refine_core import runs
from refine_core.runs import ApiCall, Attempt, Call, Caller, Tab, Timeline, write_curl, write_litellm

TEXT: Final = {"text": "Text", "json": "JSON"}


@dataclass(frozen=True, slots=True)
class Copy:
    """What is copied, and what is said of it then."""

    text: str
    words: str


def list_copies(timeline: Timeline, tab: Tab, caller: Caller | None) -> Mapping[str, str]:
    """Name -> label of what the open tab has to copy."""
    if tab == "raw":
        return {"json": "JSON"}
    if tab != "prompts":
        return TEXT
    if caller is None or not caller.calls:
        return {}
    call = runs.describe_api_call(timeline.spec, caller.calls[-1])
    if call is None:
        return TEXT
    return {**TEXT, **({"curl": "curl"} if call.url is not None else {}), "litellm": "litellm code"}


def write_copy(timeline: Timeline, attempt: Attempt, tab: Tab, caller: Caller | None, what: str) -> Copy:
    """The text to copy. what: one of `list_copies`."""
    if tab == "raw":
        events = runs.format_events(timeline, attempt.index)
        return Copy(events, "Copied the recorded events as JSON.")
    if tab == "prompts":
        if caller is None or not caller.calls:
            return Copy("", "There is nothing to copy.")
        return _write_call(timeline, caller.calls[-1], what)
    if what == "json":
        return Copy(_json(_values(attempt, tab)), "Copied as JSON.")
    if tab == "reward":
        return Copy(describe_score(timeline, attempt), "Copied as text.")
    return Copy(describe_advice(attempt) if tab == "advice" else describe_output(attempt), "Copied as text.")


def _write_call(timeline: Timeline, call: Call, what: str) -> Copy:
    api = runs.describe_api_call(timeline.spec, call)
    if what == "curl" and api is not None and (command := write_curl(api)) is not None:
        return Copy(command, f"Copied as a curl command. {_key_words(api)}")
    if what == "litellm" and api is not None:
        return Copy(write_litellm(api), f"Copied as Python code for litellm. {_key_words(api)}")
    if what == "json":
        return Copy(_json(_call_values(call)), "Copied the call as JSON.")
    return Copy(describe_conversation(call), "Copied the messages and the reply as text.")


def _key_words(call: ApiCall) -> str:
    return (
        f"It holds no key: set {call.key_name} first."
        if call.key_name
        else "It holds no key: the run used none."
    )


def _values(attempt: Attempt, tab: Tab) -> object:
    match tab:
        case "output":
            return attempt.outputs
        case "reward":
            told = attempt.score or attempt.error
            return None if told is None else dataclasses.asdict(told)
        case _:
            advice = attempt.advice
            return {
                "hints_received": dict(attempt.hints),
                "discussion": advice.discussion if advice is not None else None,
                "advice": dict(advice.hints) if advice is not None else None,
            }


def _call_values(call: Call) -> object:
    reply = call.reply
    return {
        "model": call.model,
        "messages": [dict(message) for message in call.messages],
        "params": dict(call.params),
        "reply": None if reply is None else {name: getattr(reply, name) for name in _REPLY},
    }


_REPLY: Final = ("text", "reasoning", "finish_reason", "prompt_tokens", "completion_tokens", "cost_usd")


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_convert_other)


def _convert_other(value: object) -> object:
    """Mappings and sequences of other classes than json knows."""
    return dict(value) if isinstance(value, Mapping) else str(value)
