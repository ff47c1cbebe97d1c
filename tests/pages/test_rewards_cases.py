"""Cases on the Rewards page: pinned, run at every edit, changed, kept in the draft, saved with the reward, imported."""

import json

import pytest

from refine_core import runs, workbench
from refine_core.cases import GOOD, case_from_row, exactly, minimum, read_cases, write_cases
from refine_core.workbench import Row
from tests.pages.test_pages import _own_runs  # noqa: F401  # a fixture for every test
from tests.pages.test_rewards_page import open_rewards, type_reward, words

LIST = "rewards.cases"
EXACT = "def exact(args, pred):\n    return float(pred.answer == args['answer'])\n"
LOWER = "def exact(args, pred):\n    return float(pred.answer.lower() == args['answer'].lower())\n"
MORE_RUNS = 100  # of the page, each of which waits 0.3 s for the cases


@pytest.fixture
def capitals():
    """Where four rows come from, of which three have a label."""
    outputs = [("Paris", "good"), ("", "bad"), ("paris", "good"), ("Lyon", None)]
    rows = [
        Row(str(i), {"question": "Capital of France?"}, {"answer": output}, {"answer": "Paris"}, label=label)
        for i, (output, label) in enumerate(outputs)
    ]
    return workbench.keep_rows("capitals.csv", rows).ref


def open_cases(ref, code=EXACT, **query):
    return type_reward(open_rewards(rows=ref, view="cases", **query), code)


def listed(app):
    """The lines of the list, once the cases have run with the reward as typed."""
    for _ in range(MORE_RUNS):
        (one,) = [
            e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.rewards.cases"
        ]
        data = json.loads(one.proto.json)
        if not data["pending"] and all(line["state"] != "unknown" for line in data["cases"]):
            return data["cases"]
        app.run()
    raise AssertionError(data)


def press(app, key):
    app.button(key=f"rewards.{key}").click().run()
    assert not app.exception
    return app


def type_text(app, code):
    """Type, without waiting for the rows to be scored."""
    state = app.session_state
    rev = state["rewards.replaced"] if "rewards.replaced" in state else 0  # noqa: SIM401  # it has no `get`
    state["rewards.editor"] = {"draft": {"code": code, "rev": rev}}
    return app.run()


def text_of(app):
    return app.session_state["rewards.cases-text"]


def choose(app, name, what="chosen"):
    app.session_state[LIST] = {what: {"name": name, "at": name + what}}
    return app.run()


def test_labels_become_cases_with_one_press_and_run_at_every_edit(capitals):
    app = press(open_cases(capitals), "pin-labelled")
    assert [(one["name"], one["state"], one["got"]) for one in listed(app)] == [
        ("Paris", "passed", "1.00"),
        ("empty output", "failed", "0.00"),
        ("paris", "failed", "0.00"),
    ]
    assert "2 of 3 cases fail" in words(app)
    type_reward(app, LOWER)
    assert [one["state"] for one in listed(app)] == ["passed"] * 3
    assert "All 3 cases pass" in words(app)
    assert not [one for one in app.button if one.key == "rewards.pin-labelled"]


def test_the_selected_row_is_pinned_as_it_scores_now(capitals):
    app = type_reward(open_rewards(rows=capitals, row="4"), EXACT)
    press(app, "pin.3.range")
    (case,) = read_cases(text_of(app))
    assert (case.name, case.prediction, case.want) == ("Lyon", {"answer": "Lyon"}, exactly(0))
    app.text_input(key="rewards.pin-typed.3").set_value("at leest 2").run()
    press(app, "pin-range.3")
    assert "Write good, bad, unscored" in " ".join(one.value for one in app.error).replace("\\", "")
    app.text_input(key="rewards.pin-typed.3").set_value("≥ 2").run()
    press(app, "pin-range.3")
    assert [one.want for one in read_cases(text_of(app))] == [minimum(2)]


