"""The types of a signature's fields as Python source, with the imports that they need."""

from __future__ import annotations

import datetime
import decimal
import types
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from refine_core.export.script.literals import write_value

_MODULES = {datetime.date: "datetime", datetime.datetime: "datetime", datetime.time: "datetime"}


@dataclass(slots=True)
class TypeWriter:
    """typing: names that were used from typing. modules: modules that were used."""

    typing: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)

    def write(self, kind: Any) -> str:
        """A type as an annotation."""
        origin, arguments = get_origin(kind), get_args(kind)
        if kind is None or kind is types.NoneType:
            return "None"
        if kind is Any:
            return self._typing("Any")
        if origin is Annotated:
            return self.write(arguments[0])
        if origin is Literal:
            return f"{self._typing('Literal')}[{', '.join(map(write_value, arguments))}]"
        if origin in (Union, types.UnionType):
            return self._write_union(arguments)
        if origin is not None:
            inner = ", ".join("..." if one is ... else self.write(one) for one in arguments)
            return f"{self.write(origin)}[{inner}]" if inner else self.write(origin)
        if kind in _MODULES:
            self.modules.add("datetime")
            return f"datetime.{kind.__name__}"
        if kind is decimal.Decimal:
            self.modules.add("decimal")
            return "decimal.Decimal"
        return str(getattr(kind, "__name__", "Any"))

    def _write_union(self, arguments: tuple[Any, ...]) -> str:
        rest = [self.write(one) for one in arguments if one is not types.NoneType]
        inner = rest[0] if len(rest) == 1 else f"{self._typing('Union')}[{', '.join(rest)}]"
        return f"{self._typing('Optional')}[{inner}]" if len(rest) < len(arguments) else inner

    def _typing(self, name: str) -> str:
        self.typing.add(name)
        return name
