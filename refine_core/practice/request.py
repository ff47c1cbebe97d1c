"""The request in a prompt: inputs, outputs, their types and the hint.

Only marks are read, never sentences: `[[ ## name ## ]]` markers, and the system message's numbered lists of names
in backticks with a type in brackets. So prompts of other programs with the same marks work, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from refine_core.hints import HINT_FIELD, is_hint
from refine_core.lm.types import Message

_MARKER_LINE = re.compile(r"^\s*\[\[ ## (\w+) ## \]\](.*)$")
_MARKER = re.compile(r"\[\[ ## (\w+) ## \]\]")
_LISTED = re.compile(
    r"^\s*(?P<n>\d+)\.\s+`(?P<name>\w+)`\s*(?:[(\[](?P<type>.*?)[)\]](?=:|\s*$))?(?P<about>.*(?:\nConstraints:.*)?)$",
    re.MULTILINE,
)
"""A field in a numbered list, with its type in brackets."""


@dataclass(frozen=True, slots=True)
class Output:
    """A field to fill. type: as written, such as `list[str]`. note: the text beside its placeholder."""

    name: str
    type: str = "str"
    description: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt, read.

    inputs: name -> text, without the hint. outputs: in order; none for a plain prompt.
    hint: "" if there is none. objective: the instructions. form: how to reply. text: the whole last message.
    """

    inputs: Mapping[str, str]
    outputs: tuple[Output, ...]
    hint: str = ""
    objective: str = ""
    form: Literal["chat", "json", "plain"] = "plain"
    text: str = ""


def read_request(messages: Sequence[Message]) -> Request:
    """The request of the last user message, with the fields of the system message. Earlier turns are demos."""
    system = "\n".join(m["content"] for m in messages if m["role"] == "system")
    user = next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")
    outputs = _outputs(system)
    if not outputs:
        return Request({}, (), text=user)
    names = {output.name for output in outputs}
    inputs = _sections(user, names)
    hint = inputs.pop(HINT_FIELD, "").strip()
    objective = re.findall(
        r"(?:\n {8}.*)*\Z", system.rstrip()
    )  # its last lines, each indented by eight spaces
    marked = {name for name in _MARKER.findall(user) if name in names}
    is_named = any(f"`{name}`" in user for name in names)
    chat = bool(marked) or (not is_named and bool(names & set(_MARKER.findall(system))))
    return Request(
        inputs, outputs, hint if is_hint(hint) else "", objective[0], "chat" if chat else "json", text=user
    )


def _outputs(system: str) -> tuple[Output, ...]:
    """The fields of the second numbered list."""
    lists: list[list[Output]] = []
    for item in _LISTED.finditer(system):
        if item["n"] == "1":
            lists.append([])
        if lists:
            about = " ".join(item["about"].lstrip(" :").split("\n"))
            lists[-1].append(Output(item["name"], item["type"] or "str", about, _note(system, item["name"])))
    return tuple(lists[1]) if len(lists) > 1 else ()


def _note(system: str, name: str) -> str:
    """The text beside the placeholder `{name}`, such as a JSON schema or the values to choose from."""
    marker = re.search(rf"\{{{name}\}}(.*?)(?=\n\s*\[\[ ##|\n\s*\n|\Z)", system, re.DOTALL)
    return marker[1].strip() if marker else ""


def _sections(user: str, outputs: set[str]) -> dict[str, str]:
    """Each input's text. A marker of an output ends the inputs; the closing request is removed from the last one."""
    lines: dict[str, list[str]] = {}
    current: list[str] = []
    for line in user.splitlines():
        marker = _MARKER_LINE.match(line)
        if marker and marker[1] not in lines:
            current = []
            if marker[1] not in outputs and marker[1] != "completed":
                lines[marker[1]] = current
            current.append(marker[2].strip())
        else:
            current.append(line)
    if lines:
        _cut_request(list(lines.values())[-1], outputs)
    return {name: "\n".join(body).strip() for name, body in lines.items()}


def _cut_request(body: list[str], outputs: set[str]) -> None:
    """Remove the closing request from the last input: its last paragraph, if that names the outputs."""
    while body and not body[-1].strip():
        body.pop()
    start = max((i for i, line in enumerate(body) if not line.strip()), default=0)
    paragraph = "\n".join(body[start:])
    marked = set(_MARKER.findall(paragraph)) & (outputs | {"completed"})
    # Names in backticks may also stand in a hint, so they count only below a blank line.
    if marked or (start and all(f"`{name}`" in paragraph for name in outputs)):
        del body[start:]
