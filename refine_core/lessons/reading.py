"""A lesson's folder as a Lesson; or every problem of it, each with its file and place.

    read_lesson(Path("assets/lessons/02-best-of-n")) -> Lesson

Nothing is run, and no table is opened: the list of lessons reads all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_type_hints

from refine_core.cases import CaseSet, read_cases
from refine_core.errors import LessonError, Problem, SpecError
from refine_core.experiments.json_document import ExperimentDocument, read_experiment
from refine_core.experiments.json_document.notes import Notes, kind_of
from refine_core.lessons.document import MAX_MINUTES, Check, Example, Lesson, Measure, Prediction
from refine_core.lessons.expressions import ExpressionError, parse
from refine_core.lessons.measures import find_argument_problems
from refine_core.lessons.settings import list_setting_names
from refine_core.lessons.texts import list_places

T = TypeVar("T")

HEADINGS: Final = ("Example", "Predict", "Compare", "Check", "Remember")
"""What every text.md has; "Another model" may stand behind them."""
MAY_HAVE: Final = (*HEADINGS, "Another model")
OF_ANSWERS: Final = ("answer", "reward", "held_out")
"""What is known of an answer where it is judged; the last two of an output alone: what both rewards pay it."""
BEFORE_THE_RUN: Final = ("Example", "Predict")
OF_CODE: Final = ("explained", "given_away")
"""What is known of code that a check runs, beside the check's measures."""
_JSON: Final = (
    "$schema", "title", "predicts", "minutes", "example", "measures", "prediction", "check", "claims", "admits", "expected",
)  # fmt: skip
_HEADING: Final = re.compile(r"^# +(.+?) *$", re.MULTILINE)
_NUMBERED: Final = re.compile(r"(\d+)-.+")
_NUMBERS: Final = (int, float)


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
        data = self._json("lesson.json")
        experiment = self._experiment()
        texts = self._texts()
        if data is None or experiment is None or texts is None:
            return None
        self.notes.check_names("lesson.json ", data, _JSON)
        numbered = _NUMBERED.fullmatch(self.folder.name)
        minutes = self._field(data, "minutes", int, 6)
        if not 1 <= minutes <= MAX_MINUTES:
            self.notes.add("lesson.json minutes", f"a lesson takes 1 to {MAX_MINUTES} minutes")
        measures = self._measures(data.get("measures", {}), experiment, "measures")
        prediction = self._build(Prediction, "prediction", data.get("prediction"))
        check = self._check(data.get("check"), experiment)
        example = self._build(Example, "example", data.get("example"))
        if prediction is None or check is None or example is None:
            return None
        lesson = Lesson(
            self.folder.name,
            int(numbered[1]) if numbered else 0,
            self.folder,
            self._field(data, "title", str),
            self._field(data, "predicts", str),
            minutes,
            texts,
            experiment,
            example,
            measures,
            prediction,
            check,
            tuple(self._list(data, "claims", str)),
            frozenset(self._list(data, "admits", int)),
            read_values(data.get("expected", {})),
        )
        self._check_whole(lesson)
        return lesson

    def _json(self, name: str) -> dict[str, Any] | None:
        text = self._read(name)
        if text is None:
            return None
        try:
            data = json.loads(text)
        except json.JSONDecodeError as why:
            self.notes.add(
                f"{name}, line {why.lineno}", f"not valid JSON: {why.msg[:1].lower()}{why.msg[1:]}"
            )
            return None
        except (ValueError, RecursionError):
            self.notes.add(name, "this JSON is nested too deeply, or has a number too long")
            return None
        if not isinstance(data, dict):
            self.notes.add(name, f"it must be a JSON object, not {kind_of(data)}")
            return None
        return data

    def _read(self, name: str) -> str | None:
        try:
            return read_text_file(self.folder, name)
        except ValueError as error:
            self.notes.add(name, str(error))
            return None

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
                "experiment.json dataset", "name a table of the lesson's own folder, or write the rows"
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
                self.notes.add(
                    f"text.md # {heading}", f"no step is called that; there are {', '.join(MAY_HAVE)}"
                )
        for heading in HEADINGS:
            if not texts.get(heading):
                self.notes.add("text.md", f"there is no text under “# {heading}”")
        return texts

    def _measures(self, data: object, experiment: ExperimentDocument, at: str) -> dict[str, Measure]:
        if not isinstance(data, dict):
            self.notes.add(
                f"lesson.json {at}", f"write an object: a name, then its measure, not {kind_of(data)}"
            )
            return {}
        arms = {word for arm in experiment.arms for word in (arm.key, arm.name)}
        found = {}
        for name, one in data.items():
            where = f"{at}.{name}"
            measure = self._build(Measure, where, one)
            if measure is None:
                continue
            if not name.isidentifier() or name in (*list_setting_names(experiment.arms), *OF_ANSWERS):
                self.notes.add(f"lesson.json {where}", "a name is one word that no setting has")
            for place, message in find_argument_problems(measure.kind, measure.arguments, arms):
                self.notes.add(f"lesson.json {where}.{place}", message)
            found[name] = measure
        return found

    def _check(self, data: object, experiment: ExperimentDocument) -> Check | None:
        cases = self._cases() if (self.folder / "cases.json").exists() else None
        measures: dict[str, Measure] = {}
        if isinstance(data, dict):
            measures = self._measures(data.get("measures", {}), experiment, "check.measures")
            data = {
                **{name: one for name, one in data.items() if name != "measures"},
                **{
                    name: self._code(data[name], f"check.{name}")
                    for name in ("solution", "start", "held_out")
                    if name in data
                },
            }
        check = self._build(
            Check,
            "check",
            data,
            leave_out=("cases", "measures"),
            given={"cases": cases, "measures": measures},
        )
        if check is None:
            return None
        if check.arm:
            self._need_arm("check.arm", check.arm, experiment)
            if check.kind != "reward" or not check.right:
                self.notes.add(
                    "lesson.json check.arm",
                    "only code is run; say in right what must then hold of its measures",
                )
        for what, needs in (("choices", "choice"), ("cases", "reward"), ("held_out", "output")):
            if check.kind == needs and not getattr(check, what):
                place = "cases.json" if what == "cases" else f"lesson.json check.{what}"
                self.notes.add(place, f"a check of the kind {needs} needs {what}")
        if check.kind == "number" and not (check.low or check.high):
            self.notes.add(
                "lesson.json check.low",
                "say from which number to which an answer is right: low, high or both",
            )
        if check.kind == "choice" and not check.right:
            self.notes.add("lesson.json check.right", "say which choice is right, by its index from 0")
        return check

    def _code(self, value: object, where: str) -> object:
        if not (isinstance(value, str) and value.endswith(".py") and "\n" not in value):
            return value
        try:
            return read_text_file(self.folder, value)
        except ValueError as error:
            self.notes.add(f"lesson.json {where}", str(error))
            return ""

    def _cases(self) -> CaseSet | None:
        text = self._read("cases.json")
        if text is None:
            return None
        try:
            return read_cases(text)
        except ValueError as error:
            self.notes.add("cases.json", str(error))
            return None

    def _build(
        self,
        cls: type[T],
        where: str,
        data: object,
        leave_out: Sequence[str] = (),
        given: Mapping[str, object] | None = None,
    ) -> T | None:
        """A dataclass of the contract out of a JSON object; None where a field of it is missing or wrong."""
        place = f"lesson.json {where}"
        if not isinstance(data, dict):
            self.notes.add(place, f"write an object, not {kind_of(data)}")
            return None
        hints = get_type_hints(cls)
        known = {one.name: one for one in fields(cls) if one.name not in leave_out}  # type: ignore[arg-type]  # a dataclass
        self.notes.check_names(f"{place}.", data, tuple(known))
        values: dict[str, Any] = dict(given or {})
        before = len(self.notes.problems)
        for name, one in known.items():
            if name in data:
                values[name] = self._value(f"{place}.{name}", hints[name], data[name])
            elif one.default is MISSING and one.default_factory is MISSING:
                self.notes.add(f"{place}.{name}", "it is missing")
        return cls(**values) if len(self.notes.problems) == before else None

    def _value(self, where: str, hint: Any, value: object) -> Any:
        """A JSON value as its field has it."""
        options = get_args(hint)
        if options and all(isinstance(one, str) for one in options):
            if value not in options:
                self.notes.add(
                    where,
                    f"write one of {', '.join(options)}, not {kind_of(value) if not isinstance(value, str) else value}",
                )
            return value
        if hint is str and isinstance(value, _NUMBERS) and not isinstance(value, bool):
            return str(value)  # an expression that is a number
        if options and isinstance(value, list):
            inner = options[0]
            if get_args(inner):
                if all(
                    isinstance(one, list)
                    and len(one) == len(get_args(inner))
                    and all(isinstance(text, str) for text in one)
                    for one in value
                ):
                    return tuple(tuple(one) for one in value)
                self.notes.add(where, 'write a list of pairs of texts: [["answer < 3", "Too few."]]')
                return ()
            return tuple(self._value(f"{where}[{i}]", inner, one) for i, one in enumerate(value))
        if isinstance(value, _kind_of_hint(hint)) and (isinstance(value, bool) is (hint is bool)):
            return value
        self.notes.add(where, f"write {_NAMES.get(_kind_of_hint(hint)[0], 'a list')}, not {kind_of(value)}")
        return None

    def _field(self, data: Mapping[str, Any], name: str, kind: type[T], default: T | None = None) -> T:
        if name not in data and default is not None:
            return default
        value: T = self._value(f"lesson.json {name}", kind, data.get(name))
        return kind() if value is None else value

    def _list(self, data: Mapping[str, Any], name: str, kind: type[T]) -> Iterable[T]:
        value = data.get(name, [])
        if not isinstance(value, list):
            self.notes.add(f"lesson.json {name}", f"write a list, not {kind_of(value)}")
            return []
        return [self._value(f"lesson.json {name}[{i}]", kind, one) for i, one in enumerate(value)]

    def _check_whole(self, lesson: Lesson) -> None:
        """Whether what refers to something finds it: expressions their names, the example its arm."""
        known = {*list_setting_names(lesson.experiment.arms), *lesson.measures}
        of_check = {*known, *lesson.check.measures, *(OF_CODE if lesson.check.arm else ())}
        for heading, text in lesson.texts.items():
            self._need(f"text.md # {heading}", text, known, names_in_text)
        for place, text in list_check_texts(lesson.check):
            self._need(f"lesson.json check.{place}", text, {*of_check, *OF_ANSWERS}, names_in_text)
        for place, text in list_expressions(lesson):
            names = {*of_check, *OF_ANSWERS} if place.startswith("check.wrong") else known
            names = of_check if place == "check.right" else names
            self._need(f"lesson.json {place}", text, names, names_in_expression)
        self._need_arm("example.arm", lesson.example.arm, lesson.experiment)
        if lesson.prediction.kind == "choice" and len(lesson.prediction.choices) < 2:  # noqa: PLR2004  # a choice
            self.notes.add("lesson.json prediction.choices", "write two choices or more")
        if lesson.prediction.kind == "curve" and not lesson.prediction.x:
            self.notes.add(
                "lesson.json prediction.x", "write where the curve has its points, such as [1, 2, 3]"
            )
        if lesson.prediction.kind != "choice" and not lesson.prediction.low < lesson.prediction.high:
            self.notes.add("lesson.json prediction.high", "it must be above low")

    def _need_arm(self, where: str, name: str, experiment: ExperimentDocument) -> None:
        if all(name not in (one.key, one.name) for one in experiment.arms):
            keys = ", ".join(one.key for one in experiment.arms)
            self.notes.add(f"lesson.json {where}", f"no arm has the key {name!r}; there are {keys}")

    def _need(self, where: str, text: str, known: set[str], read: Callable[[str], set[str]]) -> None:
        try:
            missing = sorted(read(text) - known)
        except ExpressionError as error:
            self.notes.add(where, str(error))
            return
        if missing:
            there = ", ".join(sorted(known))
            self.notes.add(where, f"there is no measure or setting {missing[0]}; there are {there}")


