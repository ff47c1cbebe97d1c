"""A run that somebody names on the command line: by its id, or by a part of it that no other run has.

20261129-021337-907c72a2      run:907c72a2      907c      20261129-0213      last, the newest
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from refine_core.cli.output import BadInput, Question

if TYPE_CHECKING:
    from refine_core.log.timeline import Attempt, Timeline

_PREFIX: Final = "run:"
_NEWEST: Final = "last"
_LOOKED_AT: Final = 100_000
_NAMED: Final = 10


def find_run_id(text: str, *, as_json: bool) -> str:
    """The whole id of the run that `text` names. Raises BadInput if there is none; Question if there are several; StoreError."""
    from refine_core import runs

    part = text.strip().removeprefix(_PREFIX)
    if part and runs.default().store.row(part) is not None:
        return part
    if part == _NEWEST and (newest := _newest()):
        return newest
    ids = [row.run_id for row in runs.recent(_LOOKED_AT, deleted=True)]
    found = [one for one in ids if part and (one.startswith(part) or one.rpartition("-")[2].startswith(part))]
    if len(found) == 1:
        return found[0]
    if not found:
        newest = _newest()
        if newest is not None:
            hint = f"`refinescope runs` lists them; the newest is {newest}."
        elif ids:
            hint = f"All runs here belong to experiments or hint tests, and are named by their ids, as {ids[0]}; `refinescope batch --list` lists experiments."
        else:
            hint = "No run is recorded yet; refinescope run --example one_word makes one."
        raise BadInput(f"There is no run {part or text!r}. {hint}")
    candidates = [{"id": one, "title": _title(one)} for one in found[:_NAMED]]
    lines = [f"  {one['id']}  {one['title']}" for one in candidates]
    more = [f"  and {len(found) - _NAMED:,} more"] if len(found) > _NAMED else []
    raise Question(
        "\n".join([f"{len(found):,} runs begin with {part}. Write more of the id of one:", *lines, *more]),
        ask={"run": part, "candidates": candidates},
        as_json=as_json,
    )


def find_timeline(text: str, *, as_json: bool) -> Timeline:
    """The run that `text` names, as far as it is recorded. Raises as `find_run_id`."""
    from refine_core import runs

    run_id = find_run_id(text, as_json=as_json)
    timeline = runs.timeline(run_id)
    if timeline is None:
        raise BadInput(f"Run {run_id} is no longer in the history.")
    return timeline


def find_attempt(timeline: Timeline, attempt: int) -> Attempt:
    """An attempt of a run, counted from 1. Raises BadInput."""
    for one in timeline.attempts:
        if one.index + 1 == attempt:
            return one
    count = len(timeline.attempts)
    has = f"attempts 1 to {count}" if count > 1 else "attempt 1 only" if count else "no attempt yet"
    raise BadInput(f"Run {timeline.run_id} has no attempt {attempt}; it has {has}.")


def _newest() -> str | None:
    """The newest run as `refinescope runs` lists them, without the tries of hint tests; None if there is none."""
    from refine_core import runs

    rows = runs.search(size=1).rows
    return rows[0].run_id if rows else None


def _title(run_id: str) -> str:
    from refine_core import runs

    timeline = runs.timeline(run_id)
    return runs.annotation(run_id).name or ("" if timeline is None else runs.title(timeline.spec))
