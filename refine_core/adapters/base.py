"""What an adapter is: it writes prompts and reads replies, and keeps no state.

format(signature, demos, inputs) -> messages
params(signature, takes)         -> parameters for the model, beside the caller's own; `alternatives` where they are refused
parse(signature, reply)          -> outputs, or ParseError; then, and only then, `fallback` may try
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from refine_core.errors import ParseError
from refine_core.signatures.signature import Signature

Messages = list[dict[str, str]]
"""[{"role": "system" | "user" | "assistant", "content": text}, …]"""

SHOWN = 240
"""Of a reply that cannot be read, the error shows this many characters; all of it is in `error.reply`."""


class Adapter(ABC):
    """Derive from it and write `format` and `parse`; hand it over with `configure(adapter=…)`.

    callbacks: told of each format and each parse. fallback: the adapter that asks once more where a reply cannot be read;
    None for none. learns: whether a model that kept the fallback's format alone is asked in that one first from then on,
    by this process. Raises: ParseError from `parse` for a reply that lacks what its signature promised.
    Source: dspy.Adapter, version 2.6.23.
    """

    callbacks: Sequence[Any] = ()
    fallback: Adapter | None = None
    learns: bool = False

    def __init__(self, callbacks: Sequence[Any] | None = None) -> None:
        self.callbacks = list(callbacks or ())

    @abstractmethod
    def format(
        self, signature: type[Signature], demos: Sequence[Mapping[str, Any]], inputs: Mapping[str, Any]
    ) -> Messages:
        """What to send. demos: worked examples, field name -> value. inputs: field name -> value, checked already."""

    @abstractmethod
    def parse(self, signature: type[Signature], reply: str) -> dict[str, Any]:
        """The outputs in `reply`, by name, in the signature's order. Raises ParseError."""

    def params(self, signature: type[Signature], takes: Callable[[str], bool]) -> Mapping[str, object]:
        """Parameters that help the model to reply in this format. takes: whether the model knows a parameter."""
        del signature, takes
        return {}

    def alternatives(
        self, signature: type[Signature], takes: Callable[[str], bool]
    ) -> Sequence[Mapping[str, object]]:
        """`params` first, then what to send instead where a server refuses the reply format before it."""
        params = self.params(signature, takes)
        if "response_format" not in params:
            return (params,)
        return (params, {name: value for name, value in params.items() if name != "response_format"})


def unread(
    signature: type[Signature],
    reply: str,
    *,
    missing: Sequence[str] = (),
    invalid: Mapping[str, str] | None = None,
    found: Iterable[str] = (),
    expected: str,
) -> ParseError:
    """The error for a reply that lacks something: it says what, what was found instead, and how the reply began.

    expected: where the first missing field should have stood.
    """
    wrong = dict(invalid or {})
    if missing:
        names = ", ".join(map(repr, missing))
        there = ", ".join(map(repr, found))
        what = (
            f"no field{'s' if len(missing) > 1 else ''} {names}, found {there or 'none'}; expected {expected}"
        )
    else:
        what = "; ".join(f"field {name!r}: {why}" for name, why in wrong.items())
    began = repr(reply) if len(reply) <= SHOWN else f"{reply[:SHOWN]!r}… ({len(reply)} characters)"
    came = f"the reply was {began}" if reply.strip() else "the reply was empty"
    asked = signature.signature
    return ParseError(
        signature=asked,
        reply=reply,
        missing=tuple(missing),
        invalid=wrong,
        message=f"{asked}: {what}; {came}",
    )
