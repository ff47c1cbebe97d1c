"""A server's refusal, whatever its shape: its text, codes and parameters, and how long it asks to wait (Retry-After).

status, headers, body --read_refusal--> Refusal        of an answer with an error status
an error under status 200, or in mid-stream            the same, with the status that it names, or None

"""

from __future__ import annotations

import contextlib
import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from refine_core.lm.refusal_text import MAX_ITEMS, MAX_LEVELS, error_location, parse_json, read_text

MAX_RAW = 200_000  # characters of a body that are looked at

MAX_CODE = 100  # characters of a code

_OUT_OF_CREDIT = re.compile(
    r"insufficient[ _](?:quota|funds|credits?|balance)|credit balance|(?:out of|not enough|no) credits?\b"
    r"|exceeded your current quota|\bbilling\b|billing_(?:hard_limit|not_active)|requires? payment|payment[ _]required"
    r"|balance is (?:too low|insufficient|negative|not enough)|(?:top|topped) up your|spending limit"
    r"|(?:used|consumed|spent) (?:up )?(?:all|your) (?:\w+ )*credits|budget[ _](?:has been )?exceeded",
    re.IGNORECASE,
)

_PASSES = re.compile(r"(?:retry|try again) (?:in|after) [\d.]+|per[ _]?(?:minute|second)", re.IGNORECASE)

_WAIT = re.compile(
    r"(?:retry|try again|available) (?:in|after) (\d+(?:\.\d+)?) ?(ms|milliseconds?|m|min|minutes?|s|secs?|seconds?)?\b",
    re.IGNORECASE,
)

_UNITS_S = {"mil": 0.001, "ms": 0.001, "m": 60.0, "min": 60.0}

_LOADING = re.compile(r"\b(?:loading|being loaded|warming up|starting up)\b", re.IGNORECASE)

_CONTEXT = re.compile(
    r"context (?:length|size|window|shift|the overflows)|exceed_context_size|context_length_exceeded|maximum context"
    r"|(?:prompt|input) is too long|too many tokens|max_new_tokens` must be <=",
    re.IGNORECASE,
)

_CONTENT = re.compile(
    r"content[ _](?:management[ _])?(?:filter|policy)|content_policy_violation|requires moderation|input was flagged"
    r"|responsible ?ai",
    re.IGNORECASE,
)

_MEMORY = re.compile(
    r"requires more (?:system |gpu )?memory|out of memory|insufficient memory|not enough (?:gpu |video )?memory",
    re.IGNORECASE,
)

_NO_PATH = re.compile(
    r"unexpected endpoint|unknown (?:endpoint|path|route)|no route (?:for|matched)|invalid url", re.IGNORECASE
)

_CREDIT_STATUSES = (
    None,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.PAYMENT_REQUIRED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
)

_ABOUT_PARAMETERS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.NOT_IMPLEMENTED,
)

_NO_PARAMETERS = ("messages", "model", "prompt", "input")

LOADING_WAIT_S = 5.0  # a local model takes some seconds to load, and servers do not say how many


@dataclass(frozen=True, slots=True)
class Refusal:
    """A server's refusal. status: None where there is none. text: the server's own, "" where it sent none.

    codes: its names for the error. param: the parameter that it blames, "" where it blames none.
    retry_after_s: how long it asks to wait, in seconds from now.
    """

    status: int | None
    text: str = ""
    codes: frozenset[str] = frozenset()
    param: str = ""
    retry_after_s: float | None = None

    @property
    def is_out_of_credit(self) -> bool:
        """Whether the account has no credit left, so that waiting does not help."""
        if self.status == HTTPStatus.PAYMENT_REQUIRED or "insufficient_quota" in self.codes:
            return True
        if self.status not in _CREDIT_STATUSES or _PASSES.search(self.text):
            return False
        return _OUT_OF_CREDIT.search(f"{' '.join(self.codes)} {self.text}") is not None

    @property
    def is_loading(self) -> bool:
        """Whether the server is still loading the model."""
        return self.status == HTTPStatus.SERVICE_UNAVAILABLE and _LOADING.search(self.text) is not None

    @property
    def is_too_long(self) -> bool:
        """Whether prompt and reply do not fit the model's context window."""
        return _CONTEXT.search(f"{' '.join(self.codes)} {self.text}") is not None

    @property
    def is_about_content(self) -> bool:
        """Whether a filter refused the content of the prompt."""
        return _CONTENT.search(f"{' '.join(self.codes)} {self.text}") is not None

    @property
    def lacks_memory(self) -> bool:
        """Whether the server's machine is too small for the model."""
        return _MEMORY.search(self.text) is not None

    @property
    def lacks_path(self) -> bool:
        """Whether the address has no chat at this path. LM Studio says so under status 200."""
        return _NO_PATH.search(self.text) is not None

    def is_about(self, *params: str) -> bool:
        """Whether the request was refused for one of these parameters."""
        if self.status not in _ABOUT_PARAMETERS:
            return False
        if self.param:
            return self.param.partition(".")[0] in params
        return any(
            re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", self.text, re.IGNORECASE) for name in params
        )


