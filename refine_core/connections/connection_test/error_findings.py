"""What an error of the test request shows about a connection: which subject it belongs to, and what to do."""

from __future__ import annotations

from http import HTTPStatus

from refine_core.connections.connection_test.model_list import REFUSALS, describe_address
from refine_core.connections.connection_test.refusals import QUOTE_START, RefusedParams, is_named
from refine_core.connections.connection_test.report import CheckReport
from refine_core.connections.connection_test.target import Target, capitalize
from refine_core.connections.model_names import prefix_of, server_names
from refine_core.errors import (
    LMError,
    LMKeyError,
    LMNotFoundError,
    LMRateLimitError,
    LMRefusedError,
    LMUnavailableError,
)


def record_error(report: CheckReport, target: Target, error: LMError) -> None:
    """Record an error under the subject that it is about."""
    words, record = target.quote(error), report.record
    moved = error.status is not None and HTTPStatus.MULTIPLE_CHOICES <= error.status < HTTPStatus.BAD_REQUEST
    unreachable = isinstance(error, LMUnavailableError) and words.startswith("Cannot reach")
    if unreachable or moved:
        record("Base URL", "fails", words)
    elif error.status is not None and report.verdict("Base URL") != "works" and not target.listing.v1:
        record("Base URL", "works", f"{capitalize(target.where)} was reached.")
    if isinstance(error, LMKeyError):
        keyless = bool(target.model.api_base) and not target.key and error.status is not None
        record("Key", "fails", _requires_key(target, error) if keyless else words)
    elif isinstance(error, LMNotFoundError) and not moved:
        _record_not_found(report, target, words)
    elif _is_about_model(report, target, error):
        record("Model", "fails", f"{target.not_listed} {words}")
    elif isinstance(error, LMRateLimitError) and error.retryable:
        record("Reply", "unknown", words)
    elif not unreachable and not moved:
        record("Reply", "fails", words)
        if error.status == HTTPStatus.BAD_REQUEST and target.listing.status in REFUSALS:
            record("Key", "unknown", _suspect_key(target))


def record_refused_params(
    report: CheckReport, target: Target, params: RefusedParams, refusal: LMError
) -> None:
    """Record which parameters the server refuses, and what to do."""
    names = ", ".join(params.names)
    one = len(params.names) == 1
    who = (
        f"{names} {'is' if one else 'are'} refused"
        if params.certain
        else f"One or more of {names} are refused"
    )
    what = "Set it to 1, or choose another model." if params.names == ("temperature",) else (
        "Change it, or leave it out." if one else "Change them, or leave them out.")  # fmt: skip
    report.record(
        "Parameters",
        "fails",
        f"{who}; without {'it' if one else 'them'} a reply comes. {what} {target.quote(refusal)}",
    )


def _record_not_found(report: CheckReport, target: Target, words: str) -> None:
    """Record a 404: the address may be at fault, or the model."""
    if target.listing.v1:
        report.record("Base URL", "fails", describe_address(target.listing, target.where, 0.0)[1])
    elif (target.model.api_base or "").rstrip("/").endswith("/chat/completions"):
        report.record(
            "Base URL", "fails", "The base URL must end before /chat/completions, which is added to it."
        )
    else:
        report.record("Model", "fails", words + target.suggestion)


def _is_about_model(report: CheckReport, target: Target, error: LMError) -> bool:
    """Whether a refusal is about a model that the server does not list, either."""
    names = {target.model.model, *server_names(target.model, prefix_of(target.model))}
    unlisted = bool(target.listing.models) and report.verdict("Model") == "unknown"
    return unlisted and isinstance(error, LMRefusedError) and is_named(names, error)


def _requires_key(target: Target, error: LMError) -> str:
    return (
        f"{capitalize(target.where)} requires an API key ({error.status}). Type one, or name the environment "
        f"variable that holds it.{''.join(str(error).partition(QUOTE_START)[1:])}"
    )


def _suspect_key(target: Target) -> str:
    likely = (
        "the key is the likeliest cause. Check it, and that it belongs there."
        if target.key
        else "the likeliest cause is that it requires an API key. Type one."
    )
    return f"The server refuses every request, its list of models too; {likely}"
