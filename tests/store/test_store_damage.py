"""A damaged store: set aside, never deleted; told in words; and nothing but what is damaged."""

import shlex
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from refine_core import events as ev
from refine_core.errors import StoreError
from refine_core.store import damage, open_store
from tests.store.stored_runs import STARTED, append_one_by_one, child, numbered, output, run, summed_up

linux = pytest.mark.skipif(sys.platform != "linux", reason="drops the powers of root as Linux has them")
PAGE = 4096


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a 'home' with 100 % odd? #signs"


def database(home: Path, part: str = "") -> Path:
    return home / f"refinescope.db{part}"


def set_aside(home: Path) -> list[Path]:
    """All files that were set aside."""
    return sorted(home.glob("*.damaged-*"))


def fill(home: Path, names: str = "ab") -> bytes:
    """A closed store with some runs, all of it in the one file of a hundred pages or so."""
    with closing(open_store(home)) as store:
        for name in names:
            records = run(name, attempts=40)
            store.append(records, summed_up(records))
    assert not database(home, "-wal").exists()
    return database(home).read_bytes()


def with_log(home: Path) -> tuple[bytes, bytes]:
    """The file and its log, as a process that was killed leaves them; nothing of the kind is there yet."""
    with closing(open_store(home)) as store:
        append_one_by_one(store, run("a"))
        found = database(home).read_bytes(), database(home, "-wal").read_bytes()
    for part in ("", "-wal", "-shm"):
        database(home, part).unlink(missing_ok=True)
    return found


def spoil(home: Path, page: int, at: int = 0, what: bytes = b"\xff" * PAGE) -> bytes:
    """Overwrite a page, or part of it; return the file as it is then."""
    with database(home).open("r+b") as file:
        file.seek((page - 1) * PAGE + at)
        file.write(what)
    return database(home).read_bytes()


@contextmanager
def edited(home: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database(home), isolation_level=None)) as connection:
        yield connection


def assert_set_aside(home: Path, bad: bytes | None, why: str, log: bytes | None = None) -> None:
    """Opening gives an empty store that works and tells why; the old file is kept to the last byte."""
    with closing(open_store(home)) as store:
        assert store.rows() == []
        (notice,) = store.notices
        assert why in notice
        assert "set aside" in notice
        assert "Nothing was deleted" in notice
        kept = {file.name[len("refinescope.db.damaged-20260131-142500") :]: file for file in set_aside(home)}
        assert (kept[""].read_bytes() if "" in kept else None) == bad
        assert (kept["-wal"].read_bytes() if "-wal" in kept else None) == log
        if bad:
            assert f"sqlite3 {shlex.quote(str(kept['']))} .recover" in notice
        else:
            assert str(kept["-wal"]) in notice
        append_one_by_one(store, run("new"))
        assert store.events("new") == run("new")
    assert not database(home, ".check").exists()
    with closing(open_store(home)) as store:
        assert store.notices == ()
        assert [row.run_id for row in store.rows()] == ["new"]
    assert set_aside(home) == sorted(kept.values())


# Found at opening


