"""The Rewards page as Streamlit runs it: what the table gets, what is kept, what the address says."""

import functools
import itertools
import json
from dataclasses import replace

import pytest

from refine_core import runs, workbench
from refine_core.log.summaries import summarize
from refine_core.programs import EXAMPLES
from tests.hostile_log import hostile_log
from tests.pages.test_pages import _own_runs, button, open_app, typed  # noqa: F401  # a fixture for every test
from tests.unit.test_hostile_logs import UNSEEN, strings

BOARD, EDITOR = "rewards.board", "rewards.editor"
SHORT = "def reward(args, pred):\n    return 1.0 if len(pred.reply) < 200 else 0.25\n"


@pytest.fixture
def gamed():
    """The id of a recorded run whose attempts score 0.00, 0.50, 0.75 and 1.00."""
    run_id = runs.start(EXAMPLES["gamed"].spec)
    runs.join(run_id, 60)
    return run_id


def open_rewards(**query):
    app = open_app()
    app.switch_page("../rewards/page.py")
    app.query_params.clear()
    app.query_params.update(query)
    return settle(app)


def settle(app):
    """Run the page until what it scores is scored."""
    app.run()
    state = app.session_state
    running = (
        workbench.scorings.find(state["rewards.scoring"].running) if "rewards.scoring" in state else None
    )
    if running is not None:
        assert running.wait(30)
        app.run()
    assert not app.exception
    return app


