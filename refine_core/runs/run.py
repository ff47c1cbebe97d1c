"""A run as a screen sees it: the folded log, whether it lives, and what to say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from refine_core.displayed import Displayed
from refine_core.log.timeline import Timeline
from refine_core.verdict import Verdict

State = Literal["running", "paused", "cancelling", "finished", "interrupted", "unrecorded"]


@dataclass(frozen=True, slots=True, repr=False)
class Run(Displayed):
    """A run as far as it is recorded. `print` and Jupyter show it as a table.

    state: "paused": it waits for a person before its next step. "unrecorded": its end is not on record; `error` says why.
    is_local: whether it works in this process, so that it can be cancelled from here, and read along with.
    revision: another whenever there is more to show; see `Runs.wait_for_change`.
    stop_summary: why it stopped or how far it is; stop_sentences: its sentences, the headline first. verdict: the same in two lines.
    usage_summary: attempts, calls, time and cost in words. shown_at: when it stood so, of a run that is played; None for now.
    is_stepwise: whether it works in this process, and waits for a person before each step. imported: whether it came in a file; then it
    cannot be resumed, as its model and its keys are somebody else's.
    """

    run_id: str
    timeline: Timeline
    state: State
    stop_summary: str
    usage_summary: str
    error: str | None = None
    is_local: bool = True
    revision: str = ""
    stop_sentences: tuple[str, ...] = ()
    verdict: Verdict = field(default_factory=partial(Verdict, ""))
    shown_at: float | None = None
    is_stepwise: bool = False
    imported: bool = False

    def __repr__(self) -> str:
        return f"<Run {self.run_id}, {self.state}: {self.stop_summary}>"

    @property
    def resumable(self) -> bool:
        """Whether it was interrupted or cancelled here, so that it may go on; not of a Python program, which takes its file.

        Nor one that a recorder watched: its script runs it.
        """
        return self.was_broken_off and not self.timeline.spec.program_file and not self.timeline.recorded_from

    @property
    def was_broken_off(self) -> bool:
        """Whether it was interrupted or cancelled here."""
        return not self.imported and (self.state in ("interrupted", "unrecorded") or self.was_cancelled)

    @property
    def was_cancelled(self) -> bool:
        """Whether a person ended it before it was done."""
        return self.timeline.end is not None and self.timeline.end.reason == "cancelled"

    @property
    def awaits_decision(self) -> bool:
        """Whether it stopped for an error of its reward that is bound to repeat, and may go on anyway."""
        end = self.timeline.end
        return not self.imported and end is not None and end.reason == "reward_broken"

    @property
    def live(self) -> bool:
        """Whether more may still come."""
        return self.state in ("running", "paused", "cancelling")
