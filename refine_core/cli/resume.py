"""`refinescope resume RUN`: go on with a run that was interrupted or cancelled."""

from __future__ import annotations

import click


@click.command("resume", epilog="Example: refinescope resume 907c")
@click.argument("run")
@click.option("--anyway", is_flag=True, help="Go on in spite of an error of the reward that would repeat.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def command(*, run: str, anyway: bool, as_json: bool) -> int:
    """Go on with a run from its last complete attempt. Nothing that is done is paid again.

    RUN is its id, or a part that no other run's id begins with or ends with after its time: 907c. Keys come from the
    environment only.
    """
    from refine_core import runs
    from refine_core.cli.following import follow
    from refine_core.cli.run_ids import find_run_id

    run_id = find_run_id(run, as_json=as_json)
    runs.resume(run_id, anyway=anyway)
    return follow(run_id, as_json=as_json)
