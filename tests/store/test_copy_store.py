"""`refinescope copy-store`: a whole history in another database, equal there; what is refused; and a copy that is cut off."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from refine_core import events as ev
from refine_core.store import Store, open_store
from refine_core.store.copying import Copied, CopyRefusedError, OnProgress, open_source
from refine_core.store.copying import copy_store as copy
from refine_core.store.listing import Annotation
from refine_core.store.protocol import EXPERIMENT_KIND
from tests.commands import call_in
from tests.old_store import DATA
from tests.store.stored_runs import (
    FINISHED,
    STARTED,
    append_one_by_one,
    attempt,
    child,
    numbered,
    run,
    summed_up,
)
from tests.threads import eventually

MANY = 250
COMMAND = "import sys; from refine_core.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """The address of an empty SQLite database."""
    return f"sqlite:{tmp_path / 'from' / 'refinescope.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind; a file lies where the source's locks are, too."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'from' / 'copy.db'}"
    return str(request.getfixturevalue("postgres_url"))


def copy_store(source: str, target: str, on_progress: OnProgress = lambda *_: None) -> Copied:
    """Copy from one address to another."""
    with closing(open_source(source)) as old, closing(open_store(database=target)) as new:
        return copy(old, new, on_progress)


def append(store: Store, records: list) -> None:
    store.append(records, summed_up(records))


def content(address: str, ids: list[str]) -> dict[str, object]:
    """All that a store says, but for who wrote it."""
    with closing(open_store(database=address)) as store:
        kinds = ("connection", "dataset", "room", "lesson-progress", EXPERIMENT_KIND, "claim")
        return {
            "events": {one: store.events(one) for one in ids},
            "summaries": {row.run_id: row.summary for row in store.rows(limit=1000)},
            "imported": {row.run_id for row in store.rows(limit=1000) if row.imported},
            "alive": {row.run_id for row in store.rows(limit=1000) if row.alive},
            "noted": {one: store.annotation(one) for one in ids},
            "labels": {one: store.labels(one) for one in ids},
            "documents": {kind: store.documents(kind) for kind in kinds},
            "outcomes": store.outcomes("exp")[1],
            "found": {row.run_id for row in store.search("Name").rows},
        }


def fill(address: str) -> list[str]:
    """Runs of every sort and something in each table; the ids of the runs."""
    with closing(open_store(database=address)) as store:
        append_one_by_one(store, run("a"))
        append(store, run("b", started_at=2000.0))
        append(store, run("cut", finished=False, started_at=3000.0))
        nul = replace(FINISHED, reason="attempts_used_up")
        odd = ev.LMReplied("U+0000 \0 and U+FDD0 \ufdd0 and \ud800", 0.1)
        append(store, numbered("odd", [STARTED, *attempt(0)[:2], odd, nul], started_at=float("1e9") + 0.1))
        store.annotate("a", lambda _: Annotation("Name", ("z", "a"), starred=True, note="é \0"))
        store.annotate("b", lambda one: replace(one, deleted_at=5.5))
        store.label("a", 1, "good")
        for kind, name in (
            ("connection", "gpt"),
            ("dataset", "d"),
            ("room", "KT44"),
            ("lesson-progress", "ann/01"),
        ):
            store.put(kind, name, f'{{"of": "{name}"}}')
        store.add_outcomes("exp", {"b": "1"})
        store.add_outcomes("exp", {"a": "2"})
        assert store.claim("exp")
    return ["a", "b", "cut", "odd"]


def test_a_copy_has_everything_and_is_found_there(source, target):
    ids = fill(source)
    copied = copy_store(source, target)
    assert copied.different == []
    assert {one.name: one.rows for one in copied.tables} == {
        "runs": 4, "events": 34, "annotations": 2, "tags": 2, "labels": 1, "documents": 4, "outcomes": 2,
    }  # fmt: skip
    before, after = content(source, ids), content(target, ids)
    assert before["documents"].pop("claim")
    assert after["documents"].pop("claim") == {}
    assert after == before
    assert after["found"] == {"a"}  # by its name, which a person gave it


def test_a_copy_comes_back_from_postgresql_equal(source, postgres_url, tmp_path):
    ids, back = fill(source), f"sqlite:{tmp_path / 'back.db'}"
    copy_store(source, postgres_url)
    assert copy_store(postgres_url, back).different == []
    before, after = content(source, ids), content(back, ids)
    before["documents"].pop("claim")
    after["documents"].pop("claim")
    assert after == before


def test_copying_again_adds_what_was_recorded_since(source, target):
    """A run at work is an interrupted one in the target until a later copy brings its end."""
    whole = run("live")
    with closing(open_store(database=source)) as store:
        append(store, whole[:4])
        first = copy_store(source, target)
        assert first.unfinished == ["live"]
        with closing(open_store(database=target)) as there:
            assert there.row("live").interrupted
        store.append(whole[4:], summed_up(whole))
        append(store, run("next"))
        second = copy_store(source, target)
    assert [(one.name, one.added) for one in second.tables[:2]] == [
        ("runs", 1),
        ("events", len(whole) - 4 + 10),
    ]
    assert second.different == []
    with closing(open_store(database=target)) as there:
        assert there.events("live") == whole
        assert there.row("live").summary.reason == "attempts_used_up"


def test_a_copy_sees_nothing_that_is_recorded_meanwhile(source, target):
    with closing(open_store(database=source)) as store:
        append(store, run("a"))
        recorded = []

        def record(*_: object) -> None:
            if not recorded:
                recorded.append(append(store, run("later")))

        copied = copy_store(source, target, record)
    assert recorded
    assert (copied.tables[0].rows, copied.different) == (1, [])


def test_a_run_with_other_events_in_the_target_refuses_the_whole_copy(source, target):
    for address, index in ((source, 0.0), (target, 1.0)):
        with closing(open_store(database=address)) as store:
            append(store, run("same", started_at=index))
            if address == source:
                append(store, run("new"))
    with pytest.raises(CopyRefusedError, match=r"1 run of .* is in .* with other events: same"):
        copy_store(source, target)
    with closing(open_store(database=target)) as there:
        assert [row.run_id for row in there.rows()] == ["same"]


def test_a_run_that_was_resumed_in_the_target_is_not_written_to(source, target):
    whole = run("a")
    with closing(open_store(database=source)) as store:
        append(store, whole[:3])
        copy_store(source, target)
        with closing(open_store(database=target)) as there:
            there.append(whole[3:4], summed_up(whole[:4]))
        assert copy_store(source, target).different == []  # it is further on there
        store.append(whole[3:6], summed_up(whole[:6]))
    with pytest.raises(CopyRefusedError, match=r"a\. They went on there"):
        copy_store(source, target)


def test_what_the_target_has_otherwise_stays_and_is_named(source, target, tmp_path):
    for address, text in ((source, "mine"), (target, "theirs")):
        with closing(open_store(database=address)) as store:
            store.put("connection", "gpt", text)
    code, out, err = call_in(tmp_path, "copy-store", source, target, "--json")
    assert (code, json.loads(out)["different"]) == (1, ["the connection 'gpt'"])
    assert "1 row of FROM is different in TO and stayed so: the connection 'gpt'" in err
    with closing(open_store(database=target)) as there:
        assert there.document("connection", "gpt") == "theirs"


def many(address: str) -> None:
    with closing(open_store(database=address)) as store:
        for number in range(MANY):
            append(store, run(f"run-{number:04}", attempts=1, started_at=float(number)))


def test_a_copy_that_was_killed_is_completed_by_another(source, tmp_path):
    """The target hangs inside the third batch, which is lost as a whole."""
    many(source)
    file = tmp_path / "to.db"
    open_store(database=f"sqlite:{file}").close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "CREATE TRIGGER hang AFTER INSERT ON runs WHEN new.id = 'run-0220' BEGIN "
            "SELECT count(*) FROM events a, events b, events c, events d, events e; END"
        )
        connection.commit()
        process = child(COMMAND, "copy-store", source, f"sqlite:{file}")
        count = "SELECT count(*) FROM runs"
        eventually(lambda: connection.execute(count).fetchone() == (200,), within_s=60)
        process.kill()
        process.communicate(timeout=60)
        connection.execute("DROP TRIGGER hang")
        connection.commit()
        assert connection.execute(count).fetchone() == (200,)
    copied = copy_store(source, f"sqlite:{file}")
    assert [one.added for one in copied.tables[:2]] == [50, 50 * 6]
    assert copied.different == []


def test_ctrl_c_ends_a_copy_which_the_same_command_completes(source, postgres_server, postgres_url):
    many(source)
    database = postgres_url.rpartition("/")[2]
    postgres_server.execute(
        "CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(600); RETURN new; END'",
        "CREATE TRIGGER hang BEFORE INSERT ON runs FOR EACH ROW WHEN (new.id = 'run-0220') EXECUTE FUNCTION hang()",
        database=database,
    )
    process = child(COMMAND, "copy-store", source, postgres_url)
    asleep = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    eventually(lambda: postgres_server.execute(asleep), within_s=60)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.splitlines()) == (
        130,
        ["What was copied so far is in TO. The same command copies the rest.", "Stopped."],
    )
    postgres_server.execute("DROP TRIGGER hang ON runs", database=database)
    copied = copy_store(source, postgres_url)
    assert (copied.tables[0].added, copied.different) == (50, [])


def test_a_source_of_an_older_version_is_left_alone_unless_asked(tmp_path, target):
    import gzip

    file = tmp_path / "old.db"
    file.write_bytes(gzip.decompress((DATA / "refinescope.db.gz").read_bytes()))
    before = file.read_bytes()
    code, _, err = call_in(tmp_path, "copy-store", f"sqlite:{file}", target)
    assert code == 2
    assert "--upgrade-source" in err
    assert file.read_bytes() == before
    code, out, err = call_in(tmp_path, "copy-store", f"sqlite:{file}", target, "--upgrade-source", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["counts"]["runs"] == [11, 11]


def test_a_source_that_is_not_there_is_not_made(tmp_path):
    code, out, err = call_in(tmp_path, "copy-store", "sqlite:nowhere/x.db", "sqlite:to.db")
    assert (code, out) == (2, "")
    assert "there is no history of Refinescope in" in err
    assert list(tmp_path.iterdir()) == []


def test_a_database_is_not_copied_into_itself(source, tmp_path):
    fill(source)
    code, _, err = call_in(tmp_path, "copy-store", source, source)
    assert code == 2
    assert "source and target are the same database" in err


def test_no_password_is_shown_by_a_copy(source, postgres_url, tmp_path):
    fill(source)
    password = make_url(postgres_url).password
    code, out, err = call_in(tmp_path, "copy-store", source, postgres_url)
    assert code == 0
    wrong = postgres_url.replace("@", "-wrong@", 1)
    refused = call_in(tmp_path, "copy-store", source, wrong)
    assert refused[0] == 2
    quoted = postgres_url.split(":")[2].partition("@")[0]
    for text in (out, err, *refused[1:]):
        assert str(password) not in text
        assert quoted not in text
    assert "The database is postgresql://refinescope@127.0.0.1:" in refused[2]


def test_the_command_prints_the_counts_of_both(source, target, tmp_path):
    fill(source)
    code, out, err = call_in(tmp_path, "copy-store", source, target)
    assert (code, err) == (0, "")
    assert "events                34            34" in out
    assert "1 run had not ended, and can be resumed in TO: cut." in out
    assert "Every run has the same events in both. New in TO: 4 runs." in out
    again = json.loads(call_in(tmp_path, "copy-store", source, target, "--json")[1])
    assert (again["new_runs"], again["counts"]["runs"]) == (0, [4, 4])