def board(app):
    (one,) = [e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.rewards"]
    return json.loads(one.proto.json)


def table_rows(app):
    return [row for group in board(app)["table"]["groups"] for row in group["rows"]]


def type_reward(app, code):
    state = app.session_state
    rev = state["rewards.replaced"] if "rewards.replaced" in state else 0  # noqa: SIM401  # it has no `get`
    app.session_state[EDITOR] = {"draft": {"code": code, "rev": rev}}
    return settle(app)


def words(app):
    return " ".join(one.value for one in app.markdown).replace("\\", "")


def test_a_reward_that_came_back_in_a_new_window_opens_in_the_lab(gamed):
    """It is the draft of the window before until something is changed, so this one has no address of its own yet."""
    type_reward(open_rewards(of=gamed), SHORT)
    again = open_rewards()
    assert "draft" not in again.query_params
    open_lab = button(again, "Run in the Lab")
    assert not open_lab.disabled
    open_lab.click().run()
    assert not again.exception
    assert again.session_state["lab.reward:draft"]["code"] == SHORT


def test_a_run_opens_with_its_reward_and_each_attempt_as_before(gamed):
    app = open_rewards(of=gamed)
    assert [(row["old"], row["new"], row["change"]) for row in table_rows(app)] == [
        ("0.00", "0.00", "0"),
        ("0.50", "0.50", "0"),
        ("0.75", "0.75", "0"),
        ("1.00", "1.00", "0"),
    ]
    assert app.query_params["rows"] in (f"run:{gamed}", [f"run:{gamed}"])
    assert "of" not in app.query_params


def test_typing_scores_every_row_anew_beside_the_recorded_reward(gamed):
    app = type_reward(open_rewards(of=gamed), SHORT)
    assert [row["old"] for row in table_rows(app)] == ["0.00", "0.50", "0.75", "1.00"]
    assert {row["new"] for row in table_rows(app)} <= {"1.00", "0.25"}
    assert "no model called" in words(app)


def test_an_address_of_rows_opens_with_their_own_reward(gamed):
    """As a reload does, and a link that somebody sends: what was typed last belongs to other rows."""
    type_reward(open_rewards(of=gamed), "def reward(args, pred):\n    return (\n")
    app = open_rewards(rows=f"run:{gamed}")
    assert [row["new"] for row in table_rows(app)] == ["0.00", "0.50", "0.75", "1.00"]
    assert "as recorded in the run" in " ".join(one.value for one in app.caption)


def test_a_reward_that_cannot_be_read_keeps_the_numbers_of_before(gamed):
    app = type_reward(open_rewards(of=gamed), "def reward(args, pred):\n    return (\n")
    assert [row["new"] for row in table_rows(app)] == ["0.00", "0.50", "0.75", "1.00"]
    assert board(app)["pending"] is True
    assert "Line 2" in words(app)


def test_unscored_and_failed_rows_say_so_in_place_of_numbers(gamed):
    code = "def reward(args, pred):\n    if 'happy' in pred.reply.lower():\n        return 1 / 0\n    return 0.5\n"
    rows = table_rows(type_reward(open_rewards(of=gamed), code))
    assert [row["state"] for row in rows] == ["scored", "scored", "scored", "failed"]
    assert "line 3: ZeroDivisionError" in rows[3]["message"]


def test_pasted_outputs_are_rows_and_come_back_after_a_restart():
    app = open_rewards()
    app.text_area(key="rewards.0.paste").set_value("one two\nthree\n").run()
    app.button(key="rewards.add-pasted").click().run()
    code = "def reward(args, pred):\n    return len(pred.output.split()) / 2\n"
    type_reward(app, code)
    assert [row["new"] for row in table_rows(app)] == ["1.00", "0.50"]
    query = {name: app.query_params[name] for name in app.query_params}
    runs.close()
    again = open_rewards(**query)
    assert [row["new"] for row in table_rows(again)] == ["1.00", "0.50"]


def test_a_chosen_row_is_in_the_address_and_is_shown(gamed):
    app = open_rewards(of=gamed)
    app.session_state[BOARD] = {"row": {"key": "3", "at": 1}}
    app.run()
    assert app.query_params["row"] in ("3", ["3"])
    (row,) = [e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.rewards.row"]
    assert json.loads(row.proto.json)["title"] == "Attempt 3"


def test_the_address_of_rows_that_are_gone_says_so():
    app = open_rewards(rows="run:nowhere")
    assert "Not among your runs: nowhere." in " ".join(one.value.replace("\\", "") for one in app.warning)


KETTLE = """
def reward(args, pred):
    text = pred.reply.lower()
    return 0.5 * ("kettle" in text) + 0.25 * ("14 march" in text) + 0.25 * ("thank" in text)
"""


def test_another_reward_is_exact_up_to_the_first_other_advice(gamed):
    app = type_reward(open_rewards(of=gamed), KETTLE)
    strip = board(app)["strip"]
    assert [(zone["kind"], zone["first"], zone["last"]) for zone in strip["zones"]] == [
        ("exact", 1, 1),
        ("other", 2, 4),
        ("unknown", 5, 5),
    ]
    assert [one["mark"] for one in strip["attempts"]] == ["exact", "rescored", "rescored", "rescored"]
    assert "Of these 4 outputs, attempt 1 would be returned, not attempt 4" in words(app)
    assert "the adviser would have read another reward" in words(app)


def test_the_recorded_reward_stops_where_the_run_did(gamed):
    app = open_rewards(of=gamed)
    assert "stopped at attempt 4, as recorded: 1.00 ≥ 1.00" in words(app)
    assert board(app)["strip"]["attempts"][3]["mark"] == "stop"


def test_an_edited_reward_is_kept_beside_the_run_which_stays_as_it_is(gamed):
    before = runs.events(gamed)
    app = open_rewards(of=gamed)
    assert not [one for one in app.button if one.key == "rewards.keep"], "nothing is changed yet"
    type_reward(app, KETTLE).button(key="rewards.keep").click().run()
    (kept,) = runs.kept_what_ifs_of(gamed)
    assert (kept.spec.reward, kept.spec.reward_shape, kept.spec.threshold) == (KETTLE, "refine", 1.0)
    assert runs.events(gamed) == before


def test_a_threshold_from_the_slider_is_in_the_address_and_answered(gamed):
    app = type_reward(open_rewards(of=gamed), KETTLE)
    app.session_state[BOARD] = {"threshold": {"value": 0.6, "at": 1}}
    app.run()
    assert app.query_params["threshold"] in ("0.6", ["0.6"])
    assert "stopped at attempt 1: 0.75 ≥ 0.60" in words(app)


def test_the_curve_covers_the_slider_and_claims_nothing_it_cannot_know(gamed):
    curve = board(type_reward(open_rewards(of=gamed), KETTLE))["curve"]
    segments = curve["segments"]
    assert (segments[0]["from"], segments[-1]["to"]) == (curve["low"], curve["high"])
    assert all(a["to"] == b["from"] for a, b in itertools.pairwise(segments))
    known = [one for one in segments if one["kind"] == "exact"]
    assert {one["level"] for one in known} == {1}
    assert max(one["to"] for one in known) == 0.75


def test_rows_without_an_old_score_are_neither_changed_nor_as_before():
    olds = (0.0, 1.0, 0.5, None)
    rows = (workbench.Row(str(i), {}, {"output": f"text {i}"}, reward=old) for i, old in enumerate(olds))
    app = open_rewards(rows=workbench.keep_rows("four", rows).ref)
    app = type_reward(app, "def reward(args, pred):\n    return 0.5\n")
    assert "1 up, 1 down, 1 as before; 1 had no score before" in words(app)
    app = type_reward(app, "def reward(args, pred):\n    return 1 / 0\n")
    assert [row["state"] for row in table_rows(app)] == ["failed"] * 4
    only = board(app)["table"]["only"]
    assert [one["text"] for one in only] == ["All 4", "Changed 3", "Failed 4"]
    app.session_state[BOARD] = {"action": {"name": "only", "detail": "changed", "at": 1}}
    app.run()
    assert app.query_params["only"] in ("changed", ["changed"])
    assert [row["number"] for row in table_rows(app)] == ["0", "1", "2"]


def test_the_slider_says_what_the_judge_has_not_scored(gamed):
    app = type_reward(
        open_rewards(of=gamed),
        "def reward(args, pred):\n    return judge('reply -> score: float', reply=pred.reply)['score']\n",
    )
    said = {one["words"] for one in board(app)["curve"]["segments"]}
    assert said == {"unknown: 4 outputs without a score"}


TRL = """
def correct(completions, **kwargs):
    return ["kettle" in text.lower() for text in completions]

def short(completions, **kwargs):
    return [len(text) < 100 for text in completions]
"""


def test_a_reward_of_another_framework_runs_as_it_is_and_says_as_what(gamed):
    app = type_reward(open_rewards(of=gamed), TRL)
    assert "Read as **2 TRL rewards**" in words(app)
    assert board(app)["table"]["parts"] == ["correct", "short"]
    assert {row["state"] for row in table_rows(app)} == {"scored"}


def test_which_argument_is_what_is_asked_and_never_guessed(gamed):
    app = type_reward(open_rewards(of=gamed), "def grade_it(words, points):\n    return len(words) / 100\n")
    assert "Which argument is what?" in words(app)
    assert [one.label for one in app.selectbox if one.label.startswith("`")] == ["`words`", "`points`"]
    assert {one["new"] for one in table_rows(app)} == {"0.00", "0.50", "0.75", "1.00"}, "those of before"
    for name, role in (("words", "output"), ("points", "nothing")):
        next(one for one in app.selectbox if one.label == f"`{name}`").set_value(role)
        settle(app)
    assert board(app)["pending"] is False
    assert "words = output" in words(app)


def test_a_saved_reward_has_versions_and_is_opened_again(gamed):
    app = type_reward(open_rewards(of=gamed), KETTLE)
    app.text_input(key="rewards.save-name").set_value("kettle").run()
    app.button(key="rewards.save").click()
    settle(app)
    assert [one.value for one in app.title] == ["kettle"]
    type_reward(app, KETTLE + "# more\n")
    app.button(key="rewards.save-version").click()
    settle(app)
    assert [one.number for one in workbench.read_reward("kettle").versions] == [1, 2]
    again = open_rewards(reward="kettle", rows=f"run:{gamed}")
    assert [one.value for one in again.title] == ["kettle"]
    assert again.session_state["rewards.code"] == KETTLE + "# more\n"


def test_a_name_that_is_taken_is_refused_in_words(gamed):
    workbench.save_reward("kettle", KETTLE)
    app = type_reward(open_rewards(of=gamed), SHORT)
    app.text_input(key="rewards.save-name").set_value("kettle").run()
    app.button(key="rewards.save").click()
    settle(app)
    assert "There is a reward 'kettle' already" in " ".join(one.value for one in app.error).replace("\\", "")
    assert len(workbench.read_reward("kettle").versions) == 1


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        (None, False),
        ("10.0.0.4", False),
    ],
)
def test_typed_code_runs_beyond_loopback_only_in_a_sandbox(monkeypatch, address, loopback):
    from pages.shared import isolation

    monkeypatch.setattr(isolation.st, "get_option", lambda _: address)
    monkeypatch.setattr(workbench, "self_test", FoundProfile("separate process"))
    assert ("listens beyond this machine" in isolation.why_code_is_refused()) is not loopback
    monkeypatch.setattr(workbench, "self_test", FoundProfile("sandboxed"))
    assert isolation.why_code_is_refused() == ""


