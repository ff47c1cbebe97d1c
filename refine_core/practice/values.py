"""Values of the type that a prompt asks for: its JSON schema, whether a value fits it, and candidates made up from the inputs.

    read_schema(output) -> {"type": "array", "items": …}      fits(value, schema)      Improviser(…).candidates(schema)

As in JSON schema, True or {} is what any value fits, and False what none does: a type within itself, so that a tree ends there.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from itertools import cycle, islice
from typing import Any

from refine_core.english import split_sentences
from refine_core.practice import texts
from refine_core.practice.request import Output, Request
from refine_core.practice.sampling import Candidate, Draw
from refine_core.python_parser import parse_expression

Schema = Mapping[str, Any] | bool
Options = list[Candidate[object]]

_NAMES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "None": "null"}
_BOUNDS = {
    "greater than or equal to": "minimum", "greater than": "exclusiveMinimum", "less than or equal to": "maximum",
    "less than": "exclusiveMaximum", "a multiple of the given number": "multipleOf",
    "minimum length": "minLength", "maximum length": "maxLength",
}  # fmt: skip
_FORMATS = {
    "date": "2026-03-14", "date-time": "2026-03-14T09:30:00Z", "time": "09:30:00", "duration": "PT2H",
    "uuid": "3f2b8c1e-5d47-4a90-8c6b-2f1e7d9a0b34", "uri": "https://example.org/", "email": "ines@example.org",
}  # fmt: skip
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_SENTENCE_CHARS = 200
_MAX_DEPTH = 4


@lru_cache(maxsize=512)
def read_schema(output: Output) -> Schema:
    """The schema of a field: of its type, or the one beside its placeholder; text if neither can be read."""
    if output.type in _NAMES:
        stated = re.findall(r"([a-z][a-z ]+): (-?\d+(?:\.\d+)?)", output.description)
        return {
            "type": _NAMES[output.type],
            **{_BOUNDS[how]: float(n) for how, n in stated if how in _BOUNDS},
        }
    with suppress(SyntaxError, ValueError, RecursionError):
        if output.type.startswith("Literal["):
            return {"enum": ast.literal_eval(parse_expression(output.type.removeprefix("Literal")))}
    for note in (output.note, output.note.replace('\\"', '"')):  # escaped where the structure itself is JSON
        with suppress(ValueError, RecursionError):
            schema, _ = json.JSONDecoder().raw_decode(note, note.find("{"))
            return _inline(schema, schema.get("$defs", {}), ())
    listed = re.search(r"one of: ([^\n\"]+)", output.note)
    return {"enum": listed[1].split("; ")} if listed else {"type": "string"}


def fits(value: object, schema: Schema) -> bool:
    """Whether a value is of the type. Patterns and formats of texts are not looked at."""
    if isinstance(schema, bool):
        return schema
    if "enum" in schema:
        return value in schema["enum"]
    if several := schema.get("anyOf"):
        return any(fits(value, one) for one in several)
    match schema.get("type"):
        case "string":
            return isinstance(value, str)
        case "integer" | "number":
            kinds = int if schema["type"] == "integer" else (int, float)
            is_number = isinstance(value, kinds) and not isinstance(value, bool)
            return is_number and value == _clamp(value, schema)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "array":
            return isinstance(value, list) and all(fits(one, schema.get("items", True)) for one in value)
        case "object":
            if not isinstance(value, dict) or not set(schema.get("required", ())) <= value.keys():
                return False
            parts, others = schema.get("properties", {}), schema.get("additionalProperties", True)
            return all(fits(one, parts.get(name, others)) for name, one in value.items())
    return True


def _inline(schema: Any, defs: Mapping[str, Any], within: tuple[str, ...]) -> Schema:
    """The schema with its references written out, a single value as a list of one, and False for a type within itself."""
    if not isinstance(schema, dict):
        return bool(schema)
    if reference := schema.get("$ref"):
        name = str(reference).rsplit("/", 1)[-1]
        is_deep = name in within or len(within) > _MAX_DEPTH
        return False if is_deep else _inline(defs.get(name, {}), defs, (*within, name))
    if "const" in schema:
        return {"enum": [schema["const"]]}
    written: dict[str, Any] = {}
    for key, value in schema.items():
        if key in {"items", "additionalProperties"}:
            written[key] = _inline(value, defs, within)
        elif key in {"prefixItems", "anyOf", "oneOf", "allOf"}:
            several = [_inline(one, defs, within) for one in value]
            written["anyOf" if key.endswith("Of") else key] = several
        elif key == "properties":
            written[key] = {name: _inline(one, defs, within) for name, one in value.items()}
        else:
            written[key] = value
    return written


def _clamp(number: Any, schema: Mapping[str, Any]) -> float:
    """The number nearest to this one that the bounds allow; a whole one where the type is integer."""
    step = 1 if schema["type"] == "integer" else 0.001
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf) + step)
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf) - step)
    inside: float = min(max(number, low), high)
    if unit := schema.get("multipleOf"):
        inside = math.floor(inside / unit) * unit if inside >= low + unit else math.ceil(low / unit) * unit
    return round(inside) if schema["type"] == "integer" else round(inside, 4)


class Improviser:
    """Makes up values for one output, of which the model knows nothing. Parts of a value are drawn at once, with `draw`."""

    def __init__(self, request: Request, output: Output, draw: Draw) -> None:
        self.name, self.type, self.draw = output.name.replace("_", " "), output.type, draw
        self.source = next(iter(request.inputs), "prompt")
        self.inputs = "\n".join(request.inputs.values())
        self.longest = max(request.inputs.values(), key=len, default="")
        words = texts.keywords(self.inputs.replace("\n", " "), 6)
        self.topic = [*words, "little", "more", "else"][: max(3, len(words))]

    def candidates(self, schema: Schema) -> Options:
        """Candidates of the type; none only where nothing is."""
        if isinstance(schema, bool):
            return self._texts({}) if schema else []
        if several := schema.get("anyOf"):
            # A number that may also be written as text, as a Decimal is in JSON, is a number.
            has_number = any(
                isinstance(one, dict) and one.get("type") in {"integer", "number"} for one in several
            )
            kept = [one for one in several if not (has_number and one == {"type": "string"})]
            return [candidate for one in kept for candidate in self.candidates(one)]
        if "enum" in schema:
            return [Candidate(option, 1.0 - 0.2 * i) for i, option in enumerate(schema["enum"])]
        match schema.get("type"):
            case "integer" | "number":
                return [Candidate(_clamp(n, schema), logit) for n, logit in self._numbers(schema)]
            case "boolean":
                return [Candidate(True, 1.4), Candidate(False, 0.6)]
            case "null":
                return [Candidate(None, -0.5)]
            case "array":
                return self._lists(schema)
            case "object":
                return [Candidate(self._object(schema), 0.0)]
        return self._texts(schema)

    def _part(self, schema: Schema) -> object:
        options = self.candidates(schema)
        return self.draw.choose(options) if options else None

    def _texts(self, schema: Mapping[str, Any]) -> Options:
        if schema.get("format") in _FORMATS:
            return [Candidate(_FORMATS[schema["format"]], 0.0)]
        a, b, c = self.topic[:3]
        candidates = [
            (f"The {self.name} is about {a} and {b}, as far as the {self.source} tells.", 2.2),
            (f"Mostly {a}, with some {b}; {c} matters less.", 1.8),
            (f"It comes down to {a} and {b}.", 1.2),
            (f"{a.capitalize()} and {b}.", 0.4),
            (a.capitalize(), -0.6),
        ]
        first = next(iter(split_sentences(self.longest)), "")
        if first and not first.endswith("?") and len(first) < _SENTENCE_CHARS:
            candidates.append((first, 1.5))
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 10**6))
        return [Candidate(texts.pad(text, "character", least)[:most], logit) for text, logit in candidates]

    def _numbers(self, schema: Mapping[str, Any]) -> list[tuple[float, float]]:
        """Numbers with their logits: within bounds, or those of the inputs and small ones."""
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        if low is not None and high is not None:
            return [
                (low + (high - low) * share, logit) for share, logit in ((0.8, 1.4), (0.5, 1.0), (0.3, 0.6))
            ]
        found = _NUMBER.findall(self.inputs)[:3]
        return [
            *((float(n), 1.6 - 0.4 * i) for i, n in enumerate(found)),
            *((n, 0.8 - 0.1 * n) for n in (1.0, 2.0, 3.0, 5.0)),
        ]

    def _lists(self, schema: Mapping[str, Any]) -> Options:
        """Lists of some lengths: pieces of the longest input, or values that are drawn."""
        if "prefixItems" in schema:
            return [Candidate([self._part(one) for one in schema["prefixItems"]], 0.0)]
        items, least, most = schema.get("items", True), schema.get("minItems", 1), schema.get("maxItems", 8)
        if items is False or most == 0:
            return [Candidate([], 0.0)]
        if items == {"type": "string"}:
            found = re.split(r"[,;\n]|(?<=[.!?])\s|\band\b", self.longest)
            pieces = [piece.strip(" .") for piece in found if piece.strip(" .")]
            values: list[object] = (
                [*pieces] if len(pieces) > 1 else [word.capitalize() for word in self.topic]
            )
            logits = {n: 1.6 - 0.3 * abs(n - 3) for n in range(1, 9)}
        else:
            values = [self._part(items) for _ in range(3)]
            logits = {n: 1.6 - 0.4 * abs(n - 2) for n in (1, 2, 3)}
        allowed = {n: logit for n, logit in logits.items() if least <= n <= most} or {least: 0.0}
        return [Candidate(list(islice(cycle(values), n)), logit) for n, logit in allowed.items()]

    def _object(self, schema: Mapping[str, Any]) -> dict[str, object]:
        keys = schema.get("propertyNames", {}).get("enum", self.topic)[:2]
        if "dict[int" in self.type:  # of keys, a JSON schema does not say that they are numbers
            keys = ["1", "2"]
        parts = schema.get("properties") or dict.fromkeys(keys, schema.get("additionalProperties", True))
        return {name: self._part(part) for name, part in parts.items() if part is not False}
