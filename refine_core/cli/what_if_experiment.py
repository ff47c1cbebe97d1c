"""`refinescope what-if EXPERIMENT`: what a whole experiment would have shown with another reward or threshold. No model is asked."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from refine_core.cli.batch_result import print_result
from refine_core.cli.experiment_ids import get_snapshot
from refine_core.cli.output import BadInput, print_text
from refine_core.cli.terminal import one_line

if TYPE_CHECKING:
    from refine_core.experiments import Snapshot, WhatIfJob
    from refine_core.what_if import Changes

_POLL_S: Final = 0.2


def get_ended(experiment_id: str) -> Snapshot:
    """The experiment, with runs that ended. Raises BadInput where there is none of them, or more may come by itself."""
    snapshot = get_snapshot(experiment_id)
    name = one_line(snapshot.experiment.name or experiment_id)
    if snapshot.state not in ("finished", "stopped"):
        raise BadInput(f"{name} has not ended yet: it is {snapshot.state}.")
    if not snapshot.outcomes:
        raise BadInput(f"No run of {name} has ended, so there is nothing to score again.")
    return snapshot


def print_supposed(snapshot: Snapshot, changes: Changes, *, as_json: bool) -> None:
    """Score every recorded output again, and print the result that there would be. Raises what scoring raises."""
    from refine_core import experiments

    job = experiments.start_what_if(snapshot, **changes)
    try:
        while not job.wait(_POLL_S):
            _report(job)
    except KeyboardInterrupt:
        job.cancel()
        raise
    _report(job)
    if job.error is not None:
        raise job.error
    found = job.result
    if found is None:
        raise BadInput("It was cancelled.")
    print_text("As it would have been: every recorded output scored again, no model asked.", err=as_json)
    for sentence in found.describe():
        print_text(one_line(sentence), err=as_json)
    print_result(found.snapshot, as_json=as_json)


def _report(job: WhatIfJob) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rscored {job.done:,} of {job.total:,}", err=True, nl=job.has_ended)