@pytest.mark.parametrize(
    "damage",
    [
        "no database",
        "zeros",
        "first page",
        "after its first page",
        "cut to one page",
        "cut to half",
        "cut within its last page",
        "cut within its header",
    ],
)
def test_a_damaged_file_is_set_aside_as_it_is(home: Path, damage: str):
    good = fill(home)
    bad, why = {
        "no database": (b"Dear diary,\n" * 1000, "it is not a SQLite database"),
        "zeros": (bytes(len(good)), "it is not a SQLite database"),
        "first page": (good[:100] + b"\xff" * (PAGE - 100) + good[PAGE:], "the file is damaged"),
        "after its first page": (good[:PAGE] + b"\xff" * (len(good) - PAGE), "the file is damaged"),
        "cut to one page": (good[:PAGE], "the file is damaged"),
        "cut to half": (good[: len(good) // PAGE // 2 * PAGE], "the file is damaged"),
        "cut within its last page": (good[: len(good) - PAGE // 2], "the file is damaged"),
        "cut within its header": (good[:50], "the file is damaged"),
    }[damage]
    database(home).write_bytes(bad)
    assert_set_aside(home, bad, why)


def test_a_diary_beside_an_old_log_is_not_written_into(home: Path):
    """SQLite would copy the log's pages into it."""
    _, log = with_log(home)
    diary = b"Dear diary,\n" * 1000
    database(home).write_bytes(diary)
    database(home, "-wal").write_bytes(log)
    assert_set_aside(home, diary, "it is not a SQLite database", log)


def test_an_empty_file_is_a_new_store(home: Path):
    home.mkdir()
    database(home).touch()
    with closing(open_store(home)) as store:
        append_one_by_one(store, run("a"))
        assert store.notices == ()
    assert set_aside(home) == []


@pytest.mark.parametrize("left", [b"", None], ids=["empty", "gone"])
def test_a_log_whose_database_is_lost_is_kept(home: Path, left: bytes | None):
    """SQLite would delete it; the runs in it come back beside a copy of the database from before."""
    before, log = with_log(home)
    if left is not None:
        database(home).write_bytes(left)
    database(home, "-wal").write_bytes(log)
    assert_set_aside(home, left, "only its log is left", log)
    (old,) = home.glob("*-wal")
    saved = home / "saved"
    saved.mkdir()
    database(saved).write_bytes(before)
    shutil.copy(old, database(saved, "-wal"))
    with closing(open_store(saved)) as store:
        assert store.events("a") == run("a")


def test_a_log_beside_its_database_is_read_as_ever(home: Path):
    data, log = with_log(home)
    database(home).write_bytes(data)
    database(home, "-wal").write_bytes(log)
    with closing(open_store(home)) as store:
        assert store.events("a") == run("a")
        assert store.notices == ()


def test_a_length_that_the_log_mends_is_no_damage(home: Path):
    """A process that is killed while it copies the log into the file may leave half a page at its end."""
    data, log = with_log(home)
    database(home).write_bytes(data + b"\xff" * 100)
    database(home, "-wal").write_bytes(log)
    with closing(open_store(home)) as store:
        assert store.events("a") == run("a")
        assert store.notices == ()


def test_a_folder_in_place_of_the_file_is_left_alone(home: Path):
    database(home).mkdir(parents=True)
    (database(home) / "mine").touch()
    with pytest.raises(StoreError, match=r"refinescope\.db is a folder; move it away"):
        open_store(home)
    assert [file.name for file in database(home).iterdir()] == ["mine"]
    assert set_aside(home) == []


def test_a_sound_database_of_somebody_else_is_left_alone(home: Path):
    home.mkdir()
    with edited(home) as connection:
        connection.execute("CREATE TABLE runs (mine TEXT)")
    with pytest.raises(StoreError, match="already exists"):
        open_store(home)
    assert set_aside(home) == []


def test_a_version_that_never_was_is_told_in_words(home: Path):
    fill(home)
    with edited(home) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(StoreError, match=r"version 0000, which .* REFINESCOPE_HOME"):
        open_store(home)
    assert set_aside(home) == []


# Found later


def test_damage_that_shows_later_is_found_at_the_next_opening(home: Path):
    """Reading fails, and says what to do; then the file is checked and set aside."""
    good = fill(home)
    bad = spoil(home, 1 + good.rindex(b"Wie geht") // PAGE)
    with closing(open_store(home)) as store:
        assert store.notices == ()  # opening reads a few pages only
        assert len(store.rows()) == 2
        with pytest.raises(
            StoreError, match=r"read run b: the file is damaged\. Start Refinescope again"
        ) as error:
            store.events("b")
        assert "set it aside" in str(error.value)
        assert str(database(home)) in str(error.value)
        assert database(home, ".check").exists()
    assert_set_aside(home, bad, "the file is damaged")


def test_damage_that_only_writing_meets_is_found_at_the_next_opening(home: Path):
    """An index, here one that its user added, that has lost a run is no matter of SQLite's quick check."""
    records = run("a", finished=False)
    with closing(open_store(home)) as store:
        append_one_by_one(store, records)
    with edited(home) as connection:
        connection.execute("CREATE INDEX by_writer ON runs (writer)")
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'by_writer'")
        ((writer,),) = connection.execute("SELECT writer FROM runs")
    page = database(home).read_bytes()[(root - 1) * PAGE : root * PAGE]
    bad = spoil(home, root, page.index(writer.encode()), b"0" * len(writer))
    more = numbered("a", [*(r.event for r in records), ev.RunResumed(1)])
    with closing(open_store(home)) as store:
        assert store.events("a") == records
        with pytest.raises(
            StoreError, match=r"file is damaged; nothing was written\. Start Refinescope again"
        ):
            store.append(more[-1:], summed_up(more))
        assert store.events("a") == records
    assert_set_aside(home, bad, "the file is damaged")


def test_a_file_that_is_found_sound_stays(home: Path):
    fill(home)
    database(home, ".check").touch()
    with closing(open_store(home)) as store:
        assert [row.run_id for row in store.rows()] == ["b", "a"]
        assert store.notices == ()
    assert not database(home, ".check").exists()
    assert set_aside(home) == []


# Who else is there


HOLD = """
import pathlib, sys
from refine_core.store import open_store
with_it = open_store(pathlib.Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
with_it.close()
"""


def test_nothing_is_set_aside_while_another_process_has_the_store_open(home: Path):
    good = fill(home)
    other = child(HOLD, home)
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    bad = good[:PAGE] + b"\xff" * (len(good) - PAGE)
    database(home).write_bytes(bad)
    with pytest.raises(StoreError, match=r"damaged.*open elsewhere.*Close every other Refinescope"):
        open_store(home)
    assert set_aside(home) == []
    assert database(home).read_bytes() == bad
    output(other)
    assert_set_aside(home, database(home).read_bytes(), "the file is damaged")


def test_nothing_is_set_aside_while_this_process_has_the_store_open(home: Path):
    fill(home)
    with closing(open_store(home)):
        database(home).write_bytes(b"Dear diary,\n" * 1000)
        with pytest.raises(StoreError, match="open elsewhere"):
            open_store(home)
        assert set_aside(home) == []


def test_several_processes_that_open_a_damaged_store_at_once_set_it_aside_once(home: Path):
    fill(home)
    database(home).write_bytes(b"Dear diary,\n" * 1000)
    others = [child(HOLD, home) for _ in range(3)]
    for other in others:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
    for other in others:
        output(other)
    assert len(set_aside(home)) == 1


def test_nothing_that_was_set_aside_is_overwritten(home: Path):
    home.mkdir()
    for n in range(3):
        database(home).write_bytes(b"%d" % n)
        if n != 1:
            database(home, "-wal").write_bytes(b"log %d" % n)
        notice = damage.set_aside(database(home), "it is spoilt", home / "locks", at=0.0)
        assert list(home.glob("refinescope.db")) == []
    assert "it is spoilt" in notice
    names = [file.name.partition("-")[2].partition("-")[2] for file in set_aside(home)]
    first = names[0]
    assert names == [first, f"{first}-2", f"{first}-3", f"{first}-3-wal", f"{first}-wal"]
    assert [file.read_bytes() for file in set_aside(home)] == [b"0", b"1", b"2", b"log 2", b"log 0"]


# What may only be read


READ_ONLY = """
import pathlib, sys
from refine_core.errors import StoreError
from refine_core.store import open_store
from tests.store.powerless import drop_powers
from tests.store.stored_runs import run, summed_up
drop_powers()
try:
    store = open_store(pathlib.Path(sys.argv[1]))
    store.append(run("new"), summed_up(run("new")))
except StoreError as error:
    print(error)
"""


def files(home: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in home.iterdir() if file.is_file()}


@linux
@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("a folder without a store", "cannot be locked"),
        ("a folder within", "set REFINESCOPE_HOME to a folder that you may write to"),
        ("a folder with a store", "the database may only be read; make the file and its folder writable"),
        ("the file", "the database may only be read; make the file and its folder writable"),
        ("an unreadable file", "make the file and its folder yours"),
        ("a folder with a damaged store", "cannot be renamed (Permission denied)"),
    ],
)
def test_what_may_only_be_read_is_told_in_words_and_left_as_it_is(home: Path, what: str, words: str):
    home.mkdir()
    if "without" not in what:
        fill(home)
    if "damaged" in what:
        database(home).write_bytes(b"Dear diary,\n" * 1000)
    before = files(home)
    spot, mode = {"the file": (database(home), 0o400), "an unreadable file": (database(home), 0)}.get(
        what, (home, 0o500)
    )
    spot.chmod(mode)
    try:
        told = "\n".join(output(child(READ_ONLY, home / "within" if "within" in what else home)))
    finally:
        spot.chmod(0o700)
    assert words in told
    assert {name: data for name, data in files(home).items() if name in before} == before
    assert set_aside(home) == []


# Damage inside a row, which SQLite cannot see


SPOILT = {
    "half of it": "substr(x, 1, 20)",
    "no text": "cast(cast(substr(x, 1, 20) AS BLOB) || x'fffe' AS TEXT)",
    "another thing": "'[1, 2]'",
    "nothing": "''",
    "a number in its place": "5",
}


def spoil_column(home: Path, table: str, column: str, how: str, where: str) -> None:
    with edited(home) as connection:
        connection.execute(
            f"UPDATE {table} SET {column} = {SPOILT[how].replace('x,', column + ',')} WHERE {where}"
        )


@pytest.mark.parametrize("how", SPOILT)
def test_a_damaged_event_is_told_by_its_number_and_hides_no_history(home: Path, how: str):
    fill(home)
    spoil_column(home, "events", "payload", how, "run_id = 'a' AND seq = 2")
    with closing(open_store(home)) as store:
        with pytest.raises(StoreError, match=r"event 2 of run a \(attempt_started\) cannot be read"):
            store.events("a")
        assert store.events("a", after=2) == run("a", attempts=40)[2:]
        assert store.events("b") == run("b", attempts=40)
        assert {row.run_id: row.summary for row in store.rows()} == {
            name: summed_up(run(name, attempts=40)) for name in "ab"
        }


@pytest.mark.parametrize("how", SPOILT)
def test_a_damaged_summary_is_rebuilt_from_the_events(home: Path, how: str):
    fill(home, "abc")
    spoil_column(home, "runs", "summary", how, "id = 'b'")
    with closing(open_store(home)) as store:
        assert {row.run_id: row.summary for row in store.rows()} == {
            name: summed_up(run(name, attempts=40)) for name in "abc"
        }


def test_a_run_of_which_nothing_can_be_read_hides_no_others(home: Path):
    fill(home, "abc")
    spoil_column(home, "runs", "summary", "no text", "id = 'b'")
    spoil_column(home, "events", "payload", "no text", "run_id = 'b'")
    with closing(open_store(home)) as store:
        rows = {row.run_id: row for row in store.rows()}
        assert set(rows) == set("abc")
        assert rows["b"].summary.title == "b (damaged)"
        assert not rows["b"].alive
        assert rows["c"].summary == summed_up(run("c", attempts=40))


def test_text_that_only_looks_damaged_comes_back_as_it_was(home: Path):
    """A backslash is how damaged bytes are shown; one that somebody typed is none of those."""
    title = "a \\xff in a title, and \ufffd"
    records = numbered("a", [replace(STARTED, spec=replace(STARTED.spec, title=title))])
    with closing(open_store(home)) as store:
        append_one_by_one(store, records)
        assert store.events("a") == records
        assert [row.summary.title for row in store.rows()] == [title]
