"""Finding runs: what the store in memory and the one in a database list, filter, sort and search alike."""

import math
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refine_core import events as ev
from refine_core.errors import Charge, StoreError
from refine_core.log.scope import Record
from refine_core.spec import ModelSpec
from refine_core.store import MemoryStore, Store, open_store
from refine_core.store.listing import NEWEST_FIRST, NO_FILTERS, Annotation, Filters, Folded, RunPage, Sort
from tests.store.stored_runs import FINISHED, SPEC, append_one_by_one, numbered, run, summed_up


def story(
    run_id: str,
    *,
    title: str = "A run",
    inputs: Mapping[str, object] | None = None,
    outputs: Mapping[str, object] | None = None,
    hint: str = "N/A",
    model: str = "practice",
    rewards: tuple[float, ...] = (0.5,),
    cost: float | None = 0.0,
    tokens: int | None = 10,
    reason: ev.StopReason | None = "attempts_used_up",
    started_at: float = 1000.0,
    parent: str | None = None,
    hint_test: str | None = None,
    fork_attempt: int | None = None,
) -> list[Record]:
    """A run with these words and figures."""
    spec = replace(SPEC, title=title, inputs=inputs or {}, model=ModelSpec(kind="endpoint", model=model))
    spec = replace(spec, parent=parent, hint_test=hint_test, fork_attempt=fork_attempt)
    log: list[ev.Event] = [ev.RunStarted(spec, (0.0,) * len(rewards), ("draft",), "0.1.0")]
    for i, reward in enumerate(rewards):
        log += [
            ev.AttemptStarted(i, 0.0, {"draft": hint} if i else {}),
            ev.LMReplied("…", 0.1, tokens, 0 if tokens is not None else None, cost, model=model),
            ev.RewardStarted(i, outputs or {}),
            ev.RewardScored(i, reward, 0.01),
            ev.AdviceGiven(i, "", {"draft": hint}, 0.1),
        ]
    if reason is not None:
        log.append(ev.RunFinished(reason, 0, 0, float(len(rewards))))
    return numbered(run_id, log, started_at=started_at)


def add(store: Store, *stories: list[Record]) -> None:
    for records in stories:
        store.append(records, summed_up(records))


def found(
    store: Store, text: str = "", filters: Filters = NO_FILTERS, sort: Sort = NEWEST_FIRST
) -> list[str]:
    return [row.run_id for row in store.search(text, filters, sort).rows]


def star(annotation: Annotation) -> Annotation:
    return replace(annotation, starred=True)


# Tries of hint tests


def test_tries_of_a_hint_test_are_listed_only_where_they_are_asked_for(store: Store):
    tries = [story(f"try-{i}", parent="a", hint_test="test-1", model="tiny") for i in range(2)]
    add(
        store, story("a"), *tries, story("branch", parent="a"), story("try-b", parent="b", hint_test="test-2")
    )
    store.annotate("try-0", lambda one: replace(one, tags=("mine",)))
    assert found(store) == ["branch", "a"]
    assert store.search().total == 2
    assert store.search("", Filters(starred=True)).total == 2
    assert sorted(found(store, "", Filters(tries=True))) == ["try-0", "try-1", "try-b"]
    assert sorted(found(store, "", Filters(tries=True, parents=("a",)))) == ["try-0", "try-1"]
    assert found(store, "", Filters(parents=("a",))) == ["branch"]
    assert sorted(found(store, "", Filters(run_ids=("a", "try-1")))) == ["a", "try-1"], "named ones are found"
    assert "tiny" not in store.choices().models
    assert not store.choices().tags
    assert store.search("", Filters(run_ids=("try-1",))).rows[0].facts.hint_test == "test-1"


# Searching


def test_a_run_is_found_by_its_name_inputs_outputs_hint_and_model(store: Store):
    add(
        store,
        story(
            "a",
            title="Product headline",
            inputs={"product": "Foldable kettle", "facts": ["0.8 l", "39.90 euros"]},
            outputs={"headline": "Kofferkocher für Zelte"},
            hint="Mention the price of 39.90",
            model="gpt-4.1-mini",
        ),
        story("b", title="Another", inputs={"question": "What is the capital of Belgium?"}),
    )
    for text in ("headline", "KETTLE", "kofferkocher zelte", "mention the price", "gpt-4.1-mini", "euros"):
        assert found(store, text) == ["a"], text
    assert found(store, "belgium") == ["b"]
    assert found(store, "kettle belgium") == [], "every word must be there"
    assert found(store, "") == ["b", "a"]


