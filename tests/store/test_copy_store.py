"""A history that moves: refinescope copy-store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from refine_core.cli import copy_store
from refine_core.errors import StoreError
from refine_core.store import SqlStore, open_store
from refine_core.store.copying import copy_store as copy
from tests.store.stored_runs import run, summed_up


@pytest.fixture
def source(tmp_path: Path) -> Iterator[SqlStore]:
    """A history with something of everything."""
    address = f"sqlite:{tmp_path / 'old' / 'history.db'}"
    with closing(open_store(database=address)) as store:
        for n in range(7):
            records = run(f"20261201-000000-abcdef0{n}", attempts=n, finished=n != 3)
            store.append(records, summed_up(records))
        names = [row.run_id for row in store.rows()]
        store.annotate(names[0], lambda one: replace(one, name="nul \0", tags=("a", "b"), starred=True))
        store.label(names[1], 0, "good")
        store.put("connection", "work", '{"nul": "\0"}')
        store.add_outcomes("e", {names[4]: "first", names[2]: "second"})
        assert store.claim("something")
    with closing(open_store(database=address)) as store:
        yield store


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'new.db'}"
    return str(request.getfixturevalue("postgres_url"))


def test_a_copy_holds_all_that_the_source_does(source: SqlStore, target: str):
    with closing(open_store(database=target)) as new:
        copied = copy(source, new)
        assert copied.new == 7
        assert all(here == there for here, there in copied.counts.values())
        for row in source.rows():
            found = new.row(row.run_id)
            assert found is not None
            assert (found.summary, found.imported) == (row.summary, row.imported)
            assert new.events(row.run_id) == source.events(row.run_id)
            assert new.annotation(row.run_id) == source.annotation(row.run_id)
            assert new.labels(row.run_id) == source.labels(row.run_id)
        assert new.documents("connection") == source.documents("connection")
        assert [text for _, text in new.outcomes("e")[1]] == ["first", "second"]
        assert not new.is_claimed("something")
        assert new.search("nul").matching == 1


def test_what_is_unfinished_counts_as_interrupted_in_the_copy(source: SqlStore, target: str):
    with closing(open_store(database=target)) as new:
        copy(source, new)
        assert [row.interrupted for row in new.rows() if row.summary.reason is None] == [True]


def test_a_run_at_work_keeps_the_history_from_being_copied(source: SqlStore, target: str):
    records = run("at-work", finished=False)
    source.append(records, summed_up(records))
    with (
        closing(open_store(database=target)) as new,
        pytest.raises(StoreError, match="run at-work is at work"),
    ):
        copy(source, new)


def test_a_copy_that_was_cut_off_goes_on(source: SqlStore, target: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("refine_core.store.copying.PER_STEP", 2)

    class StoppedError(Exception):
        pass

    def stop(done: int, _: int) -> None:
        if done == 4:
            raise StoppedError

    with closing(open_store(database=target)) as new:
        with pytest.raises(StoppedError):
            copy(source, new, stop)
        assert new.run_count() == 4
        assert copy(source, new).new == 3
        assert copy(source, new).new == 0


def test_a_run_with_other_events_is_refused_and_left(source: SqlStore, target: str):
    name = source.rows()[0].run_id
    other = run(name, attempts=1, started_at=5.0)
    with closing(open_store(database=target)) as new:
        new.append(other, summed_up(other))
        with pytest.raises(StoreError, match=f"run {name} in .* has other events"):
            copy(source, new)
        assert new.events(name) == other


def test_the_command_prints_the_counts_of_both(source: SqlStore, target: str, tmp_path: Path):
    source.close()
    where = f"sqlite:{tmp_path / 'old' / 'history.db'}"
    done = CliRunner().invoke(copy_store.command, [where, target])
    assert done.exit_code == 0, done.output
    assert "Every run has the same events in both. New in TO: 7 runs." in done.output
    again = CliRunner().invoke(copy_store.command, [where, target, "--json"])
    assert json.loads(again.output)["new_runs"] == 0
    assert json.loads(again.output)["counts"]["runs"] == [7, 7]
