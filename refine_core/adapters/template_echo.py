"""Finds out whether a model repeated the template of its prompt in place of a value.

    `{answer}`   `{score}        # this value is one single float`   `Not supplied for this example.`   a JSON schema

Only a field's own placeholder counts, and only if it is the whole value: "{x}" within a text is text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache

from refine_core.adapters.choices import iter_unwrapped
from refine_core.errors import SignatureError
from refine_core.signatures.fields import Field
from refine_core.signatures.types import build_json_schema

TEMPLATE_REPEATED = "the model repeated the template"
_ECHO_CHARS = 60  # of it, in an error
_NOTE = re.compile(
    r"(?:^|(?<=\s)|(?<=[}\"'`]))#\s*(?:this value is (?:True or False\b|one single \w+|exactly one of: |JSON that fits the schema )"
    r"|note: the value you produce )[^\n]*",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_SUPPLIED = re.compile(r"Not supplied for this [\w ]{1,60}\.?", re.IGNORECASE)
_SIGNS = re.compile(r"[{<\[#]|[Nn]ot supplied")
_PLACEHOLDERS = (("{{", "}}"), ("{", "}"), ("${", "}"), ("<", ">"), ("[", "]"))
_LONGEST_DATA = 20_000
_LONGEST = 400  # characters of what is left without its note, and of a text that may be a placeholder


def strip_type_note(text: str) -> str:
    """A typed value without the note on its type that a prompt shows behind it."""
    return _NOTE.sub("", text).strip() if "#" in text else text


def repeats_template(field: Field, value: object) -> bool:
    """Whether a field's value is the placeholder that the prompt shows for it. value: text, or data of JSON."""
    if isinstance(value, str):
        return _is_placeholder(field.name, value) or _repeats_as_json(field, value)
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, str) and _is_placeholder(field.name, one) for one in value)
    if isinstance(value, Mapping):
        return repeats_template(field, list(value.values())) or ("type" in value and _is_schema(field, value))
    return False


def describe_echo(value: object) -> str:
    """What an error says of a value that repeats the template."""
    return f"{TEMPLATE_REPEATED}, {str(value)[:_ECHO_CHARS]!r}"


def _repeats_as_json(field: Field, text: str) -> bool:
    """The same, for a list or an object that is written as text."""
    if field.type is str or len(text) > _LONGEST_DATA or not (field.name in text or '"type"' in text):
        return False
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, (list, dict)) and repeats_template(field, data)


def _is_placeholder(name: str, text: str) -> bool:
    if _SIGNS.search(text) is None:  # as for most values, and cheap to see
        return False
    bare = strip_type_note(text)
    if not bare.strip():
        return bool(text.strip())
    if len(bare) > _LONGEST:
        return False
    if _NOT_SUPPLIED.fullmatch(bare.strip()):
        return True
    spellings, unspaced = _placeholder_spellings(name), _remove_spaces(bare)
    if not any(one in unspaced for one in spellings):  # taking signs away from its ends makes none of them
        return False
    return any(_remove_spaces(one) in spellings for one in iter_unwrapped(bare))


@lru_cache(maxsize=512)
def _placeholder_spellings(name: str) -> frozenset[str]:
    """How a placeholder for this name may be written."""
    return frozenset(f"{opening}{_remove_spaces(name)}{closing}" for opening, closing in _PLACEHOLDERS)


def _remove_spaces(text: str) -> str:
    return re.sub(r"[\s_]", "", text).lower()


def _is_schema(field: Field, data: Mapping[str, object]) -> bool:
    """Whether this is the JSON schema that the prompt shows for the field's type."""
    try:
        return data == build_json_schema(field.type)
    except SignatureError:
        return False