def test_the_last_word_of_a_search_may_be_incomplete(store: Store):
    add(store, story("a", title="Support triage"))
    assert found(store, "sup") == found(store, "support tri") == ["a"]
    assert found(store, "trip") == []


def test_words_without_spaces_between_them_are_found(store: Store):
    add(store, story("a", outputs={"answer": "東京は日本の首都です 🌍"}), story("b"))
    for text in ("日本", "首都", "🌍"):
        assert found(store, text) == ["a"], text


def test_a_hint_for_nobody_is_no_word_of_a_run(store: Store):
    add(store, story("a", hint="N/A"), story("b", hint="shorter"))
    assert found(store, "shorter") == ["b"]
    assert found(store, "N/A") == []


def test_a_new_name_a_tag_and_a_note_are_found_at_once(store: Store):
    add(store, story("a"), story("b"))
    assert len(found(store)) == 2
    store.annotate("a", lambda one: replace(one, name="Kettles", tags=("demo",), note="for the talk"))
    for text in ("kettles", "demo", "talk", "run"):
        assert "a" in found(store, text), text
    store.annotate("a", lambda one: replace(one, name="", tags=(), note=""))
    assert found(store, "kettles") == []


ODD = ['"', "'", "(", "a OR", "NEAR(", "*", "^x", "a*b", "-", "name:x", "\x00", "a\x00b", "\ud800", "\\", "%", "😀\udc00", "}{", "AND", "; DROP TABLE runs"]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_whatever_is_typed_is_searched_for_as_text(store: Store, text: str):
    add(store, story("a", title=f"before {text} after"))
    assert store.search(text).matching in (0, 1)
    assert found(store, "before") == ["a"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec=None), max_size=40))
def test_no_text_breaks_a_search(store: Store, text: str):
    store.search(text)
    store.search(text + " ")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(st.characters(codec=None), min_size=1, max_size=30), n=st.integers(0, 10**9))
def test_a_run_is_found_by_its_own_title(store: Store, title: str, n: int):
    run_id = f"{n}-{title!r}"
    if store.row(run_id) is None:
        add(store, story(run_id, title=f"mark{n} {title}"))
    # In words of other alphabets, upper case may fold in more than one way; the title is searched for as it stands.
    assert run_id in [row.run_id for row in store.search(f"mark{n} {title}", limit=10**6).rows]


# Filters, order, pages


def test_each_filter_lets_through_what_it_says(store: Store):
    add(
        store,
        story("reached", reason="threshold_reached", model="one", cost=0.5, started_at=1.0),
        story("failed", reason="every_attempt_failed", model="two", cost=None, started_at=2.0),
        story("cancelled", reason="cancelled", model="two", cost=0.0, started_at=3.0),
        story("working", reason=None, model="one", cost=0.01, started_at=4.0),
    )
    store.annotate("failed", lambda one: replace(one, tags=("x", "y"), starred=True))
    store.annotate("reached", lambda one: replace(one, tags=("x",)))
    for filters, expected in (
        (Filters(outcomes=("reached", "failed")), ["failed", "reached"]),
        (Filters(outcomes=("running",)), ["working"]),
        (Filters(outcomes=("interrupted",)), []),
        (Filters(models=("two",)), ["cancelled", "failed"]),
        (Filters(tags=("x",)), ["failed", "reached"]),
        (Filters(tags=("x", "y")), ["failed"]),
        (Filters(starred=True), ["failed"]),
        (Filters(since=3.5), ["working", "cancelled"]),
        (Filters(until=2.5), ["reached"]),
        (Filters(min_cost_usd=0.01), ["working", "reached"]),
        (Filters(max_cost_usd=0.0), ["cancelled"]),
        (Filters(models=("one",), outcomes=("reached",)), ["reached"]),
    ):
        page = store.search("", filters)
        assert [row.run_id for row in page.rows] == expected, filters
        assert (page.matching, page.total) == (len(expected), 4)


