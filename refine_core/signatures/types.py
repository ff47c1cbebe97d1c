"""Types in words, in JSON schemas, and as validators of values."""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from refine_core.signatures.fields import Field

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def type_text(kind: Any) -> str:
    """How a prompt writes a type: `list[str]`, `Literal['a', 'b']`, `float`, `Optional[int]`, a class's own name."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is None or kind is types.NoneType:
        return "None"
    if kind is Any:
        return "Any"
    if origin is Literal:
        return f"Literal[{', '.join(map(repr, args))}]"
    if origin in (Union, types.UnionType):
        rest = [a for a in args if a is not types.NoneType]
        inner = type_text(rest[0]) if len(rest) == 1 else f"Union[{', '.join(map(type_text, rest))}]"
        return f"Optional[{inner}]" if len(rest) < len(args) else inner
    if origin is Annotated:
        return type_text(args[0])
    if origin is not None:
        inner = ", ".join("..." if a is ... else type_text(a) for a in args)
        return f"{type_text(origin)}[{inner}]"
    return getattr(kind, "__name__", str(kind))


def choices(kind: Any) -> tuple[object, ...] | None:
    """The values that a Literal or an Enum allows, or None for other types."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(member.value for member in kind)
    return None


def bare_type(kind: Any) -> Any:
    """The one type that an Optional allows beside None; any other type as it is."""
    rest = [a for a in get_args(kind) if a is not types.NoneType]
    single = get_origin(kind) in (Union, types.UnionType) and len(rest) == 1
    return rest[0] if single else kind


def is_optional(kind: Any) -> bool:
    """Whether None is among the values."""
    return kind is None or types.NoneType in get_args(kind)


def validate(made: Field, value: object) -> Any:
    """`value` as the field's type, coerced where pydantic would ("3" -> 3). Raises ValueError that says what fits."""
    if made.type is str and not made.constraints:
        return value if isinstance(value, str) else str(value)
    from pydantic import ValidationError

    try:
        return _adapter(made.type, tuple(sorted(made.constraints.items()))).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = "".join(
            f"[{part!r}]" for part in first["loc"] if not str(part).startswith(("list[", "function"))
        )
        raise ValueError(f"{where + ': ' if where else ''}{first['msg']}") from None


def json_schema(kind: Any) -> Mapping[str, Any]:
    """The JSON schema of a type."""
    return _adapter(kind, ()).json_schema()


@lru_cache(maxsize=512)
def _cached(kind: Any, constraints: tuple[tuple[str, Any], ...]) -> TypeAdapter[Any]:
    from pydantic import Field as Bounds
    from pydantic import TypeAdapter

    return TypeAdapter(Annotated[kind, Bounds(**dict(constraints))] if constraints else kind)


def _adapter(kind: Any, constraints: tuple[tuple[str, Any], ...]) -> TypeAdapter[Any]:
    try:
        return _cached(kind, constraints)
    except TypeError:  # a type that cannot be hashed cannot be remembered
        return _cached.__wrapped__(kind, constraints)
