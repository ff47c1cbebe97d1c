"""Branches on the pages: the dialog Fork, a branch's own page, the family tree, Run again, and what the Lab gets of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.run.family import MAX_LANES, PlannedBranch, build_tree
from pages.run.fork.fields import describe_edit
from refine_core import programs, runs
from refine_core.differences import diff_words
from refine_core.programs import EXAMPLES
from refine_core.runs import Family, FamilyMember
from tests.pages.run_page import open_run

GAMED = "def reward(args, pred):\n    return 0.3\n"


@pytest.fixture(autouse=True)
def _own_runs():
    runs.close()
    yield
    runs.close()


def record(example="two_stages"):
    run_id = runs.start(EXAMPLES[example].spec)
    runs.join(run_id, 60)
    return run_id


def fork(run_id, attempt, **changes):
    made = runs.fork(run_id, attempt, **changes)
    runs.join(made, 60)
    return made


def said(app):
    shown = (*app.markdown, *app.caption, *app.error, *app.warning, *app.info)
    return " ".join(one.value for one in shown).replace("\\", "")


def component(app, name):
    """The data of each component of this name."""
    found = [e for e in app.get("bidi_component") if e.proto.component_name == f"refinescope.{name}"]
    return [json.loads(one.proto.json) for one in found]


def left_for(app):
    (to,) = [one["to"] for one in component(app, "leave")]
    return to


def typed(app, run_id, name):
    """The key of a field of the dialog."""
    return f"fork.{run_id}.{name}"


# The dialog


def test_the_dialog_says_what_is_kept_and_what_it_takes_before_the_button():
    run_id = record()
    app = open_run(run_id, fork="3")
    assert "Attempts 1 and 2 are kept as recorded: no calls, no cost." in said(app)
    assert "Up to 4 attempts and 3 requests for advice: **at most 11 calls, free" in said(app)
    assert "Nothing is changed yet" in said(app)
    assert [lane["draft"] for lane in component(app, "family")[-1]["lanes"]] == [False, True]


def test_no_attempt_is_open_for_forks_until_fork_is_pressed():
    run_id = record()
    app = open_run(run_id, attempt="2")
    assert not component(app, "family")
    app.button(key="fork-run").click().run()
    assert app.query_params["fork"] == "2"
    assert "Attempt 1 is kept as recorded" in said(app)


def test_a_press_on_another_attempt_opens_the_dialog_there():
    """The choice of the attempt outlasts the dialog, but not a link that names another one."""
    run_id = record()
    app = open_run(run_id, fork="3")
    app.session_state[typed(app, run_id, "after")] = 1
    app.run()
    assert app.query_params["fork"] == "2"
    app.button(key="fork.cancel").click().run()
    app.query_params["fork"] = "4"
    app.run()
    assert "Attempts 1, 2 and 3 are kept" in said(app)


def test_the_branch_runs_with_what_was_typed_and_is_shown():
    run_id = record()
    app = open_run(run_id, fork="3")
    app.session_state[typed(app, run_id, "change")] = "temperature"
    app.run()
    app.text_input(key=typed(app, run_id, "temperature.3")).set_value("0.9").run()
    app.text_input(key=typed(app, run_id, "name")).set_value("warmer").run()
    app.button(key="fork.run").click().run()
    made = app.query_params["run"]
    assert made != run_id
    runs.join(made, 60)
    timeline = runs.timeline(made)
    assert timeline.kept_attempts == 2
    assert timeline.attempts[2].temperature == 0.9
    assert runs.annotation(made).name == "warmer"
    assert "fork" not in app.query_params


def test_what_is_typed_is_there_in_another_session_until_the_branch_runs():
    run_id = record()
    app = open_run(run_id, fork="3")
    app.text_input(key=typed(app, run_id, "name")).set_value("a name").run()
    other = open_run(run_id, fork="3")
    assert other.text_input(key=typed(other, run_id, "name")).value == "a name"
    other.button(key="fork.run").click().run()
    runs.join(other.query_params["run"], 60)
    third = open_run(run_id, fork="3")
    assert third.text_input(key=typed(third, run_id, "name")).value == ""


def test_a_reward_that_ends_the_run_earlier_is_said_plainly():
    run_id = record()
    app = open_run(run_id, fork="4")
    app.session_state[typed(app, run_id, "change")] = "threshold"
    app.run()
    app.text_input(key=typed(app, run_id, "threshold")).set_value("0.1").run()
    assert "Nothing is left to do: the run would have stopped at attempt 1." in said(app)
    assert "Attempt 1 is kept as recorded" in said(app)


def test_another_reward_starts_the_branch_where_the_loop_would_have_parted():
    run_id = record()
    app = open_run(run_id, fork="4")
    app.session_state[typed(app, run_id, "change")] = "reward"
    app.run()
    app.session_state[typed(app, run_id, "reward")] = {"draft": {"code": GAMED, "rev": 0}}
    app.run()
    assert "Advice" in said(app) or "It begins at attempt" in said(app)
    plan = runs.plan_fork(run_id, 4, reward=GAMED)
    assert plan.reason in said(app)
    assert app.text_input(key=typed(app, run_id, "name")).placeholder == f"other reward from {plan.first_new}"
    assert plan.first_new < 4


def test_a_hint_that_a_person_wrote_is_not_said_to_be_the_advisers():
    run_id = record()
    names = runs.timeline(run_id).predictors
    branch = fork(run_id, 3, hints={names[0]: "In facts, list the order number and the date."})
    assert "As the adviser wrote it." in said(open_run(run_id, fork="3"))
    app = open_run(branch, fork="3")
    assert "As it was edited by hand." in said(app)
    assert "As the adviser wrote it." not in said(app)


@pytest.mark.parametrize(
    ("name", "value"), [("threshold", "high"), ("temperature.3", "3"), ("temperature.3", "nan")]
)
def test_a_number_that_is_none_is_said_and_runs_nothing(name, value):
    run_id = record()
    app = open_run(run_id, fork="3")
    app.session_state[typed(app, run_id, "change")] = name.partition(".")[0]
    app.run()
    app.text_input(key=typed(app, run_id, name)).set_value(value).run()
    assert "must be a number" in said(app)
    assert app.button(key="fork.run").disabled


def test_two_changes_are_run_with_a_word_on_what_that_hides():
    run_id = record()
    app = open_run(run_id, fork="3")
    app.number_input(key=typed(app, run_id, "n")).set_value(8).run()
    app.session_state[typed(app, run_id, "change")] = "threshold"
    app.run()
    app.text_input(key=typed(app, run_id, "threshold")).set_value("0.9").run()
    assert "Changed: the threshold and the maximum of attempts. With one change alone" in said(app)


@pytest.mark.parametrize("what", ["program", "inputs"])
def test_other_inputs_or_another_program_lead_to_the_lab(what):
    run_id = record()
    app = open_run(run_id, fork="3")
    app.session_state[typed(app, run_id, "change")] = what
    app.run()
    assert f"With other {what} no attempt can be kept" in said(app)
    assert not [one for one in app.button if one.key == "fork.run"]
    app.button(key="fork.lab-instead").click().run()
    assert left_for(app) == f".?run={run_id}&change=1"


def test_the_lab_gets_what_was_changed_and_the_runs_as_parent():
    run_id = record()
    app = open_run(run_id, fork="3")
    app.session_state[typed(app, run_id, "change")] = "threshold"
    app.run()
    app.text_input(key=typed(app, run_id, "threshold")).set_value("0.75").run()
    app.button(key="fork.lab").click().run()
    assert left_for(app) == f".?run={run_id}&change=1"
    app.switch_page("../lab/page.py")
    app.query_params.clear()
    app.query_params.update({"run": run_id, "change": "1"})
    app.run()
    assert not app.exception
    assert app.session_state["lab.parent"] == run_id
    assert app.text_input(key=f"lab.{app.session_state['lab.rev']}.threshold").value == "0.75"


# A branch's page


def test_a_branch_says_whose_it_is_and_leads_there():
    run_id = record()
    branch = fork(run_id, 3, temperature=0.9)
    app = open_run(branch)
    (title,) = component(app, "title")
    assert title["lineage"]["kind"] == "Branch of"
    assert title["lineage"]["parent"] == "Two stages, one to blame"
    assert title["lineage"]["about"] == "from attempt 3 · changed: T 0.9 · attempts 1 and 2 kept"
    app.session_state["title"] = {"asked": {"do": "compare", "at": 1}}
    app.run()
    assert left_for(app) == f"compare?a={run_id}&b={branch}"


def test_two_ends_of_the_tree_lead_to_their_comparison():
    run_id = record()
    branch = fork(run_id, 3, temperature=0.9)
    app = open_run(run_id)
    app.session_state["family"] = {"asked": {"do": "compare", "a": run_id, "b": branch, "at": 1}}
    app.run()
    assert left_for(app) == f"compare?a={run_id}&b={branch}"


@pytest.mark.parametrize(
    "asked", [{"do": "compare", "a": "x", "b": "y", "at": 1}, {"do": "open", "run": "x", "at": 1}, 7]
)
def test_a_browser_that_names_runs_of_no_family_is_led_nowhere(asked):
    run_id = record()
    fork(run_id, 3, temperature=0.9)
    app = open_run(run_id)
    app.session_state["family"] = {"asked": asked}
    app.run()
    assert not app.exception
    assert not component(app, "leave")


# Run again


def test_a_run_is_run_again_with_another_strategy_and_names_its_parent():
    run_id = record()
    app = open_run(run_id)
    app.menu_button(key="replay-run").click("Run again …").run()
    app.selectbox(key=f"again.{run_id}.strategy").set_value("best_of_n").run()
    assert "at most" in said(app).lower()
    app.button(key="again.run").click().run()
    made = app.query_params["run"]
    runs.join(made, 60)
    spec = runs.timeline(made).spec
    assert (spec.strategy, spec.parent, spec.fork_attempt) == ("best_of_n", run_id, None)
    (title,) = component(open_run(made), "title")
    assert title["lineage"]["kind"] == "Made from"
    assert title["lineage"]["about"] == "changed: best of N"


# The tree


def member(run_id, parent, rewards, fork_attempt=None, *, outcome="finished", depth=None, failed=1):
    depth = depth if depth is not None else int(parent is not None)
    best = max(range(len(rewards)), key=lambda i: rewards[i] or 0, default=None)
    return FamilyMember(
        run_id,
        parent,
        depth,
        fork_attempt,
        run_id,
        "",
        run_id,
        rewards,
        best,
        1.0,
        outcome,
        0.0,
        failed=failed,
    )


def lanes(family, run_id="root", planned=None):
    return {lane["id"]: lane for lane in build_tree(family, run_id, planned)["lanes"]}


def test_a_branch_leaves_the_line_that_made_the_attempt_before_it():
    """The parent kept attempt 2 itself, so a branch of it from attempt 3 leaves its grandparent's line."""
    family = Family(
        "root",
        (
            member("root", None, (0.1, 0.2, 0.3)),
            member("late", "root", (0.1, 0.2, 0.3, 0.4), 4),
            member("early", "late", (0.1, 0.2, 0.5), 3, depth=2),
        ),
    )
    drawn = lanes(family)
    assert {run: lane["joins"] for run, lane in drawn.items()} == {
        "root": None,
        "late": "root",
        "early": "root",
    }
    assert [point["number"] for point in drawn["early"]["points"]] == [3]
    assert drawn["early"]["words"] == "A branch from attempt 3. Rewards: 0.50."


