"""litellm's exceptions in our words.

    exception --explain--> LMError      who is at fault, and what to do next

Rule 1: the new error is built from the type, the status and, cut short and redacted, the provider's own sentence.
Rule 2: it keeps no hold of the old one, whose frames, headers and request carry the key.
Types are told by name, so that nothing here needs the import of litellm.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import replace
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
from refine_core.lm.refusals import Refusal, clean, read_words, refusal_of
from refine_core.lm.secrecy import redact
from refine_core.lm.shapes import (
    CutOff,
    SaidError,
    SentElsewhere,
    SentInCircles,
    TookTooLong,
    TooLong,
    TransportFault,
    Unguarded,
    WrongShape,
)

MAX_WORDS = 300
"""Characters kept of what a provider says."""

_UNSUPPORTED = (
    re.compile(r"(?:don't|doesn't|does not) support (?:the parameter )?`?(\w+)(?==)"),
    re.compile(r"does not support parameters: \W*(\w+)"),
    re.compile(r"Unsupported (?:value|parameter): '(\w+)'"),
)
"""In which words litellm says that a model does not take a parameter."""
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
    refusal: Refusal | None = None,
    fault: TransportFault | None = None,
) -> LMError:
    """The LMError for an exception of litellm or of what lies beneath it.

    where: "the server at http://…" or the like. timeout_s: the limit that was in force. keyless: no key was sent.
    refusal, fault: what was seen on the wire, if anything.
    """
    at = where[0].upper() + where[1:]
    seen = fault or next((link for link in _chain(error) if isinstance(link, TransportFault)), None)
    if seen is not None:
        return _by_sight(seen, at, where, model, secrets)
    status = getattr(error, "status_code", None)
    if refusal is None and isinstance(status, int) and _has(error, "HTTPStatusError"):
        refusal = refusal_of(_body(error) or _words(error), status=status)
    if refusal is not None and refusal.status is not None:
        return _by_status(error, refusal, at, model, secrets, keyless=keyless)
    said = redact(_words(error), secrets)[:MAX_WORDS]
    if _has(error, "TimeoutError", "Timeout", "TimeoutException"):
        return LMTimeoutError(
            f"{at} gave no answer within {timeout_s:g} s. Try again, or allow it more time.", model=model
        )
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
        return _by_status(error, refusal_of(_words(error), status=status), at, model, secrets)
    what = "it is not complete JSON" if _has(error, "JSONDecodeError") else ""
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

    cause: the class of litellm's exception that it explains, which it then is, too. Nothing else of that exception is kept:
    it holds the request, and so the key.
    """
    theirs = sys.modules.get("litellm.exceptions")
    if theirs is None:
        return error
    kind = next(kind for kind, _ in _LITELLM_KINDS if isinstance(error, kind))
    base: type[BaseException] = getattr(theirs, dict(_LITELLM_KINDS)[kind])
    if isinstance(error, base):
        return error
    bases: tuple[type[BaseException], ...] = (base,)
    if (
        cause is not None
        and cause.__module__ == theirs.__name__
        and issubclass(cause, theirs.openai.APIError)
    ):
        bases = (cause,) if issubclass(cause, base) else bases if issubclass(base, cause) else (cause, base)
    both = _both(type(error), *bases)  # type: ignore[arg-type]  # every class can be hashed
    made = both.__new__(both)
    made.args = error.args
    vars(made).update({**dict.fromkeys(_LITELLM_PARTS), **vars(error)})
    vars(made).update(message=str(error), status_code=error.status)
    return made


