"""The store in a database: opening, versions, damage, full disks, and many writers at once."""

import hashlib
import sqlite3
import stat
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from refine_core import events as ev
from refine_core.errors import StoreError
from refine_core.store import data_home, migrations, open_store, tables
from refine_core.store.lock import WriterLock
from refine_core.store.sql import SqlStore
from refine_core.store.sqlite import Sqlite
from tests.store.stored_runs import STARTED, append_one_by_one, child, numbered, output, run, summed_up
from tests.threads import call_within, eventually, finish


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a 'home' with 100 % odd? #signs"


@pytest.fixture
def store(home: Path) -> Iterator[SqlStore]:
    with closing(open_store(home)) as one:
        yield one


def database(home: Path) -> Path:
    return home / "refinescope.db"


def other(home: Path) -> sqlite3.Connection:
    """Somebody else's connection to the same database."""
    return sqlite3.connect(database(home), isolation_level=None)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def small(home: Path, *, busy_s: float = 10, more_pages: int = 10**6) -> SqlStore:
    """An opened store that waits no longer, or may grow no further, than said."""
    open_store(home).close()
    pages = database(home).stat().st_size // 4096
    return SqlStore(
        Sqlite(database(home), busy_s=busy_s, max_pages=pages + more_pages), WriterLock(home / "locks")
    )


# Where it lies


def test_the_home_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "mine"))
    assert data_home() == tmp_path / "mine"
    open_store().close()
    assert database(tmp_path / "mine").exists()


def test_the_home_is_the_platforms_data_folder_otherwise(monkeypatch: pytest.MonkeyPatch):
    for unset in (
        lambda: monkeypatch.delenv("REFINESCOPE_HOME", raising=False),
        lambda: monkeypatch.setenv("REFINESCOPE_HOME", ""),
    ):
        unset()
        assert data_home().is_absolute()
        assert data_home().name == "refinescope"


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such modes; a user's folder is private there"
)
def test_a_new_home_is_private(store: SqlStore, home: Path):
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_home_that_cannot_be_is_reported_in_words(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="REFINESCOPE_HOME"):
        open_store(tmp_path / "file" / "home")


# Opening


def test_importing_the_store_loads_no_database():
    code = "import sys, refine_core.store; print([m for m in ('sqlalchemy', 'alembic', 'sqlite3') if m in sys.modules])"
    assert output(child(code)) == ["[]"]


def test_migrations_are_loaded_only_when_one_is_due(home: Path):
    code = "import sys, pathlib, refine_core.store as s; s.open_store(pathlib.Path(sys.argv[1])); print('alembic' in sys.modules)"
    assert [output(child(code, home)) for _ in range(2)] == [["True"], ["False"]]


def test_making_a_store_puts_no_line_into_a_log_at_info(home: Path):
    code = (
        "import logging, sys, pathlib, refine_core.store as s; logging.basicConfig(level=logging.INFO, stream=sys.stdout); "
        "s.open_store(pathlib.Path(sys.argv[1]))"
    )
    assert output(child(code, home)) == []


def test_what_was_stored_is_there_after_opening_again(home: Path):
    with closing(open_store(home)) as store:
        append_one_by_one(store, run("a"))
        rows = store.rows()
    with closing(open_store(home)) as store:
        assert store.rows() == rows
        assert store.events("a") == run("a")


def test_migrations_lead_to_the_tables_that_the_code_describes(store: SqlStore, home: Path):
    def is_described(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or not (name or "").startswith(
            "run_text"
        )  # the full-text index is a virtual table

    place = Sqlite(database(home))
    with place.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_described})
        assert compare_metadata(context, tables.metadata) == []
        assert connection.exec_driver_sql("SELECT count(*) FROM run_text").scalar() == 0
    place.close()


def test_the_version_is_that_of_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == tables.VERSION


def test_a_migration_that_fails_leaves_nothing_behind(home: Path):
    """The second table is in the way, so the first is not made either."""
    home.mkdir()
    with closing(other(home)) as connection:
        connection.execute("CREATE TABLE events (mine TEXT)")
    with pytest.raises(StoreError, match="already exists"):
        open_store(home)
    with closing(other(home)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("events",)]


