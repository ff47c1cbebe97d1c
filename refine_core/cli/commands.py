"""The group `refinescope`: which commands there are, and what an error in one of them ends with.

A command is a click command in a module of its own, which is imported when it is called: `COMMANDS` says where it is. It
returns None when it is done, raises CheckFailed or Question (output.py), or lets an error of refine_core through.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Final

import click

from refine_core import __version__
from refine_core.cli.encoding import make_encodable
from refine_core.cli.output import (
    BAD_INPUT,
    DONE,
    CheckFailed,
    Question,
    describe_problem,
    print_question,
    print_text,
)
from refine_core.cli.serve import FIRST_PORT, INTERRUPTED, Serving
from refine_core.errors import RefineError, SpecError

SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Runs": {
        "run": "Run a program, and show each attempt as it ends.",
        "resume": "Go on with a run from its last complete attempt.",
        "fork": "Go on from an attempt of a run, with something changed.",
        "batch": "Compare programs on a table of inputs, and say which is better.",
        "hint-test": "Say whether a hint helped, by more tries with and without it.",
        "runs": "List the recorded runs, or search them.",
        "show": "Show a recorded run: why it stopped, its settings and attempts.",
        "open": "Open a run, or a Python file of your own, in the app.",
        "export": "Write runs to a file that others can open.",
        "import": "Take in the runs of files that were exported.",
        "copy-store": "Copy the whole history into another database.",
        "spec": "Print what a run ran, as the JSON that run takes.",
    },
    "Models": {
        "local": "Set up a small real model on this machine, and open the app with it.",
    },
    "Rewards": {
        "score": "Score the rows of a file with a reward function.",
        "check": "Say how a reward can be paid for nothing.",
        "run-reward": "Run a recorded reward where a run does not hold what it returned.",
        "what-if": "Say what a recorded run would have done with a change.",
        "xray": "Show what each line of a reward did on one output.",
        "rows": "Read a file of recorded outputs and print its rows.",
    },
    "Lessons": {
        "lesson": "Write a lesson of your own: lesson new FOLDER, lesson check FOLDER.",
    },
}
"""Commands by what they are for, each in a sentence, so that --help loads none of them."""

_NAMED_OTHERWISE: Final = {"import": "importing"}  # as a keyword names no module
COMMANDS: Final[Mapping[str, str]] = {
    name: f"refine_core.cli.{_NAMED_OTHERWISE.get(name, name.replace('-', '_'))}"
    for section in SECTIONS.values()
    for name in section
}
"""Name of a command -> module whose `command` it is."""

_OUTPUT_IS_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
PIPE_CLOSED: Final = 141  # as a shell reports a process that a closed pipe has ended


class Commands(click.Group):
    """A group that imports the module of a command when somebody asks for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a name that is no command is answered with those that are like it."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = get_close_matches(name, COMMANDS, n=2)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"There is no command {name!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        """Write what there is, by sections."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="To begin: refinescope run --example one_word. Runs are kept in the user's data folder; set REFINESCOPE_HOME or REFINESCOPE_DATABASE to keep them elsewhere. "
    "Exit codes: 0 done; 1 a check fails, or a run ends short of its threshold; 2 it could not be done, and standard error says why; 130 Ctrl-C.",
)
@click.option("--port", type=int, help=f"Port to listen on (default: the first free one from {FIRST_PORT}).")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.version_option(__version__, prog_name="refinescope", message="%(prog)s %(version)s")
@click.pass_context
def group(context: click.Context, port: int | None, no_browser: bool) -> Serving | None:
    """Open Refinescope in the browser: see how a program of language-model calls refines itself.

    With a command, do one thing without a screen.
    """
    if context.invoked_subcommand is None:
        return Serving(port, opens_browser=not no_browser)
    if port is not None or no_browser:
        option = "--port" if port is not None else "--no-browser"
        raise click.UsageError(
            f"{option} is for serving the app; leave it out before {context.invoked_subcommand}"
        )
    return None


def run(arguments: Sequence[str] | None = None) -> Serving | int:
    """What the arguments ask for: to serve the app, or the exit code of the command that has run."""
    make_encodable()
    try:
        # Not group.main(): it ends with 1 where a pipe was closed, which here means that a check failed.
        with group.make_context(
            "refinescope", [*(sys.argv[1:] if arguments is None else arguments)]
        ) as context:
            outcome = group.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:  # after --help or --version
        return ended.exit_code
    except Question as question:
        print_question(question)
        return BAD_INPUT
    except CheckFailed as failed:
        print_text(failed.message, err=True)
        return failed.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return INTERRUPTED
    except click.ClickException as wrong:
        words = io.StringIO()
        wrong.show(words)
        print_text(words.getvalue().rstrip("\n"), err=True)  # it may quote a file
        return wrong.exit_code
    except SpecError as error:
        print_text(f"Error: {'; '.join(map(describe_problem, error.problems))}", err=True)
        return BAD_INPUT
    except RefineError as error:
        print_text(f"Error: {error}", err=True)
        return BAD_INPUT
    except BrokenPipeError:  # `refinescope rows FILE --json | head -1`: nobody reads on
        _give_up_output()
        return PIPE_CLOSED
    except OSError as error:
        if error.errno not in _OUTPUT_IS_FULL:
            return _report_fault()
        _give_up_output()
        print_text(f"Error: standard output cannot be written: {error.strerror}", err=True)
        return BAD_INPUT
    except Exception:  # noqa: BLE001  # a bug of ours; Python would end with 1, which here means that a check failed
        return _report_fault()
    return outcome if isinstance(outcome, Serving | int) else DONE


def _report_fault() -> int:
    traceback.print_exc()
    click.echo("Error: this is a fault of Refinescope; please report it with the lines above.", err=True)
    return BAD_INPUT


def _give_up_output() -> None:
    """Send what standard output still holds nowhere, so that Python does not fail at it once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
