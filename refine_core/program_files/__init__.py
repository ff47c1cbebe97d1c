"""A program that is a Python file of its author's, run in a process of its own: `refinescope open PROGRAM.py`.

    process = opened()              the file that the app was started for; None where it was started without one
    process.snapshot()              what it defines, its state, its output
    process.run(RunRequest(...))    a run, recorded as any other

process.py    the process as the app sees it             problems.py   what to say where a file does not run
form.py       what a form asks for, and what was typed   output.py     what it printed
history.py    the runs of a file

The process itself is refine_core/program_child.

Which file it is comes by the environment alone, which the command sets: no address and no upload can name one.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Final

from refine_core.program_child.descriptions import (
    OWN,
    TYPED,
    Description,
    InputExample,
    ProgramEntry,
    RewardEntry,
    RunRequest,
)
from refine_core.program_files.form import check_typed, list_inputs, read_request
from refine_core.program_files.history import PastRun, list_past_runs
from refine_core.program_files.problems import ProgramProblem
from refine_core.program_files.process import ProgramProcess, Snapshot

__all__ = [
    "FILE_VARIABLE",
    "OWN",
    "PYTHON_VARIABLE",
    "TYPED",
    "Description",
    "InputExample",
    "PastRun",
    "ProgramEntry",
    "ProgramProblem",
    "ProgramProcess",
    "RewardEntry",
    "RunRequest",
    "Snapshot",
    "check_typed",
    "list_inputs",
    "list_past_runs",
    "opened",
    "read_request",
]

FILE_VARIABLE: Final = "REFINESCOPE_PROGRAM"
PYTHON_VARIABLE: Final = "REFINESCOPE_PROGRAM_PYTHON"


@functools.cache
def opened() -> ProgramProcess | None:
    """The process of the file that the app was started for, started with the first call; None where there is no such file."""
    named = os.environ.get(FILE_VARIABLE)
    if not named:
        return None
    process = ProgramProcess(Path(named), os.environ.get(PYTHON_VARIABLE))
    process.start()
    return process
