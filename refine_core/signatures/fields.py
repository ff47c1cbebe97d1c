"""Fields: a name, a type, a role, a description and, perhaps, bounds on the value.

InputField(desc=…) --in a class body, a mapping, `append`…--> the same field with its name and type
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any, Literal, NoReturn

Role = Literal["input", "output"]

# Bounds that a field may carry, as pydantic names them, and how a prompt says them.
CONSTRAINTS: Mapping[str, str] = {
    "gt": "greater than",
    "ge": "greater than or equal to",
    "lt": "less than",
    "le": "less than or equal to",
    "min_length": "minimum length",
    "max_length": "maximum length",
    "multiple_of": "a multiple of the given number",
    "pattern": "matching the pattern",
    "allow_inf_nan": "infinities and NaN allowed",
    "max_digits": "maximum number of digits",
    "decimal_places": "maximum number of decimal places",
}
# Keywords that dspy takes and that its chat prompts never showed. `default` and `default_factory` replace a missing
# input; the others are kept, as `Field.extra`, and change nothing.
IGNORED_KEYWORDS = frozenset({
    "format", "parser", "default", "default_factory", "alias", "alias_priority", "validation_alias",
    "serialization_alias", "title", "field_title_generator", "examples", "exclude", "discriminator", "deprecated",
    "json_schema_extra", "frozen", "validate_default", "repr", "init", "init_var", "kw_only", "strict",
    "coerce_numbers_to_str", "union_mode", "fail_fast",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a signature.

    type: any type that pydantic validates; None if it is not known yet. description: for the prompt; "" says
    nothing beyond the name. constraints: bounds such as {"ge": 0, "le": 1}. prefix: a label that prompts do not show and
    saved states hold; "" for the one made from the name. extra: keywords of dspy's that are kept and change no prompt.
    Source: the FieldInfo of dspy's signatures, whose `annotation` and `json_schema_extra` may be read here too.
    """

    name: str
    role: Role
    type: Any = str
    description: str = ""
    constraints: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def annotation(self) -> Any:
        """The type, under pydantic's name."""
        return self.type

    @property
    def json_schema_extra(self) -> dict[str, Any]:
        """What dspy keeps under this name: "desc", "prefix", "__dspy_field_type" and so on. It cannot be changed."""
        bounds = {"constraints": text} if (text := format_bounds(self.constraints)) else {}
        from_dspy = {k: v for k, v in self.extra.items() if k in ("format", "parser")}
        extra = {
            **from_dspy,
            **bounds,
            "desc": self.description or f"${{{self.name}}}",
            "prefix": self.prefix or f"{infer_prefix(self.name)}:",
            "__dspy_field_type": self.role,
        }
        return _Extra(self.name, extra)

    def with_name(self, name: str, kind: Any = None) -> Field:
        """The same field as a signature holds it. kind: its type; None for the one it has, else str."""
        return replace(
            self,
            name=name,
            type=kind if kind is not None else self.type if self.type is not None else str,
            description="" if self.description == f"${{{name}}}" else self.description,
            prefix="" if self.prefix == f"{infer_prefix(name)}:" else self.prefix,
        )

    def with_keywords(self, **changes: Any) -> Field:
        """The same field with other keywords, as InputField takes them."""
        return _apply_keywords(self, changes)


def _refuse_change(changed: Field, _: str, __: object) -> NoReturn:
    raise FrozenInstanceError(describe_immutable_field(changed.name))


Field.__setattr__ = _refuse_change  # type: ignore[assignment,method-assign]  # dataclasses' own does not say what to do


class _Extra(dict[str, Any]):
    """A field's keywords, read-only. Raises TypeError for an attempt to change the field by them, as dspy allows."""

    def __init__(self, owner: str, keywords: Mapping[str, Any]) -> None:
        super().__init__(keywords)
        self._owner = owner

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(describe_immutable_field(self._owner))

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)  # a copy is the reader's own


def describe_immutable_field(name: str) -> str:
    """The message for an attempt to change a field in place. name: the field's; "" for one without."""
    return (
        f"a field never changes, since signatures share it; write S = S.with_updated_fields({name or 'name'!r}, desc=…), "
        "or type_=…, prefix=… and so on"
    )


def InputField(**keywords: Any) -> Any:  # noqa: N802 - dspy's own name
    """Declare an input in a Signature class.

    desc (or description): what it means, for the prompt. ge, le, gt, lt, min_length, max_length, multiple_of, pattern…:
    bounds, which the prompt states and values must keep. default, default_factory: for a call that leaves it out.
    prefix and whatever else pydantic's Field takes is accepted, as in dspy, and changes no prompt; an unknown keyword is
    kept with a warning. Source: dspy.InputField.
    """
    return _apply_keywords(Field("", "input", None), keywords)


def OutputField(**keywords: Any) -> Any:  # noqa: N802 - dspy's own name
    """Declare an output in a Signature class. Keywords: as InputField. Source: dspy.OutputField."""
    return _apply_keywords(Field("", "output", None), keywords)


def _apply_keywords(old: Field, keywords: Mapping[str, Any]) -> Field:
    rest = dict(keywords)
    about = rest.pop("description", None)
    desc = rest.pop("desc", about)
    prefix = rest.pop("prefix", None)
    bounds = {k: rest.pop(k) for k in list(rest) if k in CONSTRAINTS}
    for name in rest:
        if name not in IGNORED_KEYWORDS:
            warnings.warn(
                f"a field has no {name!r}, so it changes nothing; known are desc, {', '.join(CONSTRAINTS)}",
                stacklevel=3,
            )
    return replace(
        old,
        description=old.description if desc is None else str(desc),
        prefix=old.prefix if prefix is None else str(prefix),
        constraints={k: v for k, v in {**old.constraints, **bounds}.items() if v is not None},
        extra={**old.extra, **rest},
    )


def format_bounds(constraints: Mapping[str, Any]) -> str:
    """Bounds in words: "greater than or equal to: 0, less than or equal to: 1"; "" for none."""
    return ", ".join(f"{CONSTRAINTS[name]}: {value}" for name, value in constraints.items())


_WORD_STARTS = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])|_"
)


def infer_prefix(name: str) -> str:
    """A field's name in words: "short_answer" -> "Short Answer", "HTMLPage2" -> "HTML Page 2".

    Raises nothing. Source: dspy.signatures.signature.infer_prefix, version 2.6.23.
    """
    words = _WORD_STARTS.split(name)
    return " ".join(word if word.isupper() else word.capitalize() for word in words)


def order_inputs_first(fields: Mapping[str, Field]) -> dict[str, Field]:
    """The same fields with all inputs before all outputs."""
    return {k: f for role in ("input", "output") for k, f in fields.items() if f.role == role}


def default_objective(fields: Mapping[str, Field]) -> str:
    """The instructions of a signature that has none: make these outputs from those inputs."""
    names = [
        ", ".join(f"`{f.name}`" for f in fields.values() if f.role == role) for role in ("input", "output")
    ]
    return (
        f"Given the fields {names[0]}, produce the fields {names[1]}."
        if names[0]
        else f"Produce the fields {names[1]}."
    )
