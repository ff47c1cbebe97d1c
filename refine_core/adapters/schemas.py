"""The JSON schema of a reply, in the words that every server takes.

    signature --pydantic's schema of each output--> plain keywords, all keys required, references written out

Rule 1: only keywords of `_KEPT` are sent. OpenAI's strict mode refuses what it does not know, and llama.cpp, vLLM,
        LM Studio and Ollama each lack others. Bounds, patterns and formats are in the prompt, and checked when the reply is read.
Rule 2: an object has the keys that it names, all required, unless its type leaves them open; then the schema is not strict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from refine_core.signatures.fields import Field, format_bounds
from refine_core.signatures.signature import Signature
from refine_core.signatures.types import build_json_schema

_KEPT = ("type", "description", "enum")
_REFERENCE = "#/$defs/"
_EXTRA = "json_schema_extra"
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}

Schema = dict[str, Any]


@lru_cache(maxsize=512)  # a signature's fields never change, and every attempt asks for the same
def build_reply_schema(signature: type[Signature]) -> tuple[Schema, bool]:
    """The schema of the object that holds the signature's outputs, in order, and whether it is strict.

    Raises SignatureError for a type that has no schema.
    """
    builder = _SchemaBuilder()
    properties = {name: builder.build_field(field) for name, field in signature.output_fields.items()}
    schema = _object(properties)
    if builder.defs:
        schema["$defs"] = builder.defs
    return schema, builder.strict


class _SchemaBuilder:
    """Rewrites pydantic's schemas. defs: the recursive ones, under new names. strict: see Rule 2."""

    def __init__(self) -> None:
        self.defs: dict[str, Schema] = {}
        self.strict = True
        self._definitions: Mapping[str, Any] = {}
        self._names: dict[str, str] = {}

    def build_field(self, field: Field) -> Schema:
        """The schema of one output."""
        whole = {**build_json_schema(field.type)}
        self._definitions, self._names = whole.pop("$defs", {}), {}
        added = field.extra.get(_EXTRA)
        schema = self.simplify({**whole, **added} if isinstance(added, Mapping) else whole)
        about = [text for text in (field.description, format_bounds(field.constraints)) if text]
        return {**schema, "description": "; ".join(about)} if about and "$ref" not in schema else schema

    def simplify(self, source: Any) -> Schema:
        """A schema in the keywords that are kept."""
        if not isinstance(source, Mapping) or not source:  # True, or {}: anything goes
            self.strict = False
            return {}
        if isinstance(reference := source.get("$ref"), str):
            return self._resolve_reference(reference.removeprefix(_REFERENCE))
        if isinstance(several := source.get("allOf"), list) and len(several) == 1:
            return self.simplify({**{k: v for k, v in source.items() if k != "allOf"}, **several[0]})
        schema = {name: source[name] for name in _KEPT if name in source}
        if "const" in source:
            schema["enum"] = [source["const"]]
        if "enum" in schema:
            schema.setdefault("type", _type_of(schema["enum"]))
        if several := source.get("anyOf") or source.get("oneOf"):
            return {**schema, "anyOf": [self.simplify(one) for one in several]}
        match schema.get("type"):
            case "object":
                return {**schema, **self._object_keywords(source)}
            case "array":
                return {**schema, **self._array_keywords(source)}
            case None:
                self.strict = False
        return schema

    def _resolve_reference(self, name: str) -> Schema:
        """The schema that a reference names; the reference itself if that schema refers to itself."""
        target = self._definitions.get(name)
        if target is None:
            self.strict = False
            return {}
        if name not in _reachable_names(target, self._definitions):
            return self.simplify(target)
        if name not in self._names:
            own = self._names[name] = f"part{len(self.defs) + 1}"
            self.defs[own] = {}
            self.defs[own] = self.simplify(target)
        return {"$ref": _REFERENCE + self._names[name]}

    def _object_keywords(self, source: Mapping[str, Any]) -> Schema:
        properties = {name: self.simplify(one) for name, one in (source.get("properties") or {}).items()}
        others = source.get("additionalProperties", not properties)
        if others is False:
            return _keys(properties)
        self.strict = False
        rest = True if others is True else self.simplify(others)
        return (
            {**_keys(properties), "additionalProperties": rest}
            if properties
            else {"additionalProperties": rest}
        )

    def _array_keywords(self, source: Mapping[str, Any]) -> Schema:
        """A tuple's items are described in words, as few servers are known to support `prefixItems`."""
        places = source.get("prefixItems")
        if not places:
            return {"items": self.simplify(source.get("items"))}
        kinds: list[Schema] = []
        for kind in map(self.simplify, places):
            if kind not in kinds:
                kinds.append(kind)
        names = ", ".join(str(kind.get("type", "value")) for kind in map(self.simplify, places))
        return {
            "description": f"exactly {len(places)} items: {names}",
            "items": kinds[0] if len(kinds) == 1 else {"anyOf": kinds},
        }


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", **_keys(properties)}


def _keys(properties: Mapping[str, Schema]) -> Schema:
    return {"properties": dict(properties), "required": [*properties], "additionalProperties": False}


def _type_of(values: list[Any]) -> str | list[str]:
    kinds = list(dict.fromkeys(_TYPES.get(type(value), "string") for value in values))
    return kinds[0] if len(kinds) == 1 else kinds


def _reachable_names(schema: Any, defs: Mapping[str, Any]) -> set[str]:
    """The names to which a schema refers, by way of others too."""
    names: set[str] = set()
    pending = [*_iter_references(schema)]
    while pending:
        name = pending.pop()
        if name not in names:
            names.add(name)
            pending += _iter_references(defs.get(name))
    return names


def _iter_references(schema: Any) -> Iterator[str]:
    match schema:
        case Mapping():
            if isinstance(reference := schema.get("$ref"), str):
                yield reference.removeprefix(_REFERENCE)
            for one in schema.values():
                yield from _iter_references(one)
        case list():
            for one in schema:
                yield from _iter_references(one)
        case _:
            pass