@cache
def _both(ours: type[LMError], *theirs: type[BaseException]) -> type[LMError]:
    """A class that is all of them, and looks like ours."""
    body = {
        "__module__": ours.__module__,
        "__qualname__": ours.__qualname__,
        "__doc__": ours.__doc__,
        "__str__": Exception.__str__,
        "__repr__": Exception.__repr__,
        "__reduce__": lambda self: (_revived, (ours, self.args, _without_theirs(dict(vars(self))))),
    }
    return type(ours.__name__, (ours, *theirs), body)


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
        case SentInCircles():
            return LMNotFoundError(
                f"{at} redirects the request again and again ({seen.status}). "
                "Check the address; it usually ends in /v1.",
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
        case TookTooLong():
            return _too_late(seen, at, model)
        case Unguarded():
            return LMError(
                f"The request to {where} could not be checked on its way, so the reply was not used: the key may have "
                "been sent elsewhere. Give the address of an OpenAI-compatible server that has the model.",
                model=model,
            )
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


def _too_late(seen: TookTooLong, at: str, model: str) -> LMTimeoutError:
    """The limit of silence, or that of a whole stream, was reached. A stream that was alive would be as long again."""
    if not seen.characters and not seen.was_alive:
        return LMTimeoutError(
            f"{at} gave no answer within {seen.after_s:g} s. Try again, or allow it more time.", model=model
        )
    size = f"{round(seen.characters, 2 - len(str(seen.characters))):,}"  # two digits are enough
    if not seen.was_alive:
        return LMTimeoutError(
            f"{at} sent nothing more for {seen.after_s:g} s, after about {size} characters. "
            "Try again, or allow it more time.",
            model=model,
        )
    failure = LMTimeoutError(
        f"{model!r} was still {'thinking' if seen.is_thinking else 'writing'} after {seen.after_s:g} s "
        f"(about {size} characters). Set max tokens."
        if seen.characters
        else f"{at} kept the connection open for {seen.after_s:g} s and wrote nothing. Allow it more time.",
        model=model,
    )
    failure.retryable = False
    return failure


def _in_place_of_a_reply(body: object, at: str, model: str, secrets: Collection[str]) -> LMError:
    """An error that came under status 200, or in the middle of a stream, by the code that it names."""
    refusal = refusal_of(body)
    if refusal.status is None and refusal.is_out_of_credit:
        refusal = replace(refusal, status=HTTPStatus.PAYMENT_REQUIRED.value)
    if refusal.status is None and refusal.lacks_path:
        refusal = replace(refusal, status=HTTPStatus.NOT_FOUND.value)
    if refusal.status is not None:
        return _by_status(Exception(), refusal, at, model, secrets)
    told = _quoted(refusal, secrets)
    return LMUnavailableError(f"{at} sent an error in place of a reply. Try again.{told}", model=model)


def _quoted(refusal: Refusal, secrets: Collection[str]) -> str:
    """The server's own words, to follow ours; "" where it sent none."""
    said = redact(refusal.words, secrets)[:MAX_WORDS]
    return f' It said: "{said}"' if said else ""


_BY_STATUS: dict[int, tuple[type[LMError], str]] = {
    401: (LMKeyError, "{at} refused the key (401). Check the key, and that it belongs there."),
    403: (LMKeyError, "{at} does not let this key use {model!r} (403). Check what the key may do."),
    404: (
        LMNotFoundError,
        "{at} has no model {model!r}, or no chat at this path (404). Check the name; an address usually ends in /v1.",
    ),
    405: (
        LMNotFoundError,
        "{at} takes no chat requests at this path (405). Check the address; it usually ends in /v1.",
    ),
    408: (LMTimeoutError, "{at} gave up waiting (408). Try again."),
    409: (LMUnavailableError, "{at} was not ready for the request (409). Try again."),
    410: (LMNotFoundError, "{at} no longer has the model {model!r} (410). Choose another."),
    **{
        status: (LMUnavailableError, f"{{at}} was not ready for the request ({status}). Try again.")
        for status in (424, 425, 498, 499)
    },
    413: (LMRefusedError, "{at} says that the prompt is too long (413). Shorten it."),
    501: (LMRefusedError, "{at} cannot do what was asked (501). Change the parameters, or leave them out."),
    429: (LMRateLimitError, "{at} has had too many requests (429). Wait a little, or ask less often."),
    504: (LMTimeoutError, "{at} gave up waiting (504). Try again."),
}


_ABOUT_THE_PROMPT = (400, 403, 422, 500)
_TOO_LONG = (
    "The prompt is too long for {model!r}, with the room that its reply needs ({status}). Shorten the prompt, "
    "lower max tokens, or load the model with a larger context window."
)
_NO_MEMORY = "{at} has too little memory for {model!r} ({status}). Free some there, or choose a smaller model or context window."
_KEYLESS = "{at} requires an API key ({status}). Give one, or name the environment variable that holds it."
_OUT_OF_CREDIT = (
    "{at} says that the account behind the key is out of credit ({status}). "
    "Add credit or raise its limit there, or use another key."
)


def _cause(error: BaseException, refusal: Refusal, status: int) -> tuple[type[LMError], str]:  # one a cause
    """The error for a refusal, and its sentence: by what it says, else by its status."""
    if refusal.is_out_of_credit:
        return LMRateLimitError, _OUT_OF_CREDIT
    about_prompt = status in _ABOUT_THE_PROMPT
    if _has(error, "ContentPolicyViolationError") or (about_prompt and refusal.is_about_content):
        return LMRefusedError, "{at} refused the content of the prompt ({status}). Change the prompt."
    if _has(error, "ContextWindowExceededError") or (about_prompt and refusal.is_too_long):
        return LMRefusedError, _TOO_LONG
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
    if refusal.lacks_memory:  # it would fail again, here and below
        return LMRefusedError, _NO_MEMORY
    if _REPLY_FORMAT.search(refusal.words):
        return LMRefusedError, "{at} failed because of the reply format ({status})."
    return LMUnavailableError, "{at} failed on its side ({status}). Try again later."


def _by_status(
    error: BaseException,
    refusal: Refusal,
    at: str,
    model: str,
    secrets: Collection[str],
    *,
    keyless: bool = False,
) -> LMError:
    """The error for a refusal with an HTTP status. at: the server, as a sentence begins."""
    status = refusal.status or 0
    param = redact(refusal.param, secrets)
    kind, sentence = _cause(error, refusal, status)
    if keyless and status == HTTPStatus.UNAUTHORIZED:
        sentence = _KEYLESS
    told = _quoted(refusal, secrets)
    if not told and kind is LMRefusedError:
        told = " It gave no reason: look at the server's log, if it is yours."
    if _has(error, "UnsupportedParamsError"):
        param = _unsupported(error)
        which = "the parameter {param!r}" if param else "one of its parameters"
        sentence = f"{{model!r}} does not take {which} as it is set. Leave it empty, or set it to None."
        told = "" if param else told
    message = sentence.format(at=at, model=model, status=status, param=param) + told
    if kind is LMUnavailableError:
        return LMUnavailableError(message, model=model, status=status, retry_after_s=refusal.retry_after_s)
    if kind is not LMRateLimitError:
        return kind(message, model=model, status=status)
    limit = LMRateLimitError(message, model=model, status=status, retry_after_s=refusal.retry_after_s)
    limit.retryable = not refusal.is_out_of_credit
    return limit


def _unreachable(error: BaseException, where: str) -> str:
    """Why there was no connection, or no longer one, in plain words."""
    if _has(error, "ConnectionRefusedError"):
        return f"Cannot reach {where}: connection refused. Is the server running?"
    if _has(error, "gaierror"):
        return f"Cannot reach {where}: no such host. Check the address, and the network."
    if _has(error, "InvalidURL", "InvalidUrlClientError"):
        return f"Cannot reach {where}: this is not an address. Write http://HOST:PORT/v1."
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
    """The sentence of an exception that no answer of a server stands behind; empty for a web page."""
    own = str(error).partition(" Original exception: ")[0]  # litellm says it twice
    text = " ".join(own.split())
    if "{" in text and (inside := _JSON_MESSAGE.search(text)):
        text = inside[1]
    return read_words(clean(text))


def _body(error: BaseException) -> object:
    """What the server sent as an error, from within OpenAI's own exceptions."""
    return next((b for link in _chain(error) if (b := getattr(link, "body", None)) is not None), None)


def _unsupported(error: BaseException) -> str:
    """The parameter that litellm knows the model does not take; "" if its words do not tell."""
    return next((found[1] for pattern in _UNSUPPORTED if (found := pattern.search(str(error)))), "")