def names_in_text(text: str) -> set[str]:
    """The measures and settings that a text names. Raises ExpressionError."""
    return {name for place in list_places(text) for name in place.expression.names}


def names_in_expression(text: str) -> set[str]:
    """Those of one expression. Raises ExpressionError."""
    return set(parse(text).names)


_NAMES: Final = {str: "a text", int: "a whole number", float: "a number", dict: "an object", tuple: "a list"}


def _kind_of_hint(hint: Any) -> tuple[type, ...]:
    if hint in (str, int, bool):
        return (hint,)
    if hint is float:
        return (float, int)
    return (dict,) if "Mapping" in str(hint) else (tuple,)


def list_check_texts(check: Check) -> list[tuple[str, str]]:
    """The sentences of a check that may hold expressions, with their places. Code does not."""
    found = [(f"wrong[{i}]", text) for i, (_, text) in enumerate(check.wrong)]
    found += [(f"hints[{i}]", text) for i, text in enumerate(check.hints)]
    found += [(f"choices[{i}]", text) for i, text in enumerate(check.choices)]
    if check.kind in ("number", "choice"):
        found.append(("solution", check.solution))
    return found


def list_expressions(lesson: Lesson) -> list[tuple[str, str]]:
    """The expressions of lesson.json outside of texts, with their places."""
    check, prediction = lesson.check, lesson.prediction
    found = [("prediction.measure", prediction.measure), ("prediction.theory", prediction.theory)]
    found += [("check.low", check.low), ("check.high", check.high), ("check.right", check.right)]
    found += [(f"check.wrong[{i}]", condition) for i, (condition, _) in enumerate(check.wrong)]
    found += [(f"claims[{i}]", claim) for i, claim in enumerate(lesson.claims)]
    return [(place, text) for place, text in found if text]


def read_values(data: Any) -> Any:
    """Measures as they stand in JSON, where the x of a curve is a text: as a measure gives them."""
    if isinstance(data, dict):
        return {_read_key(key): read_values(one) for key, one in data.items()}
    return data


def _read_key(key: str) -> str | float:
    try:
        number = float(key)
    except ValueError:
        return key
    return int(number) if number.is_integer() else number