def test_an_unfinished_run_that_nobody_works_at_is_interrupted(store: Store):
    add(store, story("a", reason=None))
    (row,) = store.search("", Filters(outcomes=("interrupted",)), ended=frozenset({"a"})).rows
    assert row.outcome == "interrupted"
    assert store.search("", Filters(outcomes=("running",)), ended=frozenset({"a"})).rows == ()


def test_a_run_that_waits_for_a_person_is_paused_and_not_running(store: Store):
    add(store, story("a", reason=None), story("b", reason=None), story("c"))
    for outcome, expected in (("paused", "a"), ("running", "b")):
        (row,) = store.search("", Filters(outcomes=(outcome,)), paused=frozenset({"a", "c"})).rows
        assert (row.run_id, row.outcome) == (expected, outcome)


def test_every_column_sorts_both_ways_and_what_is_unknown_comes_last(store: Store):
    add(
        store,
        story("b", title="beta", rewards=(0.9,), cost=0.2, tokens=5, model="m2", started_at=3.0),
        story("a", title="Alpha", rewards=(0.1, 0.4), cost=0.15, tokens=7, model="m1", started_at=2.0),
        story("c", title="gamma", rewards=(math.nan,), cost=None, tokens=None, model="m3", reason=None, started_at=1.0),
    )  # fmt: skip
    for key, ascending, descending in (
        ("when", "cab", "bac"),
        ("name", "abc", "cba"),
        ("best", "abc", "bac"),
        ("attempts", "bca", "abc"),
        ("model", "abc", "cba"),
        ("tokens", "bac", "abc"),
        ("cost", "bac", "abc"),
        ("took", "bac", "abc"),
    ):
        for down, expected in ((False, ascending), (True, descending)):
            order = "".join(found(store, sort=Sort(key, down)))  # type: ignore[arg-type]
            assert order == expected, (key, down)


def test_pages_hold_every_run_once(store: Store):
    add(store, *(story(f"r{n:02}", started_at=float(n)) for n in range(23)))
    pages = [store.search(limit=10, offset=offset) for offset in (0, 10, 20, 30)]
    assert [len(page.rows) for page in pages] == [10, 10, 3, 0]
    assert [row.run_id for page in pages for row in page.rows] == [f"r{n:02}" for n in range(22, -1, -1)]
    assert all((page.total, page.matching) == (23, 23) for page in pages)


def test_a_row_says_what_a_run_was_asked_and_how_long_it_worked(store: Store):
    add(store, story("a", inputs={"q": "first\nsecond", "n": 3, "long": "x" * 999}, rewards=(0.1, 0.2)))
    (row,) = store.search().rows
    assert row.facts.inputs.startswith("first second · 3 · xxx")
    assert row.facts.inputs.endswith("…")
    assert row.facts.took_s == 2.0
    assert row.spent.tokens == 20


def test_what_calls_did_not_report_is_unknown_and_not_nothing(store: Store):
    records = numbered(
        "a",
        [
            story("a")[0].event,
            ev.LMReplied("", 0.1, 5, 5, 0.2, model="m"),
            ev.LMFailed(ev.Fault("E", "no", "model"), 0.1, Charge("m", None, None, None)),
        ],
    )
    add(store, records, story("b", cost=None, tokens=None))
    rows = {row.run_id: row.spent for row in store.search().rows}
    assert (rows["a"].tokens, rows["a"].cost_usd) == (10, 0.2)
    assert rows["a"].tokens_partial
    assert rows["a"].cost_partial
    assert (rows["b"].tokens, rows["b"].cost_usd) == (None, None)


def test_a_row_follows_a_run_at_work(store: Store):
    records = story("a", rewards=(0.1, 0.7), outputs={"answer": "later"})
    append_one_by_one(store, records[:3])
    (row,) = store.search().rows
    assert (row.outcome, row.summary.best_reward) == ("running", None)
    for n in range(4, len(records) + 1):
        store.append(records[n - 1 : n], summed_up(records[:n]))
        (row,) = store.search().rows
        assert row.summary == summed_up(records[:n])
    assert (row.outcome, row.summary.best_reward) == ("not reached", 0.7)
    assert found(store, "later") == ["a"]


