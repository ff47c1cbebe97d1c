"""`refinescope batch --list`: the experiments, the newest first."""

from __future__ import annotations

import sys

from refine_core.cli.output import DONE, print_json
from refine_core.cli.terminal import Terminal, one_line, write_table
from refine_core.formatting import format_day


def print_experiments(*, as_json: bool) -> int:
    """A line each."""
    from refine_core import experiments

    listed = experiments.list_experiments()
    if as_json:
        for one in listed:
            document = one.experiment
            print_json(
                {
                    "experiment": document.id,
                    "name": document.name,
                    "state": one.state,
                    "done": one.done,
                    "runs": one.total,
                    "arms": [arm.name for arm in document.arms],
                    "created_at": document.created_at,
                }
            )
        return DONE
    terminal = Terminal(sys.stdout)
    if not listed:
        terminal.write("No experiments yet. Start one: refinescope batch --example one_word TABLE.csv")
        return DONE
    rows = [
        (
            one_line(one.experiment.id.rpartition("-")[2]),
            format_day(one.experiment.created_at),
            one.state,
            f"{one.done:,} of {one.total:,}",
            one_line(one.experiment.name),
        )
        for one in listed
    ]
    heading, *lines = write_table(
        [("experiment", "set up", "state", "runs", "name"), *rows], terminal.columns, right=frozenset({3})
    )
    terminal.write(terminal.paint(heading, dim=True), *lines)
    return DONE
