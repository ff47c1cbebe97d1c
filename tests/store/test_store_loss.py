"""The database is taken away under an open store: every call says in words what happened and what to do."""

from __future__ import annotations

import functools
import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from refine_core.errors import StoreError
from refine_core.log.summaries import summarize
from refine_core.store import open_store
from tests import logs

pytestmark = [
    pytest.mark.fault(63),
    pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody delete or replace an open file"),
]
DATABASE = "refinescope.db"


def keep(store, run_id="run-1"):
    log = logs.two_stages()
    log = logs.Log(run_id=run_id) if run_id != "run-1" else log
    store.append(log.records, functools.reduce(summarize, log.records, None))


def delete(home: Path) -> None:
    (home / DATABASE).unlink()


def delete_with_its_log(home: Path) -> None:
    for part in ("", "-wal", "-shm"):
        (home / f"{DATABASE}{part}").unlink()


def move(home: Path) -> None:
    (home / DATABASE).rename(home / "moved.db")


def delete_folder(home: Path) -> None:
    shutil.rmtree(home)


def rename_folder(home: Path) -> None:
    home.rename(home.with_name("renamed"))


def replace(home: Path) -> None:
    open_store(home.parent / "other").close()
    (home.parent / "other" / DATABASE).replace(home / DATABASE)


def truncate(home: Path) -> None:
    (home / DATABASE).write_bytes(b"")


HARMS = {
    delete: "the database was deleted or moved",
    delete_with_its_log: "the database was deleted or moved",
    move: "the database was deleted or moved",
    delete_folder: r"its folder .* was deleted or moved",
    rename_folder: r"its folder .* was deleted or moved",
    replace: "another file was put in the database's place",
    truncate: "the database was emptied",
}


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_every_call_says_what_happened_and_what_to_do(tmp_path, harm):
    """Nothing is written where nobody finds it again, and no empty file is made in its place."""
    home = tmp_path / "home"
    with closing(open_store(home)) as store:
        keep(store)
        harm(home)
        calls = {
            "events": lambda: store.events("run-1"),
            "row": lambda: store.row("run-1"),
            "rows": store.rows,
            "documents": lambda: store.documents("connection"),
            "append": lambda: keep(store, "run-2"),
            "put": lambda: store.put("connection", "work", "text"),
            "drop": lambda: store.drop("connection", "work"),
        }
        for name, call in calls.items():
            with pytest.raises(StoreError, match=HARMS[harm]) as refused:
                call()
            assert "restart Refinescope" in str(refused.value), name
            assert "no such table" not in str(refused.value), name
    if harm in (delete, delete_with_its_log, move):
        assert not (home / DATABASE).exists()


def test_a_database_that_is_put_back_goes_on_as_if_nothing_had_happened(tmp_path):
    home = tmp_path / "home"
    with closing(open_store(home)) as store:
        keep(store)
        move(home)
        with pytest.raises(StoreError):
            store.rows()
        (home / "moved.db").rename(home / DATABASE)
        assert len(store.events("run-1")) == len(logs.two_stages().records)
        keep(store, "run-2")
    with closing(open_store(home)) as store:
        assert {row.run_id for row in store.rows()} == {"run-1", "run-2"}
