"""The LMError, and so the sentence on screen, for an exception of litellm, a time limit or a fault of the network.

    exception --explain--> LMError      who is at fault, and what to do next

Rule 1: the error is built from the type, the status and the provider's own sentence, cut short and redacted.
Rule 2: it keeps no reference to litellm's exception, whose frames, headers and request hold the key.
Types are recognised by name, so that nothing here imports litellm.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from http import HTTPStatus

from refine_core.errors import (
    LMError,
    LMKeyError,
    LMNotFoundError,
    LMRefusedError,
    LMTimeoutError,
    LMUnavailableError,
)
from refine_core.lm.exception_chain import is_caused_by, iter_causes
from refine_core.lm.refusal_messages import explain_error_body, explain_refusal
from refine_core.lm.refusal_text import MAX_QUOTE_CHARS, clean_text, read_text
from refine_core.lm.refusals import Refusal, parse_refusal
from refine_core.lm.secrecy import redact
from refine_core.lm.server_replies import MAX_REPLY_BYTES
from refine_core.lm.transport_faults import (
    ErrorBody,
    MalformedReply,
    RedirectedElsewhere,
    RedirectLoop,
    ReplyCutOff,
    ReplyTooLong,
    TimedOut,
    TransportFault,
    UnwatchedReply,
)

_JSON_MESSAGE = re.compile(r"\"message\"\s*:\s*\"((?:[^\"\\]|\\.)+)\"")
_MISREAD = ("JSONDecodeError", "ValidationError", "TypeError", "AttributeError", "KeyError")
_DISCONNECTED = (
    "SSLEOFError",
    "SSLZeroReturnError",
    "SSLSyscallError",
)  # a secure connection that broke and may be retried
_NO_KEY = re.compile(r"api_key|credentials", re.IGNORECASE)


def explain(
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
    """The LMError for an exception of litellm or of the libraries below it.

    where: "the server at http://…" or the like. timeout_s: the limit of the call. keyless: no key was sent.
    refusal, fault: what the transport saw, if anything.
    """
    at = where[0].upper() + where[1:]
    fault = fault or next((link for link in iter_causes(error) if isinstance(link, TransportFault)), None)
    if fault is not None:
        return _explain_transport(fault, at, where, model, secrets)
    status = getattr(error, "status_code", None)
    if refusal is None and isinstance(status, int) and is_caused_by(error, "HTTPStatusError"):
        refusal = parse_refusal(_body(error) or _error_text(error), status=status)
    if refusal is not None and refusal.status is not None:
        return explain_refusal(error, refusal, at, model, secrets, keyless=keyless)
    text = redact(_error_text(error), secrets)[:MAX_QUOTE_CHARS]
    if is_caused_by(error, "TimeoutError", "Timeout", "TimeoutException"):
        return _explain_silence(at, timeout_s, model)
    is_insecure = is_caused_by(error, "SSLError", "CertificateError", "ClientConnectorCertificateError")
    if is_insecure and not is_caused_by(error, *_DISCONNECTED):
        return _explain_tls(error, where, model)
    if is_caused_by(error, "TransportError", "ConnectionError", "InvalidURL"):
        return _mark_unanswered(LMUnavailableError(_unreachable(error, where), model=model))
    if is_caused_by(error, "MidStreamFallbackError") and not is_caused_by(error, *_MISREAD):
        return explain_error_body(_body(error) or {"message": text}, at, model, secrets)
    if missing := next((e for e in iter_causes(error) if isinstance(e, ImportError)), None):
        return LMError(f"litellm needs a package for {model!r}: {missing.name}. Install it.", model=model)
    if "LLM Provider NOT provided" in str(error):
        return LMNotFoundError(
            f"No provider is known for {model!r}. Write provider/model, such as openai/{model}, "
            "or give the address of the server that has it.",
            model=model,
        )
    if not isinstance(status, int):
        return LMError(f"litellm could not ask {where} ({type(error).__name__}): {text}", model=model)
    # From here on litellm made up the status: it refused to send the request, or could not read the response.
    if status == HTTPStatus.UNAUTHORIZED or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and _NO_KEY.search(text)
    ):
        return LMKeyError(f"{at} requires an API key. Give one, or set it in the environment.", model=model)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.UNPROCESSABLE_ENTITY:
        return explain_refusal(error, parse_refusal(_error_text(error), status=status), at, model, secrets)
    what = "it is not complete JSON" if is_caused_by(error, "JSONDecodeError") else ""
    return _explain_transport(MalformedReply(what), at, where, model, secrets)


def _explain_transport(
    fault: TransportFault, at: str, where: str, model: str, secrets: Collection[str]
) -> LMError:
    """The error for what the transport saw, or what was wrong with a stream."""
    match fault:
        case RedirectedElsewhere():
            return LMNotFoundError(
                f"{at} sends the request on to {redact(fault.to, secrets)[:MAX_QUOTE_CHARS]} ({fault.status}), "
                "where the key must not go. If you trust that server, give its address instead.",
                model=model,
                status=fault.status,
            )
        case RedirectLoop():
            return LMNotFoundError(
                f"{at} redirects the request again and again ({fault.status}). "
                "Check the address; it usually ends in /v1.",
                model=model,
                status=fault.status,
            )
        case ReplyTooLong():
            return LMRefusedError(
                f"The reply of {model!r} was longer than {MAX_REPLY_BYTES // 1_000_000} MB, so it was not read "
                "to its end. Set max_tokens.",
                model=model,
            )
        case ErrorBody():
            return explain_error_body(fault.body, at, model, secrets)
        case TimedOut():
            return _explain_timeout(fault, at, model)
        case UnwatchedReply():
            return LMError(
                f"The request to {where} could not be checked on its way, so the reply was not used: the key may have "
                "been sent elsewhere. Give the address of an OpenAI-compatible server that has the model.",
                model=model,
            )
        case ReplyCutOff():
            return LMUnavailableError(
                f"The reply of {where} ended before it was complete. Try again.", model=model
            )
    what = f": {fault.what}" if isinstance(fault, MalformedReply) and fault.what else ""
    return LMUnavailableError(
        f"{at} answered, but not with a chat reply{what}. "
        "Is it an OpenAI-compatible address? It usually ends in /v1.",
        model=model,
    )


def _explain_timeout(fault: TimedOut, at: str, model: str) -> LMError:
    """The error for a time limit. A stream that was still being written is not retried: it would take as long again."""
    if not fault.characters and not fault.was_alive:
        return _explain_silence(at, fault.limit_s, model)
    size = f"{round(fault.characters, 2 - len(str(fault.characters))):,}"  # two digits are enough
    if not fault.was_alive:
        return LMTimeoutError(
            f"{at} sent nothing more for {fault.limit_s:g} s, after about {size} characters. "
            "Try again, or allow it more time.",
            model=model,
        )
    lm_error = LMTimeoutError(
        f"{model!r} was still {'thinking' if fault.is_thinking else 'writing'} after {fault.limit_s:g} s "
        f"(about {size} characters). Set max tokens."
        if fault.characters
        else f"{at} kept the connection open for {fault.limit_s:g} s and wrote nothing. Allow it more time.",
        model=model,
    )
    lm_error.retryable = False
    return lm_error


def _explain_silence(at: str, limit_s: float, model: str) -> LMError:
    """The error for a server that sent nothing until the time was up."""
    return _mark_unanswered(
        LMTimeoutError(
            f"{at} gave no answer within {limit_s:g} s. Try again, or allow it more time.", model=model
        )
    )


def _mark_unanswered(error: LMError) -> LMError:
    error.unanswered = True
    return error


def _unreachable(error: BaseException, where: str) -> str:
    """Why there is no connection any more, in plain words."""
    if is_caused_by(error, "ConnectionRefusedError"):
        return f"Cannot reach {where}: connection refused. Is the server running?"
    if is_caused_by(error, "gaierror"):
        return f"Cannot reach {where}: no such host. Check the address, and the network."
    if is_caused_by(error, "InvalidURL", "InvalidUrlClientError"):
        return f"Cannot reach {where}: this is not an address. Write http://HOST:PORT/v1."
    if is_caused_by(
        error,
        *_DISCONNECTED,
        "ReadError",
        "RemoteProtocolError",
        "ClientPayloadError",
        "ServerDisconnectedError",
    ):
        return f"The connection to {where} broke before the reply was complete. Try again."
    root = [e for e in iter_causes(error) if isinstance(e, OSError)]
    reason = (root[-1].strerror or type(root[-1]).__name__) if root else "no connection"
    return f"Cannot reach {where}: {reason[:80]}. Check the address, and the network."


def _explain_tls(error: BaseException, where: str, model: str) -> LMError:
    """The error for a connection that is not secure. It is not retried, since it would fail again."""
    reasons = (
        getattr(link, "verify_message", None) or getattr(link, "reason", None) for link in iter_causes(error)
    )
    reason = next((r.lower().replace("_", " ") for r in reasons if isinstance(r, str)), "TLS failed")
    next_step = "Check http or https."
    if "certificate" in reason:
        next_step = "Check the address; a certificate of your own is trusted if SSL_CERT_FILE names it."
    lm_error = LMUnavailableError(
        f"Cannot reach {where}: no secure connection ({reason}). {next_step}", model=model
    )
    lm_error.retryable = False
    return _mark_unanswered(lm_error)


def _error_text(error: BaseException) -> str:
    """The text of an exception that came without a server's response; "" for a web page."""
    own = str(error).partition(" Original exception: ")[0]  # litellm repeats it
    text = " ".join(own.split())
    if "{" in text and (inside := _JSON_MESSAGE.search(text)):
        text = inside[1]
    return read_text(clean_text(text))


def _body(error: BaseException) -> object:
    """The server's error body, from OpenAI's own exceptions."""
    return next((b for link in iter_causes(error) if (b := getattr(link, "body", None)) is not None), None)