def test_the_choices_are_those_of_the_listed_runs(store: Store):
    add(store, story("a", model="one"), story("b", model="one"), story("c", model="two"))
    store.annotate("a", lambda one: replace(one, tags=("x", "y")))
    store.annotate("b", lambda one: replace(one, tags=("y",)))
    store.annotate("c", lambda one: replace(one, tags=("z",), deleted_at=5.0))
    choices = store.choices()
    assert list(choices.models.items()) == [("one", 2)], "also of runs that nobody has searched for yet"
    assert list(choices.tags.items()) == [("y", 2), ("x", 1)]
    assert choices.deleted == 1


# What a person notes


def test_an_annotation_comes_back_until_it_is_changed(store: Store):
    add(store, story("a"))
    assert store.annotation("a") == Annotation()
    noted = Annotation("Name", ("b", "a"), True, "A note.\nTwo lines", None)
    assert store.annotate("a", lambda _: noted) == noted
    assert store.annotation("a") == noted
    assert store.search().rows[0].annotation == noted
    assert store.search().rows[0].name == "Name"
    assert store.annotate("a", lambda one: replace(one, name="")).starred
    assert store.search().rows[0].name == "A run"


def test_awkward_annotations_are_kept_as_text_that_can_be_shown(store: Store):
    add(store, story("a"))
    noted = Annotation("half \ud800 🌍", ("\ud800", "'; DROP TABLE runs"), note="nul \x00")
    store.annotate("a", lambda _: noted)
    assert store.annotation("a") == Annotation(
        "half \ufffd 🌍", ("\ufffd", "'; DROP TABLE runs"), note="nul \x00"
    )
    assert found(store, filters=Filters(tags=("'; DROP TABLE runs",))) == ["a"]


def test_nothing_is_noted_about_a_run_that_is_not_there(store: Store):
    for use in (lambda: store.annotate("nobody", star), lambda: store.label("nobody", 0, "good")):
        with pytest.raises(StoreError, match="no run 'nobody'"):
            use()
    assert store.annotation("nobody") == Annotation()
    assert store.labels("nobody") == {}


def test_the_events_of_a_run_are_not_touched_by_what_is_noted(store: Store):
    records = story("a")
    add(store, records)
    store.annotate("a", star)
    store.label("a", 0, "good")
    assert store.events("a") == records


def test_a_label_may_be_changed_and_taken_away(store: Store):
    add(store, story("a", rewards=(0.1, 0.2)))
    store.label("a", 1, "good")
    store.label("a", 0, "bad")
    assert store.labels("a") == {0: "bad", 1: "good"}
    store.label("a", 1, "bad")
    store.label("a", 0, None)
    assert store.labels("a") == {1: "bad"}


# Deletion


def test_a_deleted_run_leaves_the_list_and_comes_back(store: Store):
    add(store, story("a"), story("b"))
    store.annotate("a", lambda one: replace(one, deleted_at=time.time()))
    page = store.search()
    assert ([row.run_id for row in page.rows], page.total) == (["b"], 1)
    assert [row.run_id for row in store.rows(deleted=False)] == ["b"]
    assert [row.run_id for row in store.rows()] == ["b", "a"]
    assert found(store, filters=Filters(deleted=True)) == ["a"]
    store.annotate("a", lambda one: replace(one, deleted_at=None))
    assert found(store) == ["b", "a"]


def test_only_runs_that_were_deleted_long_ago_are_purged(store: Store):
    add(store, story("old"), story("new"), story("kept"), story("works", reason=None))
    store.search()
    for run_id, at in (("old", 10.0), ("new", 30.0), ("works", 10.0)):
        store.annotate(run_id, lambda one, at=at: replace(one, deleted_at=at, tags=("t",)))
    store.label("old", 0, "good")
    assert store.purge(20.0) == 1
    assert store.row("old") is None
    assert store.events("old") == []
    assert store.labels("old") == {}
    assert found(store, filters=Filters(deleted=True)) == ["works", "new"]
    assert len(store.events("kept")) > 0
    assert store.purge(20.0) == 0


