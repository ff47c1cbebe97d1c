"""Types in words, in JSON schemas, and as validators of values."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from refine_core.errors import SignatureError
from refine_core.signatures.fields import Field

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def format_type(kind: Any) -> str:
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
        inner = format_type(rest[0]) if len(rest) == 1 else f"Union[{', '.join(map(format_type, rest))}]"
        return f"Optional[{inner}]" if len(rest) < len(args) else inner
    if origin is Annotated:
        return format_type(args[0])
    if origin is not None and not args:  # typing.List and its like, alone
        return format_type(origin)
    if origin is not None:
        inner = ", ".join("..." if a is ... else format_type(a) for a in args)
        return f"{format_type(origin)}[{inner}]"
    return getattr(kind, "__name__", str(kind))


def list_choices(kind: Any) -> tuple[object, ...] | None:
    """The values that a Literal or an Enum allows, or None for other types."""
    if get_origin(kind) is Annotated:
        return list_choices(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(member.value for member in kind)
    return None


def strip_optional(kind: Any) -> Any:
    """The one type that an Optional allows beside None; any other type as it is. Bounds written in it are left out."""
    if get_origin(kind) is Annotated:
        return strip_optional(get_args(kind)[0])
    rest = [a for a in get_args(kind) if a is not types.NoneType]
    single = get_origin(kind) in (Union, types.UnionType) and len(rest) == 1
    return rest[0] if single else kind


def is_optional(kind: Any) -> bool:
    """Whether None is among the values."""
    if get_origin(kind) is Annotated:
        return is_optional(get_args(kind)[0])
    return kind is None or kind is types.NoneType or types.NoneType in get_args(kind)


def is_text(field: Field) -> bool:
    """Whether any text will do, so that nothing needs to be validated."""
    return field.type is str and not field.constraints


def validate(field: Field, value: object) -> Any:
    """`value` as the field's type, coerced where pydantic would ("3" -> 3). Raises ValueError that says what fits."""
    return make_validator(field)(value)


def make_validator(field: Field) -> Callable[[object], Any]:
    """`validate` for one field, prepared. A str field without bounds takes any value, as its text."""
    if is_text(field):
        return _as_text
    return TypeValidator(field)


class TypeValidator:
    """Makes values of one type. pydantic is imported, and its adapter built, when the first value comes."""

    __slots__ = ("_adapter", "field")

    def __init__(self, field: Field) -> None:
        self.field = field
        self._adapter: TypeAdapter[Any] | None = None

    def __call__(self, value: object) -> Any:
        """`value` as the type. Raises ValueError that says what fits, SignatureError for a type that nothing fits."""
        try:
            return (self._adapter or self._build()).validate_python(value)
        except ValueError as error:
            raise ValueError(_describe_error(error)) from None

    def from_json(self, text: str) -> Any:
        """The value that `text` is in JSON. Raises ValueError, also for what is not JSON."""
        try:
            return (self._adapter or self._build()).validate_json(text)
        except ValueError as error:
            raise ValueError(_describe_error(error)) from None

    def _build(self) -> TypeAdapter[Any]:
        self._adapter = _type_adapter(self.field.type, tuple(sorted(self.field.constraints.items())))
        return self._adapter


def build_json_schema(kind: Any) -> Mapping[str, Any]:
    """The JSON schema of a type. Raises SignatureError for a type that has none."""
    from pydantic.errors import PydanticUserError

    try:
        return _type_adapter(kind, ()).json_schema()
    except PydanticUserError as error:
        raise SignatureError(
            f"type {format_type(kind)} has no JSON schema, so no model can be asked for it: {error.message}"
        ) from None


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _describe_error(error: ValueError) -> str:
    """Pydantic's first error, with its position in the value."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = "".join(f"[{part!r}]" for part in first["loc"] if not str(part).startswith(("list[", "function")))
    return f"{where + ': ' if where else ''}{first['msg']}"


@lru_cache(maxsize=512)
def _cached_adapter(kind: Any, constraints: tuple[tuple[str, Any], ...]) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter
    from pydantic import Field as Bounds
    from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

    bounded: Any = Annotated[kind, Bounds(**dict(constraints))] if constraints else kind
    try:
        try:
            return TypeAdapter(bounded)
        except PydanticSchemaGenerationError:  # a class of which pydantic knows nothing: its instances, then
            return TypeAdapter(bounded, config=ConfigDict(arbitrary_types_allowed=True))
    except (PydanticUserError, TypeError) as error:
        raise SignatureError(f"{format_type(kind)} cannot be the type of a field: {error}") from None


def _type_adapter(kind: Any, constraints: tuple[tuple[str, Any], ...]) -> TypeAdapter[Any]:
    try:
        hash((kind, constraints))
    except TypeError:  # what cannot be hashed cannot be remembered
        return _cached_adapter.__wrapped__(kind, constraints)
    return _cached_adapter(kind, constraints)