def test_the_page_and_the_lab_refuse_typed_code_with_the_reason(monkeypatch, gamed):
    from pages.shared import isolation

    monkeypatch.setattr(isolation, "_is_loopback", lambda _: False)
    monkeypatch.setattr(workbench, "self_test", FoundProfile("separate process"))
    app = open_rewards(of=gamed)
    assert "Typed code is not run here" in words(app)
    assert {row["new"] for row in table_rows(app)} == {"\N{EN DASH}"}
    lab = open_app()
    next(one for one in lab.button if one.label.startswith("Run")).click().run()
    assert "Typed code is not run here" in words(lab) + " ".join(one.value for one in lab.error)


class FoundProfile:
    """A self-test that found this."""

    def __init__(self, profile):
        self.profile = profile

    def result(self, _timeout_s=0.0):
        return workbench.Isolation(self.profile)


JUDGED = """
def reward(args, pred):
    return judge("reply -> points: float", reply=pred.reply)["points"] / 10
"""


def test_a_reward_that_asks_a_judge_waits_for_a_press_that_names_the_price(gamed):
    app = type_reward(open_rewards(of=gamed), JUDGED)
    assert {row["state"] for row in table_rows(app)} == {"waiting"}
    assert "4 rows wait for the judge" in words(app)
    app.button(key="rewards.ask-judge").click()
    settle(app)
    assert {row["state"] for row in table_rows(app)} == {"scored"}
    assert "4 judge calls" in words(app)
    type_reward(app, JUDGED.replace("/ 10", "/ 20"))
    assert {row["state"] for row in table_rows(app)} == {"scored"}, "the answers are known"
    assert "no model called" in words(app)


