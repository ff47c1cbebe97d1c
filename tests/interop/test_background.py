"""The thread that writes what was recorded of dspy: what a store that fails, fails once, or is broken does to it."""

from __future__ import annotations

import logging
from contextlib import closing

import pytest

from refine_core.errors import StoreError
from refine_core.events import AttemptStarted, RunFinished, RunStarted
from refine_core.interop.dspy_recording.background import Background
from refine_core.interop.dspy_recording.run_log import RunLog, RunScope
from refine_core.spec import ProgramSpec, StageSpec
from refine_core.store import MemoryStore, open_store

SPEC = ProgramSpec((StageSpec("self", "question -> answer"),), "def reward(args, pred):\n    return 0.0\n")


class Faulty(MemoryStore):
    """Raises `error`, if there is one, in place of keeping anything."""

    error: Exception | None = None

    def append(self, *args, **more):
        if self.error is not None:
            raise self.error
        super().append(*args, **more)


@pytest.fixture
def store():
    return Faulty()


@pytest.fixture
def background(store):
    return Background(lambda: store)


def begin(background: Background, run_id: str = "r") -> RunScope:
    scope = RunScope(RunLog(run_id, background))
    scope.emit(lambda: RunStarted(SPEC, (0.0,), ("self",), "0"))
    return scope


def test_what_a_full_disk_refused_is_written_once_there_is_room(store, background, caplog):
    store.error = StoreError("the disk is full")
    scope = begin(background)
    assert not background.flush(30)
    scope.begin("attempt", 0).emit(AttemptStarted(0, 0.0))
    assert not background.flush(30)
    assert background.is_failing
    store.error = None
    assert background.flush(30)
    assert [record.span.path for record in store.events("r")] == ["", "attempt-0"]
    assert [one.levelno for one in caplog.records] == [logging.WARNING]
    assert "the disk is full" in caplog.text


def test_a_run_that_cannot_be_written_leaves_the_others_alone(store, background, caplog):
    store.error = ZeroDivisionError("a bug")
    begin(background, "lost")
    assert background.flush(30)
    store.error = None
    begin(background, "kept")
    assert background.flush(30)
    assert [row.run_id for row in store.rows()] == ["kept"]
    assert [one.levelno for one in caplog.records] == [logging.ERROR]


def test_an_event_that_cannot_be_made_is_left_out_of_its_run(store, background, caplog):
    scope = begin(background)
    scope.emit(lambda: 1 / 0)
    scope.emit(lambda: 1 / 0)
    scope.end(RunFinished("attempts_used_up", None, None, 0.0))
    assert background.flush(30)
    assert [record.seq for record in store.events("r")] == [1, 2]
    assert caplog.text.count("could not record a part of run r") == 1


def test_a_run_takes_nothing_after_its_end(store, background):
    scope = begin(background)
    scope.end(RunFinished("attempts_used_up", None, None, 0.0))
    scope.emit(AttemptStarted(0, 0.0))
    assert background.flush(30)
    assert len(store.events("r")) == 2


def test_children_of_one_kind_are_numbered(store, background):
    scope = begin(background)
    for _ in range(2):
        scope.begin("lm").emit(AttemptStarted(0, 0.0))
    assert background.flush(30)
    assert [record.span.path for record in store.events("r")] == ["", "lm", "lm-2"]


def test_a_real_store_is_opened_with_the_first_note(tmp_path):
    background = Background(lambda: open_store(tmp_path / "home"))
    assert not (tmp_path / "home").exists()
    begin(background)
    assert background.flush(30)
    with closing(open_store(tmp_path / "home")) as store:
        assert [row.run_id for row in store.rows()] == ["r"]
