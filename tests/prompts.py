"""Replies as models write them, and a model that answers by what it was asked. For tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from refine_core import ScriptedLM


def reply(**fields: object) -> str:
    """A reply in the chat format."""
    sections = [f"[[ ## {n} ## ]]\n{v if isinstance(v, str) else json.dumps(v)}" for n, v in fields.items()]
    return "\n\n".join([*sections, "[[ ## completed ## ]]"])


def advice(discussion: str = "because", **by_name: str) -> str:
    """A reply to a request for advice."""
    return reply(
        discussion=discussion, advice={name.replace("__", "."): text for name, text in by_name.items()}
    )


def asks_for_advice(messages: object) -> bool:
    """Whether these messages ask for advice."""
    return "`[[ ## advice ## ]]`" in messages[-1]["content"]


def section(messages: object, name: str) -> str | None:
    """The value of a field in the last message, or None."""
    text = messages[-1]["content"]
    marker = f"[[ ## {name} ## ]]\n"
    if marker not in text:
        return None
    return text.split(marker, 1)[1].split("\n\n[[ ##", 1)[0].split("\n\nReply with", 1)[0]


def model(
    answer: Callable[[object, Mapping[str, object]], str], advise: Callable[[object], str] | None = None
) -> ScriptedLM:
    """A scripted model: `advise` for requests for advice, `answer` for all else."""

    def speak(messages: object, params: Mapping[str, object]) -> str:
        if asks_for_advice(messages):
            if advise is None:
                raise AssertionError("nobody should ask for advice here")
            return advise(messages)
        return answer(messages, params)

    return ScriptedLM(speak)
