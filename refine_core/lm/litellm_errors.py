"""LMError as litellm's and openai's own exceptions, so that code that catches those catches it.

    LMError --as_litellm_error--> the same error, of a class that is litellm's exception, too

Classes are looked up by name among the loaded modules, so that nothing here imports litellm.
"""

from __future__ import annotations

import sys
from functools import cache

from refine_core.errors import (
    LMError,
    LMKeyError,
    LMNotFoundError,
    LMRateLimitError,
    LMRefusedError,
    LMTimeoutError,
    LMUnavailableError,
)

_LITELLM_KINDS: tuple[tuple[type[LMError], str], ...] = (
    (LMKeyError, "AuthenticationError"),
    (LMNotFoundError, "NotFoundError"),
    (LMRefusedError, "BadRequestError"),
    (LMRateLimitError, "RateLimitError"),
    (LMTimeoutError, "Timeout"),
    (LMUnavailableError, "ServiceUnavailableError"),
    (LMError, "APIError"),
)
# The attributes that handlers of litellm's exceptions read. Its __init__, which requires the request, is never called.
_LITELLM_PARTS = (
    "llm_provider", "litellm_debug_info", "max_retries", "num_retries", "response", "request", "body", "code", "param",
    "type", "headers",
)  # fmt: skip


def as_litellm_error(error: LMError, cause: type[BaseException] | None = None) -> LMError:
    """The same error, as one that `except litellm.…` and `except openai.…` catch too, if litellm is loaded.

    cause: the class of the litellm exception that it explains; the result is one of that class, too. Nothing else of that
    exception is used: it holds the request, and so the key.
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
    combined = _combined_class(type(error), *bases)  # type: ignore[arg-type]  # every class can be hashed
    result = combined.__new__(combined)
    result.args = error.args
    vars(result).update({**dict.fromkeys(_LITELLM_PARTS), **vars(error)})
    vars(result).update(message=str(error), status_code=error.status)
    return result


@cache
def _combined_class(ours: type[LMError], *theirs: type[BaseException]) -> type[LMError]:
    """A class that derives from all of them and looks like the first."""
    body = {
        "__module__": ours.__module__,
        "__qualname__": ours.__qualname__,
        "__doc__": ours.__doc__,
        "__str__": Exception.__str__,
        "__repr__": Exception.__repr__,
        "__reduce__": lambda self: (_unpickle, (ours, self.args, _own_state(dict(vars(self))))),
    }
    return type(ours.__name__, (ours, *theirs), body)


def _own_state(state: dict[str, object]) -> dict[str, object]:
    return {k: v for k, v in state.items() if k not in (*_LITELLM_PARTS, "message", "status_code")}


def _unpickle(ours: type[LMError], args: tuple[object, ...], state: dict[str, object]) -> LMError:
    """An error from a pickle, of litellm's class if litellm is loaded here."""
    result = ours.__new__(ours)
    result.args = args
    vars(result).update(state)
    return as_litellm_error(result)
