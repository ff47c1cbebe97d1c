"""The JSON Schema of a document of an experiment, for editors; docs/experiment.schema.json holds it."""

from __future__ import annotations

from typing import Any, Final, get_args

from refine_core.datasets import ColumnRole
from refine_core.experiments.shorthand import WORDS
from refine_core.spec import document as program_document

_PATH: Final = "the path of one, from the folder of this document on"


def list_schema() -> dict[str, Any]:
    """The schema (draft 2020-12), with a description of each field."""
    program = program_document.list_schema()
    definitions = program.pop("$defs")
    for name in ("$schema", "title"):
        program.pop(name)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What refinescope batch takes",
        "description": "Several programs on the same table of inputs.",
        **_object(_ROOT, required=("arms",)),
        "$defs": {"ProgramSpec": program, **definitions},
    }


def _object(properties: dict[str, Any], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, "additionalProperties": False, **needed}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _whole(description: str, least: int | None = 1) -> dict[str, Any]:
    bound = {} if least is None else {"minimum": least}
    return {"type": "integer", **bound, "description": description}


def _optional(value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "type": [value["type"], "null"]}


_PROGRAM: Final = {"anyOf": [{"$ref": "#/$defs/ProgramSpec"}, {"type": "string"}]}
_ROLE: Final = {
    "enum": [
        spelled for role in get_args(ColumnRole) for spelled in dict.fromkeys((role, role.replace(" ", "-")))
    ]
}
_COLUMN: Final = {
    "anyOf": [
        _ROLE,
        _object(
            {
                "role": _ROLE,
                "field": _text("What its value is called in a run's inputs. Default: as the column."),
            }
        ),
    ]
}
_DATASET: Final = {
    "anyOf": [
        {"type": "string"},
        _object(
            {
                "name": _text("What the table is called."),
                "file": _text("A CSV, JSONL, JSON or Parquet file, from the folder of this document on."),
                "saved": _text("A saved dataset, by its name or its id, in its newest version."),
                "rows": {"type": "array", "minItems": 1, "items": {"type": "object"}, "description": "The rows themselves, column -> value."},
                "columns": {
                    "type": "object",
                    "additionalProperties": _COLUMN,
                    "description": "Column -> what it is: an input of the program, a value that only the reward sees, or left out. The role of another column is guessed.",
                },
            }
        ),
    ],
    "description": "The table of inputs; a text is the path of a file.",
}  # fmt: skip
_ARM: Final = {
    "anyOf": [
        _text(f"The base, tried again in this way: {', '.join(WORDS)}, with any number at the end."),
        _object(
            {
                "name": _text("What it is called. Default: after its way of trying again."),
                "arm": _text(f"The way of trying again: {', '.join(WORDS)}, with any number at the end."),
                "change": {
                    "type": "object",
                    "description": "Fields of the base that differ, each as a whole.",
                },
                "spec": {"$ref": "#/$defs/ProgramSpec"},
                "program": {**_PROGRAM, "description": f"A program, or {_PATH}."},
            }
        ),
    ]
}
_LIMIT: Final = _object(
    {
        "at_once": _whole("Calls under way at the same time, at most. Default: 8."),
        "requests_per_minute": _optional(_whole("Requests a minute, at most. Default: no limit.")),
        "tokens_per_minute": _optional(_whole("Tokens a minute, at most. Default: no limit.")),
    }
)
_ROOT: Final[dict[str, Any]] = {
    "$schema": _text("Ignored; for editors."),
    "name": _text("What the experiment is called."),
    "dataset": _DATASET,
    "base": {**_PROGRAM, "description": f"The program that arms in a word and changes begin from, or {_PATH}."},
    "arms": {"type": "array", "minItems": 1, "items": _ARM, "description": "What is compared."},
    "rows": _optional(_whole("How many rows, the first ones. Default: all.")),
    "repeats": _whole("How often each arm runs each row. Default: 1."),
    "seed": _whole("Seed of the first repeat; the next one has the next seed. Default: 0.", None),
    "budget": {
        **_object(
            {
                "calls": _optional(_whole("Calls to models, at most.")),
                "tokens": _optional(_whole("Tokens, at most.")),
                "usd": {"type": ["number", "null"], "exclusiveMinimum": 0, "description": "US dollars, at most."},
            }
        ),
        "description": "It stops before the first call after this much, of all arms together, was spent.",
    },
    "rate_limits": {
        "type": "object",
        "additionalProperties": _LIMIT,
        "description": "Name of a model -> what it is asked at most.",
    },
    "result": {"type": "object", "description": "What the experiment gave, where it was exported; not read."},
}  # fmt: skip
