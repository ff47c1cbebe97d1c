"""What every store promises: told of the one in memory and of the one in a database alike."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from refine_core import events as ev
from refine_core.errors import StoreError
from refine_core.store import MemoryStore, Store
from refine_core.store.listing import Annotation
from refine_core.store.protocol import WholeRun
from tests.store.stored_runs import FINISHED, STARTED, append_one_by_one, numbered, run, summed_up


def test_what_was_appended_comes_back_in_order(store: Store):
    records = run("a")
    append_one_by_one(store, records)
    assert store.events("a") == records


def test_several_records_may_be_appended_at_once(store: Store):
    records = run("a")
    store.append(records[:1], summed_up(records[:1]))
    store.append(records[1:], summed_up(records))
    assert store.events("a") == records


def test_no_records_change_nothing(store: Store):
    store.append([], summed_up(run("a")))
    assert store.rows() == []


def test_a_reader_may_go_on_from_where_it_was(store: Store):
    records = run("a")
    store.append(records, summed_up(records))
    assert store.events("a", after=3) == records[3:]
    assert store.events("a", after=len(records)) == []


def test_an_unknown_run_has_no_events_and_no_row(store: Store):
    assert store.events("nobody") == []
    assert store.row("nobody") is None


def test_the_row_is_the_fold_over_the_events(store: Store):
    records = run("a", attempts=3)
    for n in range(1, len(records) + 1):
        store.append(records[n - 1 : n], summed_up(records[:n]))
        row = store.row("a")
        assert row is not None
        assert row.summary == summed_up(store.events("a"))
        assert row.summary.events == n


def test_a_run_goes_on_from_what_is_there(store: Store):
    """A seq that is there already, or one too many, is refused, and nothing changes."""
    records = run("a", finished=False)
    store.append(records[:4], summed_up(records[:4]))
    before = store.row("a"), store.events("a")
    for wrong in ([records[3]], [records[0]], records[2:6], [records[5]], records[5:]):
        with pytest.raises(StoreError, match=f"event {wrong[0].seq} of run a"):
            store.append(wrong, summed_up(records))
        assert (store.row("a"), store.events("a")) == before
    store.append(records[4:], summed_up(records))
    assert store.events("a") == records


def test_a_run_begins_with_its_first_event(store: Store):
    records = run("a")
    with pytest.raises(StoreError, match="event 2 of run a"):
        store.append(records[1:2], summed_up(records[:2]))
    assert store.row("a") is None


def test_one_append_is_of_one_run_without_gaps(store: Store):
    records = run("a")
    for wrong in ([records[0], run("b")[1]], [records[0], records[2]], [replace(records[0], seq=0)]):
        with pytest.raises(StoreError, match="does not follow"):
            store.append(wrong, summed_up(records))
    assert store.rows() == []


def test_the_newest_runs_come_first(store: Store):
    for name, at in (("b", 5.0), ("c", 9.0), ("a", 5.0), ("d", 1.0)):
        records = run(name, started_at=at)
        store.append(records, summed_up(records))
    assert [row.run_id for row in store.rows()] == ["c", "b", "a", "d"]
    assert [row.run_id for row in store.rows(limit=2)] == ["c", "b"]


def test_how_runs_began_is_read_at_once_the_newest_first(store: Store):
    for name, at in (("a", 3.0), ("b", 9.0), ("c", 6.0)):
        records = run(name, started_at=at)
        store.append(records, summed_up(records))
    store.annotate("c", lambda noted: replace(noted, deleted_at=1.0))
    assert [record.run_id for record in store.starts()] == ["b", "a"]
    assert [record.run_id for record in store.starts(limit=1)] == ["b"]
    assert store.starts()[0] == store.events("b")[0]


def test_runs_of_odd_times_are_listed_like_all_others(store: Store):
    """A clock may have stood at the beginning of time, in the far future, or have been set back within a run."""
    times = {"future": 1e17, "now": 1.8e9, "epoch": 0.0, "before": -1e12}
    for name, at in times.items():
        append_one_by_one(store, run(name, started_at=at))
    backwards = [replace(r, at=5e8 - 1000.0 * r.seq) for r in run("backwards")]
    append_one_by_one(store, backwards)
    assert [row.run_id for row in store.rows()] == ["future", "now", "backwards", "epoch", "before"]
    assert store.events("backwards") == backwards
    assert {name: store.events(name)[0].at - 1.0 for name in times} == pytest.approx(times)


def test_an_unfinished_run_of_a_living_process_is_alive(store: Store):
    append_one_by_one(store, run("a", finished=False))
    row = store.row("a")
    assert row is not None
    assert row.alive
    assert not row.interrupted


def test_a_finished_run_is_neither_alive_nor_interrupted(store: Store):
    append_one_by_one(store, run("a"))
    row = store.row("a")
    assert row is not None
    assert not row.alive
    assert not row.interrupted
    assert row.summary.reason == "attempts_used_up"


AWKWARD = {
    "not numbers": [math.inf, -math.inf],
    "small and large": [-0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2],
    "big": [2**63, -(2**200), 10**400],
    "text": [
        "",
        "🌍 é ß 漢字",
        "lone \ud800 surrogate",
        "nul \x00 and \x7f",
        "</script>",
        "\u2028",
        "'; DROP TABLE runs; --",
    ],
    "tags": [{"$float": "nan"}, {"$dict": 1}, {"$anything": None}, {"\udfff": 1}, {}, []],
    "": None,
    "true": [True, False, 1, 0, 1.0],
}


def test_awkward_values_come_back_as_they_were(store: Store):
    records = numbered(
        "a", [STARTED, ev.RewardStarted(0, AWKWARD), ev.RewardScored(0, math.nan, 0.1, {"part": -math.inf})]
    )
    append_one_by_one(store, records)
    _, outputs, scored = (record.event for record in store.events("a"))
    assert isinstance(outputs, ev.RewardStarted)
    assert repr(outputs.outputs) == repr(AWKWARD)  # repr tells 1 from 1.0 and True, and 0.0 from -0.0
    assert isinstance(scored, ev.RewardScored)
    assert math.isnan(scored.value)
    assert scored.parts == {"part": -math.inf}
    row = store.row("a")
    assert row is not None
    assert math.isnan(row.summary.rewards[0] or 0.0)


def test_an_awkward_title_comes_back_as_it_was(store: Store):
    title = "lone \ud800, nul \x00, 🌍"
    records = numbered("a", [replace(STARTED, spec=replace(STARTED.spec, title=title)), FINISHED])
    append_one_by_one(store, records)
    assert store.events("a") == records
    assert [row.summary.title for row in store.rows()] == [title]


def test_an_event_of_a_newer_version_is_kept(store: Store):
    records = numbered("a", [STARTED, ev.Unknown("dreamt", 7, {"of": ["sheep", math.inf]})])
    append_one_by_one(store, records)
    assert store.events("a") == records


def test_what_is_no_plain_data_is_refused_and_the_store_lives_on(store: Store):
    with pytest.raises(TypeError, match="not plain data"):
        store.append(numbered("a", [ev.RewardStarted(0, {"it": object()})]), summed_up(run("a")))
    assert store.rows() == []
    append_one_by_one(store, run("a"))
    assert len(store.rows()) == 1


def test_many_threads_may_append_at_once(store: Store):
    runs = {f"run-{n}": run(f"run-{n}", attempts=3) for n in range(20)}
    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(lambda records: append_one_by_one(store, records), runs.values()))
    for name, records in runs.items():
        assert store.events(name) == records
        row = store.row(name)
        assert row is not None
        assert row.summary == summed_up(records)


def test_waiting_ends_as_soon_as_an_event_is_there(store: Store):
    records = run("a", finished=False)
    store.append(records[:1], summed_up(records[:1]))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store.wait_for, "a", 1, 30)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.05)
        store.append(records[1:2], summed_up(records[:2]))
        assert waiting.result(timeout=0.2)  # sooner than any polling would be


def test_waiting_ends_with_the_last_event_of_a_run(store: Store):
    records = run("a")
    store.append(records[:-1], summed_up(records[:-1]))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store.wait_for, "a", len(records) - 1, 30)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.05)
        store.append(records[-1:], summed_up(records))
        assert waiting.result(timeout=5)


def test_waiting_may_begin_before_the_run(store: Store):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store.wait_for, "a", 0, 30)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.05)
        append_one_by_one(store, run("a"))
        assert waiting.result(timeout=5)


def test_waiting_needs_no_time_for_what_is_there(store: Store):
    records = run("a")
    append_one_by_one(store, records)
    append_one_by_one(store, run("b", finished=False))
    assert store.wait_for("a", after=len(records) - 1, timeout_s=0)
    assert store.wait_for("b", after=0, timeout_s=0)


@pytest.mark.parametrize("finished", [True, False])
def test_waiting_in_vain_ends_in_time(store: Store, finished: bool):
    records = run("a", finished=finished)
    append_one_by_one(store, records)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store.wait_for, "a", len(records), 0.3)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.25)
        assert waiting.result(timeout=2) is False


def test_closing_lets_those_who_wait_go(store: Store):
    append_one_by_one(store, run("a", finished=False))
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(store.wait_for, name, 1000, 60) for name in ("a", "b")]
        for one in waiting:
            with pytest.raises(TimeoutError):
                one.result(timeout=0.05)
        store.close()
        assert [one.result(timeout=30) for one in waiting] == [False, False]


def test_a_closed_store_says_so(store: Store):
    records = run("a")
    append_one_by_one(store, records[:3])
    store.close()
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        store.append(records[3:4], summed_up(records[:4]))
    for read in (
        lambda: store.events("a"),
        lambda: store.row("a"),
        store.rows,
        lambda: store.documents("connection"),
        lambda: store.put("connection", "work", "text"),
        lambda: store.drop("connection", "work"),
    ):
        with pytest.raises(StoreError, match="was closed"):
            read()
    assert not store.wait_for("a", 0, 0)


# Documents


def test_a_document_comes_back_until_it_is_dropped(store: Store):
    text = "line\nnul \x00, 🌍, '; DROP TABLE runs; --"
    store.put("connection", "work", text)
    assert store.documents("connection") == {"work": text}
    assert store.drop("connection", "work")
    assert store.documents("connection") == {}
    assert not store.drop("connection", "work")


def test_a_document_takes_the_place_of_the_one_before(store: Store):
    for text in ("one", "two", "two"):
        store.put("connection", "work", text)
        assert store.documents("connection") == {"work": text}


def test_documents_are_told_apart_by_kind_and_come_by_name(store: Store):
    names = ["b", "a", "", "ä", "🌍", "\uffff", "Z", "a b", "'"]
    for name in names:
        store.put("connection", name, f"text of {name}")
    store.put("recipe", "a", "another")
    assert list(store.documents("connection").items()) == [
        (name, f"text of {name}") for name in sorted(names)
    ]
    assert store.drop("recipe", "a")
    assert not store.drop("recipe", "b")
    assert list(store.documents("connection")) == sorted(names)
    assert store.documents("nothing") == {}


def test_a_document_that_is_no_text_is_refused(store: Store):
    for use in (
        lambda: store.put("connection", "work", "lone \ud800"),
        lambda: store.put("connection", "\ud800", ""),
        lambda: store.drop("connection", "\ud800"),
    ):
        with pytest.raises(StoreError, match="a character that is none"):
            use()
    assert store.documents("connection") == {}


def test_documents_and_runs_do_not_touch_each_other(store: Store):
    records = run("a")
    append_one_by_one(store, records)
    store.put("connection", "a", "text")
    assert store.drop("connection", "a")
    assert store.events("a") == records
    assert [row.run_id for row in store.rows()] == ["a"]


def test_many_threads_may_put_at_once(store: Store):
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda n: store.put("connection", f"c{n % 5}", str(n % 5)), range(50)))
    assert store.documents("connection") == {f"c{n}": str(n) for n in range(5)}


def test_there_is_nothing_to_tell_of_a_new_store(store: Store):
    assert store.notices == ()


def test_the_store_in_memory_can_play_an_interruption():
    store = MemoryStore()
    append_one_by_one(store, run("a", finished=False))
    store.interrupt()
    assert [row.interrupted for row in store.rows()] == [True]


def test_whole_runs_are_added_together_or_not_at_all(store: Store):
    """As imported ones, which nobody is at work on."""
    there = run("there")
    store.append(there, summed_up(there))
    new = WholeRun(
        run("new", finished=False), summed_up(run("new", finished=False)), Annotation("Name", ("a",))
    )
    with pytest.raises(StoreError):
        store.add([new, WholeRun(there, summed_up(there))])
    assert store.row("new") is None
    store.add([new])
    row = store.row("new")
    assert row is not None
    assert (row.imported, row.alive, row.interrupted) == (True, False, True)
    assert store.events("new") == new.records
    assert store.annotation("new") == Annotation("Name", ("a",))
    there_row = store.row("there")
    assert there_row is not None
    assert not there_row.imported


def test_a_part_of_a_run_cannot_be_added(store: Store):
    records = run("a")
    for part in ((), records[1:], [*records[:2], *records[3:]]):
        with pytest.raises(StoreError):
            store.add([WholeRun(part, summed_up(records))])
    assert store.rows() == []
