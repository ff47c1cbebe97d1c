"""The doctor on the Rewards page as Streamlit runs it: what is said, what is listed, and what a press does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.lab import doctor_line
from pages.rewards.doctor import examining
from pages.rewards.exact_text import show_exactly
from refine_core import workbench
from refine_core.cases import BAD, GOOD, Case, CaseSet, exactly, minimum, read_cases, write_cases
from tests.pages.test_inputs import add_reference
from tests.pages.test_pages import (  # noqa: F401  # a fixture for every test
    _own_runs,
    open_app,
    write_reward,
)
from tests.pages.test_rewards_page import open_rewards, settle, table_rows, type_reward, words

IN_GOLD = """def reward(completions, answer, **kwargs):
    return [1.0 if text.strip() in right else 0.0 for text, right in zip(completions, answer)]
"""
STRICT = """def reward(completions, answer, **kwargs):
    return [1.0 if text == right else 0.0 for text, right in zip(completions, answer)]
"""
NUMBER = """def value(text):
    return float(text) if text.strip().isdigit() else None

def reward(completions, answer, **kwargs):
    return [float(value(text) == value(right)) for text, right in zip(completions, answer)]
"""
LENGTH = "def reward(args, pred):\n    return float(len(pred.completion))\n"
MISSPELT = "def reward(args, pred):\n    return float(len(pred.compleTion) > 2)\n"


def open_doctor(*, expected=True, code=IN_GOLD):
    """The doctor's view of two rows; expected: whether their right answers are known."""
    rows = [
        workbench.Row(
            str(n),
            {"prompt": "How much is that?"},
            {"completion": text},
            expected={"answer": "1250"} if expected else {},
        )
        for n, text in enumerate(("1250", "12"), 1)
    ]
    app = open_rewards(rows=workbench.keep_rows("two", iter(rows)).ref, view="doctor")
    return examined(type_reward(app, code))


def examined(app):
    """The page with the examination that it began."""
    job = examining.examinations.find(app.session_state["rewards.examining"].running)
    assert job is None or job.wait(30)
    return settle(app)


def component(app, name):
    (one,) = [e for e in app.get("bidi_component") if e.proto.component_name.endswith(f".{name}")]
    return json.loads(one.proto.json)


def test_one_sentence_says_what_is_paid_for_nothing_and_each_text_is_shown():
    app = open_doctor()
    paid, refused = component(app, "probes")["lists"]
    listed = {one["name"]: (one["short"], one["said"], one["value"]) for one in paid["probes"]}
    assert listed["nothing"] == ("empty", True, "1.00")
    assert listed["spaces"] == ("three blanks, a line break", True, "1.00")
    assert listed["first two digits"] == ("12", False, "1.00")
    assert {one["name"] for one in refused["probes"]} >= {"with a comma"}
    assert "without the answer are paid" in words(app)
    assert "“1250”; no model was called" in words(app)
    assert app.selectbox(key="rewards.right-answer").options == ["row 1: 1250"]


def test_a_reward_that_pays_only_the_right_answer_is_not_called_gamed():
    paid, _ = component(open_doctor(code=STRICT), "probes")["lists"]
    assert paid["probes"] == []
    assert "No text without the right answer" in paid["none"]


def test_rows_without_a_right_answer_get_advice_and_no_empty_lists():
    app = open_doctor(expected=False)
    assert "Probes need a right answer" in words(app)
    assert not [
        e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.rewards.probes"
    ]


def test_a_good_output_is_not_said_to_be_paid_alike_however_it_is_written():
    """Nobody knows in which other ways a whole output would be as right, so none was tried."""
    rows = [
        workbench.Row(str(n), {"q": "?"}, {"completion": text}, label=label)
        for n, (text, label) in enumerate((("one two", "good"), ("one", "bad"), ("one two three", "good")), 1)
    ]
    app = open_rewards(rows=workbench.keep_rows("labelled", iter(rows)).ref, view="doctor")
    app = examined(
        type_reward(app, "def words(args, pred):\n    return float(len(pred.completion.split()))\n")
    )
    _, refused = component(app, "probes")["lists"]
    assert refused["none"].startswith("Not tried")


def test_a_reward_that_cannot_be_read_keeps_the_view_and_says_so():
    app = open_doctor(code="def reward(completions, answer:\n    return 1\n")
    assert "cannot be loaded, so nothing is tried" in words(app)
    assert component(app, "findings")["findings"][0]["severity"] == "error"


