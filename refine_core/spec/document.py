"""A description of a run as a JSON document of its own: what `refinescope run` takes and `refinescope spec` prints.

    ProgramSpec --write_document--> JSON text --read_document--> an equal ProgramSpec        list_schema() its JSON Schema

Only what differs from its default is written, beside what says the most. What JSON cannot hold is tagged as in the log
(refine_core.log.codec). Keys have no place in it.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from refine_core.errors import Problem, SpecError
from refine_core.log import codec
from refine_core.spec.program import ModelSpec, ProgramSpec, StageSpec, ValidatorSpec
from refine_core.spec.schedule import Schedule

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MAX_CHARACTERS: Final = 4_000_000
_ALWAYS: Final = frozenset({"title", "stages", "reward", "inputs", "strategy", "N", "threshold", "model"})
_OF_ANOTHER_RUN: Final = frozenset({"parent", "fork_attempt", "change", "hint_test", "experiment"})
"""What ties a description to the run that it was changed from: a run that somebody describes anew has none."""
_ROLES: Final = ("model", "adviser", "judge")
_RECORDING: Final = codec.STORED_NAMES[ModelSpec]["recording_id"]
_CLASSES: Final = (ProgramSpec, StageSpec, ValidatorSpec, ModelSpec, Schedule)
_IN_A_DOCSTRING: Final = re.compile(r"(?:^|(?<=[.;\n]) *)((?:\w+, )*\w+): ", re.MULTILINE)


def write_document(spec: ProgramSpec) -> str:
    """A description as JSON, indented, without what is at its default; its parent is left out."""
    data = {
        name: value
        for name, value in _pack(spec).items()
        if name not in _OF_ANOTHER_RUN and (name in _ALWAYS or value != _defaults(ProgramSpec).get(name))
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def read_document(text: str) -> ProgramSpec:
    """The description in a JSON document. A key "$schema" is allowed, for editors.

    Raises SpecError: for text that is no JSON, with line and column; for each field that is unknown, missing or of a wrong type.
    """
    data = _parse(text)
    data.pop("$schema", None)
    _check(data)
    for model in filter(None, map(data.get, _ROLES)):
        if model.get("model"):
            model.setdefault("kind", "litellm")  # who names a model wants no practice
        if "recording_id" in model:
            model[_RECORDING] = model.pop("recording_id")
    try:
        return codec.build(ProgramSpec, codec.loads(json.dumps(data)))  # type: ignore[arg-type]  # an object, as just checked
    except (ValueError, TypeError, KeyError, RecursionError):
        message = 'a value such as {"$text": …} is not as Refinescope writes it, or is nested too deeply'
        raise SpecError([Problem("document", message)]) from None


def list_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the document, with a description of each field."""
    schema: dict[str, Any] = _adapter().json_schema(mode="validation")
    definitions = schema.pop("$defs")
    root = definitions.pop(ProgramSpec.__name__, None) or schema
    root["properties"] = {"$schema": {"type": "string", "description": "Ignored; for editors."}} | root[
        "properties"
    ]
    for one in (root, *definitions.values()):
        for field in one["properties"].values():
            field.pop("title", None)
    for cls in _CLASSES:
        described = root if cls is ProgramSpec else definitions[cls.__name__]
        described["additionalProperties"] = False
        described["description"] = _summary(cls)
        for name, text in _describe_fields(cls).items():
            described["properties"][name]["description"] = text
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": "What refinescope run takes",
        "$defs": definitions,
    }


def _parse(text: str) -> dict[str, Any]:
    if len(text) > MAX_CHARACTERS:
        raise SpecError([Problem("document", f"it has more than {MAX_CHARACTERS:,} characters")])
    try:
        data = json.loads(text)
    except json.JSONDecodeError as why:
        message = (
            f"not valid JSON: {why.msg[:1].lower()}{why.msg[1:]} at line {why.lineno}, column {why.colno}"
        )
        raise SpecError([Problem("document", message, why.lineno, why.colno)]) from None
    except (ValueError, RecursionError):
        raise SpecError(
            [Problem("document", "this JSON is nested too deeply, or has a number too long")]
        ) from None
    if not isinstance(data, dict):
        raise SpecError(
            [
                Problem(
                    "document",
                    f"it must be a JSON object with stages and a reward, not {type(data).__name__}",
                )
            ]
        )
    return data


