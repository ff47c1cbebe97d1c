"""The command `refinescope`: it serves the app; with a command behind it, it does one thing without a screen.

    refinescope [--port N] [--no-browser]      the app
    refinescope rows FILE --json               commands.py lists the others; each is loaded when it is called

Exit codes: 0 done; 1 a check fails; 2 a question that somebody has to answer, bad input, or something that could not be done.
With --json, standard output holds JSON and nothing else (docs/command-line.md); sentences for people go to standard error.

commands.py   the group: which commands there are, and how one is loaded
serve.py      serving the app, and finding the one that is up
output.py     printing JSON, and ending with a failed check or a question
terminal.py   lines, columns and colours; nothing that others wrote controls a terminal
following.py  a run at work, shown until it ends           attempt_lines.py   attempts as lines      run_json.py   a run as JSON
run_spec.py   what `run` runs, changed by its options      run_inputs.py      values of inputs       run_ids.py    a run by a part of its id
program_file.py, user_code.py           a program that is the user's own Python
"""

from __future__ import annotations

from collections.abc import Sequence

from refine_core.cli.serve import find_free_port

__all__ = ["find_free_port", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (by default this process's own) and return the exit code."""
    from refine_core.cli.commands import run
    from refine_core.cli.serve import Serving, serve

    outcome = run(arguments)
    return serve(outcome) if isinstance(outcome, Serving) else outcome