@st.composite
def families(draw):
    """A run, branches of it and of these, and runs that keep nothing; each after its parent, the oldest child first."""
    found = [member("0", None, (0.5,) * draw(st.integers(1, 4)))]
    for number in range(1, draw(st.integers(1, 9))):
        parent = draw(st.sampled_from(found))
        at = draw(st.sampled_from([None, *range(1, len(parent.rewards) + 2)]))
        rewards = (0.5,) * ((at or 1) - 1 + draw(st.integers(1, 3)))
        found.append(member(str(number), parent.run_id, rewards, at, depth=parent.depth + 1))
    order = {None: [found[0]]}
    for one in found[1:]:
        order.setdefault(one.parent, []).append(one)

    def walk(one):
        yield one
        for child in order.get(one.run_id, []):
            yield from walk(child)

    return Family("0", tuple(walk(found[0])))


@given(families(), st.data())
def test_no_line_of_the_tree_crosses_the_attempts_of_another_run(family, data):
    parent = data.draw(st.sampled_from(family.members))
    planned = PlannedBranch("new", parent.run_id, data.draw(st.integers(1, len(parent.rewards) + 1)))
    drawn = build_tree(family, "0", planned)["lanes"]
    assert len(drawn) == len(family.members) + 1
    for i, lane in enumerate(drawn):
        if lane["joins"] is None or lane["from"] == 1:
            continue
        top = next(j for j, one in enumerate(drawn) if one["id"] == lane["joins"] and not one["draft"])
        assert top < i
        assert all(one["from"] >= lane["from"] for one in drawn[top + 1 : i])