def test_the_doctor_without_rows_says_what_to_bring():
    app = type_reward(open_rewards(view="doctor"), STRICT)
    assert "Bring rows whose right answer is known" in words(app)


def test_a_press_on_a_fix_changes_the_code_and_one_on_a_line_goes_there():
    app = open_doctor(code=MISSPELT)
    found = component(app, "findings")["findings"]
    (place,) = [one["place"] for one in found if one["fix"]]
    app.session_state["rewards.findings"] = {"press": {"name": "line", "place": place, "at": 1}}
    app = settle(app)
    assert app.session_state["rewards.goto"]["line"] == 2
    app.session_state["rewards.findings"] = {"press": {"name": "fix", "place": place, "at": 2}}
    app = settle(app)
    assert "pred.completion)" in app.session_state["rewards.code"]
    assert not [one for one in component(app, "findings")["findings"] if one["fix"]]


@given(
    st.text(st.sampled_from(" \t\n\rab↵…"), max_size=60), st.sampled_from(["", "<think>a b</think><answer>"])
)
def test_a_shown_text_is_one_line_that_hides_nothing(text, lead):
    shown = show_exactly(lead + text, lead)
    assert "\n" not in shown.short
    assert shown.short == shown.short.strip(" ")
    assert shown.said == (not (lead + text).strip())
    if not shown.said:
        assert shown.whole == lead + text


IN_ARGS = "def reward(args, pred):\n    return float(pred.answer.lower() in args['gold'].lower())\n"


def test_the_lab_says_before_any_run_how_its_reward_is_gamed():
    app = open_app()
    assert "lab.doctor.open" not in [one.key for one in app.button]
    add_reference(app, 0, "gold", "Text", "Brussels")
    write_reward(app, IN_ARGS)
    assert doctor_line.examinations.find(app.session_state["lab.doctor.running"]).wait(30)
    app.run()
    assert "tried without a model:" in words(app)
    assert "without the answer are paid" in words(app)
    app.button(key="lab.doctor.open").click().run()
    app = examined(settle(app))
    assert app.query_params["view"] in ("doctor", ["doctor"])
    assert app.session_state["rewards.code"] == IN_ARGS
    paid, _ = component(app, "probes")["lists"]
    assert "nothing" in [one["name"] for one in paid["probes"]]


def test_a_pinned_probe_is_a_case_and_brings_the_right_answer_along():
    app = open_doctor()
    names = [one["name"] for one in component(app, "probes")["lists"][0]["probes"]]
    app.session_state["rewards.probes"] = {"press": {"list": 0, "place": names.index("nothing"), "at": 1}}
    app = settle(app)
    pinned = {
        one.name: (dict(one.prediction), one.want.text)
        for one in read_cases(app.session_state["rewards.cases-text"])
    }
    assert pinned == {
        "the right answer": ({"completion": "1250"}, "≥ 0.8"),
        "nothing": ({"completion": ""}, "≤ 0.2"),
    }
    paid = component(app, "probes")["lists"][0]["probes"]
    assert [one["name"] for one in paid if one["pinned"]] == ["nothing"]


def test_a_row_is_labelled_good_bad_or_neither_without_new_scores():
    app = open_doctor(expected=False, code=LENGTH)
    app.query_params["view"] = "scores"
    scored = app.session_state["rewards.scoring"].running
    for at, (label, shown) in enumerate((("good", "good"), ("bad", "bad"), ("so-so", "bad"), ("", "")), 1):
        app.session_state["rewards.board"] = {"labels": {"given": {"1": label, "x": "bad"}, "at": at}}
        app = settle(app)
        assert [row["label"] for row in table_rows(app)] == [shown, ""]
        assert app.session_state["rewards.scoring"].running == scored


def test_an_output_that_is_labelled_good_is_a_right_answer_for_the_probes():
    app = open_doctor(expected=False, code=LENGTH)
    app.query_params["view"] = "scores"
    app.session_state["rewards.board"] = {"labels": {"given": {"1": "good"}, "at": 1}}
    app = settle(app)
    app.query_params["view"] = "doctor"
    app = examined(settle(app))
    assert "“1250”" in words(app)
    assert len(component(app, "probes")["lists"]) == 2