def test_a_store_of_a_newer_version_is_refused_untouched(home: Path):
    open_store(home).close()
    with closing(other(home)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    before = digest(database(home))
    with pytest.raises(StoreError, match=r"version 0999.*pip install --upgrade refinescope"):
        open_store(home)
    assert digest(database(home)) == before


def test_a_store_of_the_first_version_is_brought_up_to_date_and_loses_nothing(home: Path):
    """Step 0001 alone makes what its release made; the rows that it wrote are the same as today's."""
    home.mkdir()
    old = Sqlite(database(home))
    migrations.upgrade(old, "0001")
    runs = {"done": run("done", attempts=3), "broken": run("broken", finished=False)}
    with closing(SqlStore(old, WriterLock(home / "locks"))) as store:
        for records in runs.values():
            append_one_by_one(store, records)
        before = store.rows()
        with pytest.raises(StoreError, match="no such table: documents"):
            store.put("connection", "work", "text")
    with closing(other(home)) as connection:
        rows = connection.execute("SELECT * FROM events ORDER BY run_id, seq").fetchall()
    with closing(open_store(home)) as store:
        assert [row.run_id for row in store.rows()] == [row.run_id for row in before]
        assert [row.summary for row in store.rows()] == [row.summary for row in before]
        assert {name: store.events(name) for name in runs} == runs
        assert store.documents("connection") == {}
        store.put("connection", "work", "text")
        assert store.notices == ()
    with closing(other(home)) as connection:
        assert connection.execute("SELECT * FROM events ORDER BY run_id, seq").fetchall() == rows
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [(tables.VERSION,)]
    with closing(open_store(home)) as store:
        assert store.documents("connection") == {"work": "text"}


# Writing


def hold(home: Path) -> sqlite3.Connection:
    """A transaction of somebody else, under way."""
    connection = other(home)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def test_a_bad_append_does_not_sink_those_that_share_its_transaction(store: SqlStore, home: Path):
    """While another process writes, eleven appends come to wait; they are then tried as one."""
    append_one_by_one(store, run("there"))
    commits = commits_of(home)
    with closing(hold(home)) as somebody, ThreadPoolExecutor(12) as pool:
        first = pool.submit(append_one_by_one, store, run("first")[:1])
        eventually(lambda: len(store._writer._jobs) == 1)  # it is tried alone; the others queue behind it
        futures = {
            name: pool.submit(append_one_by_one, store, run(name)[:1]) for name in (*"abcdefghij", "there")
        }
        eventually(lambda: len(store._writer._jobs) == 12)
        somebody.execute("COMMIT")
        first.result(timeout=30)
        with pytest.raises(StoreError, match=r"event 1 of run there.*already.*nothing was written"):
            futures.pop("there").result(timeout=30)
        for name, future in futures.items():
            future.result(timeout=30)
            assert store.events(name) == run(name)[:1]
    assert store.events("there") == run("there")
    assert commits() >= 11


def test_appends_that_wait_together_share_a_transaction(store: SqlStore, home: Path):
    commits = commits_of(home)
    with closing(hold(home)) as somebody, ThreadPoolExecutor(21) as pool:
        futures = [pool.submit(append_one_by_one, store, run(f"run-{n}")[:1]) for n in range(21)]
        eventually(lambda: len(store._writer._jobs) == 21)
        somebody.execute("COMMIT")
        for future in futures:
            future.result(timeout=30)
    assert len(store.rows()) == 21
    assert commits() == 1


def commits_of(home: Path):
    """Counts transactions by the frames that each ends with in the write-ahead log, from now on."""
    before = sum(frames(home))
    return lambda: sum(frames(home)) - before


def frames(home: Path) -> list[bool]:
    """The pages in the write-ahead log, in order: whether each is the last of its transaction."""
    wal = database(home).with_name("refinescope.db-wal").read_bytes()
    return [
        int.from_bytes(wal[at + 4 : at + 8]) != 0
        for at in range(32, len(wal), 24 + 4096)
        if wal[at + 8 : at + 16] == wal[16:24]
    ]


def test_an_event_writes_the_pages_of_its_row_its_key_and_its_run_only(store: SqlStore, home: Path):
    """An index on a column that every event sets would be a fourth, and a page costs as much as a statement."""
    records = run("a", finished=False)
    append_one_by_one(store, records[:-1])
    before = len(frames(home))
    store.append(records[-1:], summed_up(records))
    assert frames(home)[before:] == [False, False, True]


def test_a_locked_database_is_reported_in_words(home: Path):
    with closing(small(home, busy_s=0.05)) as store:
        with (
            closing(hold(home)),
            pytest.raises(StoreError, match=r"keeps the database locked.*nothing was written"),
        ):
            append_one_by_one(store, run("a"))
        append_one_by_one(store, run("a"))
        assert store.events("a") == run("a")


def test_a_reader_does_not_wait_for_a_writer(store: SqlStore, home: Path):
    append_one_by_one(store, run("a"))
    with closing(hold(home)) as somebody:
        somebody.execute("DELETE FROM events")
        assert call_within(2, lambda: store.events("a")) == run("a")
        assert len(call_within(2, store.rows)) == 1


def test_a_full_disk_is_reported_and_the_store_lives_on(home: Path):
    """What does not fit leaves no trace; reading works, and so does writing what fits."""
    with closing(small(home, more_pages=20)) as store:
        records = numbered(
            "a", [STARTED, ev.RewardStarted(0, {"answer": "x" * 500_000}), ev.RewardStarted(0, {})]
        )
        store.append(records[:1], summed_up(records[:1]))
        before = store.row("a")
        with pytest.raises(
            StoreError, match=r"record event 2 of run a: the disk is full.*nothing was written"
        ) as caught:
            store.append(records[1:2], summed_up(records[:2]))
        assert str(database(home)) in str(caught.value)
        assert store.row("a") == before
        assert store.events("a") == records[:1]
        small_one = numbered("a", [STARTED, records[2].event])
        store.append(small_one[1:], summed_up(small_one))
        assert store.events("a") == small_one


def test_runs_that_a_full_disk_keeps_out_of_the_list_are_counted(home: Path):
    words = " ".join(f"word{n}" for n in range(20_000))
    with closing(open_store(home)) as store:
        for name in ("a", "b"):
            records = numbered(name, [STARTED, ev.RewardStarted(0, {"answer": words})])
            store.append(records, summed_up(records))
    with closing(small(home, more_pages=0)) as store:
        page = store.search()
        assert (page.rows, page.total, page.unindexed) == ((), 0, 2)
        assert "cannot index the runs: the disk is full" in page.index_error
        assert store.choices().models == {}
    with closing(open_store(home)) as store:
        assert (store.search().total, store.search().unindexed, store.search().index_error) == (2, 0, "")


def test_a_database_that_may_only_be_read_is_reported_in_words(home: Path):
    with closing(open_store(home)) as store, closing(Sqlite(database(home))) as place:
        with place.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = 1")
            with pytest.raises(Exception, match="readonly") as caught:
                connection.exec_driver_sql("DELETE FROM runs")
            connection.exec_driver_sql("PRAGMA query_only = 0")
        assert "may only be read; make the file" in str(place.explain("write", caught.value))
        append_one_by_one(store, run("a"))


def test_closing_finishes_what_was_asked(home: Path):
    """Every append is either there or refused, never lost."""
    store = open_store(home)
    done, refused = [], []

    def append(name: str) -> None:
        try:
            append_one_by_one(store, run(name)[:1])
            done.append(name)
        except StoreError:
            refused.append(name)

    threads = [threading.Thread(target=append, args=(f"run-{n}",)) for n in range(30)]
    for n, thread in enumerate(threads):
        thread.start()
        if n == 15:
            store.close()
    finish(*threads)
    assert len(done) + len(refused) == 30
    with closing(open_store(home)) as again:
        assert {row.run_id for row in again.rows()} == set(done)
