"""What a server says when it refuses, whatever the shape: the one reader of its words, codes and parameters.

    status, headers, body --read_refusal--> Refusal        of an answer with an error status
    an error under status 200, or in mid-stream            the same, with the status that it names, or None

Rule 1: the server's own words are shown, on one line; of a web page or XML the title or message at most.
Rule 2: advice on litellm's settings, which nobody here can change, is taken out (servers that are litellm's give it, too).
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

MAX_ITEMS = 3  # errors of a list that are shown
MAX_LEVELS = 6
MAX_RAW = 200_000  # characters of a body that are looked at

_WORDS = (
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
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body|title|\?xml|[a-z]+[\s>/])", re.IGNORECASE | re.DOTALL
)
_TITLE = re.compile(r"<(title|message|faultstring|h1)\b[^>]*>([^<]*)</\1", re.IGNORECASE)
_PREFIX = re.compile(r"^(?:(?:litellm\.)?[A-Za-z]*(?:Error|Exception)\s*(?::|-)\s*)+")
_ORIGINAL = re.compile(
    r"\s*(?:\.\s*)?(?:Original exception: |Received Model Group=|Available Model Group Fallbacks=).*",
    re.DOTALL,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`'\"(])|\s*\n\s*")
_LITELLMS = re.compile(r"litellm|drop_params|allowed_openai_params|additional_drop_params", re.IGNORECASE)
_OUT_OF_CREDIT = re.compile(
    r"insufficient[ _](?:quota|funds|credits?|balance)|credit balance|(?:out of|not enough|no) credits?\b"
    r"|exceeded your current quota|\bbilling\b|billing_(?:hard_limit|not_active)|requires? payment|payment[ _]required"
    r"|balance is (?:too low|insufficient|negative|not enough)|(?:top|topped) up your",
    re.IGNORECASE,
)
_PASSES = re.compile(r"(?:retry|try again) (?:in|after) [\d.]+|per[ _]?(?:minute|second)", re.IGNORECASE)
_CREDIT_STATUSES = (
    None,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
)
_ABOUT_PARAMETERS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A server's refusal. status: None where an error has none. words: its own, "" where it sent none.

    codes: what it calls the error. param: the parameter that it names as the one at fault, "" where none.
    retry_after_s: its advice, in seconds from now.
    """

    status: int | None
    words: str = ""
    codes: frozenset[str] = frozenset()
    param: str = ""
    retry_after_s: float | None = None

    @property
    def is_out_of_credit(self) -> bool:
        """Whether only money helps, and no waiting."""
        if self.status == HTTPStatus.PAYMENT_REQUIRED or "insufficient_quota" in self.codes:
            return True
        if self.status not in _CREDIT_STATUSES or _PASSES.search(self.words):
            return False
        return _OUT_OF_CREDIT.search(f"{' '.join(self.codes)} {self.words}") is not None

    def is_about(self, *params: str) -> bool:
        """Whether the request was refused for one of these parameters."""
        if self.status not in _ABOUT_PARAMETERS:
            return False
        if self.param:
            return self.param.partition(".")[0] in params
        return any(
            re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", self.words, re.IGNORECASE) for name in params
        )


def read_refusal(status: int | None, headers: Mapping[str, str], raw: bytes) -> Refusal:
    """The refusal that came with this status. headers: by lower-case names."""
    text = raw[:MAX_RAW].decode("utf-8-sig", errors="replace").strip()
    body = _json(text)
    return refusal_of(text if body is None else body, status=status, retry_after_s=read_retry_after(headers))


def refusal_of(body: object, *, status: int | None = None, retry_after_s: float | None = None) -> Refusal:
    """The refusal that a body tells of. status: None takes the one that the body names, if any."""
    codes: set[str] = set()
    param = ""
    for part in _parts(body):
        codes |= {str(part[n]) for n in ("code", "type", "status") if isinstance(part.get(n), (str, int))}
        param = param or _param_in(part)
    if status is None:
        status = next((int(code) for code in sorted(codes) if re.fullmatch(r"[45]\d\d", code)), None)
    if status is None and any("rate_limit" in code for code in codes):
        status = HTTPStatus.TOO_MANY_REQUESTS
    return Refusal(status, read_words(body), frozenset(codes), param, retry_after_s)


