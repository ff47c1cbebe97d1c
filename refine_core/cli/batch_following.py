"""An experiment at work in this process, shown until it ends. Ctrl-C cancels it; what has ended is kept.

experiments.get --> Snapshot --BatchView.show--> lines that stay, and one that says how far it is
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from refine_core.cli.experiment_ids import get_snapshot
from refine_core.cli.output import BadInput, quiet_log
from refine_core.cli.patience import look
from refine_core.cli.terminal import Terminal, one_line
from refine_core.errors import StoreError

if TYPE_CHECKING:
    from refine_core.experiments import Snapshot

_TICK_S, _PLAIN_TICK_S = 0.5, 30.0
_LOOK_S: Final = 5.0  # between two looks of a wait that nobody watches
_STOP_S: Final = 60.0  # that a cancelled experiment may take to end


class BatchView:
    """An experiment on a terminal: what goes wrong as lines that stay, below them how far it is; a line now and then where nobody watches."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._shown: set[str] = set()
        self._held: dict[str, float] = {}  # label of a model -> until when, as far as it was said
        self._next = time.monotonic() + _PLAIN_TICK_S

    def show(self, snapshot: Snapshot) -> None:
        """What is new."""
        from refine_core.experiments.progress import build_progress
        from refine_core.experiments.progress_sentences import LONG_HOLD_S, describe_hold

        progress = build_progress(snapshot)
        names = {arm.key: arm.name for arm in snapshot.experiment.arms}
        for key, why in snapshot.stopped_arms.items():
            self._write_once(f"{names[key]} was stopped: {why}")
        for kind in progress.failures:
            if kind.how == "failed":
                self._write_once(
                    f"{kind.what}: {kind.detail}",
                    f"{', '.join(kind.arms)}, {kind.inputs}: {kind.what}: {kind.detail}",
                )
        for label, at_once in snapshot.slowed.items():
            self._write_once(f"slowed {label}", f"{label} asks for fewer calls: {at_once:,} at once for now")
        for label, wait_s in snapshot.on_hold.items():
            until = time.time() + wait_s
            if wait_s >= LONG_HOLD_S and until > self._held.get(label, 0.0) + LONG_HOLD_S:
                self._held[label] = until
                self.terminal.write(one_line(describe_hold(label, until)))
        if not snapshot.is_live:
            self.terminal.clear_status()
        elif self.terminal.watched:
            self.terminal.show_status(one_line(progress.headline))
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + _PLAIN_TICK_S
            self.terminal.write(one_line(progress.headline))

    def _write_once(self, key: str, line: str = "") -> None:
        """Write a line that stays, once."""
        if key not in self._shown:
            self._shown.add(key)
            self.terminal.write(one_line(line or key))


def follow(experiment_id: str, *, as_json: bool) -> int:
    """Show an experiment of this process until it ends, then its answer; the exit code."""
    from refine_core import experiments
    from refine_core.cli.batch_result import print_result

    view = BatchView(Terminal(sys.stderr))
    view.terminal.write(f"experiment {experiment_id}")
    with quiet_log():
        try:
            snapshot = _watch(experiment_id, view)
        except KeyboardInterrupt:
            snapshot = _cancel(experiment_id, view)
    view.show(snapshot)
    experiments.join(experiment_id, _STOP_S)
    return print_result(_look(experiment_id), as_json=as_json)


def _look(experiment_id: str) -> Snapshot:
    """The experiment as it is now. Raises BadInput."""
    short = experiment_id.rpartition("-")[2]
    return look(lambda: get_snapshot(experiment_id), f"refinescope batch --resume {short} runs what is left")


def _watch(experiment_id: str, view: BatchView) -> Snapshot:
    from refine_core import experiments

    tick_s = _TICK_S if view.terminal.watched else _LOOK_S
    snapshot = _look(experiment_id)
    while snapshot.is_live:
        began = time.monotonic()
        view.show(snapshot)
        with suppress(StoreError):  # the next look waits for it, or says so
            experiments.wait_for_change(experiment_id, snapshot.revision, tick_s)
        if (early := began + _TICK_S - time.monotonic()) > 0:
            time.sleep(early)  # a thousand cells may end in a second; nobody reads so fast
        snapshot = _look(experiment_id)
    return snapshot


def _cancel(experiment_id: str, view: BatchView) -> Snapshot:
    """Cancel it and wait for its end. A second Ctrl-C ends the process, which loses nothing that has ended."""
    from refine_core import experiments

    experiments.cancel(experiment_id)
    view.show(_look(experiment_id))
    try:
        experiments.join(experiment_id, _STOP_S)
    except TimeoutError as error:
        raise BadInput(f"{error}. Press Ctrl-C again to end it; what has ended is kept.") from None
    return _look(experiment_id)
