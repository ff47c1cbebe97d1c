"""The error for a server's refusal: who is at fault, and what to do next.

Refusal --explain_refusal--> LMError      by the server's text and codes, else by its status
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from refine_core.errors import (
    LMCreditError,
    LMError,
    LMKeyError,
    LMNotFoundError,
    LMPromptTooLongError,
    LMRateLimitError,
    LMRefusedError,
    LMTimeoutError,
    LMUnavailableError,
)
from refine_core.lm.exception_chain import is_caused_by
from refine_core.lm.refusal_text import MAX_QUOTE_CHARS
from refine_core.lm.refusals import Refusal, parse_refusal
from refine_core.lm.secrecy import redact

_UNSUPPORTED = (
    re.compile(r"(?:don't|doesn't|does not) support (?:the parameter )?`?(\w+)(?==)"),
    re.compile(r"does not support parameters: \W*(\w+)"),
    re.compile(r"Unsupported (?:value|parameter): '(\w+)'"),
)
"""How litellm says that a model does not support a parameter."""
# For a 5xx only; whether a 400 is about the reply format is decided in refine_core.lm.format_refusals.
_REPLY_FORMAT = re.compile(r"response_format|json_?schema|json_object|\bgrammar\b", re.IGNORECASE)


def explain_error_body(body: object, at: str, model: str, secrets: Collection[str]) -> LMError:
    """The error for a body in place of a reply, under status 200 or in the middle of a stream.

    at: the server, as a sentence begins. secrets: texts that no message may show.
    """
    refusal = parse_refusal(body)
    if refusal.status is None and refusal.is_out_of_credit:
        refusal = replace(refusal, status=HTTPStatus.PAYMENT_REQUIRED.value)
    if refusal.status is None and refusal.lacks_path:
        refusal = replace(refusal, status=HTTPStatus.NOT_FOUND.value)
    if refusal.status is not None:
        return explain_refusal(Exception(), refusal, at, model, secrets)
    quote = _quote(refusal, secrets)
    return LMUnavailableError(f"{at} sent an error in place of a reply. Try again.{quote}", model=model)


def _quote(refusal: Refusal, secrets: Collection[str]) -> str:
    """The server's own text, to be appended to a message; "" where it sent none."""
    text = redact(refusal.text, secrets)[:MAX_QUOTE_CHARS]
    return f' It said: "{text}"' if text else ""


ASK_LESS: Final = " Wait a little, or ask less often."
"""What an error of 429 advises."""

_BY_STATUS: dict[int, tuple[type[LMError], str]] = {
    401: (LMKeyError, "{at} refused the key (401). Check the key, and that it belongs there."),
    403: (LMKeyError, "{at} does not let this key use {model!r} (403). Check what the key may do."),
    404: (
        LMNotFoundError,
        "{at} has no model {model!r}, or no chat at this path (404). Check the name; an address usually ends in /v1.",
    ),
    405: (
        LMNotFoundError,
        "{at} accepts no chat requests at this path (405). Check the address; it usually ends in /v1.",
    ),
    408: (LMTimeoutError, "{at} gave up waiting (408). Try again."),
    409: (LMUnavailableError, "{at} was not ready for the request (409). Try again."),
    410: (LMNotFoundError, "{at} no longer has the model {model!r} (410). Choose another."),
    **{
        status: (LMUnavailableError, f"{{at}} was not ready for the request ({status}). Try again.")
        for status in (424, 425, 498, 499)
    },
    413: (LMPromptTooLongError, "{at} says that the prompt is too long (413). Shorten it."),
    501: (
        LMRefusedError,
        "{at} does not support this request (501). Change the parameters, or leave them out.",
    ),
    429: (LMRateLimitError, f"{{at}} has had too many requests (429).{ASK_LESS}"),
    504: (LMTimeoutError, "{at} gave up waiting (504). Try again."),
}

_ABOUT_THE_PROMPT = (400, 403, 422, 500)
_PROMPT_TOO_LONG = (
    "The prompt is too long for {model!r}, including the space for its reply ({status}). Shorten the prompt, "
    "lower max tokens, or load the model with a larger context window."
)
_NO_MEMORY = "{at} has too little memory for {model!r} ({status}). Free some there, or choose a smaller model or context window."
_KEYLESS = "{at} requires an API key ({status}). Give one, or name the environment variable that holds it."
_OUT_OF_CREDIT = (
    "{at} says that the account behind the key is out of credit ({status}). "
    "Add credit or raise its limit there, or use another key."
)


def _classify(error: BaseException, refusal: Refusal, status: int) -> tuple[type[LMError], str]:
    """The kind of error for a refusal, and its message."""
    if refusal.is_out_of_credit:
        return LMCreditError, _OUT_OF_CREDIT
    about_prompt = status in _ABOUT_THE_PROMPT
    if is_caused_by(error, "ContentPolicyViolationError") or (about_prompt and refusal.is_about_content):
        return LMRefusedError, "{at} refused the content of the prompt ({status}). Change the prompt."
    if is_caused_by(error, "ContextWindowExceededError") or (about_prompt and refusal.is_too_long):
        return LMPromptTooLongError, _PROMPT_TOO_LONG
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        if refusal.param:
            return LMRefusedError, (
                "{at} did not accept the parameter {param!r} ({status}). Change it, or leave it out."
            )
        return LMRefusedError, "{at} did not accept the request ({status})."
    if refusal.is_loading:
        return LMUnavailableError, "{at} is still loading the model ({status}). Try again when it is loaded."
    if refusal.lacks_memory:  # a retry would fail, too
        return LMRefusedError, _NO_MEMORY
    if _REPLY_FORMAT.search(refusal.text):
        return LMRefusedError, "{at} failed because of the reply format ({status})."
    return LMUnavailableError, "{at} failed on its side ({status}). Try again later."


def explain_refusal(
    error: BaseException,
    refusal: Refusal,
    at: str,
    model: str,
    secrets: Collection[str],
    *,
    keyless: bool = False,
) -> LMError:
    """The error for a refusal with an HTTP status.

    error: litellm's exception, of which only the classes count. at, secrets: as above. keyless: no key was sent.
    """
    status = refusal.status or 0
    param = redact(refusal.param, secrets)
    kind, sentence = _classify(error, refusal, status)
    if keyless and status == HTTPStatus.UNAUTHORIZED:
        sentence = _KEYLESS
    quote = _quote(refusal, secrets)
    if not quote and issubclass(kind, LMRefusedError):
        quote = " It gave no reason: look at the server's log, if it is yours."
    if is_caused_by(error, "UnsupportedParamsError"):
        param = _unsupported(error)
        which = "the parameter {param!r}" if param else "one of its parameters"
        sentence = f"{{model!r}} does not support {which} as it is set. Leave it empty, or set it to None."
        quote = "" if param else quote
    message = sentence.format(at=at, model=model, status=status, param=param) + quote
    if issubclass(kind, LMUnavailableError | LMRateLimitError):
        return kind(message, model=model, status=status, retry_after_s=refusal.retry_after_s)
    return kind(message, model=model, status=status)


def _unsupported(error: BaseException) -> str:
    """The parameter that the model does not support, as far as litellm says; else ""."""
    return next((matched[1] for pattern in _UNSUPPORTED if (matched := pattern.search(str(error)))), "")
