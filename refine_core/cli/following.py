"""A run at work in this process, shown until it ends. Ctrl-C cancels it; what is done is kept.

Runs.get --> Run --LiveView.show--> lines that stay, and one that says what goes on
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from typing import TYPE_CHECKING, Final

from refine_core.cli.attempt_lines import attempt_lines, output_lines
from refine_core.cli.output import BAD_INPUT, CHECK_FAILED, DONE, BadInput, print_json, quiet_log
from refine_core.cli.patience import look
from refine_core.cli.run_json import MISSED, run_to_json
from refine_core.cli.terminal import Terminal, one_line
from refine_core.errors import StoreError
from refine_core.messages import format_reward

if TYPE_CHECKING:
    from refine_core.runs import Run

CANCELLED: Final = 130
_TICK_S, _PLAIN_TICK_S = 0.2, 5.0
_STOP_S: Final = 30.0  # that a cancelled run may take to end


class LiveView:
    """A run on a terminal: each attempt once it has ended, and below them what goes on."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._shown = 0
        self._began = time.monotonic()

    def begin(self, run: Run) -> None:
        """What is run, in two lines."""
        from refine_core import runs

        spec, say = run.timeline.spec, self.terminal
        threshold = "none" if spec.threshold is None else format_reward(run.timeline, spec.threshold)
        count = len(run.timeline.temperatures)
        attempts = "one attempt" if count == 1 else f"up to {count} attempts"
        say.write(
            say.paint(one_line(runs.title(spec)), bold=True),
            f"{one_line(spec.model.label)} · {attempts} · threshold {threshold} · run {run.run_id}",
            "",
        )

    def show(self, run: Run) -> None:
        """The attempts that have ended since, and what goes on."""
        timeline = run.timeline
        for attempt in timeline.attempts[self._shown :]:
            if not attempt.has_ended:
                break
            self.terminal.write(*attempt_lines(self.terminal, timeline, attempt))
            self._shown += 1
        if run.live:
            self.terminal.show_status(self._status(run))
        else:
            self.terminal.clear_status()

    def _status(self, run: Run) -> str:
        timeline = run.timeline
        doing = "Cancelling" if run.state == "cancelling" else run.verdict.headline
        best = next((one.reward for one in timeline.attempts if one.index == timeline.best), None)
        parts = [doing, f"{time.monotonic() - self._began:.1f} s"]
        if best is not None:
            threshold = timeline.spec.threshold
            aim = "" if threshold is None else f" of {format_reward(timeline, threshold)}"
            parts.append(f"best {format_reward(timeline, best)}{aim}")
        return " · ".join(parts)

    def end(self, run: Run) -> None:
        """Why it stopped, what it took, what it returned, and what can be done with it."""
        say = self.terminal
        reached = run.timeline.end is not None and run.timeline.end.reason == "threshold_reached"
        headline, *more = run.stop_sentences
        say.write("", say.paint(one_line(headline), bold=True, colour="green" if reached else None))
        why = [run.error] if run.error and run.timeline.end is None else []
        say.write(*(one_line(one) for one in (*more, *why, *_key_hint(run))), run.usage_summary)
        returned = next((one for one in run.timeline.attempts if one.is_returned), None)
        if returned is not None and returned.outputs:
            say.write("", *output_lines(returned.outputs))
        say.write("", *_next_steps(run))


def _key_hint(run: Run) -> list[str]:
    """Where a key is looked for, if a model asked for one and none was named."""
    from refine_core.call_snippets import usual_key_name

    model = run.timeline.spec.model
    faults = [one.error for one in run.timeline.attempts if one.error is not None]
    if model.kind != "litellm" or model.key_env or not any(one.type == "LMKeyError" for one in faults):
        return []
    prefix, _, rest = model.model.partition("/")
    usual = usual_key_name(prefix, rest, model)
    where = f"Its key usually stands in the environment variable {usual}. " if usual else ""
    return [f"{where}--key-env NAME names the variable that holds the key."]


