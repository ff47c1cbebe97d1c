"""The Runs page as Streamlit runs it: what the table gets, what the address says, what a press does."""

from __future__ import annotations

import datetime
import functools
import json
import math

import pytest

from pages.runs.rows import MAX_POINTS, chart_points, describe_rewards, ended_rewards, table_row
from refine_core import runs
from refine_core.formatting import format_day
from refine_core.log.summaries import summarize
from refine_core.runs import Filters
from tests.pages.test_pages import _own_runs, errors, open_app, said  # noqa: F401  # a fixture for every test
from tests.store.stored_runs import summed_up
from tests.store.test_store_search import story

KEY = "runs.table"
NOW = datetime.datetime(2026, 11, 29, 15, 0, tzinfo=datetime.UTC)


def keep(*stories):
    for records in stories:
        runs.default().store.append(records, functools.reduce(summarize, records, None))


def open_list(**query):
    app = open_app()
    app.switch_page("../runs/page.py")
    app.query_params.clear()
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


def data(app):
    (table,) = [e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.runs"]
    return json.loads(table.proto.json)


def ids(app):
    return [row["id"] for row in data(app)["rows"]]


def press(app, name, run_ids=(), detail="", at=[0]):  # noqa: B006  # another time at each press
    at[0] += 1
    app.session_state[KEY] = {"action": {"name": name, "ids": list(run_ids), "detail": detail, "at": at[0]}}
    app.run()
    assert not app.exception


def address(app):
    """What the address asks for: name -> its values."""
    asked = {name: app.query_params[name] for name in app.query_params}
    return {name: [value] if isinstance(value, str) else value for name, value in asked.items()}


def three():
    keep(
        story("a", title="Kettle", model="one", cost=0.2, rewards=(0.1, 0.9), reason="threshold_reached"),
        story("b", title="Tent", model="two", cost=0.1, reason="cancelled", started_at=2000.0),
        story("c", title="Camp", model="one", cost=0.0, reason=None, started_at=3000.0),
    )


def test_an_empty_list_says_what_to_do():
    app = open_list()
    assert "No runs yet.** Start one in the Lab" in said(app)
    assert not [e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.runs"]


def test_the_newest_runs_come_first_with_their_count():
    three()
    app = open_list()
    assert ids(app) == ["c", "b", "a"]
    assert "3 runs" in said(app)
    assert address(app) == {}


def test_the_address_asks_for_a_list():
    three()
    app = open_list(model=["one"], sort=["-cost"])
    assert ids(app) == ["a", "c"]
    assert "2 of 3 runs" in said(app)
    assert ids(open_list(q=["tent"])) == ["b"]
    assert ids(open_list(outcome=["reached", "cancelled"])) == ["b", "a"]
    assert ids(open_list(cost=["over 10 cents"])) == ["b", "a"]
    assert ids(open_list(when=["today"])) == []


def test_nonsense_in_the_address_is_left_out():
    three()
    app = open_list(model=["nobody's"], outcome=["x"], sort=["--"], page=["-7"], when=["never"], cost=["-1"])
    assert ids(app) == ["c", "b", "a"]
    assert open_list(page=["999999999999"]).query_params.get("page") is None


def test_what_is_typed_and_chosen_goes_into_the_address():
    three()
    app = open_list()
    app.text_input(key="runs.0.q").set_value("kettle").run()
    assert ids(app) == ["a"]
    app.button_group(key="runs.0.outcome").set_value(["reached"]).run()
    press(app, "sort", detail="cost")
    assert address(app) == {"q": ["kettle"], "outcome": ["reached"], "sort": ["-cost"]}
    app.button(key="runs.clear").click().run()
    assert (ids(app), address(app)) == (["a", "b", "c"], {"sort": ["-cost"]})


def test_no_match_says_what_to_do_and_keeps_the_table():
    three()
    app = open_list(q=["nowhere"])
    assert data(app)["rows"] == []
    assert "No run matches." in said(app)
    assert "0 of 3 runs" in said(app)


def test_a_press_on_a_heading_sorts_and_a_second_one_turns_the_order():
    three()
    app = open_list()
    for expected in (["a", "b", "c"], ["c", "b", "a"]):
        press(app, "sort", detail="cost")
        assert ids(app) == expected
    press(app, "sort", detail="name")
    assert [row["name"] for row in data(app)["rows"]] == ["Camp", "Kettle", "Tent"]
    press(app, "sort", detail="no column")
    assert data(app)["sort"] == {"key": "name", "descending": False}


def test_pages_are_cut_on_the_server_and_kept_in_the_address():
    keep(*(story(f"r{n:02}", started_at=float(n)) for n in range(60)))
    app = open_list()
    assert len(ids(app)) == 25
    press(app, "page", detail="3")
    assert (ids(app), address(app)) == ([f"r{n:02}" for n in range(9, -1, -1)], {"page": ["3"]})
    assert data(app)["page"] == {"number": 3, "size": 25, "matching": 60}
    app.text_input(key="runs.0.q").set_value("run").run()
    assert (data(app)["page"]["number"], address(app)) == (1, {"q": ["run"]})
    assert ids(open_list(page=["9"])) == [f"r{n:02}" for n in range(9, -1, -1)], "the last there is"


def test_a_deleted_run_comes_back_by_undo():
    three()
    app = open_list()
    press(app, "delete", ["a", "b"])
    assert (ids(app), data(app)["undo"]) == (["c"], "2 runs deleted.")
    press(app, "undo")
    assert (ids(app), data(app)["undo"]) == (["c", "b", "a"], "")


def test_deleted_runs_can_be_listed_and_restored():
    three()
    runs.delete(["a"])
    app = open_list(deleted=["yes"])
    assert (ids(app), data(app)["deleted"]) == (["a"], True)
    assert "1 deleted run" in said(app)
    press(app, "restore", ["a"])
    assert "a" in ids(open_list())


def test_a_list_whose_runs_are_all_deleted_says_how_to_have_them_back():
    three()
    runs.delete(["a", "b", "c"])
    words = said(open_list())
    assert "Every run is deleted. Press Deleted above to restore runs" in words.replace("*", "")
    assert "No runs yet" not in words


def test_a_search_index_that_is_not_complete_says_how_much_is_left():
    keep(*(story(f"r{n:03}", started_at=float(n)) for n in range(120)))
    page = runs.default().list.search(index_s=-1.0)
    assert (page.total, page.unindexed) == (50, 70)
    app = open_list()  # which reads on
    assert len(ids(app)) == 25


def test_runs_that_cannot_be_indexed_are_said_to_be_kept():
    """A full disk, say: "No runs yet" would be a lie."""
    three()
    store = runs.default().store
    fail = "CREATE TRIGGER full BEFORE INSERT ON run_index BEGIN SELECT RAISE(ABORT, 'no room'); END"
    store.write("break it", lambda connection: connection.exec_driver_sql(fail) and None)
    app = open_list()
    assert "No runs yet" not in said(app)
    assert any("3 runs are missing from this list, and kept: cannot index the runs" in e for e in errors(app))
    store.write("mend it", lambda connection: connection.exec_driver_sql("DROP TRIGGER full") and None)
    assert ids(app.run()) == ["c", "b", "a"]
    assert errors(app) == []


def test_a_run_at_work_is_not_deleted():
    three()
    app = open_list()
    press(app, "delete", ["c", "a"])
    assert any("cancel first" in text for text in errors(app))
    assert ids(app) == ["c", "b", "a"]
    assert any("cancel first" in text for text in errors(app.run())), (
        "the list is drawn again every two seconds"
    )
    press(app, "star", ["a"])
    assert errors(app) == []


def test_a_deleted_run_says_so_on_its_page_and_comes_back_from_there():
    three()
    runs.delete(["a"])
    app = open_app()
    app.query_params.update(run="a")
    app.switch_page("../run/page.py").run()
    assert any("This run is deleted, and kept until" in w.value.replace("\\", "") for w in app.warning)
    next(b for b in app.button if b.label == "Restore").click().run()
    assert not app.exception
    assert not any("deleted" in w.value for w in app.warning)
    assert runs.annotation("a").deleted_at is None


def test_a_star_a_name_tags_and_a_note_are_kept():
    three()
    app = open_list()
    press(app, "star", ["a"])
    press(app, "rename", ["a"])
    (name,) = [t for t in app.text_input if t.label == "Name"]
    name.set_value("The good one")
    next(b for b in app.button if b.label == "Save").click().run()
    press(app, "note", ["a"])
    app.text_area[0].set_value("shown to the class")
    next(b for b in app.button if b.label == "Save").click().run()
    press(app, "tag", ["a", "b"])
    app.multiselect[0].set_value(["demo"]).run()
    next(b for b in app.button if b.label == "Save").click().run()
    noted = runs.annotation("a")
    assert (noted.name, noted.starred, noted.note, noted.tags) == (
        "The good one",
        True,
        "shown to the class",
        ("demo",),
    )
    row = data(app)["rows"][-1]
    assert (row["name"], row["title"], row["starred"], row["tags"]) == (
        "The good one",
        "Kettle",
        True,
        ["demo"],
    )
    assert ids(open_list(starred=["yes"])) == ["a"]
    assert ids(open_list(tag=["demo"])) == ["b", "a"]


def test_tags_of_several_runs_leave_what_only_some_have():
    three()
    runs.tag("a", ["own", "both"])
    runs.tag("b", ["both"])
    runs.tag("c", ["a-b_*c*"])
    app = open_list()
    press(app, "tag", ["a", "b"])
    assert "a-b_*c*" in app.multiselect[0].options, "a field of tags shows text as it stands"
    assert app.multiselect[0].value == ["both"]
    app.multiselect[0].set_value(["new"]).run()
    next(b for b in app.button if b.label == "Save").click().run()
    assert (runs.annotation("a").tags, runs.annotation("b").tags) == (("own", "new"), ("new",))


def test_an_action_is_done_once():
    three()
    app = open_list()
    press(app, "delete", ["a"])
    runs.undelete(["a"])
    app.run()  # Streamlit may carry one press into two runs
    assert ids(app) == ["c", "b", "a"]


def left_for(app):
    """Where the browser was sent."""
    (one,) = [e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.leave"]
    return json.loads(one.proto.json)["to"]


def test_what_if_leads_to_rewards_with_the_rows_of_the_selected_runs():
    three()
    app = open_list()
    press(app, "what-if", ["b", "a"])
    assert left_for(app) == "rewards?of=b&of=a"
    app.switch_page("../rewards/page.py")
    app.query_params.clear()
    app.query_params.update({"of": ["b", "a", "gone"]})
    app.run()
    assert not app.exception
    assert app.query_params["rows"] == ["run:b", "run:a"]
    assert "of" not in app.query_params


def test_what_if_says_how_many_runs_it_takes():
    three()
    app = open_list()
    press(app, "what-if", [f"r{i}" for i in range(51)])
    assert "What if takes up to 50 runs at once; 51 are selected" in app.error[0].value


@pytest.mark.parametrize("sent", [None, 7, {"name": None}, {"name": "delete", "ids": "abc", "at": 1}, {"name": "star", "ids": ["nobody"], "at": 2}, {"name": "open", "ids": [], "at": 3}])  # fmt: skip
def test_whatever_a_browser_sends_breaks_nothing(sent):
    three()
    app = open_list()
    app.session_state[KEY] = {"action": sent, "selected": sent}
    app.run()
    assert not app.exception
    assert ids(app) == ["c", "b", "a"]


def test_two_selected_runs_are_described_as_a_pair():
    keep(story("a", inputs={"q": 1}), story("b", inputs={"q": 1}, model="other"), story("c", inputs={"q": 2}))
    app = open_list()
    app.session_state[KEY] = {"selected": {"ids": ["a", "b"], "cleared": 0}}
    app.run()
    assert data(app)["pair"] == "Same program, inputs and settings, other model"
    app.session_state[KEY] = {"selected": {"ids": ["a", "c"], "cleared": 0}}
    app.run()
    assert data(app)["pair"] == "Same program, model and settings, other inputs"


# Rows


def row_of(**facts):
    keep(story("x", **facts))
    (run,) = runs.search("", Filters(run_ids=("x",))).rows
    return table_row(run, now=NOW)


def test_unknown_costs_are_not_shown_as_nothing():
    row = row_of(cost=None, tokens=None)
    assert (row["tokens"], row["cost"]) == ("unknown", "unknown")
    assert summed_up(story("x")).spent[0].calls == 1


def test_a_reward_just_below_the_threshold_does_not_look_like_it():
    assert row_of(rewards=(0.99999,))["best"] == "0.99999"


def test_a_row_says_each_reward_in_words():
    assert describe_rewards((0.5, None, 1.0)) == "Rewards: 0.50, none, 1.00"
    assert describe_rewards((None, math.nan)) == "No rewards"
    many = describe_rewards([n / 100 for n in range(100)] + [None])
    assert many == "Rewards of 101 attempts, from 0.00 to 0.99, 1 without a reward"


@pytest.mark.parametrize(
    ("rewards", "failed", "expected"),
    [
        ((0.5, None), 0, (0.5,)),
        ((0.5, None), 1, (0.5, None)),
        ((None, None), 1, (None,)),
        ((None, 0.5, None, None), 2, (None, 0.5, None)),
        ((), 0, ()),
    ],
)
def test_an_attempt_at_work_is_not_drawn_as_one_that_failed(rewards, failed, expected):
    assert ended_rewards(rewards, failed) == expected


def test_a_long_run_is_drawn_by_the_best_of_each_stretch():
    points = chart_points([n / 500 for n in range(500)])
    assert len(points) == MAX_POINTS
    assert points == sorted(points)
    assert points[-1] == 499 / 500
    assert chart_points([None] * 100) == [None] * MAX_POINTS
    assert chart_points([math.inf, 0.5, -math.inf, math.nan]) == [1.25, 0.5, -0.25, None]


@pytest.mark.parametrize(
    ("days", "expected"), [(0, "14:00"), (1, "yesterday"), (2, "27 Nov"), (400, "2025-10-25")]
)
def test_when_a_run_began_is_told_as_short_as_it_can_be(days, expected):
    at = NOW - datetime.timedelta(days=days, hours=1)
    assert format_day(at.timestamp(), now=NOW) == expected


def test_a_time_that_no_clock_shows_is_unknown():
    assert format_day(1e18, now=NOW) == "unknown"


def family():
    keep(
        story("root", title="Kettle", rewards=(0.2,), started_at=100.0),
        story("first", title="Kettle", parent="root", fork_attempt=2, rewards=(0.2, 0.9), started_at=200.0),
        story("second", title="Kettle with lid", parent="first", fork_attempt=3, started_at=300.0),
        story("other", title="Headline", started_at=50.0),
        story("try", title="Kettle", parent="root", hint_test="t1", started_at=400.0),
    )


def test_branches_and_tries_are_folded_with_a_count_and_unfold_by_a_press():
    family()
    app = open_list()
    assert ids(app) == ["root", "other"]
    row = data(app)["rows"][0]
    assert row["fold"] == {"text": "2 + 1", "words": "2 branches and 1 try of a hint test", "open": False}
    assert data(app)["rows"][1]["fold"] is None
    press(app, "unfold", ["root"])
    rows = data(app)["rows"]
    assert [(row["id"], row["kind"], row["from"]) for row in rows] == [
        ("root", "run", ""),
        ("first", "branch", "from 2"),
        ("second", "branch", "from 3"),
        ("try", "try", ""),
        ("other", "run", ""),
    ]
    assert rows[1]["input"] == ""  # as in the row above
    press(app, "unfold", ["root"])
    assert ids(app) == ["root", "other"]


def test_a_search_shows_a_branch_below_a_parent_that_it_does_not_find():
    family()
    app = open_list(q="lid")
    rows = data(app)["rows"]
    assert [(row["id"], row["context"]) for row in rows] == [("root", True), ("second", False)]
    assert "1 of 4 runs" in said(app)
    press(app, "unfold", ["root"])
    assert ids(app) == ["root"]


def test_pages_count_families_and_not_their_branches():
    keep(*(story(f"r{i:02}", started_at=float(i)) for i in range(25)))
    keep(*(story(f"b{i}", parent="r24", fork_attempt=2, started_at=100.0 + i) for i in range(3)))
    app = open_list()
    assert data(app)["page"] == {"number": 1, "size": 25, "matching": 25}
    assert "28 runs" in said(app)


def test_a_branch_can_be_ticked_and_compared_with_its_parent():
    family()
    app = open_list()
    press(app, "unfold", ["root"])
    press(app, "compare", ["root", "first"])
    (to,) = [
        json.loads(e.proto.json)["to"]
        for e in app.get("bidi_component")
        if e.proto.component_name == "refinescope.leave"
    ]
    assert to == "compare?a=root&b=first"