def test_what_was_kept_beside_a_run_goes_with_it(store: Store):
    """Of other runs, whatever their ids have in common, and of other kinds, nothing goes."""
    add(store, story("a_b"), story("axb"), story("a_b2"))
    kept = ["a_b2/1", "axb/1"]
    for name in ("a_b/1", "a_b/2", *kept):
        store.put("what-if", name, "{}")
    store.put("rows", "a_b/1", "{}")
    store.annotate("a_b", lambda one: replace(one, deleted_at=10.0))
    assert store.purge(20.0) == 1
    assert list(store.documents("what-if")) == kept
    assert list(store.documents("rows")) == ["a_b/1"]


# The index


def test_the_index_is_built_anew_from_the_events(tmp_path: Path):
    with closing(open_store(tmp_path)) as store:
        add(store, *(story(f"r{n}", title=f"title{n}", started_at=float(n)) for n in range(120)))
        store.annotate("r7", lambda one: replace(one, name="seven"))
        before = store.search("title7", index_s=3600)
        store.reindex()
        assert store.search("title7", index_s=3600) == before
        assert found(store, "seven") == ["r7"]


def test_a_search_that_has_no_time_says_how_much_is_left(tmp_path: Path):
    with closing(open_store(tmp_path)) as store:
        add(store, *(story(f"r{n}", started_at=float(n)) for n in range(120)))
        first = store.search(index_s=0.0)
        assert (first.total, first.unindexed) == (50, 70)
        assert first.rows[0].run_id == "r119", "the newest come first"
        assert store.search(index_s=0.0).unindexed == 20
        assert (store.search(index_s=0.0).total, store.search(index_s=0.0).unindexed) == (120, 0)


def test_recording_a_run_writes_nothing_to_the_index(tmp_path: Path):
    with closing(open_store(tmp_path)) as store:
        append_one_by_one(store, run("a"))
        assert store.search(limit=0, index_s=-1).total == 1
        append_one_by_one(store, run("b"))
        with store._database.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT run_id FROM run_index").all()
        assert rows == [("a",)], "it is indexed by whoever searches"
        assert set(found(store)) == {"a", "b"}


def test_a_damaged_summary_hides_no_run_from_the_list(tmp_path: Path):
    with closing(open_store(tmp_path)) as store:
        add(store, story("a"), story("b", started_at=5000.0))
        store.write(
            "damage it", lambda c: c.exec_driver_sql("UPDATE runs SET summary = '{' WHERE id = 'b'") and None
        )
        assert set(found(store)) == {"a", "b"}


def test_what_is_noted_survives_a_new_start(tmp_path: Path):
    with closing(open_store(tmp_path)) as store:
        add(store, [*story("a")[:-1], story("a")[-1]])
        store.annotate("a", star)
        store.label("a", 0, "bad")
    with closing(open_store(tmp_path)) as store:
        assert store.annotation("a").starred
        assert store.labels("a") == {0: "bad"}
        assert found(store, filters=Filters(starred=True)) == ["a"]


def test_a_run_that_finished_is_still_found_after_it_went_on(store: Store):
    records = story("a", reason="cancelled", outputs={"answer": "first"})
    add(store, records)
    assert found(store, filters=Filters(outcomes=("cancelled",))) == ["a"]
    more = [ev.RunResumed(1), ev.AttemptStarted(1, 0.0), ev.RewardStarted(1, {"answer": "second"}), ev.RewardScored(1, 1.0, 0.1), FINISHED]  # fmt: skip
    log = [*records, *(replace(r, seq=len(records) + r.seq) for r in numbered("a", more))]
    store.append(log[len(records) :], summed_up(log))
    assert found(store, filters=Filters(outcomes=("cancelled",))) == []
    assert found(store, "first second") == ["a"]


def branch(run_id: str, parent: str, **facts: object) -> list[Record]:
    return story(run_id, parent=parent, fork_attempt=2, **facts)  # type: ignore[arg-type]


def put(store: Store, *logs: list[Record]) -> None:
    for log in logs:
        append_one_by_one(store, log)