def _next_steps(run: Run) -> list[str]:
    """Commands for what can be done with it now, each with what it does."""
    short, file = run.run_id.rpartition("-")[2], run.timeline.spec.program_file
    steps: list[tuple[str, str]] = []
    if run.awaits_decision and not file:
        steps.append((f"resume {short} --anyway", "goes on in spite of the reward's error"))
    if run.was_broken_off:
        program = f" --program {one_line(file)}" if file else ""
        steps.append((f"resume {short}{program}", "goes on from the last complete attempt"))
    steps += [
        (f"show {short} --attempt K", "an attempt with its messages"),
        (f"open {short}", "the run in the app"),
    ]
    width = max(len(command) for command, _ in steps)
    return [f"refinescope {command:<{width}}   {what}" for command, what in steps]


@contextmanager
def keeping_output_for_json(*, as_json: bool) -> Iterator[None]:
    """A context in which what a user's own program prints goes to standard error, where standard output is for JSON."""
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        yield


def follow(run_id: str, *, as_json: bool) -> int:
    """Show a run of this process until it ends; the exit code. With as_json, its JSON is all that standard output gets.

    Raises BadInput if it could not be recorded or done, CheckFailed if it ended short of its threshold; both after it was shown.
    """
    from refine_core import runs

    terminal = Terminal(sys.stderr if as_json else sys.stdout)
    view = LiveView(terminal) if terminal.watched or not as_json else None
    with quiet_log(), keeping_output_for_json(as_json=as_json):
        try:
            run = _watch(run_id, view)
        except KeyboardInterrupt:
            run = _cancel(run_id, view)
        except OSError:  # standard output: nobody reads on, or no space is left
            _cancel(run_id, None)
            sys.stderr.write(
                f"The run was cancelled. refinescope resume {run_id.rpartition('-')[2]} goes on with it.\n"
            )
            raise
        with suppress(StoreError):
            run = runs.get(run_id) or run
        if view is not None:
            view.show(run)
            view.end(run)
    if as_json:
        print_json(run_to_json(run))
    return exit_code(run)


def _watch(run_id: str, view: LiveView | None) -> Run:
    """Show the run until it is over."""
    from refine_core import runs

    tick_s = _TICK_S if view is not None and view.terminal.watched else _PLAIN_TICK_S
    run = _get(run_id)
    if view is not None:
        view.begin(run)
    while run.live:
        if view is not None:
            view.show(run)
        with suppress(StoreError):  # the next look waits for it, or says so
            runs.wait_for_change(run_id, run.revision, tick_s)
        run = _get(run_id)
    return run


def _cancel(run_id: str, view: LiveView | None) -> Run:
    """Cancel the run and wait for its end. A second Ctrl-C ends the process: then the run counts as interrupted."""
    from refine_core import runs

    runs.cancel(run_id)
    if view is not None:
        view.show(_get(run_id))
    try:
        runs.join(run_id, _STOP_S)
    except TimeoutError as error:
        raise BadInput(f"{error}. Press Ctrl-C again to end it; what is recorded is kept.") from None
    return _get(run_id)


def _get(run_id: str) -> Run:
    """The run as it is now. Raises BadInput."""
    from refine_core import runs

    short = run_id.rpartition("-")[2]
    run = look(lambda: runs.get(run_id), f"refinescope resume {short} goes on")
    if run is None:
        raise BadInput(f"Run {run_id} is no longer in the history.")
    return run


def exit_code(run: Run) -> int:
    """0: it reached its threshold, or had none. 1: it ended short of it. 130: cancelled. 2: it could not be done."""
    end = run.timeline.end
    if end is None:
        return BAD_INPUT
    if end.reason == "threshold_reached" or (
        end.reason == "attempts_used_up" and run.timeline.spec.threshold is None
    ):
        return DONE
    if end.reason == "cancelled":
        return CANCELLED
    return CHECK_FAILED if end.reason in MISSED else BAD_INPUT
