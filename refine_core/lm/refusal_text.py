"""The text of a server's error body, for people to read, whatever the shape of the body.

Rule 1: the server's own text is shown, on one line; of a web page or XML only its title or message.
Rule 2: advice on litellm's settings, which a user cannot change, is removed; litellm's own proxy server sends it, too.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping

from refine_core.log.well_formed import make_well_formed

MAX_ITEMS = 3  # errors of a list that are shown

MAX_LEVELS = 6  # of nested objects

MAX_TEXT = 4_000  # characters that are searched; far fewer are shown

MAX_QUOTE_CHARS = 300
"""Of a server's or a model's own text, as it is quoted in an error."""

_TEXT_FIELDS = (
    "message",
    "detail",
    "details",
    "error_description",
    "error",
    "errors",
    "msg",
    "reason",
    "title",
    "description",
)

_MARKUP = re.compile(
    r"\s*(?>(?:<!--.*?-->\s*)*)<(?:!doctype|html|head|body|title|\?xml|[a-z]+[\s>/])",
    re.IGNORECASE | re.DOTALL,
)

_TITLE = re.compile(r"<(title|message|faultstring|h1)\b[^<>]*>([^<]*)</\1", re.IGNORECASE)

_PREFIX = re.compile(r"^(?:(?:litellm\.)?[A-Za-z]*(?:Error|Exception)\s*(?::|-)\s*)+")

_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # the colours of a log

_ORIGINAL = re.compile(
    r"\s*(?:\.\s*)?(?:Original exception: |Received Model Group=|Available Model Group Fallbacks=).*",
    re.DOTALL,
)

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`'\"(])|\s*\n\s*")

_ABOUT_LITELLM = re.compile(
    r"litellm|drop_params|allowed_openai_params|additional_drop_params", re.IGNORECASE
)


def read_text(body: object) -> str:
    """The text of a body for people, on one line; "" for none, and for a web page without a title."""
    return clean_text(_find_text(body, MAX_LEVELS))


def clean_text(text: str) -> str:
    """The text on one line, without litellm's name, repetitions and advice."""
    text = _ORIGINAL.sub("", _PREFIX.sub("", text.strip()[:MAX_TEXT]))
    if _ABOUT_LITELLM.search(text):
        text = " ".join(part for part in _SENTENCE.split(text) if not _ABOUT_LITELLM.search(part))
    shown = "".join(c if c.isprintable() else " " for c in make_well_formed(_ESCAPES.sub("", text)))
    return re.sub(r"(?: \.)+\Z", "", " ".join(shown.split()))


def _find_text(body: object, levels: int) -> str:
    match body:
        case str():
            return _clean_string(body, levels)
        case Mapping() if levels:
            text = next((text for n in _TEXT_FIELDS if (text := _find_text(body.get(n), levels - 1))), "")
            return text + _gateway_text(body, text, levels) or _body_as_text(body)
        case list() if levels:
            texts = [_item_text(item, levels - 1) for item in body[:MAX_ITEMS]]
            return "; ".join(filter(None, texts))
        case _:
            return ""


def _clean_string(text: str, levels: int) -> str:
    text = text.strip()
    if text[:1] in ("{", "[") and levels and isinstance(inner := parse_json(text), (dict, list)):
        return _find_text(inner, levels - 1)
    if _MARKUP.match(text):
        title = _TITLE.search(text)
        return html.unescape(" ".join(title[2].split())) if title else ""
    bad = sum(text[:1000].count(c) for c in "�\0")
    return "" if bad * 10 > len(text[:1000]) else text


def _item_text(item: object, levels: int) -> str:
    """One error of a list, after its location where FastAPI names one."""
    text = _find_text(item, levels)
    location = error_location(item)
    return f"{location}: {text}" if location and text else text


def _gateway_text(body: Mapping[str, object], text: str, levels: int) -> str:
    """The text of the provider behind a gateway, which the gateway passes on beside its own."""
    beside = body.get("metadata")
    raw = _find_text(beside.get("raw"), levels - 1) if isinstance(beside, Mapping) else ""
    return f": {raw}" if raw and raw not in text else ""


def _body_as_text(body: Mapping[str, object]) -> str:
    """A body without text, as JSON. Codes are left out: they are shown anyway."""
    status = body.get("status")
    if isinstance(status, str) and " " in status:
        return status
    rest = {n: v for n, v in body.items() if n not in ("code", "type", "param", "status", "object") and v}
    return json.dumps(rest, ensure_ascii=False) if rest else ""


def error_location(item: object) -> str:
    """Where FastAPI located the error: "temperature" for ["body", "temperature"]."""
    loc = item.get("loc") if isinstance(item, Mapping) else None
    parts = loc[1:] if isinstance(loc, list) and loc[:1] in (["body"], ["query"]) else loc
    return ".".join(map(str, parts)) if isinstance(parts, list) else ""


def parse_json(text: str) -> object:
    """The value that a text is JSON of; None for any other text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
