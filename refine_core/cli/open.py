"""`refinescope open RUN`: a run in the app that is up on this data folder, or in one that is started for it."""

from __future__ import annotations

from urllib.parse import urlencode

import click

from refine_core.cli.serve import Serving, find_served


@click.command("open", epilog="Example: refinescope open 907c --attempt 2")
@click.argument("run")
@click.option("--attempt", type=click.IntRange(min=1), metavar="K", help="With that attempt selected.")
@click.option("--port", type=int, help="Port of an app that has to be started.")
@click.option("--no-browser", is_flag=True, help="Print the address alone.")
def command(*, run: str, attempt: int | None, port: int | None, no_browser: bool) -> Serving | None:
    """Open a run in the app: in the one that is up on this data folder, else in one that is started now.

    RUN is an id as `refinescope runs` lists it, 907c72a2, or the beginning of one, 907c; or last, for the newest run. The id of an experiment
    opens that.
    """
    import webbrowser

    from refine_core import runs
    from refine_core.cli.experiment_ids import names_experiment

    experiment_id = names_experiment(run)
    path = (
        _find_run(run, attempt)
        if experiment_id is None
        else f"/batch?{urlencode({'experiment': experiment_id})}"
    )
    address = find_served()
    if address is None:
        runs.close()  # the app that starts in this process opens it again
        return Serving(port, opens_browser=not no_browser, path=path)
    click.echo(f"{address}{path}")
    if not no_browser and not webbrowser.open(f"{address}{path}"):
        click.echo("No browser could be opened; open this address yourself.", err=True)
    return None


def _find_run(run: str, attempt: int | None) -> str:
    """The address of a run. Raises BadInput, Question."""
    from refine_core.cli.run_ids import find_attempt, find_run_id, find_timeline

    run_id = find_run_id(run, as_json=False)
    if attempt is not None:
        find_attempt(find_timeline(run_id, as_json=False), attempt)
    return f"/run?{urlencode({'run': run_id} | ({} if attempt is None else {'attempt': attempt}))}"
