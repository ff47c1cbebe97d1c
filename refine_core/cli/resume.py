"""`refinescope resume RUN`: go on with a run that was interrupted or cancelled."""

from __future__ import annotations

from pathlib import Path

import click

from refine_core.cli.output import BadInput
from refine_core.cli.shared_options import json_at_the_end


@click.command("resume", epilog="Example: refinescope resume 907c")
@click.argument("run")
@click.option("--anyway", is_flag=True, help="Go on in spite of an error of the reward that would repeat.")
@click.option(
    "--program",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The Python file whose program ran, where it was one.",
)
@click.option(
    "--key-env",
    metavar="NAME",
    help="The environment variable that holds the key, of a run whose key was typed in the app.",
)
@json_at_the_end
def command(*, run: str, anyway: bool, program: Path | None, key_env: str | None, as_json: bool) -> int:
    """Go on with a run from its last complete attempt. Nothing that is done is paid again.

    RUN is an id as `refinescope runs` lists it, 907c72a2, or the beginning of one, 907c; or last, for the newest run. Keys come from the
    environment only.
    """
    from refine_core import runs
    from refine_core.cli.following import follow, keeping_output_for_json
    from refine_core.cli.run_ids import find_run_id

    run_id = find_run_id(run, as_json=as_json)
    if program is None:
        _resume(run_id, key_env, anyway=anyway)
        return follow(run_id, as_json=as_json)
    from refine_core.cli.program_file import load_program
    from refine_core.cli.run_spec import options_of

    timeline = runs.timeline(run_id)
    if timeline is None or timeline.spec.program_file != program.name:
        raise BadInput(
            f"Run {run_id} did not run {program.name}; leave --program out, or name the file that it ran."
        )
    with keeping_output_for_json(as_json=as_json):
        runs.resume_program(run_id, load_program(program, options_of(timeline.spec, as_json=as_json)))
    return follow(run_id, as_json=as_json)


def _resume(run_id: str, key_env: str | None, *, anyway: bool) -> None:
    """Resume a run with the key that a variable holds. Raises BadInput where a key is missing; SpecError; StoreError."""
    from refine_core import runs
    from refine_core.errors import LMKeyError, SpecError
    from refine_core.spec.secrets import environment_key

    timeline = runs.timeline(run_id)
    roles = timeline.typed_key_roles if timeline is not None else ()
    keys: dict[str, str] = {}
    if key_env is not None:
        if (key := environment_key(key_env)) is None:
            raise BadInput(f"The environment variable {key_env} is not set.")
        keys = dict.fromkeys(roles or ("model",), key)
    try:
        runs.resume(run_id, runs.Credentials(keys), anyway=anyway)
    except SpecError as error:
        raise BadInput(f"{error.message}{_other_way(run_id)}") from None
    except LMKeyError as error:
        words = "Name the environment variable that holds it with --key-env" if roles else "Set it"
        raise BadInput(f"The key is missing: {error} {words}, or resume the run in the app.") from None


def _other_way(run_id: str) -> str:
    """What can be done with a run that cannot be resumed, as it has ended or was imported; "" for another."""
    from refine_core import runs

    found = runs.get(run_id)
    if found is None or found.timeline.spec.program_file or not (found.imported or found.state == "finished"):
        return ""
    return (
        f". refinescope fork {run_id} goes on from one of its attempts; "
        f"refinescope spec {run_id} | refinescope run - runs it again."
    )