def read_words(body: object) -> str:
    """What a body says to a person, on one line; "" for nothing, and for a web page without a title."""
    return clean(_words(body, MAX_LEVELS))


def clean(words: str) -> str:
    """The words on one line, without litellm's name, repetitions and advice."""
    words = _ORIGINAL.sub("", _PREFIX.sub("", words.strip()))
    if _LITELLMS.search(words):
        words = " ".join(part for part in _SENTENCE.split(words) if not _LITELLMS.search(part))
    return " ".join(words.split())


def _words(body: object, levels: int) -> str:
    match body:
        case str():
            return _text(body, levels)
        case Mapping() if levels:
            said = next((said for n in _WORDS if (said := _words(body.get(n), levels - 1))), "")
            return said + _behind(body, said, levels) or _plain(body)
        case list() if levels:
            said_of_each = [_item(item, levels - 1) for item in body[:MAX_ITEMS]]
            return "; ".join(filter(None, said_of_each))
        case _:
            return ""


def _text(text: str, levels: int) -> str:
    text = text.strip()
    if text[:1] in ("{", "[") and levels and isinstance(inner := _json(text), (dict, list)):
        return _words(inner, levels - 1)
    if _MARKUP.match(text):
        title = _TITLE.search(text)
        return html.unescape(" ".join(title[2].split())) if title else ""
    bad = sum(1 for c in text[:1000] if c == "�" or not (c.isprintable() or c.isspace()))
    return "" if bad * 10 > len(text[:1000]) else text


def _item(item: object, levels: int) -> str:
    """One error of a list; FastAPI's name the place of theirs."""
    said = _words(item, levels)
    place = _place(item)
    return f"{place}: {said}" if place and said else said


def _behind(body: Mapping[str, object], said: str, levels: int) -> str:
    """What the provider behind a gateway said, which the gateway passes on beside its own words."""
    beside = body.get("metadata")
    raw = _words(beside.get("raw"), levels - 1) if isinstance(beside, Mapping) else ""
    return f": {raw}" if raw and raw not in said else ""


def _plain(body: Mapping[str, object]) -> str:
    """A body without words, as it is; not one that tells codes alone, which are shown anyway."""
    rest = {n: v for n, v in body.items() if n not in ("code", "type", "param", "status", "object") and v}
    return json.dumps(rest, ensure_ascii=False) if rest else ""


def _parts(body: object, levels: int = MAX_LEVELS) -> Iterator[Mapping[str, object]]:
    """All objects in a body that may tell codes, outermost first."""
    if isinstance(body, str) and body[:1] in ("{", "["):
        body = _json(body)
    if isinstance(body, Mapping) and levels:
        yield body
        for name in ("error", "errors", "detail", "details", "message"):
            yield from _parts(body.get(name), levels - 1)
    elif isinstance(body, list) and levels:
        for item in body[:MAX_ITEMS]:
            yield from _parts(item, levels - 1)


def _param_in(part: Mapping[str, object]) -> str:
    """The parameter that this object blames; not the prompt or the model, which are none."""
    named = part.get("param")
    name = named if isinstance(named, str) else _place(part)
    return (
        "" if name.startswith(("messages", "model")) or not re.fullmatch(r"[\w.\[\]-]{1,60}", name) else name
    )


def _place(item: object) -> str:
    """Where FastAPI sees the error: ["body", "temperature"] is "temperature"."""
    loc = item.get("loc") if isinstance(item, Mapping) else None
    parts = loc[1:] if isinstance(loc, list) and loc[:1] in (["body"], ["query"]) else loc
    return ".".join(map(str, parts)) if isinstance(parts, list) else ""


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """The Retry-After header as seconds from now; it may be a number or a date."""
    from email.utils import parsedate_to_datetime

    advice = headers.get("retry-after")
    if not advice:
        return None
    try:
        return max(0.0, float(advice))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(advice).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
