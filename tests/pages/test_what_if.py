"""The run page under What if: what the address says, what a press does, and that nothing is asked or changed silently."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.run.what_if import KEY, UNCHANGED
from refine_core import runs
from refine_core.programs import EXAMPLES, ModelSpec, ProgramSpec, StageSpec
from tests.pages.run_page import open_run
from tests.pages.test_pages import MAIN

REWARD = "def reward(args, pred):\n    return min(1.0, len(pred.answer) / 100)\n"
SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    REWARD,
    {"question": "Why is the sky blue?"},
    N=4,
    threshold=0.99,
    strategy="best_of_n",
)


@pytest.fixture(autouse=True)
def _own_runs():
    runs.close()
    yield
    runs.close()


def record(spec=SPEC):
    run_id = runs.start(spec)
    runs.join(run_id, 30)
    return run_id


def said(app):
    shown = (*app.header, *app.markdown, *app.caption, *app.error, *app.warning)
    return " ".join(one.value for one in shown).replace("\\", "")


def test_the_address_opens_a_what_if():
    run_id = record()
    app = open_run(run_id, mode="what-if", threshold="0.01")
    assert "It would have stopped at attempt 1: " in said(app)
    assert "in best of N no attempt depends on an earlier one" in said(app)


def test_nothing_is_changed_before_somebody_changes_it():
    app = open_run(record(), mode="what-if")
    assert UNCHANGED in said(app)
    assert app.button(key="what-if.keep").disabled


def test_a_released_slider_is_in_the_address():
    app = open_run(record(), mode="what-if")
    app.session_state[KEY] = {"threshold": {"value": 0.01, "at": 1}}
    app.run()
    assert app.query_params["threshold"] == "0.01"
    assert "It would have stopped at attempt 1" in said(app)


def pictures(app):
    (one,) = [e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.what_if"]
    return json.loads(one.proto.json)


def test_the_curve_and_the_verdict_agree_at_the_lowest_threshold():
    run_id = record(EXAMPLES["gamed"].spec)
    app = open_run(run_id, mode="what-if", threshold="0")
    assert "It would have stopped at attempt 1: 0.00 ≥ 0.00" in said(app)
    first, second = pictures(app)["curve"]["segments"][:2]
    assert (first["from"], first["to"], first["closed"], first["level"]) == (0, 0, True, 1)
    assert first["words"] == "up to 0.00: stops at attempt 1, 6 calls saved"
    assert (second["from"], second["kind"], second["level"]) == (0, "other", 2)


def test_with_fewer_attempts_no_later_output_is_spoken_of():
    run_id = record(EXAMPLES["gamed"].spec)
    app = open_run(run_id, mode="what-if", n="3")
    assert "Of these 3 outputs, attempt 3 would be returned, not attempt 4" in said(app)
    assert "**Best of these outputs, attempt 3**" in said(app)
    assert max(one["level"] or 0 for one in pictures(app)["curve"]["segments"]) == 3


def test_an_output_is_not_said_to_be_returned_where_nobody_can_know():
    app = open_run(record(EXAMPLES["gamed"].spec), mode="what-if", n="10")
    assert "**First at the threshold, as before, attempt 4**" in said(app)


def outputs(app):
    shown = [
        json.loads(e.proto.json)
        for e in app.get("bidi_component")
        if e.proto.component_name == "refinescope.what_if_output"
    ]
    return [(one["fields"][0]["text"], [line["text"] for line in one["result"]]) for one in shown]


def test_the_attempt_that_is_chosen_shows_its_output_and_what_it_lost():
    app = open_run(record(EXAMPLES["gamed"].spec), mode="what-if", threshold="0.7")
    assert [lost for _, lost in outputs(app)] == [["0.25 happy"], ["nothing"]]
    app.session_state[KEY] = {"row": {"key": "2", "at": 1}}
    app.run()
    assert app.query_params["attempt"] == "2"
    assert "**Selected, attempt 2**" in said(app)
    text, lost = outputs(app)[-1]
    assert text.startswith("Thank you for writing. We are sorry")
    assert lost == ["0.25 glad, 0.25 happy"]


def test_the_reward_is_edited_on_the_rewards_page_with_this_threshold():
    app = open_run(record(), mode="what-if", threshold="0.25")
    app.button(key="what-if.edit").click().run()
    (to,) = [
        json.loads(e.proto.json)["to"]
        for e in app.get("bidi_component")
        if e.proto.component_name == "refinescope.leave"
    ]
    assert to.startswith("rewards?of=")
    assert to.endswith("&threshold=0.25")


def test_rewards_opens_at_the_threshold_that_was_asked_about():
    app = open_run(record(), mode="what-if", threshold="0.25")
    app.session_state["program"] = {"opened": {"at": 1}}
    app.run()
    (to,) = [
        json.loads(e.proto.json)["to"]
        for e in app.get("bidi_component")
        if e.proto.component_name == "refinescope.leave"
    ]
    assert to.startswith("rewards?of=")
    assert to.endswith("&threshold=0.25")


def test_more_attempts_than_recorded_were_never_tried():
    app = open_run(record(), mode="what-if")
    app.number_input(key="what-if.n.0").set_value(6).run()
    assert app.query_params["n"] == "6"
    assert "Of these 4 outputs" in said(app)


def test_a_what_if_is_kept_beside_the_run_and_opened_again():
    run_id = record()
    before = runs.events(run_id)
    app = open_run(run_id, mode="what-if", threshold="0.01", n="3")
    app.button(key="what-if.keep").click().run()
    (kept,) = runs.kept_what_ifs_of(run_id)
    assert (kept.spec.threshold, kept.spec.N, kept.result["stop"]) == (0.01, 3, 1)
    assert runs.events(run_id) == before
    app.button(key="what-if.reset").click().run()
    assert "threshold" not in app.query_params
    app.button(key=f"what-if.open.{kept.id}").click().run()
    assert (app.query_params["threshold"], app.query_params["n"]) == ("0.01", "3")
    app.button(key=f"what-if.drop.{kept.id}").click().run()
    assert runs.kept_what_ifs_of(run_id) == []


def test_a_kept_reward_can_be_chosen_again():
    run_id = record()
    other = REWARD.replace("/ 100", "/ 10")
    kept = runs.keep_what_if(runs.what_if(run_id, reward=other))
    app = open_run(run_id, mode="what-if", reward=f"kept:{kept.id}")
    assert "It would have stopped at attempt 1: 1.00" in said(app)


def test_a_reward_that_is_gone_is_named_and_the_run_shown_as_recorded():
    app = open_run(record(), mode="what-if", reward="kept:nothing")
    assert "The kept what-if 'nothing' is not there any more. Everything is shown as recorded." in said(app)
    assert UNCHANGED in said(app)


def test_the_judge_is_asked_after_a_press_only():
    run_id = record()
    judging = (
        "def reward(args, pred):\n    return judge('answer -> score: float', answer=pred.answer)['score']\n"
    )
    kept = runs.keep_what_if(runs.what_if(run_id, reward=judging))
    app = open_run(run_id, mode="what-if", reward=f"kept:{kept.id}")
    press = app.button(key="what-if.judge")
    assert press.label.replace("\\", "") == "Re-score: up to 4 calls, free"
    press.click().run()
    assert [one.key for one in app.button if one.key == "what-if.judge"] == []
    assert all(
        one["new"] is not None for one in runs.what_if(run_id, reward=judging).result.to_json()["attempts"]
    )


def test_a_what_if_opens_in_the_lab_with_its_changes():
    run_id = record()
    app = AppTest.from_file(str(MAIN), default_timeout=30)
    app.query_params.update({"run": run_id, "change": "1", "threshold": "0.25", "n": "7"})
    app.run()
    rev = app.session_state["lab.rev"]
    assert app.session_state[f"lab.{rev}.N"] == 7
    assert str(app.session_state[f"lab.{rev}.threshold"]) in ("0.25", "0.250")
    assert "threshold" not in app.query_params


@pytest.mark.fault(31)
@pytest.mark.parametrize("change", [{"threshold": 0.9}, {"reward": REWARD.replace("100", "2000")}])
def test_a_replay_that_cannot_match_says_so_before_it_starts(change):
    """The adviser reads the reward and the threshold, so its request is another one than on record."""
    run_id = record(replace(SPEC, strategy="refine", reward=REWARD.replace("100", "1000")))
    replay = runs.replay_program(replace(runs.timeline(run_id).spec, **change), run_id, delay_s=0.0)
    assert runs.find_replay_mismatch(runs.replay_program(runs.timeline(run_id).spec, run_id)) is None
    mismatch = runs.find_replay_mismatch(replay)
    assert (mismatch.attempt, mismatch.why) == (2, "other advice")


@pytest.mark.fault(31)
def test_a_replay_with_another_program_fits_nowhere():
    run_id = record()
    spec = runs.replay_program(replace(SPEC, inputs={"question": "Why?"}), run_id)
    assert runs.find_replay_mismatch(spec).attempt == 1
    assert runs.find_replay_mismatch(replace(spec, model=ModelSpec())) is None


@pytest.mark.fault(31)
def test_a_replay_that_only_stops_earlier_is_no_mismatch():
    run_id = record()
    spec = runs.replay_program(replace(SPEC, threshold=0.01), run_id)
    assert runs.find_replay_mismatch(spec) is None


@pytest.mark.fault(31)
def test_the_lab_leads_to_what_if_in_place_of_a_replay_that_fails():
    run_id = record(EXAMPLES["gamed"].spec)
    app = AppTest.from_file(str(MAIN), default_timeout=30)
    app.query_params.update({"run": run_id, "change": "1"})
    app.run()
    rev = app.session_state["lab.rev"]
    app.radio(key=f"lab.{rev}.model.kind").set_value("replay").run()
    app.selectbox(key=f"lab.{rev}.model.recording").set_value(run_id).run()
    assert "choose What if" in said(app)
    app.session_state[f"lab.{rev}.threshold"] = "0.6"
    app.run()
    (press,) = [one for one in app.button if one.label.startswith("Run") and one.key == "lab.run"]
    count = len(runs.recent())
    press.click().run()
    assert not app.exception
    assert "the recorded replies fit only up to attempt 1" in said(app)
    assert len(runs.recent()) == count


def open_lab(run_id):
    app = AppTest.from_file(str(MAIN), default_timeout=30)
    app.query_params.update({"run": run_id, "change": "1"})
    app.run()
    assert not app.exception
    return app


def type_field(app, name, value):
    app.session_state[f"lab.{app.session_state['lab.rev']}.{name}"] = value
    app.run()
    assert not app.exception


def test_an_edited_threshold_in_the_lab_says_what_the_run_would_have_done():
    app = open_lab(record())
    assert "With threshold" not in said(app)
    type_field(app, "threshold", "0.01")
    assert "With threshold 0.01, it would have stopped at attempt 1: " in said(app)
    assert "scored without a model call · exact · 3 calls saved" in said(app)


def test_attempts_beyond_the_chart_are_said_to_be_never_tried():
    app = open_lab(record())
    type_field(app, "N", 9)
    assert "exact up to attempt 2; 5 to 9 never tried" in said(app)


def test_what_is_edited_in_the_program_itself_is_no_what_if():
    app = open_lab(record())
    type_field(app, "threshold", "0.01")
    type_field(app, "N", 9)
    assert "With these changes, it would have stopped at attempt 1" in said(app)
    type_field(app, "strategy", "refine")
    assert "would have" not in said(app)
    assert "Edited since this run: " in said(app)


def test_a_what_if_of_the_lab_is_kept_beside_the_run():
    run_id = record()
    app = open_lab(run_id)
    type_field(app, "threshold", "0.01")
    app.button(key="keep-what-if").click().run()
    assert [one.spec.threshold for one in runs.kept_what_ifs_of(run_id)] == [0.01]


def test_the_lab_asks_a_judge_after_a_press_only():
    judging = (
        "def reward(args, pred):\n    return judge('answer -> score: float', answer=pred.answer)['score']\n"
    )
    app = open_lab(record())
    app.session_state["lab.reward"] = {"draft": {"code": judging, "rev": app.session_state["lab.rev"]}}
    app.run()
    assert "so it is not run by typing" in said(app)
    press = app.button(key="ask-judge")
    assert press.label.replace("\\", "") == "Re-score: up to 4 calls, free"
    press.click().run()
    assert not app.exception
    assert "so it is not run by typing" not in said(app)
    assert "With the edited reward, " in said(app)


def test_a_reward_that_hangs_ends_the_wait_of_whoever_types():
    run_id = record()
    spec = replace(
        runs.timeline(run_id).spec, reward="def reward(args, pred):\n    while True:\n        pass\n"
    )
    asked = runs.ask_what_if(runs.timeline(run_id), spec, limit_s=0.2)
    assert (asked.scores.left_out, dict(asked.scores.ends), asked.result.stop) == (4, {}, None)
    assert asked.result.case == "Not exact: attempt 1 has not been scored yet."


def test_code_that_the_run_did_not_run_is_refused_where_typed_code_is(monkeypatch):
    from pages.run import what_if

    run_id = record()
    kept = runs.keep_what_if(runs.what_if(run_id, reward=REWARD.replace("/ 100", "/ 10")))
    monkeypatch.setattr(what_if, "why_code_is_refused", lambda: "Typed code is not run here.")
    app = open_run(run_id, mode="what-if", reward=f"kept:{kept.id}")
    assert "Typed code is not run here." in said(app)
    exact = "in best of N no attempt depends on an earlier one"
    assert exact not in said(app)
    assert exact in said(open_run(run_id, mode="what-if", threshold="0.01"))