def read_refusal(status: int | None, headers: Mapping[str, str], raw: bytes) -> Refusal:
    """The refusal in a response. headers: by lower-case names."""
    text = raw[:MAX_RAW].decode("utf-8-sig", errors="replace").strip()
    body = "" if text == "null" else parse_json(text)
    return parse_refusal(
        text if body is None else body, status=status, retry_after_s=read_retry_after(headers)
    )


def parse_refusal(body: object, *, status: int | None = None, retry_after_s: float | None = None) -> Refusal:
    """The refusal in a body. status: None for the one that the body names, if any."""
    codes: set[str] = set()
    param = ""
    for part in _parts(body):
        named = (part.get(n) for n in ("code", "type", "status"))
        codes |= {str(code)[:MAX_CODE] for code in named if isinstance(code, (str, int))}
        param = param or _blamed_param(part)
    if status is None:
        status = next((int(code) for code in sorted(codes) if re.fullmatch(r"[45]\d\d", code)), None)
    if status is None and any("rate_limit" in code for code in codes):
        status = HTTPStatus.TOO_MANY_REQUESTS
    text = read_text(body)
    if retry_after_s is None:
        retry_after_s = _wait_in(body, text)
    refusal = Refusal(status, text, frozenset(codes), param, retry_after_s)
    return (
        replace(refusal, retry_after_s=LOADING_WAIT_S)
        if refusal.is_loading and retry_after_s is None
        else refusal
    )


def _wait_in(body: object, text: str) -> float | None:
    """How long to wait, in seconds, where the body or its text says so."""
    estimate = body.get("estimated_time") if isinstance(body, Mapping) else None
    if isinstance(estimate, (int, float)) and estimate > 0:
        with contextlib.suppress(OverflowError):  # an integer may be too large for a float
            return _valid_wait(float(estimate))
    if advice := _WAIT.search(text):
        unit = (advice[2] or "s").lower()
        scale = next((s for begins, s in _UNITS_S.items() if unit.startswith(begins)), 1.0)
        return _valid_wait(float(advice[1]) * scale)
    return None


def _parts(body: object, levels: int = MAX_LEVELS) -> Iterator[Mapping[str, object]]:
    """All objects in a body that may hold codes, outermost first."""
    if isinstance(body, str) and body[:1] in ("{", "["):
        body = parse_json(body)
    if isinstance(body, Mapping) and levels:
        yield body
        for name in ("error", "errors", "detail", "details", "message"):
            yield from _parts(body.get(name), levels - 1)
    elif isinstance(body, list) and levels:
        for item in body[:MAX_ITEMS]:
            yield from _parts(item, levels - 1)


def _blamed_param(part: Mapping[str, object]) -> str:
    """The parameter that this object blames; the prompt and the model are not parameters."""
    named = part.get("param")
    name = named if isinstance(named, str) else error_location(part)
    return "" if name.startswith(_NO_PARAMETERS) or not re.fullmatch(r"[\w.\[\]-]{1,60}", name) else name


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """The Retry-After header as seconds from now; it may be a number or a date. None if it is invalid."""
    from email.utils import parsedate_to_datetime

    with contextlib.suppress(ValueError):
        return _valid_wait(float(headers.get("retry-after-ms", "")) / 1000)
    advice = headers.get("retry-after", "")
    with contextlib.suppress(ValueError):
        return _valid_wait(float(advice))
    with contextlib.suppress(ValueError, OverflowError):
        return _valid_wait(parsedate_to_datetime(advice).timestamp() - time.time())
    return None


def _valid_wait(seconds: float) -> float | None:
    """The wait, unless it is negative, infinite or NaN."""
    return seconds if 0 <= seconds < math.inf else None
