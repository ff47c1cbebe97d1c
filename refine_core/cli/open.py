"""`refinescope open RUN`: a run in the app that is up on this data folder, or in one that is started for it.

`refinescope open PROGRAM.py`: a Python file of one's own, in an app that is started for it. Only so can a file be opened: the app
learns it from its environment, which no address and no upload can change.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import urlencode

import click

from refine_core.cli.output import BadInput
from refine_core.cli.serve import Serving, find_served

_PROGRAM_PATH = "/program"


@click.command("open", epilog="Example: refinescope open 907c --attempt 2, or: refinescope open program.py")
@click.argument("what", metavar="RUN|PROGRAM.py")
@click.option("--attempt", type=click.IntRange(min=1), metavar="K", help="With that attempt selected.")
@click.option(
    "--python",
    metavar="PATH",
    help="The Python that runs PROGRAM.py, such as .venv/bin/python (default: the one that runs refinescope).",
)
@click.option("--port", type=int, help="Port of an app that has to be started.")
@click.option("--no-browser", is_flag=True, help="Print the address alone.")
def command(
    *, what: str, attempt: int | None, python: str | None, port: int | None, no_browser: bool
) -> Serving | None:
    """Open a run, or a program of your own, in the app.

    RUN is an id as `refinescope runs` lists it, 907c72a2, or the beginning of one, 907c; or last, for the newest run. The id of an experiment
    opens that. It is opened in the app that is up on this data folder, else in one that is started now.

    PROGRAM.py is a file with a program of refine_core or dspy and its reward. An app is started for it, which runs the file in a process of
    its own, as your own code with all that it may do, and starts it again whenever it changes.
    """
    if what.endswith(".py") or Path(what).is_file():
        if attempt is not None:
            raise click.UsageError("--attempt names an attempt of a run; leave it out with a program.")
        return _serve_program(Path(what), python, port, opens_browser=not no_browser)
    if python is not None:
        raise click.UsageError("--python is for PROGRAM.py; leave it out with a run.")
    return _open_run(what, attempt, port, opens_browser=not no_browser)


def _serve_program(path: Path, python: str | None, port: int | None, *, opens_browser: bool) -> Serving:
    """Raises BadInput for a file or a Python that is not there."""
    from refine_core.program_files import FILE_VARIABLE, PYTHON_VARIABLE

    if not path.is_file():
        raise BadInput(f"there is no file {path}")
    if path.suffix != ".py":
        raise BadInput(f"{path} is no Python file: its name must end with .py")
    environment = {FILE_VARIABLE: str(path.absolute())}
    if python is not None:
        found = shutil.which(python)
        if found is None:
            raise BadInput(f"--python {python}: there is no such program, or it may not be run")
        environment[PYTHON_VARIABLE] = str(Path(found).absolute())
    return Serving(port, opens_browser=opens_browser, path=_PROGRAM_PATH, environment=environment)


def _open_run(run: str, attempt: int | None, port: int | None, *, opens_browser: bool) -> Serving | None:
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
        return Serving(port, opens_browser=opens_browser, path=path)
    click.echo(f"{address}{path}")
    if opens_browser and not webbrowser.open(f"{address}{path}"):
        click.echo("No browser could be opened; open this address yourself.", err=True)
    return None


def _find_run(run: str, attempt: int | None) -> str:
    """The address of a run. Raises BadInput, Question."""
    from refine_core.cli.run_ids import find_attempt, find_run_id, find_timeline

    run_id = find_run_id(run, as_json=False)
    if attempt is not None:
        find_attempt(find_timeline(run_id, as_json=False), attempt)
    return f"/run?{urlencode({'run': run_id} | ({} if attempt is None else {'attempt': attempt}))}"
