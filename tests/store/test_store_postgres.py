"""The store on a PostgreSQL server that is killed, locked, frozen, misconfigured and upgraded."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from refine_core import events as ev
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RunCancelled, StoreError
from refine_core.store import Store, migrations, open_store, tables
from refine_core.store.postgres import Postgres
from refine_core.store.postgres_lock import PostgresWriterLock
from refine_core.store.sql import SqlStore
from tests.postgres import PASSWORD, PostgresServer, own_server
from tests.store.stored_runs import (
    FINISHED,
    STARTED,
    append_one_by_one,
    child,
    numbered,
    output,
    run,
    summed_up,
)
from tests.store.wire import Wire
from tests.threads import eventually

COMMIT = b"COMMIT\0"  # as a statement of its own


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of this file's own, to be killed."""
    with own_server() as one:
        yield one


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.new_database(server.migrated())


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(open_store(database=url)) as one:
        yield one


def patient(url: str, busy_s: float, **more: float) -> SqlStore:
    """A store that waits so long for others."""
    database = Postgres(url, busy_s=busy_s, **more)
    return SqlStore(database, PostgresWriterLock(database))


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody keeps the table of runs locked."""
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_server_that_stays_away_is_told_in_words_and_comes_back(server: PostgresServer, url: str):
    records = run("a")
    with closing(patient(url, busy_s=0.3)) as store:
        store.append(records[:2], summed_up(records[:2]))
        server.stop()
        try:
            with pytest.raises(StoreError, match=r"event 3 of run a: its server cannot be reached") as raised:
                store.append(records[2:3], summed_up(records[:3]))
            assert PASSWORD not in str(raised.value)
            with pytest.raises(StoreError, match="its server cannot be reached"):
                store.rows()
        finally:
            server.start()
        store.append(records[2:], summed_up(records))
        assert store.events("a") == records


def test_a_writer_is_taken_for_alive_again_after_the_server_restarted(server: PostgresServer, url: str):
    records = run("a", finished=False)
    with closing(open_store(database=url)) as one, closing(open_store(database=url)) as other:
        one.append(records[:2], summed_up(records[:2]))

        def is_alive() -> bool:
            row = other.row("a")
            return row is not None and row.alive

        assert is_alive()
        server.stop()
        server.start()
        one.append(records[2:3], summed_up(records[:3]))
        eventually(is_alive)
    with closing(open_store(database=url)) as third:
        row = third.row("a")
        assert row is not None
        assert row.interrupted


def test_a_lock_that_was_lost_alone_is_taken_again(server: PostgresServer, url: str):
    """An administrator ended its connection; the one that writes lives on."""
    records = run("a", finished=False)
    with closing(open_store(database=url)) as one, closing(open_store(database=url)) as other:
        one.append(records[:2], summed_up(records[:2]))
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted",
            database=url.rpartition("/")[2],
        )

        def is_alive_again() -> bool:
            one.row("a")  # as an open page asks
            row = other.row("a")
            return row is not None and row.alive

        eventually(is_alive_again)


def test_a_read_of_a_locked_table_ends_in_words(url: str):
    told = "another program keeps a table locked"
    with closing(patient(url, busy_s=0.3)) as store, locked(url), pytest.raises(StoreError, match=told):
        store.rows()


def test_a_run_of_very_many_tokens_is_listed(store: Store):
    records = numbered("a", [STARTED, ev.LMReplied("…", 0.1, 2**31, 5, 0.0, model="m"), FINISHED])
    store.append(records, summed_up(records))
    assert [row.run_id for row in store.search().rows] == ["a"]


def test_a_run_of_very_many_words_is_indexed_as_far_as_they_fit(store: Store):
    words = [f"{n:x}ж" * 4 for n in range(60_000)]
    outputs = [ev.RewardStarted(n, {"answer": " ".join(words[n::40])}) for n in range(40)]
    records = numbered("a", [STARTED, *outputs, FINISHED])
    store.append(records, summed_up(records))
    assert [row.run_id for row in store.search(words[0]).rows] == ["a"]


def test_a_killed_process_leaves_its_run_interrupted_and_its_claim_free(url: str, store: Store):
    code = (
        "import sys; from refine_core.store import open_store; from tests.store.stored_runs import *\n"
        "store = open_store(database=sys.argv[1]); records = run('a', finished=False)\n"
        "store.append(records, summed_up(records)); print(store.claim('it'), flush=True); sys.stdin.read()"
    )
    process = child(code, url)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    row = store.row("a")
    assert row is not None
    assert row.alive
    assert not store.claim("it")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)

    def is_interrupted() -> bool:
        found = store.row("a")
        return found is not None and found.interrupted

    eventually(is_interrupted)
    assert store.claim("it")


def test_a_table_that_is_locked_for_a_while_only_delays(url: str, store: Store):
    records = run("a")
    store.append(records[:2], summed_up(records[:2]))
    with ThreadPoolExecutor(1) as pool:
        with locked(url):
            waits = pool.submit(store.append, records[2:], summed_up(records))
            with pytest.raises(TimeoutError):
                waits.result(0.4)
        waits.result(20)
    assert store.events("a") == records


def test_a_table_that_is_locked_for_too_long_is_told_in_words(url: str):
    records = run("a")
    told = r"another program keeps a table locked.*nothing was written"
    with closing(patient(url, busy_s=0.3)) as store, locked(url), pytest.raises(StoreError, match=told):
        store.append(records[:1], summed_up(records[:1]))


def test_whoever_waits_for_a_lock_can_be_cancelled(url: str, store: Store):
    records = run("a")
    cancel = Cancel()
    with ThreadPoolExecutor(1) as pool, locked(url):
        waits = pool.submit(store.append, records[:1], summed_up(records[:1]), cancel=cancel)
        with pytest.raises(TimeoutError):
            waits.result(0.3)
        cancel.set()
        with pytest.raises(RunCancelled):
            waits.result(20)


def test_two_writers_of_one_run_are_kept_apart(url: str, store: Store):
    """Of two that append the same event at the same moment, one is refused."""
    records = run("a")
    with closing(open_store(database=url)) as other, ThreadPoolExecutor(2) as pool:
        store.append(records[:1], summed_up(records[:1]))
        for n in range(2, len(records) + 1):
            both = [
                pool.submit(one.append, records[n - 1 : n], summed_up(records[:n])) for one in (store, other)
            ]
            refused = [one.exception(20) for one in both]
            assert sorted(type(one).__name__ for one in refused) == ["NoneType", "StoreError"]
        assert store.events("a") == records


def test_outcomes_are_seen_in_the_order_of_their_numbers(url: str, store: Store):
    """Who reads on from the last number misses nothing, though two processes write."""
    cells = [f"20261201-000000-aaaaaaaa-{n}" for n in range(40)]
    for name in cells:
        store.append(run(name)[:1], summed_up(run(name)[:1]))
    seen: dict[str, str] = {}
    with closing(open_store(database=url)) as other, ThreadPoolExecutor(8) as pool:
        done = [
            pool.submit((store, other)[n % 2].add_outcomes, "e", {name: str(n)})
            for n, name in enumerate(cells)
        ]
        number = 0
        while len(seen) < len(cells) and not all(one.done() for one in done):
            number, fresh = store.outcomes("e", number)
            seen.update(fresh)
        number, fresh = store.outcomes("e", number)
        seen.update(fresh)
        for one in done:
            one.result(20)
    assert seen == {name: str(n) for n, name in enumerate(cells)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "wrong"}, "does not let this user in"),
        ({"user": "nobody"}, "does not let this user in"),
        ({"database": "nowhere"}, "there is no such database"),
    ],
)
def test_what_keeps_the_database_from_being_opened_is_told_in_words(
    server: PostgresServer, change: dict[str, str], words: str
):
    address = server.url(change.pop("database", "postgres"), **change)
    with pytest.raises(StoreError, match=words) as raised:
        open_store(database=address)
    assert PASSWORD not in str(raised.value)
    assert "wrong" not in str(raised.value)


def test_a_role_without_rights_is_told_what_to_grant(server: PostgresServer):
    database = server.new_database().rpartition("/")[2]
    server.execute("DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN PASSWORD 'guest'")
    with pytest.raises(StoreError, match="GRANT CREATE, USAGE ON SCHEMA public"):
        open_store(database=server.url(database, user="guest", password="guest"))


def test_a_database_that_may_only_be_read_refuses_in_words(server: PostgresServer, url: str):
    name = url.rpartition("/")[2]
    server.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with closing(patient(url, busy_s=0.3)) as store:
        assert store.rows() == []
        with pytest.raises(StoreError, match="it may only be read"):
            store.append(run("a")[:1], summed_up(run("a")[:1]))


@pytest.mark.parametrize("address", ["mysql://host/x", "postgresql://u:hidden@:bad/x", "nonsense"])
def test_an_address_that_is_none_is_refused(address: str):
    with pytest.raises(StoreError, match="postgresql://user@host") as raised:
        open_store(database=address)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("version", ["0002", "0003", "0004", "0005", "0006"])
def test_an_older_database_is_brought_up_to_date_and_loses_nothing(server: PostgresServer, version: str):
    address = server.new_database()
    old = Postgres(address)
    migrations.upgrade(old, version)
    records = {"done": run("done", attempts=3), "broken": run("broken", finished=False)}
    with closing(SqlStore(old, PostgresWriterLock(old))) as store:
        for one in records.values():
            append_one_by_one(store, one)
    with closing(open_store(database=address)) as store:
        assert {name: store.events(name) for name in records} == records
        assert store.search().total == len(records)


def test_migrations_lead_to_the_tables_that_the_code_describes(server: PostgresServer, url: str):
    def is_described(name: str | None, kind: str, _: object) -> bool:
        return not (kind == "table" and name == "run_text")

    database = Postgres(url)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_described})
        assert compare_metadata(context, tables.metadata) == []
    database.close()


def test_a_newer_database_is_refused_and_left_as_it_is(server: PostgresServer, url: str):
    server.execute("UPDATE alembic_version SET version_num = '0999'", database=url.rpartition("/")[2])
    with pytest.raises(StoreError, match=r"version 0999.*pip install --upgrade refinescope"):
        open_store(database=url)


def test_processes_that_open_a_new_database_at_once_all_succeed(server: PostgresServer):
    address = server.new_database()
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: open_store(database=address), range(6)))
    for one in stores:
        one.close()
    with closing(Postgres(address)) as database:
        assert database.version() == tables.VERSION


OPEN = """
import sys
from refine_core.store import migrations, open_store
from tests.store.stored_runs import *
print("ready", flush=True)
input()
store = open_store(database=sys.argv[1])
append_one_by_one(store, run(sys.argv[2]))
print(len(store.events("old")), store.search("fine").total > 0, flush=True)
input()
store.close()
"""
NOTE_STEPS = """
CREATE TABLE steps (pid int, version text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO steps VALUES (pg_backend_pid(), NEW.version_num); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON alembic_version FOR EACH ROW EXECUTE FUNCTION note()
"""


def test_of_processes_that_open_an_old_database_at_once_one_migrates(server: PostgresServer):
    """The others wait for it; all work then, and nothing is lost. Everything is loaded beforehand, so that they meet."""
    address, records, names = server.new_database(), run("old"), ["a", "b", "c"]
    old = Postgres(address)
    migrations.upgrade(old, "0002")
    with closing(SqlStore(old, PostgresWriterLock(old))) as store:
        append_one_by_one(store, records)
    database = address.rpartition("/")[2]
    server.execute(NOTE_STEPS, database=database)
    processes = [child(OPEN, address, name) for name in names]
    try:
        assert [line_of(one) for one in processes] == ["ready"] * len(names)
        for one in processes:
            tell(one)
        assert [line_of(one) for one in processes] == [f"{len(records)} True"] * len(names)
        steps = server.execute("SELECT pid, version FROM steps ORDER BY version", database=database)
        assert [version for _, version in steps] == [f"{n:04}" for n in range(3, int(tables.VERSION) + 1)]
        assert len({pid for pid, _ in steps}) == 1
        with closing(open_store(database=address)) as store:
            assert {name: store.events(name) for name in ["old", *names]} == {
                name: run(name) for name in ["old", *names]
            }
        for one in processes:
            tell(one)
    finally:
        for one in processes:
            output(one)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_a_commit_whose_answer_was_lost_is_known_by_its_name(url: str):
    """What was rolled back is told from what was committed, by a second connection."""
    database = Postgres(url)
    with closing(database), database.engine.connect() as one, database.engine.connect() as other:
        one.begin()
        rolled_back = database.before_commit(one)
        one.rollback()
        assert rolled_back is not None
        assert not database.was_committed(other, rolled_back)
        one.begin()
        committed = database.before_commit(one)
        one.commit()
        assert committed is not None
        assert database.was_committed(other, committed)


@pytest.mark.parametrize("fate", ["done before it is asked", "done while it is asked", "never done"])
def test_a_commit_whose_answer_is_cut_off_counts_once(server: PostgresServer, url: str, fate: str):
    """It is the first of its process. The server may still be about to commit when it is asked what became of it."""
    records = run("a")
    with (
        Wire(server.port) as wire,
        closing(open_store(database=wire.url(url))) as store,
        ThreadPoolExecutor(1) as pool,
    ):
        wire.cut_at(COMMIT)
        if fate == "done before it is asked":
            wire.deliver()
        writes = pool.submit(store.append, records[:3], summed_up(records[:3]))
        assert wire.cut.wait(20)
        if fate != "done before it is asked":
            assert wire.asked.wait(20)
            wire.drop() if fate == "never done" else wire.deliver()
        writes.result(20)
        assert store.events("a") == records[:3]
        store.append(records[3:], summed_up(records))
        assert store.events("a") == records


def test_a_commit_that_stays_in_doubt_is_told_so(server: PostgresServer, url: str):
    """Whoever cancels is told so, too. Once the server knows, the store goes on from there."""
    records, cancel = run("a"), Cancel()
    unknown = "cannot record event 1 of run a: .*whether it was written is not known"
    with Wire(server.port) as wire, closing(patient(wire.url(url), busy_s=0.5)) as store:
        wire.cut_at(COMMIT)
        with ThreadPoolExecutor(2) as pool:
            writes = pool.submit(store.append, records[:3], summed_up(records[:3]))
            with pytest.raises(StoreError, match=unknown):
                writes.result(20)
        wire.deliver()
        eventually(lambda: len(store.events("a")) == 3)
        store.append(records[3:], summed_up(records))
        assert store.events("a") == records
    with (
        Wire(server.port) as wire,
        closing(patient(wire.url(url), busy_s=60)) as store,
        ThreadPoolExecutor(1) as pool,
    ):
        wire.cut_at(COMMIT)
        others = run("b")
        writes = pool.submit(store.append, others[:1], summed_up(others[:1]), cancel=cancel)
        assert wire.asked.wait(20)
        cancel.set()
        with pytest.raises(
            RunCancelled,
            match=r"event 1 of run b: the run was cancelled.*whether it was written is not known",
        ):
            writes.result(20)
        wire.drop()
        store.append(others, summed_up(others))
        assert store.events("b") == others


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """The server is there, and answers nobody."""
    server.freeze()
    try:
        yield
    finally:
        server.thaw()


def test_a_frozen_server_holds_nobody_for_long_and_goes_on_once_thawed(server: PostgresServer, url: str):
    runs = {name: run(name) for name in "abcd"}
    with closing(patient(f"{url}?connect_timeout=2", 0.5, patience_s=0.1)) as store:
        for records in runs.values():
            store.append(records[:2], summed_up(records[:2]))
        with ThreadPoolExecutor(6) as pool, frozen(server):
            calls = [
                pool.submit(store.append, records[2:4], summed_up(records[:4])) for records in runs.values()
            ]
            calls += [pool.submit(store.rows), pool.submit(store.events, "a")]
            told = [str(call.exception(10)) for call in calls]
            assert any("its server does not answer; see whether it is frozen" in one for one in told)
            assert all(
                "its server does not answer" in one or "its server cannot be reached" in one for one in told
            )
            assert all("nothing was written" in one for one in told[: len(runs)])
        for name, records in runs.items():
            assert store.events(name) == records[:2]
            store.append(records[2:], summed_up(records))
            assert store.events(name) == records
            assert store.row(name) is not None


def test_whoever_waits_for_a_frozen_server_can_be_cancelled(server: PostgresServer, url: str):
    records, cancel = run("a"), Cancel()
    with closing(patient(url, 60, patience_s=60)) as store, ThreadPoolExecutor(1) as pool:
        store.append(records[:2], summed_up(records[:2]))
        with frozen(server):
            waits = pool.submit(store.append, records[2:3], summed_up(records[:3]), cancel=cancel)
            cancel.set()
            with pytest.raises(
                RunCancelled, match="cancelled while the database did not answer; nothing was written"
            ):
                waits.result(5)
        store.append(records[2:], summed_up(records))
        assert store.events("a") == records


def test_a_commit_to_a_server_that_is_frozen_in_the_middle_of_it_counts_once(
    server: PostgresServer, url: str
):
    """It had been sent, and is done once the server is thawed."""
    records = run("a")
    server.execute(FREEZE_AT_COMMIT, database=url.rpartition("/")[2])
    with (
        closing(patient(f"{url}?connect_timeout=2", 60, patience_s=0.1)) as store,
        ThreadPoolExecutor(1) as pool,
    ):
        with psycopg.connect(url) as holder:
            holder.execute("SELECT pg_advisory_lock(77)")
            writes = pool.submit(store.append, records[:3], summed_up(records[:3]))
            eventually(lambda: holder.execute(WAITS).fetchall() == [(1,)])  # for the lock, while it commits
            with frozen(server), pytest.raises(TimeoutError):
                writes.result(2.5)
        writes.result(20)
        assert store.events("a") == records[:3]


FREEZE_AT_COMMIT = """
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$ BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON runs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()
"""
WAITS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 77"


def test_a_server_that_takes_long_is_waited_for(url: str):
    with closing(patient(url, 0.5, patience_s=0.2)) as store:
        slept: list[object] = []
        store.write(
            "wait", lambda connection: slept.extend(connection.exec_driver_sql("SELECT pg_sleep(0.6)").all())
        )
        assert slept == [("",)]


def test_a_database_that_is_dropped_is_told_in_words_and_may_be_put_back(server: PostgresServer):
    """Every connection breaks. An empty one in its place is no history; a backup is, and the open app goes on with it."""
    address = server.new_database(server.migrated())
    records, name = run("a"), address.rpartition("/")[2]
    with closing(open_store(database=address)) as store:
        store.append(records[:3], summed_up(records[:3]))
    server.execute(f'CREATE DATABASE backup TEMPLATE "{name}"')
    with closing(patient(address, busy_s=0.3)) as store:
        store.append(records[3:4], summed_up(records[:4]), cancel=Cancel())

        def tells(words: str) -> None:
            with pytest.raises(
                StoreError, match=f"cannot record event 5 of run a: {words}.*nothing was written"
            ):
                store.append(records[4:5], summed_up(records[:5]))
            with pytest.raises(StoreError, match=f"cannot read run a: {words}"):
                store.events("a")

        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        tells("there is no such database; create it with createdb or put it back from a backup")
        server.execute(f'CREATE DATABASE "{name}"')
        tells("tables of it are gone; put the database back from a backup")
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE backup')
        assert store.events("a") == records[:3]
        with pytest.raises(StoreError, match="event 5 of run a"):  # the backup does not have event 4
            store.append(records[4:5], summed_up(records[:5]))
        store.append(records[3:], summed_up(records))
        assert store.events("a") == records
        assert [(row.run_id, row.alive) for row in store.rows()] == [("a", False)]
        store.append(run("b")[:2], summed_up(run("b")[:2]))
        with closing(open_store(database=address)) as other:
            assert {row.run_id: row.alive for row in other.rows()} == {"a": False, "b": True}


def test_tables_that_are_dropped_are_told_in_words_and_may_be_put_back(url: str, store: Store):
    records = run("a")
    store.append(records[:3], summed_up(records[:3]))
    told = "tables of it are gone; put the database back from a backup, or name an empty one"
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("ALTER TABLE events RENAME TO gone")
        for call in (lambda: store.append(records[3:4], summed_up(records[:4])), lambda: store.events("a")):
            with pytest.raises(StoreError, match=told):
                call()
        owner.execute("ALTER TABLE gone RENAME TO events")
        store.append(records[3:], summed_up(records))
        assert store.events("a") == records
        owner.execute("DROP SCHEMA public CASCADE", prepare=False)
        for call in (
            lambda: store.append(run("b")[:1], summed_up(run("b")[:1])),
            lambda: store.events("a"),
            store.rows,
            store.search,
        ):
            with pytest.raises(StoreError, match=told):
                call()
        owner.execute("CREATE SCHEMA public")
    with closing(open_store(database=url)) as restarted:
        assert restarted.rows() == []
    store.append(run("b"), summed_up(run("b")))  # the app that was open goes on, too
    assert [row.run_id for row in store.rows()] == ["b"]
