"""Import: a run that was exported comes back equal, and whatever cannot be a run is refused whole."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, settings

from refine_core.errors import ImportRefused, SpecError
from refine_core.export import RunLog, export_run, export_runs, import_runs
from refine_core.runs import Runs
from refine_core.store import MemoryStore, open_store
from refine_core.store.listing import Annotation
from tests.logs import SCENARIOS, headline, running, two_stages
from tests.store.stored_runs import summed_up
from tests.unit.test_hostile_logs import LOGS


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    one = MemoryStore() if request.param == "memory" else open_store(tmp_path / "home")
    yield one
    one.close()


def exported(log, to="jsonl"):
    return export_run(RunLog(log.records), to).data


def lines(log):
    return [json.loads(line) for line in exported(log).decode().splitlines()]


def written(objects):
    return "\n".join(json.dumps(one) if isinstance(one, dict) else "{broken" for one in objects).encode()


@pytest.mark.parametrize("to", ["jsonl", "html"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_run_comes_back_equal(name, to):
    store, log = MemoryStore(), SCENARIOS[name]()
    imported = import_runs(store, exported(log, to))
    assert store.events(imported.run_ids[0]) == log.records


@settings(max_examples=60, deadline=None)
@given(LOGS)
def test_a_run_with_any_text_comes_back_equal(log):
    """As a store has it: two halves of an emoji that meet in a text are one character from then on."""
    first = MemoryStore()
    first.append(log.records, summed_up(log.records))
    for to in ("jsonl", "html"):
        store = MemoryStore()
        import_runs(store, export_run(RunLog(first.events("run-1")), to).data)
        assert store.events("run-1") == first.events("run-1")


def test_several_runs_come_in_one_file_with_their_names(store):
    logs = [headline(), two_stages()]
    runs = [
        RunLog([replace(r, run_id=f"run-{i}") for r in log.records], Annotation(f"Name {i}", ("a", "b")))
        for i, log in enumerate(logs)
    ]
    imported = import_runs(store, export_runs(runs, "jsonl").data)
    assert imported.new == ("run-0", "run-1")
    assert store.annotation("run-1") == Annotation("Name 1", ("a", "b"))
    assert [store.events(run.run_id) for run in runs] == [run.records for run in runs]


def test_an_imported_run_says_that_it_is_one_and_cannot_be_resumed(store):
    import_runs(store, exported(running()))
    run = Runs(store).get("run-1")
    assert (run.imported, run.state, run.resumable) == (True, "interrupted", False)
    assert "the file that it came in ends there" in run.stop_summary
    (listed,) = store.search().rows
    assert (listed.imported, listed.outcome) == (True, "interrupted")
    with pytest.raises(SpecError, match="was imported"):
        Runs(store).resume("run-1")


def test_the_same_run_again_changes_nothing(store):
    data = exported(headline())
    import_runs(store, data)
    again = import_runs(store, data)
    assert (again.new, again.known) == ((), ("run-1",))
    assert len(store.rows()) == 1


def test_a_run_that_was_deleted_comes_back(store):
    data = exported(headline())
    import_runs(store, data)
    store.annotate("run-1", lambda noted: replace(noted, deleted_at=1.0))
    import_runs(store, data)
    assert len(store.search().rows) == 1


def test_another_run_of_the_same_id_gets_an_id_of_its_own_once(store):
    store.append(headline().records, summed_up(headline().records))
    data = exported(two_stages())
    first, second = import_runs(store, data), import_runs(store, data)
    ((old, new),) = first.renamed
    assert old == "run-1"
    assert first.new == (new,)
    assert second.known == (new,)
    assert store.events("run-1") == headline().records
    assert [replace(r, run_id="run-1") for r in store.events(new)] == two_stages().records


def change(number, **fields):
    """An edit of line `number`: what these fields are set to; a field of the event's data by its name after "data_"."""

    def edit(found):
        for name, value in fields.items():
            target = found[number]["data"] if name.startswith("data_") else found[number]
            target[name.removeprefix("data_")] = value

    return edit


def renumber(wanted, found):
    """Make the file's lines these, numbered in order."""
    found[:] = [dict(line) for line in wanted]
    found[0]["events"] = len(found) - 1
    for seq, line in enumerate(found[1:], 1):
        line["seq"] = seq


def deep():
    value = "x"
    for _ in range(150):
        value = [value]
    return value


def find(found, kind):
    return next(i for i, line in enumerate(found) if line.get("kind") == kind)


