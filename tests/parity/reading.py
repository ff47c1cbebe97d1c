"""What a prompt says, beside its words: roles, markers, fields, types, notes, values. Standard library only.

The sentences between are each library's own, and are not looked at.
"""

from __future__ import annotations

import ast
import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

MARKER = re.compile(r"^\[\[ ## (\w+) ## \]\]$", re.MULTILINE)
_FIELD = re.compile(r"^(\d+)\. `(\w+)` \((.*?)\)(?:: (.*))?$", re.MULTILINE)
_PLACEHOLDER = re.compile(r'\{(\w+)\}[ ]{8}# (.*?)(?:",?)?$', re.MULTILINE)
_WANTED = re.compile(r"`(?:\[\[ ## )?(\w+)(?: ## \]\])?`(?: \([^`]*?Python (.*?)\)(?=,|\.| |$))?")


Messages = Sequence[Mapping[str, str]]


def sections(content: str) -> tuple[dict[str, str], str]:
    """The fields of a user message by name, and the request that follows them."""
    body, _, request = content.rpartition("\n\n")
    return _under_markers(body), request


def structure(messages: Messages) -> dict[str, Any]:
    """Roles, markers, fields with their types, notes and the request for outputs."""
    system, last = messages[0]["content"], messages[-1]["content"]
    body, _, request = last.rpartition("\n\n")
    turns = [MARKER.findall(one["content"]) for one in messages[1:-1]]
    return {
        "roles": [one["role"] for one in messages],
        **_structure(system),
        "markers of the turns": turns,
        "markers of the inputs": MARKER.findall(body),
        "request": _request(request),
    }


def words(messages: Messages) -> list[str]:
    """What a user said in the signature: descriptions, constraints, and the objective's lines."""
    system = messages[0]["content"]
    told = [found[3] for found in _FIELD.findall(system)]
    bounds = [line.replace(":", "") for line in re.findall(r"^Constraints: (.*)$", system, re.MULTILINE)]
    return [*told, *bounds, *re.findall(r"^ {8}(.*\S.*)$", system, re.MULTILINE)]


def values(messages: Messages) -> list[Any]:
    """The values of each turn after the system message, by field; JSON as data."""
    return [
        *(_turn(one["content"]) for one in messages[1:-1]),
        _read(sections(messages[-1]["content"])[0]),
    ]


def spelled(kind: str) -> str:
    """A type's spelling, with `Optional[X]` as `Union[X, NoneType]`."""
    return ast.unparse(_Spelling().visit(ast.parse(kind, mode="eval"))) if kind else ""


@lru_cache(maxsize=4096)  # every attempt says the same again
def _structure(system: str) -> dict[str, Any]:
    lists: list[list[list[str]]] = []
    for number, name, kind, _ in _FIELD.findall(system):
        if number == "1":  # inputs and outputs are numbered apart
            lists.append([])
        lists[-1].append([name, spelled(kind)])
    inputs, outputs = lists
    return {
        "inputs": inputs,
        "outputs": outputs,
        "markers of the structure": MARKER.findall(system),
        "notes": {name: _note(text) for name, text in _PLACEHOLDER.findall(system)},
    }


@lru_cache(maxsize=4096)
def _request(text: str) -> list[list[str]]:
    return [[name, spelled(kind)] for name, kind in _WANTED.findall(text)]


def _note(text: str) -> Any:
    """What a note under a typed output allows; a JSON schema with its keys sorted, as their order says nothing."""
    if "schema" in text:
        text = text[text.index("{") :]
        schema = json.loads(json.loads(f'"{text}"') if text.startswith('{\\"') else text)
        return json.dumps(schema, sort_keys=True)
    if "one of: " in text:
        return text.rpartition("one of: ")[2].split("; ")
    return next(word for word in ("True or False", "int", "float") if word in text)


def _turn(text: str) -> Any:
    """A demo's turn: markers and values, or one JSON object."""
    if text.startswith("{"):
        return {name: _data(value) for name, value in json.loads(text).items()}
    return _read(_under_markers(text))


def _under_markers(text: str) -> dict[str, str]:
    parts = MARKER.split(text)[1:]
    return {name: value.strip() for name, value in zip(parts[::2], parts[1::2], strict=True)}


def _read(fields: Mapping[str, str]) -> dict[str, Any]:
    return {name: _data(text) for name, text in fields.items()}


def _data(value: Any) -> Any:
    """A value as data, where it is an object or a list of JSON; what says that a value is missing, without its words."""
    if not isinstance(value, str):
        return value
    if value.startswith("Not supplied"):
        return "<not supplied>"
    with contextlib.suppress(ValueError):
        found = json.loads(value)
        if isinstance(found, (dict, list)):
            return found
    return value


class _Spelling(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "Optional":
            either = ast.Tuple([node.slice, ast.Name("NoneType", ast.Load())], ast.Load())
            return ast.Subscript(ast.Name("Union", ast.Load()), either, ast.Load())
        return node
