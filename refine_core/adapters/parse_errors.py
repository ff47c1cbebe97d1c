"""The error for a reply that cannot be read: what is missing or wrong, what is there instead, and how the reply begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from refine_core.errors import ParseError
from refine_core.signatures.signature import Signature

SHOWN_CHARS = 240
"""Of a reply that cannot be read, the error shows this many characters; all of it is in `error.reply`."""


def make_parse_error(
    signature: type[Signature],
    reply: str,
    *,
    missing: Sequence[str] = (),
    invalid: Mapping[str, str] | None = None,
    found_names: Iterable[str] = (),
    expected: str,
) -> ParseError:
    """The error for a reply that lacks something: it says what, what was found instead, and how the reply began.

    expected: where the first missing field should have been. invalid: also of missing fields, if something else was there.
    """
    wrong = dict(invalid or {})
    if missing:
        names = ", ".join(map(repr, missing))
        there = ", ".join(map(repr, found_names))
        what = f"no field{'s' if len(missing) > 1 else ''} {names}"
        if why := next((wrong[name] for name in missing if name in wrong), ""):
            what += f": {why}"
        else:
            what += f", found {there or 'none'}; expected {expected}"
    else:
        what = "; ".join(f"field {name!r}: {why}" for name, why in wrong.items())
    is_short = len(reply) <= SHOWN_CHARS
    beginning = repr(reply) if is_short else f"{reply[:SHOWN_CHARS]!r}… ({len(reply)} characters)"
    state = f"the reply was {beginning}" if reply.strip() else "the reply was empty"
    names_in_text = signature.signature
    return ParseError(
        signature=names_in_text,
        reply=reply,
        missing=tuple(missing),
        invalid=wrong,
        message=f"{names_in_text}: {what}; {state}",
    )
