"""litellm's exceptions in our words.

    exception --explain--> LMError      who is at fault, and what to do next

Rule 1: the new error is built from the type, the status and, cut short and redacted, the provider's own sentence.
Rule 2: it keeps no hold of the old one, whose frames, headers and request carry the key.
Types are told by name, so that nothing here needs the import of litellm.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Collection, Iterator
from functools import cache
from http import HTTPStatus

from refine_core.errors import (
    LMError,
    LMKeyError,
    LMNotFoundError,
    LMRateLimitError,
    LMRefusedError,
    LMTimeoutError,
    LMUnavailableError,
)
from refine_core.lm.answers import MAX_REPLY_BYTES
from refine_core.lm.secrecy import redact
from refine_core.lm.shapes import CutOff, SaidError, SentElsewhere, TooLong, TransportFault, WrongShape

MAX_WORDS = 300
"""Characters kept of what a provider says."""

_LITELLM_PREFIX = re.compile(r"^(?:(?:litellm\.)?[A-Za-z]*(?:Error|Exception)\s*(?::|-)\s*)+")
_STATUS_ALONE = re.compile(r"Error code: \d{3}")  # openai's words for a body that it could not read
_JSON_MESSAGE = re.compile(r"\"message\"\s*:\s*\"((?:[^\"\\]|\\.)+)\"")
_MISREAD = ("JSONDecodeError", "ValidationError", "TypeError", "AttributeError", "KeyError")
_HUNG_UP = (
    "SSLEOFError",
    "SSLZeroReturnError",
    "SSLSyscallError",
)  # a secure connection that broke, and may not again
_REPLY_FORMAT = re.compile(r"response_format|json_?schema|json_object|\bgrammar\b", re.IGNORECASE)
_NO_KEY = re.compile(r"api_key|credentials", re.IGNORECASE)


def explain(  # one return a fault
    error: BaseException,
    *,
    where: str,
    model: str,
    timeout_s: float,
    secrets: Collection[str] = (),
    keyless: bool = False,
) -> LMError:
    """The LMError for an exception of litellm or of what lies beneath it.

    where: "the server at http://…" or the like. timeout_s: the limit that was in force. keyless: no key was sent.
    """
    at = where[0].upper() + where[1:]
    if seen := next((link for link in _chain(error) if isinstance(link, TransportFault)), None):
        return _by_sight(seen, at, where, model, secrets)
    said = redact(_words(error), secrets)[:MAX_WORDS]
    answered = _has(error, "HTTPStatusError")  # a 408 is litellm's Timeout, too
    if not answered and _has(error, "TimeoutError", "Timeout", "TimeoutException"):
        return LMTimeoutError(
            f"{at} gave no answer within {timeout_s:g} s. Try again, or allow it more time.", model=model
        )
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and answered:
        if keyless and status == HTTPStatus.UNAUTHORIZED:
            return LMKeyError(
                f"{at} wants a key, and none was given (401). Give one, or name the environment variable that holds it."
                + (f' It said: "{said}"' if said else ""),
                model=model,
                status=status,
            )
        return _by_status(error, status, at, said, model, param=redact(_param(error), secrets))
    insecure = _has(error, "SSLError", "CertificateError", "ClientConnectorCertificateError")
    if insecure and not _has(error, *_HUNG_UP):
        return _insecure(error, where, model)
    if _has(error, "TransportError", "ConnectionError", "InvalidURL"):
        return LMUnavailableError(_unreachable(error, where), model=model)
    if _has(error, "MidStreamFallbackError") and not _has(error, *_MISREAD):
        return _in_place_of_a_reply(_body(error) or {"message": said}, at, model, secrets)
    if missing := next((e for e in _chain(error) if isinstance(e, ImportError)), None):
        return LMError(f"litellm needs a package for {model!r}: {missing.name}. Install it.", model=model)
    if "LLM Provider NOT provided" in str(error):
        return LMNotFoundError(
            f"No provider is known for {model!r}. Write provider/model, such as openai/{model}, "
            "or give the address of the server that has it.",
            model=model,
        )
    if not isinstance(status, int):
        return LMError(f"litellm could not ask {where} ({type(error).__name__}): {said}", model=model)
    # From here on the status is of litellm's own making: it refused to ask, or could not read the answer.
    if status == HTTPStatus.UNAUTHORIZED or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and _NO_KEY.search(said)
    ):
        return LMKeyError(f"{at} needs a key. Give one, or set it in the environment.", model=model)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.UNPROCESSABLE_ENTITY:
        return _by_status(error, status, at, said, model)
    what = "it is no JSON, or not all of it" if _has(error, "JSONDecodeError") else ""
    return _by_sight(WrongShape(what), at, where, model, secrets)


_LITELLM_KINDS: tuple[tuple[type[LMError], str], ...] = (
    (LMKeyError, "AuthenticationError"),
    (LMNotFoundError, "NotFoundError"),
    (LMRefusedError, "BadRequestError"),
    (LMRateLimitError, "RateLimitError"),
    (LMTimeoutError, "Timeout"),
    (LMUnavailableError, "ServiceUnavailableError"),
    (LMError, "APIError"),
)
# What handlers of litellm's exceptions read. Its own __init__, which wants the request, is never called.
_LITELLM_PARTS = (
    "llm_provider", "litellm_debug_info", "max_retries", "num_retries", "response", "request", "body", "code", "param",
    "type", "headers",
)  # fmt: skip


def catchable(error: LMError, cause: type[BaseException] | None = None) -> LMError:
    """The same error, as one that `except litellm.…` and `except openai.…` catch too, if litellm is loaded.

    cause: the class of litellm's exception that it explains; a more special one, such as ContextWindowExceededError, is
    kept. Nothing else of that exception is: it holds the request, and so the key.
    """
    theirs = sys.modules.get("litellm.exceptions")
    if theirs is None:
        return error
    kind = next(kind for kind, _ in _LITELLM_KINDS if isinstance(error, kind))
    base: type[BaseException] = getattr(theirs, dict(_LITELLM_KINDS)[kind])
    if cause is not None and issubclass(cause, base) and cause.__module__ == base.__module__:
        base = cause
    if isinstance(error, base):
        return error
    both = _both(type(error), base)  # type: ignore[arg-type]  # every class can be hashed
    made = both.__new__(both)
    made.args = error.args
    vars(made).update({**dict.fromkeys(_LITELLM_PARTS), **vars(error)})
    vars(made).update(message=str(error), status_code=error.status)
    return made


@cache
def _both(ours: type[LMError], theirs: type[BaseException]) -> type[LMError]:
    """A class that is both, and looks like ours."""
    body = {
        "__module__": ours.__module__,
        "__qualname__": ours.__qualname__,
        "__doc__": ours.__doc__,
        "__str__": Exception.__str__,
        "__repr__": Exception.__repr__,
        "__reduce__": lambda self: (_revived, (ours, self.args, _without_theirs(dict(vars(self))))),
    }
    return type(ours.__name__, (ours, theirs), body)


def _without_theirs(state: dict[str, object]) -> dict[str, object]:
    return {k: v for k, v in state.items() if k not in (*_LITELLM_PARTS, "message", "status_code")}


def _revived(ours: type[LMError], args: tuple[object, ...], state: dict[str, object]) -> LMError:
    """An error from a pickle, by whatever is loaded here."""
    made = ours.__new__(ours)
    made.args = args
    vars(made).update(state)
    return catchable(made)


def _by_sight(seen: TransportFault, at: str, where: str, model: str, secrets: Collection[str]) -> LMError:
    """The error for what was seen on the wire, or in the pieces of a stream."""
    match seen:
        case SentElsewhere():
            return LMNotFoundError(
                f"{at} sends the request on to {redact(seen.to, secrets)[:MAX_WORDS]} ({seen.status}), "
                "where the key must not go. If you trust that server, give its address instead.",
                model=model,
                status=seen.status,
            )
        case TooLong():
            return LMRefusedError(
                f"The reply of {model!r} was longer than {MAX_REPLY_BYTES // 1_000_000} MB, so it was not read "
                "to its end. Set max_tokens.",
                model=model,
            )
        case SaidError():
            return _in_place_of_a_reply(seen.body, at, model, secrets)
        case CutOff():
            return LMUnavailableError(
                f"The reply of {where} ended before it was complete. Try again.", model=model
            )
    what = f": {seen.what}" if isinstance(seen, WrongShape) and seen.what else ""
    return LMUnavailableError(
        f"{at} answered, but not with a chat reply{what}. "
        "Is it an OpenAI-compatible address? It usually ends in /v1.",
        model=model,
    )


def _in_place_of_a_reply(body: object, at: str, model: str, secrets: Collection[str]) -> LMError:
    """An error that came under status 200, or in the middle of a stream, by the code that it names."""
    parts = body if isinstance(body, dict) else {"message": body}
    said = redact(" ".join(str(parts.get("message") or "").split()), secrets)[:MAX_WORDS]
    names = " ".join(str(parts.get(name) or "") for name in ("code", "type"))
    code = str(parts.get("code"))
    status = int(code) if re.fullmatch(r"[45]\d\d", code) else None
    if "insufficient_quota" in names or "rate_limit" in names:
        status = HTTPStatus.TOO_MANY_REQUESTS
    if status is not None:
        failure = _by_status(Exception(), int(status), at, said, model)
        failure.retryable = failure.retryable and "insufficient_quota" not in names
        return failure
    told = f' It said: "{said}"' if said else ""
    return LMUnavailableError(f"{at} sent an error in place of a reply. Try again.{told}", model=model)


_BY_STATUS: dict[int, tuple[type[LMError], str]] = {
    401: (LMKeyError, "{at} refused the key (401). Check the key, and that it belongs there."),
    402: (LMRateLimitError, "{at} wants payment first (402). Check the account behind the key."),
    403: (LMKeyError, "{at} does not let this key use {model!r} (403). Check what the key may do."),
    404: (
        LMNotFoundError,
        "{at} has no model {model!r}, or no chat at this path (404). Check the name; an address usually ends in /v1.",
    ),
    408: (LMTimeoutError, "{at} gave up waiting (408). Try again."),
    409: (LMUnavailableError, "{at} was not ready for the request (409). Try again."),
    413: (LMRefusedError, "The prompt is too long for {at} (413). Shorten it."),
    501: (LMRefusedError, "{at} cannot do what was asked (501). Change the parameters, or leave them out."),
    429: (LMRateLimitError, "{at} has had too many requests (429). Wait a little, or ask less often."),
    504: (LMTimeoutError, "{at} gave up waiting (504). Try again."),
}


def _by_status(
    error: BaseException, status: int, at: str, said: str, model: str, *, param: str = ""
) -> LMError:
    """The error for an HTTP status. at: the server, as a sentence begins. said: its own words. param: the one at fault."""
    kind, sentence = _BY_STATUS.get(status, (LMRefusedError, "{at} did not accept the request ({status})."))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _BY_STATUS:
        kind, sentence = LMUnavailableError, "{at} failed on its side ({status}). Try again later."
        if _REPLY_FORMAT.search(said):  # it would fail again
            kind, sentence = LMRefusedError, "{at} failed at the reply format ({status})."
    if kind is LMRefusedError and param and status not in _BY_STATUS:
        sentence = "{at} did not accept the parameter {param!r} ({status}). Change it, or leave it out."
    if _has(error, "ContextWindowExceededError"):
        sentence = "The prompt is too long for {model!r} ({status}). Shorten it."
    if _has(error, "ContentPolicyViolationError"):
        sentence = "{at} refused the content of the prompt ({status})."
    if _has(error, "UnsupportedParamsError"):
        sentence = (
            "{model!r} does not take one of its parameters. Change it, or set it to None to leave it out."
        )
    message = sentence.format(at=at, model=model, status=status, param=param) + (
        f' It said: "{said}"' if said else ""
    )
    if kind is LMUnavailableError:
        return LMUnavailableError(message, model=model, status=status, retry_after_s=_retry_after_s(error))
    if kind is not LMRateLimitError:
        return kind(message, model=model, status=status)
    limit = LMRateLimitError(message, model=model, status=status, retry_after_s=_retry_after_s(error))
    codes = [getattr(link, "code", None) for link in _chain(error)]
    limit.retryable = status != HTTPStatus.PAYMENT_REQUIRED and "insufficient_quota" not in codes
    return limit


def _unreachable(error: BaseException, where: str) -> str:
    """Why there was no connection, or no longer one, in plain words."""
    if _has(error, "ConnectionRefusedError"):
        return f"Cannot reach {where}: connection refused. Is the server running?"
    if _has(error, "gaierror"):
        return f"Cannot reach {where}: no such host. Check the address, and the network."
    if _has(error, "InvalidURL", "InvalidUrlClientError"):
        return f"Cannot reach {where}: this is no address. Write http://HOST:PORT/v1."
    if _has(
        error, *_HUNG_UP, "ReadError", "RemoteProtocolError", "ClientPayloadError", "ServerDisconnectedError"
    ):
        return f"The connection to {where} broke before the reply was complete. Try again."
    root = [e for e in _chain(error) if isinstance(e, OSError)]
    reason = (root[-1].strerror or type(root[-1]).__name__) if root else "no connection"
    return f"Cannot reach {where}: {reason[:80]}. Check the address, and the network."


def _insecure(error: BaseException, where: str, model: str) -> LMError:
    """No secure connection. That does not pass by itself, so the same call is not tried again."""
    reasons = (
        getattr(link, "verify_message", None) or getattr(link, "reason", None) for link in _chain(error)
    )
    reason = next((r.lower().replace("_", " ") for r in reasons if isinstance(r, str)), "TLS failed")
    next_step = "Check http or https."
    if "certificate" in reason:
        next_step = "Check the address; a certificate of your own is trusted if SSL_CERT_FILE names it."
    failure = LMUnavailableError(
        f"Cannot reach {where}: no secure connection ({reason}). {next_step}", model=model
    )
    failure.retryable = False
    return failure


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, and what it came from, outermost first."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _has(error: BaseException, *names: str) -> bool:
    """Whether the exception or one it came from is of a class of one of these names."""
    return any(kind.__name__ in names for link in _chain(error) for kind in type(link).__mro__)


def _words(error: BaseException) -> str:
    """The provider's own sentence, on one line; empty where it sent none, or a web page."""
    bodies = (getattr(link, "body", None) for link in _chain(error))
    sent = next((b["message"] for b in bodies if isinstance(b, dict) and b.get("message")), None)
    own = str(error).partition(" Original exception: ")[0]  # litellm says it twice
    text = " ".join(str(sent or _LITELLM_PREFIX.sub("", own)).split())
    if "{" in text and (inside := _JSON_MESSAGE.search(text)):
        return inside[1]
    return "" if text.startswith("<") or _STATUS_ALONE.fullmatch(text) else text


