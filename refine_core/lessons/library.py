"""The lessons that there are: the ten that come with the app, then one's own in the folder "lessons" of the data folder.

A lesson is read again only when a file of its folder has changed. Nothing is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from refine_core.errors import LessonError, Problem
from refine_core.lessons.document import Lesson
from refine_core.lessons.reading import read_lesson
from refine_core.store.home import data_home

FILES = ("lesson.json", "text.md", "experiment.json")


def list_lessons() -> tuple[Lesson, ...]:
    """Those that can be read, in their order; see `list_broken`. Of two with one name the built-in one counts."""
    return tuple(one for one in _read_all() if isinstance(one, Lesson))


def list_broken() -> tuple[LessonError, ...]:
    """Why the others cannot be read, one for each."""
    return tuple(one for one in _read_all() if isinstance(one, LessonError))


def find_lesson(name: str) -> Lesson | None:
    """The lesson of that folder name; None if there is none that can be read."""
    return next((one for one in list_lessons() if one.name == name), None)


def built_in_folder() -> Path:
    """Where the lessons lie that come with the app: beside its other assets, in a checkout and in the wheel."""
    package = Path(__file__).parents[2]
    return next(
        (
            found
            for found in (package / "assets" / "lessons", package / "refinescope" / "assets" / "lessons")
            if found.is_dir()
        ),
        package / "assets" / "lessons",
    )


def is_built_in(lesson: Lesson) -> bool:
    """Whether a lesson comes with the app, so that the practice model knows of it."""
    return lesson.folder.parent == built_in_folder()


def _read_all() -> Iterator[Lesson | LessonError]:
    seen: set[str] = set()
    for folder in _folders():
        if folder.name in seen:
            where = data_home() / "lessons"
            problem = Problem(
                "", f"a lesson that comes with the app has this name; give the folder in {where} another one"
            )
            yield LessonError(folder.name, [problem])
            continue
        seen.add(folder.name)
        yield _read(folder, _stamp(folder))


def _folders() -> list[Path]:
    found: list[Path] = []
    for home in (built_in_folder(), data_home() / "lessons"):
        try:
            inside = sorted(
                path for path in home.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))
            )
        except OSError:
            continue
        found += [path for path in inside if any((path / name).exists() for name in FILES)]
    return found


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes whenever a file of the folder does."""
    try:
        stats = [(path.name, path.stat()) for path in sorted(folder.iterdir())]
    except OSError:
        return ()
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


@lru_cache(maxsize=64)
def _read(folder: Path, _stamped: object) -> Lesson | LessonError:
    try:
        return read_lesson(folder)
    except LessonError as error:
        return error
