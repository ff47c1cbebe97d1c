"""Signature: the class whose fields a predictor fills.

    Signature("question -> answer", "Answer briefly.")          a class made from text
    class Judge(Signature):                                     the same, written out
        '''Say whether the claim holds.'''
        claim: str = InputField()
        holds: bool = OutputField(desc="True if it does")

Signatures are classes, never instances. Their fields never change: `append` and its like return another class. So `==`
and `hash` go by identity, which lets caches of what the fields say be keyed by a signature; `equals` compares what they
say. The instructions may change in place, by `S.__doc__ = …` or `S.instructions = …`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from refine_core.errors import SignatureValueError
from refine_core.hints import HINT_FIELD
from refine_core.signatures.annotations import refuse_undeclared, resolve_annotation, resolve_annotations
from refine_core.signatures.caller_names import find_caller_names
from refine_core.signatures.fields import Field, default_objective, order_inputs_first
from refine_core.signatures.parsing import check_name, check_type, parse_field, parse_fields
from refine_core.signatures.types import format_type


class SignatureMeta(type):
    """Makes the class from its body, or from text when `Signature` is called."""

    _fields: dict[str, Field]  # inputs first
    _pending: dict[str, Any]  # annotations that name what does not exist yet
    _instructions: str

    def __new__(
        mcs, name: str, bases: tuple[type, ...], body: dict[str, Any], **kwargs: Any
    ) -> SignatureMeta:
        declared = {key: body.pop(key) for key, value in list(body.items()) if isinstance(value, Field)}
        signature_class = super().__new__(mcs, name, bases, body, **kwargs)
        if "_fields" in body:
            return signature_class  # the base itself, or one that `make` has completed
        refuse_undeclared(signature_class, declared)
        kinds, pending = resolve_annotations(signature_class, declared)
        fields = {
            k: f
            for base in reversed(signature_class.__mro__[1:])
            for k, f in getattr(base, "_fields", {}).items()
        }
        for key, field in declared.items():
            check_name(key)
            fields[key] = field.with_name(key, kinds.get(key))
        signature_class._fields, signature_class._pending = order_inputs_first(fields), pending
        doc = inspect.cleandoc(body.get("__doc__") or "")
        signature_class._instructions = (
            doc or getattr(signature_class, "_instructions", "") or default_objective(signature_class._fields)
        )
        return signature_class

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        """Make a signature: `Signature(…)` is `make_signature(…)`. Raises SignatureError. Source: dspy.Signature."""
        if cls is not Signature:
            raise TypeError(
                f"{cls.__name__} is a signature, which is never called; call a predictor: Predict({cls.__name__})(…)"
            )
        return make_signature(*args, **keywords)

    @property
    def fields(cls) -> dict[str, Field]:
        """Name -> field, inputs first. A copy."""
        return dict(cls._resolved_fields())

    @property
    def input_fields(cls) -> dict[str, Field]:
        """Name -> field of the inputs, in order."""
        return {k: f for k, f in cls._resolved_fields().items() if f.role == "input"}

    @property
    def output_fields(cls) -> dict[str, Field]:
        """Name -> field of the outputs, in order."""
        return {k: f for k, f in cls._resolved_fields().items() if f.role == "output"}

    @property
    def instructions(cls) -> str:
        """The objective. May be set, in place for all who use this class; `with_instructions` makes another one."""
        return cls._instructions

    @instructions.setter
    def instructions(cls, instructions: str) -> None:
        cls.__doc__ = instructions

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("model_"):
            raise AttributeError(
                f"signature {cls.__name__} has no {name!r}: signatures are not pydantic models here; see `fields`, and "
                "docs/dspy.md"
            )
        raise AttributeError(f"signature {cls.__name__} has no attribute {name!r}")

    def __setattr__(cls, name: str, value: Any) -> None:
        if name == "__doc__":
            text = inspect.cleandoc(value or "") or default_objective(cls._fields)
            super().__setattr__("_instructions", text)
        super().__setattr__(name, value)

    @property
    def signature(cls) -> str:
        """The names alone: "question, context -> answer"."""
        sides = ([n for n, f in cls._fields.items() if f.role == role] for role in ("input", "output"))
        return " -> ".join(map(", ".join, sides))

    @property
    def text(cls) -> str:
        """The string form with its types: "question, context: list[str] -> answer: float"."""
        return " -> ".join(
            ", ".join(f.name if f.type is str else f"{f.name}: {format_type(f.type)}" for f in side.values())
            for side in (cls.input_fields, cls.output_fields)
        )

    def _resolved_fields(cls) -> dict[str, Field]:
        """The fields, once every type that was named before it existed is there. Raises SignatureError if one is not."""
        if cls._pending:
            local = find_caller_names(cls.__module__) or {}
            fields = dict(cls._fields)
            for name, note in cls._pending.items():
                try:
                    fields[name] = fields[name].with_name(name, resolve_annotation(cls, note, local))
                except NameError as error:
                    raise SignatureValueError(
                        f"{cls.__name__}: the type of field {name!r} is unknown: {error}"
                    ) from None
            cls._fields, cls._pending = fields, {}
        return cls._fields

    def with_instructions(cls, instructions: str) -> type[Signature]:
        """The same fields with another objective."""
        return build_signature(tuple(cls._resolved_fields().values()), instructions, name=cls.__name__)

    def with_updated_fields(cls, name: str, type_: Any = None, **keywords: Any) -> type[Signature]:
        """The same signature with one field's type, or its keywords (`desc`, `prefix`, bounds…), changed.

        Raises KeyError if there is no such field.
        """
        fields = cls.fields
        if name not in fields:
            raise KeyError(f"{cls.signature!r} has no field {name!r}")
        fields[name] = fields[name].with_keywords(**keywords).with_name(name, type_)
        return build_signature(tuple(fields.values()), cls.instructions, name=cls.__name__)

    def prepend(cls, name: str, field: Any, type_: Any = None) -> type[Signature]:
        """The same signature with one more field, first among its kind."""
        return cls.insert(0, name, field, type_)

    def append(cls, name: str, field: Any, type_: Any = None) -> type[Signature]:
        """The same signature with one more field, last among its kind. The objective stays word for word."""
        return cls.insert(-1, name, field, type_)

    def insert(cls, index: int, name: str, field: Any, type_: Any = None) -> type[Signature]:
        """The same signature with one more field at `index` among its kind; negative counts from the end, -1 is last.

        field: InputField() or OutputField(), or another signature's field. type_: None for the field's own, else str.
        Of two fields with one name, the later one holds, in the place of the earlier one; inputs come before outputs. So
        `append` changes a field in place. Raises ValueError for an index out of range.
        """
        if not isinstance(field, Field):
            raise SignatureValueError(
                f"field {name!r} must be InputField() or OutputField(), not {type(field).__name__}"
            )
        if name != HINT_FIELD:
            check_name(name)
        sides = {
            role: [f for f in cls._resolved_fields().values() if f.role == role]
            for role in ("input", "output")
        }
        side = sides[field.role]
        at = index if index >= 0 else len(side) + index + 1
        if not 0 <= at <= len(side):
            raise ValueError(
                f"{cls.signature!r} has {len(side)} {field.role} fields, so {name!r} cannot be inserted at {index}; "
                f"use 0 to {len(side)}, or -1 for the end"
            )
        side.insert(at, field.with_name(name, check_type(name, type_)))
        return build_signature((*sides["input"], *sides["output"]), cls.instructions, name=cls.__name__)

    def delete(cls, name: str) -> type[Signature]:
        """The same signature without one field. Raises ValueError if there is none of that name."""
        fields = cls.fields
        if fields.pop(name, None) is None:
            raise ValueError(f"{cls.signature!r} has no field {name!r} to delete")
        return build_signature(tuple(fields.values()), cls.instructions, name=cls.__name__)

    def equals(cls, other: object) -> bool:
        """Whether fields (types and order included) and instructions agree."""
        return (
            isinstance(other, SignatureMeta)
            and list(cls.fields.values()) == list(other.fields.values())
            and cls.instructions == other.instructions
        )

    def dump_state(cls) -> dict[str, Any]:
        """{"instructions": …, "fields": [{"prefix": …, "description": …}, …]}, as dspy writes it."""
        from refine_core.signatures.state import dump_signature

        return dump_signature(cls.instructions, cls._resolved_fields().values())

    def load_state(cls, state: Mapping[str, Any]) -> type[Signature]:
        """Another signature: this one's names and types, with the instructions, prefixes and descriptions of `state`.

        Raises StateError that says what of the state does not fit.
        """
        from refine_core.signatures.state import read_state

        instructions, fields = read_state(state, cls.signature, tuple(cls._resolved_fields().values()))
        return build_signature(fields, instructions, name=cls.__name__)

    def __repr__(cls) -> str:
        return f"{cls.__name__}({cls.text})"


class Signature(metaclass=SignatureMeta):
    """The base of all signatures: classes, never instances, whose fields never change.

    Signature("question -> answer: float", "Answer briefly.") makes one from text; class Judge(Signature) with
    `claim: str = InputField()` and `holds: bool = OutputField(desc="…")` writes one out, its docstring the instructions.
    append, prepend, insert, delete, with_instructions and with_updated_fields return another one.
    Raises: SignatureError with the column to blame. Source: dspy.Signature, version 2.6.23.
    """

    _fields: ClassVar[dict[str, Field]] = {}
    _pending: ClassVar[dict[str, Any]] = {}
    _instructions: ClassVar[str] = ""

    if TYPE_CHECKING:  # what the metaclass's __call__ does, for readers of types

        def __new__(  # type: ignore[misc]  # it makes a class
            cls,
            signature: str | Mapping[str, Any],
            instructions: str | None = None,
            signature_name: str = "StringSignature",
            *,
            custom_types: Mapping[str, Any] | None = None,
        ) -> type[Signature]: ...


def build_signature(
    fields: tuple[Field, ...], instructions: str = "", *, name: str = "StringSignature"
) -> type[Signature]:
    """A signature of `fields`, inputs put first."""
    ordered = order_inputs_first({f.name: f for f in fields})
    text = inspect.cleandoc(instructions or "") or default_objective(ordered)
    body = {"_fields": ordered, "_pending": {}, "_instructions": text, "__doc__": text}
    return SignatureMeta(name, (Signature,), body)  # type: ignore[return-value]  # its base is Signature


def make_signature(
    signature: str | Mapping[str, Any],
    instructions: str | None = None,
    signature_name: str = "StringSignature",
    *,
    custom_types: Mapping[str, Any] | None = None,
) -> type[Signature]:
    """A signature from "inputs -> outputs", or from a mapping of name -> (type, InputField() or OutputField()).

    instructions: the objective; None or "" for "Given the fields …". custom_types: name -> type, for the string form,
    which also knows the classes that the calling code can see. Raises SignatureError. Source: dspy.make_signature.
    """
    if isinstance(signature, str):
        fields = parse_fields(signature, custom_types)
    elif isinstance(signature, Mapping):
        fields = tuple(parse_field(name, what) for name, what in signature.items())
    else:
        raise SignatureValueError(
            f"a signature is made of a text such as 'question -> answer' or of a mapping, not of {signature!r}"
        )
    return build_signature(fields, instructions or "", name=signature_name)


def ensure_signature(signature: str | type[Signature], instructions: str | None = None) -> type[Signature]:
    """A signature class from text or from itself. instructions: another objective, or None to keep it.

    Raises SignatureError for text that is none, TypeError for anything else. Source: dspy.ensure_signature, version 2.6.23.
    """
    if isinstance(signature, str):
        return build_signature(parse_fields(signature), instructions or "")
    if isinstance(signature, SignatureMeta):
        return signature.with_instructions(instructions) if instructions else signature
    raise TypeError(
        f"expected a signature such as 'question -> answer' or a Signature class, not {signature!r}"
    )