def _body(error: BaseException) -> object:
    """What the server sent as an error, from within OpenAI's own exceptions."""
    return next((b for link in _chain(error) if (b := getattr(link, "body", None)) is not None), None)


def _param(error: BaseException) -> str:
    """The parameter that the server names as the one at fault; "" where it names none, or the prompt or the model."""
    body = _body(error)
    param = body.get("param") if isinstance(body, dict) else None
    whole = ("messages", "model")
    return param[:60] if isinstance(param, str) and not param.startswith(whole) else ""


def names_stream(error: BaseException) -> bool:
    """Whether a server refused the request because it asks for a stream."""
    refused = getattr(error, "status_code", None) in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)
    return (
        refused
        and _has(error, "HTTPStatusError", "APIStatusError")
        and "stream" in f"{_param(error)} {_words(error)}".lower()
    )


def _retry_after_s(error: BaseException) -> float | None:
    """The Retry-After header as seconds from now; it may be a number or a date."""
    from email.utils import parsedate_to_datetime

    for link in _chain(error):
        headers = getattr(getattr(link, "response", None), "headers", None) or {}
        if advice := headers.get("retry-after"):
            try:
                return max(0.0, float(advice))
            except ValueError:
                pass
            try:
                return max(0.0, parsedate_to_datetime(advice).timestamp() - time.time())
            except (ValueError, OverflowError):
                return None
    return None
