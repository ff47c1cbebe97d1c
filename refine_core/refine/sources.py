"""Source text of programs and rewards, for the adviser: carried with them where it was typed, else read from disk."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from refine_core.modules.module import Module
from refine_core.modules.predict import ChainOfThought, Predict
from refine_core.signatures.fields import CONSTRAINTS, Field
from refine_core.signatures.signature import Signature
from refine_core.signatures.types import format_type

SOURCE_ATTRIBUTE = "__refine_source__"
"""Attribute under which a program or a reward carries its own source text."""

_RULE = "-" * 80


def get_source(thing: object) -> str:
    """The source text of a program or a reward function; if there is none to be had, a line that says so."""
    if (carried := getattr(thing, SOURCE_ATTRIBUTE, None)) is not None:
        return str(carried)
    if isinstance(thing, (Predict, ChainOfThought)):
        inner = thing if isinstance(thing, Predict) else thing.predict
        return f"{type(thing).__name__}({inner.signature.text!r})"
    target: Any = type(thing) if isinstance(thing, Module) or not inspect.isroutine(thing) else thing
    try:
        return _read_source(target)
    except (OSError, TypeError):
        return f"# the source of {getattr(target, '__qualname__', target)!s} is not available"


# A class's source takes milliseconds, as its whole file is parsed for it, and every request for advice shows it.
@lru_cache(maxsize=256)
def _read_source(target: Any) -> str:
    return inspect.getsource(target)


def describe_modules(predictors: Iterable[tuple[str, Predict]]) -> str:
    """Every predictor, by its path, with its fields and instructions, between rules of 80 dashes."""
    parts = [_RULE]
    for name, predictor in predictors:
        parts += [
            f"Module {name}",
            "",
            _describe_module(predictor.signature, predictor.signature.instructions),
            _RULE,
        ]
    return "\n".join(parts)


@lru_cache(maxsize=512)
def _describe_module(signature: type[Signature], instructions: str) -> str:
    return "\n".join(
        [
            "\tInput Fields:" + _indent(_describe_fields(signature.input_fields.values())),
            "\tOutput Fields:" + _indent(_describe_fields(signature.output_fields.values())),
            "\tOriginal Instructions:" + _indent(instructions),
        ]
    )


def _describe_fields(fields: Iterable[Field]) -> str:
    return "\n".join(
        f"{i}. `{f.name}` ({format_type(f.type)})"
        + (f": {f.description}" if f.description else "")
        + "".join(f"; {CONSTRAINTS[k]}: {v}" for k, v in f.constraints.items())
        for i, f in enumerate(fields, 1)
    )


def _indent(text: str) -> str:
    return "".join(f"\n\t\t{line}" for line in text.splitlines())