def test_a_case_is_renamed_changed_removed_and_brought_back(capitals):
    app = press(open_cases(capitals), "pin-labelled")
    choose(app, "paris")
    app.text_input(key="rewards.case.name").set_value("in lower case").run()
    app.segmented_control(key="rewards.case.kind").set_value("range").run()
    assert read_cases(text_of(app)).find("in lower case").want == exactly(0)
    app.text_input(key="rewards.case.range").set_value("0.2 to").run()
    assert "Write good, bad" in " ".join(one.value for one in app.error).replace("\\", "")
    app.text_input(key="rewards.case.range").set_value("0 to 1").run()
    assert [(one["name"], one["wanted"]) for one in listed(app)][-1] == ("in lower case", "0 to 1")
    before = text_of(app)
    choose(app, "empty output", "remove")
    assert [one["name"] for one in listed(app)] == ["Paris", "in lower case"]
    press(app, "cases-undo")
    assert text_of(app) == before
    app.text_input(key="rewards.case.name").set_value("Paris").run()
    assert "Two cases are called" in " ".join(one.value for one in app.error).replace("\\", "")
    assert text_of(app) == before


def test_cases_come_back_with_the_draft_and_are_saved_with_the_reward(capitals):
    app = press(open_cases(capitals), "pin-labelled")
    pinned = text_of(app)
    query = {name: app.query_params[name] for name in app.query_params}
    runs.close()
    app = open_rewards(**query)
    assert text_of(app) == pinned
    app.text_input(key="rewards.save-name").set_value("exact").run()
    press(app, "save")
    assert workbench.read_reward("exact").latest.cases == pinned
    choose(app, "Paris")
    choose(app, "Paris", "remove")
    press(app, "save-version")
    (version,) = workbench.read_reward("exact").versions
    assert [one.name for one in read_cases(version.cases)] == ["empty output", "paris"]
    choose(app, "paris")
    choose(app, "paris", "remove")
    unsaved = text_of(app)
    press(app, "new")
    assert text_of(app) == ""
    press(app, "cases-undo")
    assert text_of(app) == unsaved


def test_a_threshold_of_the_address_says_what_is_good(capitals):
    app = press(open_cases(capitals, threshold="0.5"), "pin-labelled")
    assert [(one["state"], one["wanted"]) for one in listed(app)] == [
        ("passed", "good: ≥ 0.5"),
        ("passed", "bad: < 0.5"),
        ("failed", "good: ≥ 0.5"),
    ]


def test_the_threshold_is_set_among_the_cases_and_saved_with_them(capitals):
    app = press(open_cases(capitals), "pin-labelled")
    app.number_input(key="rewards.threshold").set_value(0.5).run()
    assert [one["wanted"] for one in listed(app)] == ["good: ≥ 0.5", "bad: < 0.5", "good: ≥ 0.5"]
    assert read_cases(text_of(app)).threshold == 0.5
    assert "THRESHOLD = 0.5" in next(one.value for one in app.code if "# --- cases" in one.value)
    app.query_params["threshold"] = "none"  # as an emptied field has it
    app.run()
    assert [one["wanted"] for one in listed(app)] == ["good: > 0", "bad: < 0", "good: > 0"]


def test_cases_that_ask_a_judge_wait_for_a_press_that_names_the_price(capitals):
    source = 'def r(args, pred):\n    return judge("answer -> score: float", answer=pred.answer).score\n'
    app = press(open_cases(capitals, source), "pin-labelled")
    assert {one["state"] for one in listed(app)} == {"waiting"}
    assert "3 of 3 cases wait for the judge" in words(app)
    app.selectbox(key="rewards.judge-name").set_value("Practice model").run()
    assert {one["state"] for one in listed(app)} == {"waiting"}
    press(app, "cases-ask")
    assert "waiting" not in {one["state"] for one in listed(app)}