def rows(page: RunPage) -> list[tuple[str, int, bool]]:
    """Id, folded branches and whether the row itself passes."""
    folded = [page.folded.get(row.run_id, Folded()) for row in page.rows]
    return [(row.run_id, one.branches, one.passes) for row, one in zip(page.rows, folded, strict=True)]


FAMILY = (
    story("root", title="Kettle", started_at=10.0, rewards=(0.2,)),
    branch("first", "root", title="Kettle", started_at=20.0, rewards=(0.9,)),
    branch("second", "first", title="Kettle with lid", started_at=40.0, rewards=(0.5,)),
    story("other", title="Headline", started_at=30.0, rewards=(0.6,)),
)


def test_branches_stand_under_the_first_run_of_their_family(store: Store):
    put(store, *FAMILY)
    page = store.search(filters=Filters(fold=True))
    assert rows(page) == [("root", 2, True), ("other", 0, True)]
    assert (page.total, page.matching, page.row_count) == (4, 4, 2)
    under = store.search(filters=Filters(under=("root",)))
    assert [row.run_id for row in under.rows] == ["second", "first"]


def test_a_family_stands_where_its_newest_run_would_stand(store: Store):
    put(store, *FAMILY)
    assert [row.run_id for row in store.search(filters=Filters(fold=True)).rows] == ["root", "other"]
    by_best = store.search(filters=Filters(fold=True), sort=Sort("best"))
    assert [row.run_id for row in by_best.rows] == ["other", "root"]


def test_a_branch_that_is_found_shows_its_family(store: Store):
    put(store, *FAMILY)
    assert rows(store.search("lid", Filters(fold=True))) == [("root", 1, False)]
    assert rows(store.search("headline", Filters(fold=True))) == [("other", 0, True)]


def test_branches_of_a_deleted_run_stand_for_themselves(store: Store):
    put(store, *FAMILY)
    store.annotate("root", lambda one: replace(one, deleted_at=1.0))
    page = store.search(filters=Filters(fold=True))
    assert rows(page) == [("second", 0, True), ("other", 0, True), ("first", 0, True)]


def test_tries_of_a_hint_test_are_counted_under_their_run(store: Store):
    put(store, *FAMILY, story("try", parent="second", hint_test="t1", started_at=50.0))
    page = store.search(filters=Filters(fold=True))
    assert page.folded["root"] == Folded(branches=2, tries=1)
    assert [row.run_id for row in store.search(filters=Filters(under=("root",), tries=True)).rows] == ["try"]


def test_a_circle_of_parents_hides_no_run(store: Store):
    put(store, branch("a", "b"), branch("b", "a"))
    page = store.search(filters=Filters(fold=True))
    assert sum(1 + folded for _, folded, _ in rows(page)) == 2


@settings(max_examples=12, deadline=None)
@given(
    parents=st.lists(st.integers(0, 6), min_size=1, max_size=8),
    deleted=st.sets(st.integers(0, 7), max_size=2),
    page_size=st.integers(1, 4),
)
def test_both_stores_fold_alike(
    tmp_path_factory: pytest.TempPathFactory, parents: list[int], deleted: set[int], page_size: int
):
    """A run of a number below its own is a branch of that run; any other is a run of its own."""
    logs = [
        branch(f"r{i}", f"r{parent}", started_at=float(i), rewards=(0.1 * i,))
        if parent < i
        else story(f"r{i}", started_at=float(i), rewards=(0.1 * i,))
        for i, parent in enumerate(parents)
    ]
    answers = []
    with closing(MemoryStore()) as memory, closing(open_store(tmp_path_factory.mktemp("fold"))) as database:
        for one in (memory, database):
            put(one, *logs)
            for i in deleted & set(range(len(logs))):
                one.annotate(f"r{i}", lambda old: replace(old, deleted_at=1.0))
            pages = [
                one.search(filters=Filters(fold=True), sort=sort, limit=page_size, offset=offset)
                for sort in (NEWEST_FIRST, Sort("best"))
                for offset in (0, page_size)
            ]
            answers.append([(rows(page), page.total, page.matching, page.row_count) for page in pages])
    assert answers[0] == answers[1]
