"""`refinescope run-reward RUN`: the recorded reward, run on the outputs whose reward the run does not hold."""

from __future__ import annotations

import click

from refine_core.cli.output import CheckFailed, print_json, print_text
from refine_core.cli.run_ids import find_run_id
from refine_core.cli.shared_options import json_at_the_end


@click.command("run-reward", epilog="Example: refinescope run-reward 907c")
@click.argument("run")
@json_at_the_end
def command(*, run: str, as_json: bool) -> None:
    """Run the recorded reward where RUN does not hold what it returned, and keep that with the run.

    An imported trace lacks the reward of its last attempt. The recorded code runs in the sandboxed worker; no model is asked. What it
    returns is marked as computed here, not recorded.

    RUN is an id as `refinescope runs` lists it, 907c72a2, or the beginning of one, 907c; or last, for the newest run.
    """
    from refine_core import runs
    from refine_core.cli.terminal import one_line
    from refine_core.formatting import format_score

    run_id = find_run_id(run, as_json=as_json)
    found = runs.compute_rewards(run_id)
    failed = {index: runs.explain_error(error) for index, error in found.errors.items()}
    if as_json:
        scored = [{"attempt": i + 1, "reward": value} for i, value in found.scored.items()]
        print_json({"run": run_id, "scored": scored, "errors": [{"attempt": i + 1, "why": why} for i, why in failed.items()]})  # fmt: skip
    elif not (found.scored or failed or found.wants_judge):
        print_text("No attempt of this run has an unknown reward.")
    else:
        for index, value in found.scored.items():
            print_text(f"Attempt {index + 1}: {format_score(value)}, computed here, not recorded.")
        for index, why in failed.items():
            print_text(one_line(f"Attempt {index + 1}: {why}"))
        if found.wants_judge:
            print_text("The reward asks a model, so it is not run here.")
    if failed or found.wants_judge:
        raise CheckFailed("Not every unknown reward could be computed; it stays unknown.")