def test_without_a_reward_and_without_cases_the_page_says_what_to_do(capitals):
    app = open_rewards(rows=capitals, view="cases")
    assert "No case is pinned yet" in words(app)
    app = press(open_cases(capitals), "pin-labelled")
    type_reward(app, "def exact(args, pred):\n    return (\n")
    assert "3 cases, not run" in words(app)
    assert {one.want.kind for one in read_cases(text_of(app))} == {"good", "bad"}
    assert GOOD in {one.want for one in read_cases(text_of(app))}


def test_the_cases_can_be_copied_as_a_pytest_file(capitals):
    app = press(open_cases(capitals), "pin-labelled")
    (shown,) = [one.value for one in app.code if "# --- cases" in one.value]
    assert "def exact(args, pred):" in shown
    assert "def test_empty_output():" in shown


def test_an_edit_ends_what_the_cases_run_for_the_text_before(capitals):
    app = press(open_cases(capitals), "pin-labelled")
    listed(app)
    slow = "import time\n\ndef exact(args, pred):\n    time.sleep(3)\n    return 1.0\n"
    type_text(app, slow)
    key = app.session_state["rewards.cases-last"]
    running = workbench.scorings.find(f"{key} cases")
    assert running.running
    type_text(app, EXACT)
    assert running.wait(30)
    assert running.cancelled
    assert [one["state"] for one in listed(app)] == ["passed", "failed", "failed"]


def test_without_any_row_a_case_is_typed():
    app = type_reward(open_rewards(view="cases"), EXACT)
    app.text_area(key="rewards.new-case.inputs.answer").set_value("Paris").run()
    app.text_area(key="rewards.new-case.prediction.answer").set_value("paris").run()
    app.text_input(key="rewards.new-case.want").set_value("godo").run()
    assert "Write good, bad, unscored" in " ".join(one.value for one in app.error).replace("\\", "")
    app.text_input(key="rewards.new-case.want").set_value("<= 0.5").run()
    press(app, "new-case.add")
    assert [(one["name"], one["state"], one["wanted"]) for one in listed(app)] == [
        ("paris", "passed", "≤ 0.5")
    ]
    assert app.text_area(key="rewards.new-case.inputs.answer").value == "Paris"
    assert app.text_area(key="rewards.new-case.prediction.answer").value == ""


def test_a_starter_brings_its_cases_for_the_output_of_the_rows():
    rows = [Row("1", {"question": "?"}, {"reply": "Paris"}, {"answer": "Paris"})]
    app = press(
        open_rewards(rows=workbench.keep_rows("r.csv", rows).ref, view="cases"), "starter.menu.exact_match"
    )
    assert "pred.reply" in app.session_state["rewards.code"]
    lines = listed(app)
    assert len(lines) > 5
    assert {line["state"] for line in lines} == {"passed"}


def test_a_reward_pasted_over_another_puts_its_cases_away(capitals):
    """Unless it can be run on them: then they guard it, too."""
    app = press(open_cases(capitals, threshold="0.5"), "pin-labelled")
    pinned = text_of(app)
    type_reward(app, LOWER)
    assert (text_of(app), app.query_params["threshold"]) == (pinned, "0.5")  # an edit is no other reward
    type_reward(app, "def alwa(args, pred:\n")  # in the middle of typing
    type_reward(app, "def always(args, pred):\n    return 1.0\n")
    assert text_of(app) == pinned
    assert "threshold" not in app.query_params
    type_reward(
        app, "def length(args, pred):\n    words = pred.summary.split()\n    return 1 / (1 + len(words))\n"
    )
    assert text_of(app) == ""
    press(app, "cases-undo")
    assert text_of(app) == pinned


def test_an_output_of_blanks_alone_is_said_in_words(capitals):
    app = press(open_cases(capitals), "pin-labelled")
    blank = Row("5", {"question": "?"}, {"answer": "  \n"}, {"answer": "Paris"})
    app.session_state["rewards.cases-text"] = write_cases(
        read_cases(text_of(app)).add(case_from_row(blank, GOOD, "spaces"))
    )
    app.run()
    assert [(one["output"], one["said"]) for one in listed(app)][-1] == ("two blanks, a line break", True)