BROKEN = {
    "a line that is no JSON": (lambda f: f.insert(3, None), "no JSON"),
    "cut off": (lambda f: f.pop(), "cut off"),
    "an event is missing": (lambda f: f.pop(5), "not in order"),
    "two events changed places": (lambda f: f.insert(5, f.pop(6)), "not in order"),
    "no beginning": (lambda f: f.pop(0), "neither the events"),
    "a newer format": (change(0, format=2), "Update Refinescope"),
    "no format": (change(0, format=None), "which format"),
    "an id that is a path": (change(0, run_id="../../etc/passwd"), "id of the run"),
    "an id that is too long": (change(0, run_id="x" * 101), "id of the run"),
    "a count that is too small": (change(0, events=3), "should begin here"),
    "a count that is absurd": (change(0, events=10**12), "more than"),
    "a name that is no text": (change(0, name=["x"]), "must be text"),
    "a newer event": (change(3, kind="teleported"), "newer version"),
    "a newer version of an event": (change(3, version=99), "newer version"),
    "no time": (change(3, at=None), "no time"),
    "a time of no clock": (change(3, at=1e300), "no clock"),
    "a time of 400 digits": (change(3, at=10**400), "no time"),
    "a span of no end": (change(3, span="a/" * 500), "where in the run"),
    "an event without its data": (change(2, data={}), "not what the event"),
    "text for a number": (change(1, data_temperatures=["hot"]), "not what the event"),
    "a number for text": (lambda f: f[1]["data"]["spec"].update(title=5), "spec.title is a number"),
    "an unknown strategy": (lambda f: f[1]["data"]["spec"].update(strategy="evil"), "spec.strategy"),
    "a signature that cannot be read": (
        lambda f: f[1]["data"]["spec"]["stages"][0].update(signature="-> ->"),
        "cannot be read",
    ),
    "a branch from nowhere": (lambda f: f[1]["data"]["spec"].update(fork_attempt=10**14), "branch from attempt"),
    "a branch from below nothing": (lambda f: f[1]["data"]["spec"].update(fork_attempt=-5), "branch from attempt"),
    "fewer kept events than none": (change(1, data_kept_events=-1), "less than nothing"),
    "no stage": (lambda f: f[1]["data"]["spec"].update(stages=[]), "0 stages"),
    "an absurd N": (lambda f: f[1]["data"]["spec"].update(N=10**9), "attempts"),
    "a huge title": (lambda f: f[1]["data"]["spec"].update(title="x" * 100_001), "title"),
    "an attempt far away": (change(2, data_index=10**9), "does not follow"),
    "an attempt before the first": (change(2, data_index=-1), "does not follow"),
    "deep data": (lambda f: f[1]["data"]["spec"]["inputs"].update(question=deep()), "levels deep"),
    "a number of a million digits": (
        lambda f: f[1]["data"]["spec"]["inputs"].update(question={"$int": "f" * 1_000_000}),
        "digits",
    ),
    "a reward that is not a number": (
        lambda f: f[find(f, "reward_scored")]["data"].update(value={"$float": "nan"}),
        "not a finite number",
    ),
    "more tokens than there are": (
        lambda f: f[find(f, "lm_replied")]["data"].update(prompt_tokens=10**30),
        "too large",
    ),
    "a reward of another attempt": (
        lambda f: f[find(f, "reward_scored")]["data"].update(index=3),
        "has not begun",
    ),
    "a reply to nothing": (lambda f: f[find(f, "lm_replied")].update(span="nowhere"), "never made"),
    "an attempt that was never scored is returned": (
        lambda f: f[-1]["data"].update(returned=4),
        "no reward",
    ),
    "a second beginning": (lambda f: renumber([*f[:2], f[1], *f[2:]], f), "second run"),
    "events after the end": (lambda f: renumber([*f, f[2]], f), "after the run has ended"),
    "a run that does not begin with its beginning": (
        lambda f: renumber([f[0], *f[2:]], f),
        "before the run has begun",
    ),
    "the same run twice": (lambda f: f.extend([dict(x) for x in f]), "twice"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_a_run_is_refused_with_a_reason(name):
    store, (edit, reason) = MemoryStore(), BROKEN[name]
    found = lines(headline())
    edit(found)
    with pytest.raises(ImportRefused, match=reason):
        import_runs(store, written(found))
    assert store.rows() == []


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"0" * 10_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"hello", "neither the events"),
        (b"[1, 2]", "no event"),
        (b"{}", "neither the events"),
        (zipped(), "zip archive"),
        (gzip.compress(b"0" * 10_000_000), "gzip"),
        (b"PAR1....PAR1", "Parquet"),
        (b"<html><body>Nothing</body></html>", "holds no run"),
        (b"[" * 100_000, "neither the events"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "neither the events"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_a_reason(data, reason):
    store = MemoryStore()
    with pytest.raises(ImportRefused, match=reason):
        import_runs(store, data)
    assert store.rows() == []


def test_one_bad_run_keeps_all_of_its_file_out(store):
    good, bad = lines(headline()), lines(two_stages())
    for line in bad[:1]:
        line["run_id"] = "run-2"
    bad.pop(7)
    with pytest.raises(ImportRefused):
        import_runs(store, written([*good, *bad]))
    assert store.rows() == []


def with_spec(log, run_id, **changes):
    """The log's records under another id, with another description."""
    event = log.records[0].event
    started = replace(event, spec=replace(event.spec, **changes))
    first = replace(log.records[0], event=started)
    return [replace(record, run_id=run_id) for record in (first, *log.records[1:])]


def test_what_was_made_from_runs_that_are_not_here_is_listed_all_the_same(store):
    """A branch without its parent, and a try of a hint test that is elsewhere."""
    records = [
        with_spec(headline(), "branch", parent="gone"),
        with_spec(headline(), "try", hint_test="gone", parent="gone"),
    ]
    import_runs(store, export_runs(map(RunLog, records), "jsonl").data)
    assert {row.run_id for row in store.search().rows} == {"branch", "try"}


def test_a_branch_cannot_keep_more_events_than_it_has():
    found = lines(headline())
    found[1]["data"]["kept_events"] = 10_000
    with pytest.raises(ImportRefused, match="keeps more events"):
        import_runs(MemoryStore(), written(found))


def test_a_circle_of_many_parents_has_a_family_that_is_bounded(store):
    first = with_spec(headline(), "r0")[0]
    runs = [[replace(r, run_id=f"r{i}") for r in with_spec(headline(), f"r{i}", parent=f"r{(i + 1) % 250}")[:1]] for i in range(250)]  # fmt: skip
    import_runs(store, export_runs([RunLog(one) for one in runs], "jsonl").data)
    family = Runs(store).branches.family(first.run_id)
    assert len(family.members) <= 200
    assert family.get("r0") is not None
