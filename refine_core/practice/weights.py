"""What the practice model knows: files `weights.json`, each answer with its chance. docs/practice.md has the format.

    read_weights(file) -> entries        learn(folder), unlearn(folder)        get_entries() -> all of them, the more special ones first

The files are those of the lessons that come with the app (`assets/lessons/*/weights.json`), then the package's own
(`weights/*.json`). They are read once, at the first call of a practice model.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    JsonValue,
    PositiveFloat,
    ValidationError,
    model_validator,
)

from refine_core.errors import ProgramError

logger = logging.getLogger("refine_core")
FILE = "weights.json"
HOLE = re.compile(
    r"\{(?:sentences\[(?P<start>-?\d*):(?P<end>-?\d*)\]|(?P<name>\w+)(?:\|(?P<instead>[^{}]*))?)\}"
)
"""A place in a text to fill: `{country}`, `{date|[date]}` with what to write where there is none, `{sentences[:2]}`."""


_SINGULARS = {"entries": "entry", "answers": "answer"}


class WeightsError(ProgramError, ValueError):
    """A file of weights that cannot be used. The sentence names the file, the entry, what is wrong and what to write."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Patterns = Annotated[
    tuple[re.Pattern[str], ...], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)
]


class HintedWeight(_Part):
    """Another weight where the hint says so. pattern: searched in the hint."""

    pattern: re.Pattern[str]
    weight: PositiveFloat


class Answer(_Part):
    """A possible answer. text: with holes. value: JSON, in place of text. weight: relative to the others, at temperature 1.

    for_each: pattern -> factor of the weight for each place in the inputs that it fits. when_told: see HintedWeight.
    """

    text: str = ""
    value: JsonValue = None
    weight: PositiveFloat
    for_each: dict[re.Pattern[str], PositiveFloat] = {}
    when_told: HintedWeight | None = None

    @property
    def content(self) -> JsonValue:
        """The text or the value, its holes not yet filled."""
        return self.text if "text" in self.model_fields_set else self.value

    @model_validator(mode="after")
    def _check_content(self) -> Self:
        if len({"text", "value"} & self.model_fields_set) != 1:
            raise ValueError('write either "text" or, for a value that is no text, "value"')
        return self


class Entry(_Part):
    """Answers to one kind of prompt.

    asked: patterns that are all found in the text of the inputs. finds: patterns that may be found. Their named groups fill holes,
    and so do tables: name of a hole -> text of a group -> text. output: fits the whole name of the field. type: of the field.
    """

    about: str = ""
    asked: Patterns
    finds: Patterns = ()
    output: re.Pattern[str] | None = None
    type: str = ""
    tables: dict[str, dict[str, str]] = {}
    answers: tuple[Answer, ...]

    @model_validator(mode="after")
    def _check_holes(self) -> Self:
        if not self.answers:
            raise ValueError("there is no answer; write at least one")
        known = {name for one in (*self.asked, *self.finds) for name in one.groupindex} | self.tables.keys()
        for text in texts_in([answer.content for answer in self.answers]):
            for hole in HOLE.finditer(text):
                if hole["name"] and hole["name"] not in known:
                    raise ValueError(
                        f"{hole[0]} is neither a named group of a pattern nor a table; it has {sorted(known)}"
                    )
        return self


class _File(_Part):
    about: str = ""
    entries: tuple[Entry, ...]


def texts_in(value: JsonValue) -> Iterator[str]:
    """Every text in a value, keys of objects left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_in(one)


def read_weights(file: Path) -> tuple[Entry, ...]:
    """The entries of a file, in their order. Raises WeightsError."""
    try:
        return _File.model_validate(json.loads(file.read_text(encoding="utf-8"))).entries
    except ValidationError as error:
        first = error.errors()[0]
        raise WeightsError(f"{file}, {_describe_place(first['loc'])}: {first['msg']}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"{file} cannot be read: {error}") from error


def _describe_place(place: tuple[int | str, ...]) -> str:
    """The place of a mistake: ("entries", 1, "answers", 0, "weight") -> "entry 2, answer 1, weight"."""
    words = [str(one + 1) if isinstance(one, int) else _SINGULARS.get(one, one) for one in place]
    return re.sub(r", (\d+)", r" \1", ", ".join(words)) or "the whole file"


_learned: dict[Path, tuple[Entry, ...]] = {}  # of this process; a tuple is put in or taken out whole
_turn = threading.Lock()


def learn(folder: Path) -> None:
    """From now on the practice models of this process also know the `weights.json` in `folder`, before all else that they know.

    A folder that was learned before is read anew; one without that file is forgotten. Raises WeightsError: then nothing changes.
    """
    file = folder / FILE
    entries = read_weights(file) if file.exists() else ()
    with _turn:
        _learned.pop(folder, None)
        _learned[folder] = entries


def unlearn(folder: Path) -> None:
    """Undo `learn`."""
    with _turn:
        _learned.pop(folder, None)


def get_entries() -> tuple[Entry, ...]:
    """All entries, the first one that fits is used: learned last, learned before, the bundled lessons', the built-in ones."""
    with _turn:
        learned = [entry for entries in reversed(_learned.values()) for entry in entries]
    return (*learned, *_read_bundled())


@cache
def _read_bundled() -> tuple[Entry, ...]:
    root = Path(__file__).resolve().parents[2]
    installed = root / "refinescope"
    assets = (installed if installed.is_dir() else root) / "assets"
    files = [
        *sorted(assets.glob(f"lessons/*/{FILE}")),
        *sorted(Path(__file__).with_name("weights").glob("*.json")),
    ]
    return tuple(entry for file in files for entry in read_or_log(file))


def read_or_log(file: Path) -> tuple[Entry, ...]:
    """The entries of a bundled file. One that is broken is logged and left out: only what needs it, its lesson, then refuses to run."""
    try:
        return read_weights(file)
    except WeightsError:
        logger.exception("the practice model does without a file of weights")
        return ()
