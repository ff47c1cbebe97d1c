"""Saved programs: a program's description under a name, in the store's documents of kind "program". Never a key."""

from __future__ import annotations

import logging
from dataclasses import replace

from refine_core import runs
from refine_core.errors import Problem, SpecError
from refine_core.log import codec
from refine_core.spec import ProgramSpec

logger = logging.getLogger("refine_core")

KIND = "program"
MAX_NAME_CHARS = 80


def list_programs() -> dict[str, ProgramSpec]:
    """Name -> program, sorted by name. One that cannot be read, perhaps of a newer version, is left out. Raises StoreError."""
    programs = {name: _read(name, text) for name, text in runs.default().store.documents(KIND).items()}
    return {
        name: spec
        for name, spec in sorted(programs.items(), key=lambda item: (item[0].casefold(), item[0]))
        if spec is not None
    }


def save_program(name: str, spec: ProgramSpec, *, replacing: bool = False) -> str:
    """Save a program under a name, which becomes its title; return the name as it was saved, without blanks around it.

    replacing: whether a program of that name may be replaced.
    Raises: SpecError for a name that cannot be used or is taken; StoreError. Then nothing was saved.
    """
    place, name = runs.default().store, name.strip()
    if problem := _find_name_problem(name):
        raise SpecError([Problem("name", problem)])
    if not replacing and name in place.documents(KIND):
        raise SpecError(
            [Problem("name", f"there is a program {name!r} already; replace it, or choose another name")]
        )
    place.put(KIND, name, codec.dumps(replace(spec, title=name, example=None, parent=None)))
    return name


def remove_program(name: str) -> bool:
    """Remove a saved program; whether there was one. Its runs stay as they are. Raises StoreError."""
    return runs.default().store.drop(KIND, name)


def _find_name_problem(name: str) -> str:
    if not name:
        return "give the program a name, such as support triage"
    if not name.isprintable() or len(name) > MAX_NAME_CHARS:
        return f"the name must be one line of at most {MAX_NAME_CHARS} characters"
    return ""


def _read(name: str, text: str) -> ProgramSpec | None:
    try:
        return codec.build(ProgramSpec, codec.loads(text))  # type: ignore[arg-type]  # what it is shows on the next line
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning("program %r cannot be read (%s); it is left as it is", name, type(error).__name__)
        return None
