"""A run of the file that the app was started for: its process is this app's own, though not this one."""

from __future__ import annotations

from refine_core import program_files
from refine_core.program_files import ProgramProcess
from refine_core.runs import Run


def find_process(run: Run) -> ProgramProcess | None:
    """The process that does this run now, by which it can be cancelled; None for any other run."""
    process = program_files.opened()
    if process is None:
        return None
    shown = process.snapshot()
    return process if shown.busy and shown.run_id == run.run_id else None
