"""A lesson's folder as a Lesson; or every problem of it, each with its file and place.

    read_lesson(Path("assets/lessons/02-best-of-n")) -> Lesson

Nothing is run, and no table is opened: the list of lessons reads all of them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from refine_core.cases import CaseSet, read_cases
from refine_core.errors import LessonError, Problem, SpecError
from refine_core.experiments.json_document import ExperimentDocument, read_experiment
from refine_core.experiments.json_document.notes import Notes, kind_of
from refine_core.lessons.consistency import OF_ANSWERS, note_inconsistencies
from refine_core.lessons.document import Check, Example, Lesson, Measure, Prediction
from refine_core.lessons.expected import read_expected
from refine_core.lessons.fields import build, read_field, read_list
from refine_core.lessons.measures import find_argument_problems
from refine_core.lessons.settings import list_setting_names

HEADINGS: Final = ("Example", "Predict", "Compare", "Check", "Remember")
"""What every text.md has; "Another model" may stand behind them, and "Room": the one question that a class is asked."""
MAY_HAVE: Final = (*HEADINGS, "Another model", "Room")
MINUTES: Final = 6
_JSON: Final = (
    "$schema", "title", "predicts", "minutes", "example", "measures", "prediction", "check", "claims", "admits",
)  # fmt: skip
_OF_CHECK_IN_FILES: Final = ("solution", "start", "held_out")
_HEADING: Final = re.compile(r"^# +(.+?) *$", re.MULTILINE)
_NUMBERED: Final = re.compile(r"(\d+)-.+")


def read_lesson(folder: Path) -> Lesson:
    """The lesson in a folder. Raises LessonError with every problem that was found."""
    notes = Notes()
    lesson = _Reader(folder, notes).read() if folder.is_dir() else None
    if lesson is None and not notes.problems:
        notes.add("", f"there is no folder {folder}")
    if notes.problems or lesson is None:
        raise LessonError(folder.name, list(dict.fromkeys(notes.problems)))
    return lesson


def read_text_file(folder: Path, name: str) -> str:
    """A file of a lesson's own folder. Raises ValueError with a sentence for one that lies elsewhere or cannot be read."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{name} lies outside of the lesson's folder")
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"{name} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not UTF-8 text") from None


class _Reader:
    """Reads one folder. What is wrong is noted, and the rest is read on."""

    def __init__(self, folder: Path, notes: Notes) -> None:
        self.folder, self.notes = folder, notes

    def read(self) -> Lesson | None:
        """The lesson, as far as it can be read; what matters is whether a problem was noted."""
        notes = self.notes
        data, experiment, texts = self._json("lesson.json"), self._experiment(), self._texts()
        if data is None or experiment is None or texts is None:
            return None
        notes.check_names("lesson.json ", data, _JSON)
        numbered = _NUMBERED.fullmatch(self.folder.name)
        measures = self._measures(data.get("measures", {}), experiment, "measures")
        prediction = build(notes, Prediction, "prediction", data.get("prediction"))
        check = self._check(data.get("check"), experiment)
        example = build(notes, Example, "example", data.get("example"))
        if prediction is None or check is None or example is None:
            return None
        lesson = Lesson(
            self.folder.name,
            int(numbered[1]) if numbered else 0,
            self.folder,
            read_field(notes, data, "title", str),
            read_field(notes, data, "predicts", str),
            read_field(notes, data, "minutes", int, MINUTES),
            texts,
            experiment,
            example,
            measures,
            prediction,
            check,
            tuple(read_list(notes, data, "claims", str)),
            frozenset(read_list(notes, data, "admits", int)),
            read_expected(self.folder),
        )
        note_inconsistencies(notes, lesson)
        return lesson

    def _read(self, name: str) -> str | None:
        try:
            return read_text_file(self.folder, name)
        except ValueError as error:
            self.notes.add(name, str(error))
            return None

    def _json(self, name: str) -> dict[str, Any] | None:
        text = self._read(name)
        if text is None:
            return None
        try:
            data = json.loads(text)
        except json.JSONDecodeError as why:
            what = f"{why.msg[:1].lower()}{why.msg[1:]}"
            self.notes.add(f"{name}, line {why.lineno}", f"not valid JSON: {what}")
            return None
        except (ValueError, RecursionError):
            self.notes.add(name, "this JSON is nested too deeply, or has a number too long")
            return None
        if not isinstance(data, dict):
            self.notes.add(name, f"it must be a JSON object, not {kind_of(data)}")
            return None
        return data

    def _experiment(self) -> ExperimentDocument | None:
        text = self._read("experiment.json")
        if text is None:
            return None
        try:
            found = read_experiment(text, self.folder)
        except SpecError as error:
            for one in error.problems:
                place = "experiment.json" if one.field == "document" else f"experiment.json {one.field}"
                self.notes.problems.append(Problem(place, one.message, one.line, one.column))
            return None
        if found.dataset is None or found.dataset.saved:
            self.notes.add(
                "experiment.json dataset", "name a table of the lesson's folder, or write the rows"
            )
        return found

    def _texts(self) -> dict[str, str] | None:
        text = self._read("text.md")
        if text is None:
            return None
        pieces = _HEADING.split(text)
        texts = {heading: body.strip() for heading, body in zip(pieces[1::2], pieces[2::2], strict=True)}
        for heading in texts:
            if heading not in MAY_HAVE:
                there = ", ".join(MAY_HAVE)
                self.notes.add(f"text.md # {heading}", f"no step is called that; there are {there}")
        for heading in HEADINGS:
            if not texts.get(heading):
                self.notes.add("text.md", f"there is no text under “# {heading}”")
        return texts

    def _measures(self, data: object, experiment: ExperimentDocument, at: str) -> dict[str, Measure]:
        if not isinstance(data, dict):
            what = f"write an object: a name, then its measure, not {kind_of(data)}"
            self.notes.add(f"lesson.json {at}", what)
            return {}
        arms = {word for arm in experiment.arms for word in (arm.key, arm.name)}
        taken = {*list_setting_names(experiment.arms), *OF_ANSWERS}
        found = {}
        for name, one in data.items():
            where = f"{at}.{name}"
            measure = build(self.notes, Measure, where, one)
            if measure is None:
                continue
            if not name.isidentifier() or name in taken:
                self.notes.add(f"lesson.json {where}", "a name is one word that no setting has")
            for place, message in find_argument_problems(measure.kind, measure.arguments, arms):
                self.notes.add(f"lesson.json {where}.{place}", message)
            found[name] = measure
        return found

    def _check(self, data: object, experiment: ExperimentDocument) -> Check | None:
        given: dict[str, object] = {
            "cases": self._cases() if (self.folder / "cases.json").exists() else None,
            "measures": {},
        }
        if isinstance(data, dict):
            data = dict(data)
            given["measures"] = self._measures(data.pop("measures", {}), experiment, "check.measures")
            data |= {name: self._code(data[name], name) for name in _OF_CHECK_IN_FILES if name in data}
        return build(self.notes, Check, "check", data, given)

    def _code(self, value: object, name: str) -> object:
        """Code of a check, which may lie in a file."""
        if not (isinstance(value, str) and value.endswith(".py") and "\n" not in value):
            return value
        try:
            return read_text_file(self.folder, value)
        except ValueError as error:
            self.notes.add(f"lesson.json check.{name}", str(error))
            return ""

    def _cases(self) -> CaseSet | None:
        text = self._read("cases.json")
        try:
            return None if text is None else read_cases(text)
        except ValueError as error:
            self.notes.add("cases.json", str(error))
            return None