def test_a_planned_branch_stands_below_those_that_leave_with_it_or_later():
    family = Family(
        "root",
        (
            member("root", None, (0.1, 0.2)),
            member("again", "root", (0.1,)),
            member("branch", "root", (0.1, 0.3), 2),
        ),
    )
    drawn = list(lanes(family, planned=PlannedBranch("new", "root", 2)).values())
    assert [(lane["id"], lane["draft"]) for lane in drawn] == [
        ("root", False),
        ("branch", False),
        ("", True),
        ("again", False),
    ]
    assert drawn[2]["joins"] == "root"


def test_a_large_family_shows_this_run_and_counts_the_rest():
    many = [member(f"b{i}", "root", (0.1, 0.2), 2) for i in range(MAX_LANES + 10)]
    family = Family("root", (member("root", None, (0.1,)), *many), left_out=5)
    tree = build_tree(family, f"b{MAX_LANES + 9}")
    assert len(tree["lanes"]) == MAX_LANES + 1
    assert [lane["id"] for lane in tree["lanes"] if lane["current"]] == [f"b{MAX_LANES + 9}"]
    assert tree["left_out"] == 5 + 10


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("as it has it.", "as it has them.", "1 word replaced"),
        ("list the number", "list the number and the date", "3 words added"),
        ("be brief and kind", "be brief", "2 words removed"),
        ("same", "same", ""),
    ],
)
def test_an_edit_is_counted_in_words(before, after, words):
    assert describe_edit([(piece.kind, piece.text) for piece in diff_words(before, after).pieces]) == words


