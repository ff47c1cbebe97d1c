"""The way from an attempt's hints to the dialog Fork, where they can be edited: in the Lab and on the page of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pages.shared import address
from pages.shared.leave import leave_for
from refine_core.runs import Attempt, Timeline

FORK: Final = "fork"


def list_fork_actions(timeline: Timeline, attempt: Attempt) -> Sequence[tuple[str, str]]:
    """The press that opens the dialog; () while the run goes on, for a hint that a branch has kept, and where only its file runs it."""
    if timeline.end is None or attempt.kept or timeline.spec.hint_test or timeline.spec.program_file:
        return ()
    return ((FORK, "Edit and fork" if attempt.real_hints else "Fork"),)


def do_fork_action(timeline: Timeline, attempt: Attempt) -> None:
    """Open the dialog at this attempt."""
    leave_for(address.RUN, address.fork_query(timeline.run_id, attempt.index + 1))
