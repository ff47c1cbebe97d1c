"""Where a run comes from, and the family that it is part of: for the header of its page."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from pages.run.family import draw_family
from pages.shared.text import show_error
from refine_core import runs
from refine_core.errors import StoreError
from refine_core.formatting import clip
from refine_core.runs import Family, FamilyMember, Run

NAME_CHARACTERS: Final = 60
FAMILY_KEY: Final = "family"


def find_family(run: Run) -> Family | None:
    """The family, where the run has one; None for a run by itself, or where it cannot be read."""
    try:
        family = runs.family(run.run_id)
    except StoreError as error:
        show_error(str(error))
        return None
    return family if len(family.members) > 1 else None


def draw_tree(run: Run, family: Family) -> None:
    """The small tree beside the program."""
    draw_family(family, run.run_id, key=FAMILY_KEY, compact=True)


def find_parent(run: Run, family: Family | None) -> FamilyMember | None:
    """The run that this one was made from; None for none, and where it is gone."""
    parent = run.timeline.spec.parent
    return family.get(parent) if family is not None and parent is not None else None


def describe_lineage(run: Run, family: Family | None) -> dict[str, object] | None:
    """Whose branch it is, from which attempt, with what changed, for the title; None for a run of its own, a replay and a try."""
    spec = run.timeline.spec
    if spec.parent is None or spec.model.kind == "replay" or spec.hint_test:
        return None
    parent = find_parent(run, family)
    own = family.get(run.run_id) if family is not None else None
    about = [
        "" if spec.fork_attempt is None else f"from attempt {spec.fork_attempt}",
        f"changed: {own.change}" if own is not None and own.change else "",
        _describe_kept(run.timeline.kept_attempts),
    ]
    return {
        "kind": "Made from" if spec.fork_attempt is None else "Branch of",
        "parent": "" if parent is None else clip(parent.label, NAME_CHARACTERS),
        "href": "" if parent is None else f"run?{urlencode({'run': parent.run_id})}",
        "about": " · ".join(filter(None, about)),
    }


def _describe_kept(count: int) -> str:
    if not count:
        return ""
    if count == 1:
        return "attempt 1 kept"
    return "attempts 1 and 2 kept" if count == 2 else f"attempts 1 to {count} kept"  # noqa: PLR2004
