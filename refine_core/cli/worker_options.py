"""What the commands that run a reward share: files beside it, the time of one call, and JSON as output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from refine_core.cli.numbers import Number
from refine_core.spec.limits import REWARD_TIMEOUT_S

_DAY_S: Final = 86_400
_Command = TypeVar("_Command", bound=Callable[..., Any])
_OPTIONS: Final = (
    click.option(
        "--with",
        "files",
        multiple=True,
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False, exists=True),
        help="A file that the reward imports or reads; it is copied beside it.",
    ),
    click.option(
        "--timeout",
        "timeout_s",
        type=Number(min=0, min_open=True, max=_DAY_S),
        default=REWARD_TIMEOUT_S,
        show_default=True,
        help="Seconds for one call.",
    ),
    click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object; docs/command-line.md describes it."
    ),
)


def worker_options(command: _Command) -> _Command:
    """Give a command --with, --timeout and --json, as files, timeout_s and as_json."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_files(paths: Sequence[Path]) -> dict[str, bytes]:
    """Name -> content of the files of --with. Raises BadParameter for one that cannot be read, and for two of one name."""
    files: dict[str, bytes] = {}
    for path in paths:
        if path.name in files:
            raise click.BadParameter(
                f"--with: two files are called {path.name}, and all are copied into one folder"
            )
        try:
            files[path.name] = path.read_bytes()
        except OSError as error:
            raise click.BadParameter(f"--with {path} cannot be read: {error.strerror}") from error
    return files
