"""Signature: the class whose fields a predictor fills.

    Signature("question -> answer", "Answer briefly.")          a class made from text
    class Judge(Signature):                                     the same, written out
        '''Say whether the claim holds.'''
        claim: str = InputField()
        holds: bool = OutputField(desc="True if it does")

Signatures are classes, never instances, and never change: `append` and its like return another class.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, ClassVar, get_type_hints

from refine_core.errors import SignatureError
from refine_core.signatures.fields import Declared, Field
from refine_core.signatures.parsing import check_name, parse_fields
from refine_core.signatures.types import type_text


class SignatureMeta(type):
    """Makes the class from its body, or from text when it is called."""

    fields: dict[str, Field]
    instructions: str

    def __new__(
        mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], **kwargs: Any
    ) -> SignatureMeta:
        declared = {key: body.pop(key) for key, value in list(body.items()) if isinstance(value, Declared)}
        made = super().__new__(mcs, name, bases, body, **kwargs)
        if "fields" in body:
            return made  # the base itself, or one that `make` has completed
        inherited = {
            k: f for base in reversed(made.__mro__[1:]) for k, f in getattr(base, "fields", {}).items()
        }
        own = {}
        hints = _hints(made) if declared else {}
        for key, what in declared.items():
            check_name(key)
            own[key] = Field(key, what.role, hints.get(key, str), what.description, what.constraints)
        fields = {**inherited, **own}
        made.fields = {k: f for role in ("input", "output") for k, f in fields.items() if f.role == role}
        doc = body.get("__doc__") or ""
        made.instructions = (
            _dedent(doc) or getattr(made, "instructions", "") or default_instructions(made.fields)
        )
        return made

    def __call__(cls, signature: str | Mapping[str, Any] = "", instructions: str = "", **kwargs: Any) -> Any:
        """Make a signature from "inputs -> outputs" or from a mapping of name -> (type, InputField() or OutputField()).

        instructions: the objective; "" for "Given the fields …". custom_types: name -> type, for the string form.
        Raises SignatureError. Source: dspy.Signature.
        """
        if isinstance(signature, str):
            fields = parse_fields(signature, kwargs.pop("custom_types", None))
        else:
            fields = tuple(_from_pair(name, pair) for name, pair in signature.items())
        name = kwargs.pop("signature_name", "StringSignature")
        if kwargs:
            raise TypeError(f"Signature() takes no {next(iter(kwargs))!r}")
        return make(fields, instructions, name=name)

    @property
    def input_fields(cls) -> dict[str, Field]:
        """Name -> field of the inputs, in order."""
        return {k: f for k, f in cls.fields.items() if f.role == "input"}

    @property
    def output_fields(cls) -> dict[str, Field]:
        """Name -> field of the outputs, in order."""
        return {k: f for k, f in cls.fields.items() if f.role == "output"}

    @property
    def signature(cls) -> str:
        """The names alone: "question, context -> answer"."""
        return f"{', '.join(cls.input_fields)} -> {', '.join(cls.output_fields)}"

    @property
    def text(cls) -> str:
        """The string form with its types: "question, context: list[str] -> answer: float"."""
        return " -> ".join(
            ", ".join(f.name if f.type is str else f"{f.name}: {type_text(f.type)}" for f in side.values())
            for side in (cls.input_fields, cls.output_fields)
        )

    def with_instructions(cls, instructions: str) -> type[Signature]:
        """The same fields with another objective."""
        return make(tuple(cls.fields.values()), instructions, name=cls.__name__)

    def with_updated_fields(
        cls, name: str, type_: Any = None, desc: str | None = None, **constraints: Any
    ) -> type[Signature]:
        """The same signature with one field's type, description or bounds changed. Raises KeyError if there is none."""
        old = cls.fields[name]
        new = Field(
            name,
            old.role,
            old.type if type_ is None else type_,
            old.description if desc is None else desc,
            {**old.constraints, **constraints},
        )
        return make(
            tuple(new if f.name == name else f for f in cls.fields.values()),
            cls.instructions,
            name=cls.__name__,
        )

    def prepend(cls, name: str, field: Any, type_: Any = str) -> type[Signature]:
        """The same signature with one more field, first among its kind."""
        return cls.insert(0, name, field, type_)

    def append(cls, name: str, field: Any, type_: Any = str) -> type[Signature]:
        """The same signature with one more field, last among its kind."""
        return cls.insert(-1, name, field, type_)

    def insert(cls, index: int, name: str, field: Any, type_: Any = str) -> type[Signature]:
        """The same signature with one more field at `index` among its kind; negative counts from the end."""
        new = Field(name, field.role, type_ or str, field.description, field.constraints)
        side = [f for f in cls.fields.values() if f.role == new.role and f.name != name]
        other = [f for f in cls.fields.values() if f.role != new.role and f.name != name]
        side.insert(index if index >= 0 else len(side) + index + 1, new)
        return make((*side, *other), cls.instructions, name=cls.__name__)

    def delete(cls, name: str) -> type[Signature]:
        """The same signature without one field; unchanged if there is none of that name."""
        return make(
            tuple(f for f in cls.fields.values() if f.name != name), cls.instructions, name=cls.__name__
        )

    def equals(cls, other: object) -> bool:
        """Whether fields (in order) and instructions agree."""
        return (
            isinstance(other, SignatureMeta)
            and list(cls.fields.values()) == list(other.fields.values())
            and cls.instructions == other.instructions
        )

    def __repr__(cls) -> str:
        return f"{cls.__name__}({cls.text})"