@pytest.mark.parametrize(("label", "want"), [("", "= 4"), ("good", "good")])
def test_a_key_pins_a_row_as_its_label_says_or_with_the_score_it_has(label, want):
    app = open_doctor(expected=False, code=LENGTH)
    app.query_params["view"] = "scores"
    pressed = {"labels": {"given": {"1": label}, "at": 1}, "action": {"name": "pin", "detail": "1", "at": 2}}
    app.session_state["rewards.board"] = pressed
    app = settle(app)
    (case,) = read_cases(app.session_state["rewards.cases-text"])
    assert (dict(case.prediction), case.want.text) == ({"completion": "1250"}, want)


def pin(app, want, output="1250."):
    """Pin an output of the two rows as a case."""
    case = Case(
        "mine", {"prompt": "How much is that?"}, {"completion": output}, {"answer": "1250"}, want=want
    )
    app.session_state["rewards.cases-text"] = write_cases(CaseSet((case,)))
    return examined(app.run())


def listed(app):
    """The lines of the cases, once they have run with the reward as typed."""
    data = component(app, "cases")
    while data["pending"] or any(line["state"] == "unknown" for line in data["cases"]):
        data = component(app.run(), "cases")
    return [(one["name"], one["state"], one["got"], one["wanted"]) for one in data["cases"]]


def test_a_failed_case_is_in_the_verdict_and_in_the_list_under_the_probes():
    app = open_doctor(code=STRICT)
    assert "Pinned cases" not in words(app)
    app = pin(app, minimum(0.5))
    assert listed(app) == [("mine", "failed", "0.00", "≥ 0.5")]
    assert "1 case failed." in words(app)
    assert "Pinned cases, run at every edit" in words(app)
    assert any("def test_mine():" in one.value for one in app.code)
    app = examined(type_reward(app, STRICT.replace("text == right", "text.rstrip('.') == right")))
    assert listed(app) == [("mine", "passed", "1.00", "≥ 0.5")]
    assert "case failed" not in words(app)


def test_a_press_on_a_case_in_the_doctor_leads_to_it_among_the_cases():
    app = pin(open_doctor(code=STRICT), BAD)
    app.session_state["rewards.cases-brief"] = {"chosen": {"name": "mine", "at": 1}}
    app = settle(app)
    assert app.query_params["view"] in ("cases", ["cases"])
    assert component(app, "cases")["selected"] == "mine"


def test_a_case_that_wants_an_answer_refused_quiets_the_finding_about_it():
    app = open_doctor(code=NUMBER)
    before = severities(app)
    assert before["refused-separators"] == "warning"
    assert severities(pin(app, exactly(0), "1,250")).get("refused-separators", "note") == "note"


def severities(app):
    job = examining.examinations.find(app.session_state["rewards.examining"].running)
    return {one.code: one.severity for one in job.result.findings}


def test_cases_without_rows_are_examined_too():
    app = examined(pin(type_reward(open_rewards(view="doctor"), STRICT), minimum(0.5)))
    assert "1 case failed." in words(app)
    assert "built from the right answer “1250”" in words(app)
    assert app.selectbox(key="rewards.right-answer").options == ["case: 1250"]
    assert "Or a file of outputs" in words(app)


def test_a_threshold_that_no_row_reaches_is_found_by_filling_in_one_field():
    app = open_doctor(code=STRICT.replace("1.0", "0.9"))
    assert "reaches the threshold" not in words(app)
    lines = component(app, "findings")["figures"]["lines"]
    assert ("Highest score", "0.90") in [(one["name"], one["value"]) for one in lines]
    field = app.number_input(key="rewards.threshold")
    assert (field.label, field.value) == ("Threshold: good enough from", None)
    app = examined(settle(field.set_value(1.0).run()))
    assert "no row reaches the threshold 1;" in words(app)
    assert app.query_params["threshold"] in ("1", ["1"])
    assert read_cases(app.session_state["rewards.cases-text"]).threshold == 1.0
    app.query_params["view"] = "cases"
    app = pin(app, GOOD)
    assert app.number_input(key="rewards.threshold").value == 1.0


def test_a_reward_that_asks_a_judge_is_told_why_nothing_was_probed():
    code = 'def r(args, pred):\n    return judge("answer -> score: float", answer=pred.completion).score\n'
    app = open_doctor(code=code)
    assert "No probe was tried" in words(app)
    assert "no right answer" not in words(app)
    assert "How much does the judge wobble?" in words(app)
