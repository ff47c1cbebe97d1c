"""Whoever shows a run is woken when there is more of it to show, whatever that is, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from refine_core import events as ev
from refine_core.programs import EXAMPLES, ModelSpec
from refine_core.runs import Runs
from refine_core.store.memory import MemoryStore

pytestmark = pytest.mark.fault(41)
EXAMPLE = EXAMPLES["one_word"].spec
FOREVER_S = 3600.0


@pytest.fixture
def runs() -> Iterator[Runs]:
    with closing(Runs(MemoryStore())) as made:
        yield made


def begin(runs: Runs, **model: float) -> str:
    return runs.start(replace(EXAMPLE, N=1, model=ModelSpec(**model)))


def in_its_call(runs: Runs, run_id: str) -> str:
    """Wait until the model is asked; return the revision by then."""
    revision = ""
    while not any(isinstance(record.event, ev.LMRequested) for record in runs.events(run_id)):
        revision = runs.wait_for_change(run_id, revision, 30)
    return runs.wait_for_change(run_id, "", 30)


def test_nothing_new_wakes_nobody(runs):
    run_id = begin(runs, delay_s=FOREVER_S)
    revision = in_its_call(runs, run_id)
    assert runs.wait_for_change(run_id, revision, 0.6) == revision
    assert runs.get(run_id).revision == revision


def test_an_event_is_a_new_revision_which_a_look_shows_too(runs):
    run_id = begin(runs)
    revisions = [""]
    while runs.get(run_id).live:
        revisions.append(runs.wait_for_change(run_id, revisions[-1], 30))
    assert len(set(revisions)) == len(revisions)
    assert runs.wait_for_change(run_id, revisions[-1], 0) == runs.get(run_id).revision


def test_more_of_a_reply_that_is_being_written_is_a_new_revision(runs):
    run_id = begin(runs, delay_s=30.0)
    revision = in_its_call(runs, run_id)
    seen = len(runs.events(run_id))
    while not any(call.draft for call in runs.get(run_id).timeline.calls):
        later = runs.wait_for_change(run_id, revision, 30)
        assert later != revision
        revision = later
    assert len(runs.events(run_id)) == seen


def test_a_cancel_is_a_new_revision(runs):
    run_id = begin(runs, delay_s=FOREVER_S)
    revision = in_its_call(runs, run_id)
    runs.cancel(run_id)
    assert runs.wait_for_change(run_id, revision, 30) != revision


def test_a_run_that_nobody_knows_has_a_revision_that_stays(runs):
    revision = runs.wait_for_change("nothing", "", 30)
    assert runs.wait_for_change("nothing", revision, 0.1) == revision