class Signature(metaclass=SignatureMeta):
    """The base of all signatures; see the module's docstring. Source: dspy.Signature."""

    fields: ClassVar[dict[str, Field]] = {}
    instructions: ClassVar[str] = ""


def make(
    fields: tuple[Field, ...], instructions: str = "", *, name: str = "StringSignature"
) -> type[Signature]:
    """A signature of `fields`, inputs put first."""
    ordered = {f.name: f for role in ("input", "output") for f in fields if f.role == role}
    body = {"fields": ordered, "instructions": _dedent(instructions) or default_instructions(ordered)}
    return SignatureMeta(name, (Signature,), body)  # type: ignore[return-value]


def default_instructions(fields: Mapping[str, Field]) -> str:
    """What a program is told to do when nobody says: make these outputs from those inputs."""
    sides = [
        ", ".join(f"`{f.name}`" for f in fields.values() if f.role == role) for role in ("input", "output")
    ]
    return (
        f"Given the fields {sides[0]}, produce the fields {sides[1]}."
        if sides[0]
        else f"Produce the fields {sides[1]}."
    )


def ensure_signature(signature: str | type[Signature], instructions: str = "") -> type[Signature]:
    """A signature class from either form. Raises SignatureError, or TypeError for anything else."""
    if isinstance(signature, str):
        return make(parse_fields(signature), instructions)
    if isinstance(signature, SignatureMeta):
        return signature.with_instructions(instructions) if instructions else signature
    raise TypeError(
        f"expected a signature such as 'question -> answer' or a Signature class, not {signature!r}"
    )


def _from_pair(name: str, pair: Any) -> Field:
    check_name(name)
    kind, declared = pair if isinstance(pair, tuple) else (str, pair)
    if not isinstance(declared, Declared):
        raise SignatureError(f"field {name!r} must be given as (type, InputField() or OutputField())")
    return Field(name, declared.role, kind, declared.description, declared.constraints)


def _hints(cls: type) -> dict[str, Any]:
    """The annotations of a class body, resolved in its module and, failing that, in the function that made it."""
    frame = sys._getframe(2)  # noqa: SLF001 - a class inside a function sees that function's names
    local: dict[str, Any] = {}
    while frame is not None and frame.f_globals.get("__name__") == cls.__module__:
        local = {**frame.f_locals, **local}
        frame = frame.f_back  # type: ignore[assignment]
    try:
        return get_type_hints(cls, localns=local)
    except NameError as error:
        raise SignatureError(f"{cls.__name__}: {error}") from None


def _dedent(text: str) -> str:
    import inspect

    return inspect.cleandoc(text) if text else ""