def test_the_lab_opens_and_saves_the_same_rewards():
    workbench.save_reward("kettle", KETTLE)
    workbench.save_reward("for TRL", TRL)
    lab = open_app()
    by_key = {one.key: one for one in lab.button}
    assert by_key["lab.reward.open.for TRL"].disabled, "a run does not call it"
    by_key["lab.reward.open.kettle"].click().run()
    assert lab.session_state["lab.reward.code"] == KETTLE
    lab.text_input(key="lab.reward.save-name").set_value("kettle").run()
    lab.button(key="lab.reward.save").click().run()
    assert not lab.exception
    saved = workbench.read_reward("kettle")
    assert [one.reading.shape for one in saved.versions] == ["", "refine"]


def test_run_in_the_lab_opens_the_runs_program_with_the_typed_reward(gamed):
    app = type_reward(open_rewards(of=gamed), KETTLE)
    app.session_state[BOARD] = {"threshold": {"value": 0.6, "at": 1}}
    settle(app)
    app.button(key="rewards.lab").click().run()
    assert not app.exception
    assert app.session_state["lab.reward.code"] == KETTLE
    assert typed(app, "threshold") == "0.6"


PROMPTFOO = "def get_assert(output, context):\n    return len(output) / 100\n"
OWN_NAMES = "def close(first, second):\n    return len(first) / 100\n"


