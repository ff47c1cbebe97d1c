"""The command line, called in this process: a process of its own takes half a second of imports before it does anything."""

from __future__ import annotations

import io
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

from refine_core.cli import main


def call_in(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `refinescope` with these arguments, in that folder."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return code, out.buffer.getvalue().decode(), err.buffer.getvalue().decode()
