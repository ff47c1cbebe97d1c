"""The list of runs: what a person notes, deletion and its end, how two runs differ; also of a store of an older version."""

from __future__ import annotations

import functools
import time
from dataclasses import replace

import pytest

from refine_core import runs as api
from refine_core.errors import StoreError
from refine_core.log.summaries import summarize
from refine_core.runs import Filters, Runs, Sort, describe_pair
from refine_core.runs.run_list import KEEP_DELETED_S, NAME_CHARACTERS, TAG_CHARACTERS
from refine_core.store import MemoryStore
from tests.old_store import EXPECTED, old_store
from tests.store.test_store_search import story


@pytest.fixture
def runs():
    made = Runs(MemoryStore())
    for n, run_id in enumerate("abc"):
        records = story(run_id, title=f"title {run_id}", started_at=float(n), model="m" if n else "other")
        made.store.append(records, functools.reduce(summarize, records, None))
    yield made
    made.close()


def ids(page):
    return [row.run_id for row in page.rows]


def test_a_name_is_one_line_and_no_longer_than_a_row_can_hold(runs):
    runs.list.rename("a", "  a\n name \t" + "x" * 999)
    name = runs.list.annotation("a").name
    assert name.startswith("a name x")
    assert len(name) == NAME_CHARACTERS
    assert runs.list.search("name").rows[0].name == name
    runs.list.rename("a", " ")
    assert runs.list.search().rows[-1].name == "title a"


def test_tags_are_lines_that_occur_once(runs):
    runs.list.tag("a", [" x ", "y\nz", "x", "", "t" * 99])
    assert runs.list.annotation("a").tags == ("x", "y z", "t" * TAG_CHARACTERS)
    assert set(runs.list.choices().tags) == {"x", "y z", "t" * TAG_CHARACTERS}


def test_stars_notes_and_labels_come_back(runs):
    runs.list.star("a")
    runs.list.note("a", "  two\nlines ")
    runs.list.label("a", 2, "good")
    runs.list.label("a", 0, "bad")
    assert (runs.list.annotation("a").starred, runs.list.annotation("a").note) == (True, "two\nlines")
    assert runs.list.labels("a") == {0: "bad", 2: "good"}
    runs.list.star("a", starred=False)
    runs.list.label("a", 0, None)
    assert not runs.list.annotation("a").starred
    assert runs.list.labels("a") == {2: "good"}


def test_nothing_is_noted_about_an_unknown_run(runs):
    with pytest.raises(StoreError, match="no run 'x'"):
        runs.list.rename("x", "name")


def test_a_deleted_run_is_gone_from_the_list_and_comes_back(runs):
    runs.list.delete(["a", "b"])
    assert ids(runs.list.search()) == ["c"]
    assert ids(runs.list.search("", Filters(deleted=True))) == ["b", "a"]
    assert [row.run_id for row in runs.recent()] == ["c"]
    assert [row.run_id for row in runs.recent(deleted=True)] == ["c", "b", "a"], "what it cost was spent"
    assert runs.get("a") is not None, "whoever has its address can still see it"
    runs.list.undelete(["a"])
    assert ids(runs.list.search()) == ["c", "a"]


def test_a_deleted_run_is_removed_for_good_a_month_later(runs):
    runs.list.delete(["a", "b"])
    runs.store.annotate("a", lambda one: replace(one, deleted_at=time.time() - KEEP_DELETED_S - 60))
    assert runs.list.purge() == 1
    assert (runs.store.row("a"), runs.store.events("a")) == (None, [])
    assert runs.store.row("b") is not None


def test_opening_the_store_removes_what_was_deleted_a_month_ago(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    api.close()
    opened = api.default()
    records = story("a")
    opened.store.append(records, functools.reduce(summarize, records, None))
    opened.store.annotate("a", lambda one: replace(one, deleted_at=1.0))
    api.close()
    assert api.default().store.row("a") is None
    api.close()


def test_pages_count_from_one_and_any_other_is_the_first(runs):
    assert ids(runs.list.search(page=2, size=2)) == ["a"]
    assert ids(runs.list.search(page=-3, size=2)) == ["c", "b"]


def test_chosen_runs_come_in_the_order_asked_for(runs):
    assert list(runs.list.listed(["b", "nobody", "c", "b"])) == ["b", "c"]
    assert runs.list.listed([]) == {}


def test_two_runs_are_told_apart_by_what_differs(runs):
    rows = runs.list.listed("abc")
    assert describe_pair(rows["b"], rows["c"]) == "Same program, inputs, model and settings"
    assert describe_pair(rows["a"], rows["c"]) == "Same program, inputs and settings, other model"
    other = replace(
        rows["a"],
        facts=replace(rows["a"].facts, program_hash="x", inputs_hash="y"),
        summary=replace(rows["a"].summary, N=99),
    )
    assert describe_pair(other, rows["b"]) == "Other program or reward, inputs, model and settings"


def test_the_runs_of_an_old_store_are_listed_sorted_and_searched(tmp_path):
    runs = Runs(old_store(tmp_path))
    page = runs.list.search(size=100)
    assert set(ids(page)) == set(EXPECTED)
    assert (page.total, page.unindexed) == (len(EXPECTED), 0)
    for row in page.rows:
        assert row.facts.inputs, "what it was asked stands in its events"
        best = [reward for reward in EXPECTED[row.run_id]["rewards"] if reward is not None]
        assert row.summary.best_reward == (max(best) if best else None)
    interrupted = {run_id for run_id, run in EXPECTED.items() if run["state"] == "interrupted"}
    assert set(ids(runs.list.search("", Filters(outcomes=("interrupted",)), size=100))) == interrupted
    some = page.rows[0]
    word = some.facts.inputs.split()[0]
    assert some.run_id in ids(runs.list.search(word, size=100))
    values = [row.summary.best_reward for row in runs.list.search("", sort=Sort("best"), size=100).rows]
    known = [value for value in values if value is not None]
    assert values == sorted(known, reverse=True) + [None] * (len(values) - len(known))
    runs.close()