def test_a_reward_of_another_framework_runs_in_the_lab_as_it_is(gamed):
    app = type_reward(open_rewards(of=gamed), PROMPTFOO)
    app.button(key="rewards.lab").click().run()
    assert not app.exception
    assert app.session_state["lab.reward.code"] == PROMPTFOO
    assert app.session_state["lab.reward.form"].shape == "promptfoo"


def test_what_was_said_of_its_arguments_goes_along_to_the_lab(gamed):
    said = workbench.Reading(shape="by_name", arguments={"first": "output", "second": "inputs"})
    workbench.save_reward("close", OWN_NAMES, reading=said)
    app = open_rewards(reward="close", rows=f"run:{gamed}")
    app.button(key="rewards.lab").click().run()
    assert not app.exception
    assert app.session_state["lab.reward.code"] == OWN_NAMES
    assert app.session_state["lab.reward.form"].arguments == said.arguments


def test_a_reward_that_scores_a_group_says_why_no_run_can_call_it(gamed):
    code = "def spread(completions, answers):\n    return [1.0 for _ in completions]\n"
    app = type_reward(open_rewards(of=gamed), code)
    lab = app.button(key="rewards.lab")
    assert lab.disabled
    assert "scores a whole group of outputs at once" in lab.help


def test_a_run_with_a_reward_of_another_framework_opens_as_it_was_called():
    spec = replace(EXAMPLES["gamed"].spec, reward=PROMPTFOO, reward_shape="promptfoo", threshold=0.01, N=1)
    run_id = runs.start(spec)
    runs.join(run_id, 60)
    app = open_rewards(of=run_id)
    assert [row["change"] for row in table_rows(app)] == ["0"]
    assert "a promptfoo" in words(app)


def test_rows_that_score_otherwise_alone_are_named(gamed):
    code = "def reward(completions, **kwargs):\n    return [len(completions) for _ in completions]\n"
    app = type_reward(open_rewards(of=gamed), code)
    said = " ".join(one.value for one in app.caption).replace("\\", "")
    assert "Scored alone, these rows have other scores: 1, 2, 3, 4" in said


def test_a_saved_reward_runs_in_the_lab_without_a_change(gamed):
    workbench.save_reward("kettle", KETTLE)
    app = open_rewards(reward="kettle", rows=f"run:{gamed}")
    app.button(key="rewards.lab").click().run()
    assert not app.exception
    assert app.session_state["lab.reward.code"] == KETTLE


def test_what_a_model_wrote_is_shown_with_nothing_in_it_that_a_screen_obeys():
    log = hostile_log("\u202egnihton \x1b[31mred \x00", value="\u2066other\u2069")
    runs.default().store.append(log.records, functools.reduce(summarize, log.records, None))
    app = open_rewards(of=log.run_id)
    drawn = [e for e in app.get("bidi_component") if e.proto.component_name.startswith("refinescope.rewards")]
    texts = [text for one in drawn for text in strings(json.loads(one.proto.json))]
    assert any("⟨U+202E⟩gnihton" in text for text in texts)
    assert [text for text in texts if UNSEEN.search(text)] == []


def test_what_an_address_names_in_vain_is_said_and_can_be_dismissed(gamed):
    workbench.save_reward("kettle", SHORT)
    app = open_rewards(reward="kettel", of="no-such-run", rows=["run:gone", "set:gone", f"run:{gamed}"])
    (said,) = app.warning
    for part in ("“kettel”", "no-such-run", "gone", "1 set of rows"):
        assert part in said.value
    assert app.query_params["rows"] == ["run:gone", "set:gone", f"run:{gamed}"]
    button(app, "Dismiss").click()
    settle(app)
    assert not app.warning
    assert list(app.session_state["rewards.sources"]) == [f"run:{gamed}"]
    assert not open_rewards(reward="kettle").warning
