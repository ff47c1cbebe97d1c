"""expected.json: what came out when a lesson was last checked with --write. Nobody writes it by hand.

    {"measures": {"right": {"1": 0.36, …}}, "tried": {"seeds": 21, "digest": "…"}}

measures are those that may be shown before the run. tried says at how many seeds the claims held. Its digest is of all that this depends
on: the lesson's files, its claims, and every measure at its seed, so that another practice model shows there, too.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from refine_core.lessons.document import Lesson
from refine_core.lessons.names import names_in_expression, names_in_text
from refine_core.lessons.settings import list_setting_names

FILE: Final = "expected.json"
BEFORE_THE_RUN: Final = ("Example", "Predict", "Room")
"""The texts that are read before a learner's own run, or before that of a class."""
_WORDS: Final = (FILE, "lesson.json", "text.md")
_DIGITS: Final = 9


def read_expected(folder: Path) -> dict[str, Any]:
    """The measures that may be shown before the run; {} where nothing was written, or it cannot be read: then a check says so."""
    try:
        measures = json.loads((folder / FILE).read_text(encoding="utf-8-sig"))["measures"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return _read_values(measures) if isinstance(measures, dict) else {}


def list_shown_before(lesson: Lesson) -> list[str]:
    """The measures that are shown before the run, in the lesson's order: in texts, and as given points of a curve."""
    names = {name for heading in BEFORE_THE_RUN for name in names_in_text(lesson.texts.get(heading, ""))}
    if lesson.prediction.given:
        names |= names_in_expression(lesson.prediction.measure)
    return [name for name in lesson.measures if name in names]


def write_expected(lesson: Lesson, values: Mapping[str, Any], tried_seeds: int) -> Lesson:
    """Keep what came out beside the lesson, which is returned as it would be read now. tried_seeds: at how many seeds its claims held."""
    measures = {name: values[name] for name in list_shown_before(lesson)}
    tried = {"seeds": tried_seeds, "digest": digest(lesson, values)}
    text = json.dumps({"measures": measures, "tried": tried}, indent=2, ensure_ascii=False)
    (lesson.folder / FILE).write_text(f"{text}\n", encoding="utf-8")
    return replace(lesson, expected=read_expected(lesson.folder))


def count_tried_seeds(lesson: Lesson, values: Mapping[str, Any]) -> int:
    """At how many seeds the claims held when all was as it is now; 0 where something has changed since, or none was tried."""
    try:
        tried = json.loads((lesson.folder / FILE).read_text(encoding="utf-8-sig"))["tried"]
        return int(tried["seeds"]) if tried["digest"] == digest(lesson, values) else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def digest(lesson: Lesson, values: Mapping[str, Any]) -> str:
    """A text that is another one where a claim might turn out otherwise."""
    settings = set(list_setting_names(lesson.experiment.arms))
    measured = {name: _rounded(value) for name, value in values.items() if name not in settings}
    told = [lesson.claims, sorted(lesson.admits), [repr(one) for one in lesson.measures.values()], measured]
    found = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for path in sorted(lesson.folder.iterdir()):
        if path.is_file() and path.name not in _WORDS:
            found.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal, but for what another machine's arithmetic may differ by."""
    return bool(_rounded(one) == _rounded(other))


def _rounded(value: Any) -> Any:
    """A value with so many digits as every machine computes alike, as JSON would hold it."""
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else f"{key:g}": _rounded(inner) for key, inner in value.items()}
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.{_DIGITS}g}")
    return value


def _read_values(data: Any) -> Any:
    """Measures as they stand in JSON, where the x of a curve is a text: as a measure gives them."""
    if isinstance(data, dict):
        return {_read_key(key): _read_values(one) for key, one in data.items()}
    return data


def _read_key(key: str) -> str | float:
    try:
        number = float(key)
    except ValueError:
        return key
    return int(number) if number.is_integer() else number
