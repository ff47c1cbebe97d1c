"""Replies that stopped before their end, so that what they hold may not be what the model meant.

    text + finish_reason --find_truncation--> "", or what stopped it      --make_truncation_error--> a ParseError that says what to do

A reply that has every output complete does not count as cut off, even if it stopped after them.
"""

from __future__ import annotations

from collections.abc import Mapping

from refine_core.errors import ParseError
from refine_core.reasoning import split_reasoning

_TOKENS, _FILTER = "the token limit", "a content filter"
_STOPPED: Mapping[str, str] = {
    "length": _TOKENS,
    "max_tokens": _TOKENS,
    "max_output_tokens": _TOKENS,
    "max_length": _TOKENS,
    "model_length": _TOKENS,
    "token_limit": _TOKENS,
    "incomplete": _TOKENS,
    "context_length": _TOKENS,
    "context_window_exceeded": _TOKENS,
    "model_context_window_exceeded": _TOKENS,
    "content_filter": _FILTER,
    "content_filtered": _FILTER,
}
_ADVICE = {
    _TOKENS: "Raise max tokens",
    _FILTER: "Change the prompt, or ask another model",
}
_SHOWN = 60  # characters of its end


def find_truncation(finish_reason: str | None) -> str:
    """What stopped a reply before its end, by the reason that the server gives; "" for a reply that came to its end."""
    return _STOPPED.get(finish_reason.strip().lower(), "") if finish_reason else ""


def make_truncation_error(
    signature: str, reply: str, why: str, limit: object, error: ParseError | None
) -> ParseError:
    """The error for a reply that was cut off. why: as `find_truncation` says. limit: of tokens, where one was set.

    error: that of the parse.
    """
    thought, answer = split_reasoning(reply)
    if thought and not answer.strip():
        where = ", while the model was still reasoning"
    else:
        end = answer.rstrip().rpartition("\n")[2]
        end = end if len(end) <= _SHOWN else f"…{end[-_SHOWN:]}"
        where = f", after {end!r}" if end else ""
    now = f" (now {limit:,})" if why == _TOKENS and isinstance(limit, int) else ""
    cut = f"it was cut off at {why}{where}. {_ADVICE[why]}{now}"
    return ParseError(
        signature=signature,
        reply=reply,
        missing=error.missing if error else (),
        invalid=error.invalid if error else None,
        cut=cut,
        message=f"{signature}: the reply was {cut.removeprefix('it was ')}.",
    )


def make_reasoning_only_error(signature: str, reply: str, error: ParseError) -> ParseError:
    """The error for a reply that holds only reasoning. error: that of the parse."""
    words = "holds only reasoning and no answer"
    return ParseError(
        signature=signature,
        reply=reply,
        missing=error.missing,
        invalid=dict.fromkeys(error.missing, f"the reply {words}"),
        message=f"{signature}: the reply {words}.",
    )


def is_worth_retrying(error: ParseError, outputs: int) -> bool:
    """Whether another reply format may help: not if the answer was cut off, as it would be cut off again.

    A model that wrote on until it was cut off, without any of the format, is asked again. outputs: how many are expected.
    """
    thought, answer = split_reasoning(error.reply)
    return not error.cut or (len(error.missing) == outputs and not (thought and not answer.strip()))