def _check(data: Mapping[str, Any]) -> None:
    """Raise SpecError with every field that is unknown, missing or of a wrong type."""
    from pydantic import ValidationError

    problems = list(_find_unknown(data, ProgramSpec, ""))
    try:
        _adapter().validate_json(json.dumps(_replace_tags(data)), strict=True)
    except ValidationError as error:
        problems += [
            Problem(_write_path(one["loc"]), _describe_fault(one["type"], one["msg"]))
            for one in error.errors(include_url=False)
        ]
    except (ValueError, RecursionError):
        problems.append(Problem("document", "this JSON is nested too deeply"))
    if problems:
        raise SpecError(list(dict.fromkeys(problems)))


def _replace_tags(value: object) -> object:
    """JSON data with a plain value of the same type in place of what the log's codec tags: {"$float": "inf"} is a number."""
    if isinstance(value, dict):
        if len(value) == 1 and (tag := next(iter(value))) in _TAGGED:
            return _TAGGED[tag]
        return {name: _replace_tags(one) for name, one in value.items()}
    return [_replace_tags(one) for one in value] if isinstance(value, list) else value


def _find_unknown(data: object, cls: type, where: str) -> Iterator[Problem]:
    """The names that no field has: a misspelt threshold would else be no threshold."""
    if not isinstance(data, dict):
        return
    names = [field.name for field in dataclasses.fields(cls)]
    for name, value in data.items():
        if name not in names:
            yield Problem(f"{where}{name}", _unknown(name, names))
        elif (inner := _INNER.get((cls, name))) is not None:
            for place, one in enumerate(value) if isinstance(value, list) else [("", value)]:
                yield from _find_unknown(one, inner, f"{where}{name}.{place}{'.' * (place != '')}")


_TAGGED: Final[Mapping[str, object]] = {"$float": 0.0, "$int": 0, "$text": "", "$dict": {}}
_INNER: Final[Mapping[tuple[type, str], type]] = {
    (ProgramSpec, "stages"): StageSpec,
    (ProgramSpec, "validators"): ValidatorSpec,
    (ProgramSpec, "model"): ModelSpec,
    (ProgramSpec, "adviser"): ModelSpec,
    (ProgramSpec, "judge"): ModelSpec,
    (ProgramSpec, "schedule"): Schedule,
}


def _unknown(name: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, names, n=1)
    return f"unknown field; {f'did you mean {near[0]}?' if near else 'the fields are ' + ', '.join(names)}"


def _write_path(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place)) or "document"


def _describe_fault(kind: str, message: str) -> str:
    if kind in ("missing", "missing_argument"):
        return "this field is missing"
    return f"{message[:1].lower()}{message[1:]}"


@cache
def _adapter() -> TypeAdapter[ProgramSpec]:
    from pydantic import TypeAdapter

    return TypeAdapter(ProgramSpec)


def _pack(spec: ProgramSpec) -> dict[str, Any]:
    """A description as JSON data under the names that the code has, its parts without what is at its default."""
    data: dict[str, Any] = json.loads(codec.dumps(spec))
    for role in _ROLES:
        if (model := data[role]) is not None:
            _trim(model, ModelSpec)
            if _RECORDING in model:
                model["recording_id"] = model.pop(_RECORDING)
    _trim(data["schedule"], Schedule)
    for stage in data["stages"]:
        _trim(stage, StageSpec)
    return data


def _trim(data: dict[str, Any], cls: type) -> None:
    """Leave out what is at its default, but for the kind of a model or a schedule."""
    stored = codec.STORED_NAMES.get(cls, {})
    for name, value in _defaults(cls).items():
        if name != "kind" and data[stored.get(name, name)] == value:
            del data[stored.get(name, name)]


@cache
def _defaults(cls: type) -> dict[str, Any]:
    """Field -> its default as JSON data."""
    made: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        if field.default is not dataclasses.MISSING:
            made[field.name] = json.loads(codec.dumps(field.default))
        elif field.default_factory is not dataclasses.MISSING:
            made[field.name] = json.loads(codec.dumps(field.default_factory()))
    if cls is ProgramSpec:
        _trim(made["schedule"], Schedule)
    return made


def _summary(cls: type) -> str:
    return inspect.getdoc(cls).partition("\n")[0]  # type: ignore[union-attr]  # every public class has one


def _describe_fields(cls: type) -> dict[str, str]:
    """Field -> what the docstring of its class says of it."""
    names = {field.name for field in dataclasses.fields(cls)}
    text = " ".join((inspect.getdoc(cls) or "").partition("\n")[2].split())
    found: dict[str, str] = {}
    parts = [one for one in _IN_A_DOCSTRING.finditer(text) if set(one[1].split(", ")) <= names]
    for one, after in zip(parts, [*parts[1:], None], strict=True):
        said = text[one.end() : len(text) if after is None else after.start()].strip().rstrip(".;")
        for name in one[1].split(", "):
            found.setdefault(name, f"{said[:1].upper()}{said[1:]}.")
    return found