def test_a_draft_never_keeps_a_pasted_key():
    run_id = record()
    app = open_run(run_id, fork="3")
    app.text_input(key=typed(app, run_id, "name")).set_value(
        "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEF"
    ).run()
    draft = programs.read_draft(run_id, kind="fork draft")
    assert draft is None or "name" not in draft.fields


@pytest.mark.parametrize(
    ("rewards", "outcome", "marks"),
    [
        ((0.1,), "running", ["pending"]),  # a branch from attempt 2 that has only just begun
        ((0.1, None), "cancelled", ["pending"]),  # cut off
        ((0.1, None, 0.3), "reached", ["failed", "stopped"]),
        ((0.1, 0.2, 0.3), "not reached", ["scored", "best"]),
    ],
)
def test_each_attempt_of_the_tree_has_the_mark_of_what_became_of_it(rewards, outcome, marks):
    family = Family("root", (member("root", None, (0.1,)), member("b", "root", rewards, 2, outcome=outcome)))
    assert [point["outcome"] for point in lanes(family)["b"]["points"]] == marks


def test_an_unknown_reward_is_not_drawn_as_a_failure_in_the_tree():
    family = Family("root", (member("root", None, (0.1, None), failed=0),))
    assert [point["outcome"] for point in lanes(family)["root"]["points"]] == ["best", "pending"]
