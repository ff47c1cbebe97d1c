"""The pages as Streamlit runs them, without a browser: what is shown, what is said of bad input, what a press does."""

from __future__ import annotations

import functools
import itertools
import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from refine_core import runs
from refine_core.log.summaries import summarize
from refine_core.programs import EXAMPLES
from tests import logs

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "pages" / "main" / "page.py"


@pytest.fixture(autouse=True)
def _own_runs():
    """Each test opens the store of its own data folder, and closes it."""
    runs.close()
    yield
    runs.close()


def open_app(**query):
    app = AppTest.from_file(str(MAIN), default_timeout=30)
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


def button(app, label):
    """The button with this label, whether or not it is drawn in the colour of a link."""
    named = {label, f":blue[{label}]"}
    (found,) = [b for b in app.button if b.label.partition(" :small")[0] in named]
    return found


def field(app, name):
    """The key of a field of the form: every loading gives them new ones."""
    return f"lab.{app.session_state['lab.rev']}.{name}"


def type_in(app, name, text):
    """Type into a field of the form that is an editor of ours."""
    app.session_state[field(app, name)] = text
    app.run()
    assert not app.exception


def typed(app, name):
    """What such a field holds."""
    return app.session_state[field(app, name)]


def choose_example(app, name):
    app.button(key=f"lab.choose.{name}").click().run()
    assert not app.exception


def marks(app):
    """What is marked in the editors on the page: the message, with its place, and the labels of its fixes."""
    editors = [
        json.loads(e.proto.json)
        for e in app.get("bidi_component")
        if e.proto.component_name.endswith("editor")
    ]
    return [mark for one in editors for mark in one["problems"]]


def listed_runs(app):
    """The rows of the table on the Runs page."""
    (table,) = [e for e in app.get("bidi_component") if e.proto.component_name == "refinescope.runs"]
    return json.loads(table.proto.json)["rows"]


def press_fix(app, label):
    """Press a fix under a line of the reward."""
    assert [label] == [one for mark in marks(app) for one in mark["fixes"] if one == label]
    app.session_state["lab.reward"] = {"fix": {"label": label}}
    app.run()
    app.session_state["lab.reward"] = {}
    app.run()
    assert not app.exception


def said(app):
    """Every word on the page that is neither a widget's label nor its value, with those of the attempt's open tab."""
    kinds = (app.markdown, app.caption, app.error, app.info, app.warning, app.title, app.header, app.code)
    words = "\n".join(str(e.value) for kind in kinds for e in kind).replace("\\", "")
    return f"{words}\n{detail_words(app)}"


def detail(app):
    """What the detail of the attempt was sent; None where no attempt is shown."""
    (found,) = [e for e in app.get("bidi_component") if e.proto.component_name.endswith(".attempt")] or [None]
    return None if found is None else json.loads(found.proto.json)


def blocks(app):
    """The blocks of the open tab, by their ids."""
    shown = detail(app)
    sections = [] if shown is None else shown["sections"]
    return {block["id"]: block for one in sections for side in ("left", "right") for block in one[side]}


def words_of(block):
    return "".join(text for _, text in block["pieces"])


def detail_words(app):
    """Title, facts, and every word of the open tab."""
    shown = detail(app)
    if shown is None:
        return ""
    lines = [" · ".join([shown["title"], *([shown["reward"]] if shown["reward"] else []), *shown["facts"]])]
    lines += [label for _, label, _ in shown["callers"]]
    for section in shown["sections"]:
        lines.append(section["title"])
        for block in (*section["left"], *section["right"]):
            lines += [block["title"], block["aside"], words_of(block)]
            lines += [" ".join(str(value) for value in row.values()) for row in block["rows"]]
    return "\n".join(lines)


clock = itertools.count(1)


def ask(app, **what):
    """Do something in the detail of the attempt, as a click does."""
    app.session_state["attempt"] = {"asked": {**what, "at": next(clock)}}
    app.run()
    assert not app.exception
    app.session_state["attempt"] = {}


def read_attempt(app):
    """Every word of the page and of every tab of the attempt."""
    words = [said(app)]
    for tab in ("output", "reward", "advice", "prompts"):
        ask(app, do="tab", tab=tab)
        words.append(detail_words(app))
    for key, *_ in detail(app)["callers"]:
        ask(app, do="caller", caller=key)
        words.append(detail_words(app))
    return "\n".join(words)


def press_run(app):
    button(app, "Run").click().run()
    assert not app.exception
    return app


def ended(app, within_s=30.0):
    run_id = (
        app.query_params["run"][0] if isinstance(app.query_params["run"], list) else app.query_params["run"]
    )
    runs.join(run_id, within_s)
    app.run()
    assert not app.exception
    return runs.get(run_id)


def attempt_of(log, number):
    """The page of a run that was recorded elsewhere, with one of its attempts shown."""
    runs.default().store.append(log.records, functools.reduce(summarize, log.records, None))
    return open_app(run=log.run_id, attempt=str(number))


def tells_why_it_stopped(app, run):
    """Whether the verdict is on the page, and every sentence of the run's summary there or where the verdict is pointed at."""
    verdict, hovers = run.verdict, " ".join(one.proto.help for one in app.markdown)
    shown = all(part in said(app) for part in (verdict.headline, verdict.note, verdict.failures))
    whole = said(app) + hovers.replace("\\", "")
    return shown and (
        verdict.is_whole or all(sentence.rstrip(".") in whole for sentence in run.stop_sentences)
    )


def press_ctrl_enter(app):
    """In the editor of the reward, where it starts a run although Cancel has taken the place of Run."""
    app.session_state["lab.reward"] = {"run": True}
    app.run()
    app.session_state["lab.reward"] = {}
    assert not app.exception


def titles(app):
    """The titles of what is folded."""
    return [e.label.replace("\\", "") for e in app.expander]


def errors(app):
    """What is said to be wrong: on the page, and on a line of an editor."""
    marked = [
        f"{mark['message']} (line {mark['line']}, column {mark['column']})"
        for mark in marks(app)
        if mark["severity"] == "error"
    ]
    by_fields = [e.value for e in app.markdown if ":red[:material/error:" in e.value]
    return [value.replace("\\", "") for value in (*(e.value for e in app.error), *by_fields)] + marked


def test_the_first_screen_has_an_example_that_is_ready_to_run():
    app = open_app()
    assert typed(app, "stage.0.signature") == "question -> answer"
    assert errors(app) == []
    assert "practice model" in said(app)
    assert "Ready: up to 5 attempts and 4 requests for advice" in said(app)
    assert "At most 9 calls on the practice model: no key, no network, free." in said(app)


def test_the_exact_prompt_of_the_first_attempt_is_there_before_the_run():
    assert any("[[ ## question ## ]]" in c.value for c in open_app().code)


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_run_shows_why_it_stopped_and_the_attempt_that_was_returned(name):
    app = open_app()
    choose_example(app, name)
    press_run(app)
    run = ended(app)
    assert tells_why_it_stopped(app, run)
    assert detail(app)["title"] == f"Attempt {run.timeline.end.returned + 1}"
    assert "Reply" in [block["title"] for block in blocks(app).values()]


def test_a_reload_finds_the_run_and_what_was_typed_for_it():
    app = open_app()
    type_in(app, "in.question.text", "What is the capital of France?")
    press_run(app)
    run = ended(app)
    again = open_app(run=run.run_id)
    assert tells_why_it_stopped(again, run)
    assert typed(again, "in.question.text") == "What is the capital of France?"


def test_the_address_names_the_attempt():
    app = press_run(open_app())
    run = ended(app)
    assert detail(open_app(run=run.run_id, attempt="1"))["title"] == "Attempt 1"
    assert detail(open_app(run=run.run_id, attempt="2"))["title"] == "Attempt 2"
    assert detail(open_app(run=run.run_id, attempt="99"))["title"] == "Attempt 3"


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("question", "No '->' between inputs and outputs"),
        ("question -> question", "stands twice"),
        ("hint_ -> answer", "is reserved"),
        ("question: foo -> answer", "Unknown type 'foo'"),
        ("question ->", "No output field"),
    ],
)
def test_a_signature_that_does_not_parse_says_so_beside_the_field(signature, words):
    app = open_app()
    type_in(app, "stage.0.signature", signature)
    assert any(words in e and "column" in e for e in errors(app))
    press_run(app)
    assert "run" not in app.query_params
    assert any("Not started" in e for e in errors(app))
    assert typed(app, "stage.0.signature") == signature, "nothing typed is lost"


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("list[int]", "[1, two]", "not valid JSON"),
        ("list[int]", '["a"]', "must be list[int]"),
        ("dict[str, float]", "[]", "must be dict"),
    ],
)
def test_an_input_of_the_wrong_type_says_so_beside_the_field(kind, value, words):
    app = open_app()
    type_in(app, "stage.0.signature", f"x: {kind} -> answer")
    type_in(app, "in.x.json", value)
    assert any(words.lower() in e.lower() for e in errors(app))


@pytest.mark.parametrize(
    ("text", "words"), [("high", "the threshold must be a number"), ("nan", "the threshold must be a number")]
)
def test_a_threshold_that_is_no_number_says_so(text, words):
    app = open_app()
    app.text_input(key=field(app, "threshold")).set_value(text).run()
    assert any(words in e.lower() for e in errors(app))


def test_failures_allowed_that_are_no_number_are_called_as_the_form_does():
    app = open_app()
    app.text_input(key=field(app, "fail_count")).set_value("-1").run()
    assert any(e.startswith("The failures allowed must be a whole number") for e in errors(app))


def test_a_refusal_keeps_the_names_of_code_as_they_are():
    app = open_app()
    type_in(app, "stage.0.signature", "question -> b")
    press_run(app)
    refused = next(e for e in errors(app) if e.startswith("Not started"))
    assert "pred has no field 'answer'" in refused


def test_an_empty_threshold_means_none():
    app = open_app()
    app.text_input(key=field(app, "threshold")).set_value("").run()
    assert errors(app) == []
    press_run(app)
    assert ended(app).timeline.spec.threshold is None


def test_n_below_one_says_so():
    app = open_app()
    app.number_input(key=field(app, "N")).set_value(0).run()
    assert any("at least 1" in e for e in errors(app))


def write_reward(app, code):
    app.session_state["lab.reward"] = {"draft": {"code": code, "rev": app.session_state["lab.rev"]}}
    app.run()


def test_no_reward_function_says_what_to_write():
    app = open_app()
    write_reward(app, "LIMIT = 3\n")
    assert any("No reward function found" in e for e in errors(app))


def test_two_reward_functions_make_the_person_choose():
    app = open_app()
    write_reward(app, "def a(args, pred):\n    return 1\n\ndef b(args, pred):\n    return 0.5\n")
    assert errors(app)
    app.selectbox(key=field(app, "reward.name")).select("b").run()
    assert errors(app) == []
    press_run(app)
    assert {a.reward for a in ended(app).timeline.attempts} == {0.5}


def test_a_syntax_error_in_the_reward_names_its_line():
    app = open_app()
    write_reward(app, "def reward(args, pred):\n    return (\n")
    assert any("line 2" in e for e in errors(app))


@pytest.mark.fault(37)
def test_nothing_is_red_before_it_was_touched_or_run_was_pressed():
    """A model that was just chosen, and inputs of a signature that was just typed, are asked for."""
    app = open_app()
    app.radio(key=field(app, "model.kind")).set_value("litellm").run()
    assert errors(app) == []
    assert "Name a model" in said(app)
    assert "Fill in first: model" in said(app)
    type_in(app, "stage.0.signature", "x: dict[str, float] -> answer")
    assert errors(app) == []
    assert "as JSON" in said(app)
    press_run(app)
    refused = next(e for e in errors(app) if e.startswith("Not started"))
    assert "Input x: enter dict[str, float] as JSON, such as {" in refused
    assert "Model: name a model" in refused
    app.run()
    assert any("Name a model" in e for e in errors(app))


@pytest.mark.fault(37)
def test_a_refused_run_calls_the_fields_as_the_form_does():
    app = open_app()
    type_in(app, "stage.0.signature", "question")
    press_run(app)
    (refused,) = [e for e in errors(app) if e.startswith("Not started")]
    assert "Signature: no '->' between inputs and outputs" in refused
    assert "stages.0" not in said(app) + refused
    button(app, "Stage").click().run()
    type_in(app, "stage.0.signature", "question ->")
    press_run(app)
    assert any("Signature of answer: " in e for e in errors(app))


def test_a_malformed_base_url_says_so():
    app = open_app()
    app.radio(key=field(app, "model.kind")).set_value("litellm").run()
    app.text_input(key=field(app, "model.base")).set_value("127.0.0.1:8000").run()
    assert any("must begin with http" in e for e in errors(app))


def test_a_variable_that_is_not_set_says_so_and_starts_nothing():
    app = open_app()
    app.radio(key=field(app, "model.kind")).set_value("litellm").run()
    app.text_input(key=field(app, "model.name")).set_value("openai/any").run()
    app.text_input(key=field(app, "model.env")).set_value("NO_SUCH_KEY_HERE").run()
    press_run(app)
    assert any("NO_SUCH_KEY_HERE is not set" in e for e in errors(app))
    assert "run" not in app.query_params


def test_an_unknown_run_in_the_address_says_so_and_the_form_still_works():
    app = open_app(run="20000101-000000-deadbeef")
    assert any("There is no run '20000101-000000-deadbeef'" in e for e in errors(app))
    assert button(app, "Run")


def test_stages_can_be_added_and_removed():
    app = open_app()
    button(app, "Stage").click().run()
    assert typed(app, "stage.1.signature") == "answer -> checked"
    assert errors(app) == []
    press_run(app)
    assert len(ended(app).timeline.predictors) == 2
    app.segmented_control(key=field(app, "stages.selected")).set_value(0).run()
    app.button(key="lab.stage.0.remove").click().run()
    assert not app.exception
    write_reward(app, "def reward(args, pred):\n    return float(len(pred.checked))\n")
    assert app.session_state["lab.stages"] == [1]
    assert typed(app, "stage.1.signature") == "answer -> checked"
    assert "args: answer · pred: checked" in said(app)


def test_values_that_only_the_reward_sees_reach_the_reward_and_no_prompt():
    app = open_app()
    app.button(key="lab.extra.add").click().run()
    app.text_input(key=field(app, "extra.0.name")).set_value("gold").run()
    type_in(app, "extra.0.value", "Brussels")
    write_reward(app, "def reward(args, pred):\n    return float(args['gold'] in pred.answer)\n")
    press_run(app)
    run = ended(app)
    assert run.timeline.attempts[0].reward == 1.0
    assert "gold" not in str(run.timeline.attempts[0].predictors[0].calls[0].messages)


def test_the_list_of_runs_leads_back_to_each():
    app = open_app()
    app.switch_page("../runs/page.py").run()
    assert "No runs yet" in said(app)
    run = ended(press_run(open_app()))
    again = open_app()
    again.switch_page("../runs/page.py").run()
    assert not again.exception
    (row,) = listed_runs(again)
    assert (row["id"], row["outcome"], row["best"]) == (run.run_id, "reached", "1.00")
    assert row["outcome_title"] == "reached the threshold"
    assert row["name"] == run.timeline.spec.title


def test_a_store_that_cannot_be_opened_is_said_plainly(tmp_path, monkeypatch):
    (tmp_path / "refinescope.db").mkdir()
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    app = open_app(run="20000101-000000-deadbeef")
    assert any("refinescope.db" in e for e in errors(app))


def test_a_damaged_store_is_set_aside_and_every_page_says_so(tmp_path, monkeypatch):
    (tmp_path / "refinescope.db").write_bytes(b"not a database" * 100)
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    app = open_app()
    for page in ("../runs/page.py", "../models/page.py", "../lab/page.py"):
        app.switch_page(page).run()
        assert not app.exception
        assert any("damaged" in w.value and "set aside" in w.value for w in app.warning), page
    (kept,) = tmp_path.glob("refinescope.db.damaged-*")
    assert kept.read_bytes() == b"not a database" * 100


def test_a_run_is_replayed_from_the_lab_and_says_so():
    app = press_run(open_app())
    first = ended(app)
    app.run()
    app.button(key="start-replay").click().run()
    again = ended(app)
    assert again.run_id != first.run_id
    assert again.timeline.spec.model.recording_id == first.run_id
    app.run()
    assert "replay of practice model" in said(app)


def test_an_adviser_of_its_own_and_a_budget_reach_the_run():
    app = open_app()
    app.selectbox(key=field(app, "adviser")).set_value("practice").run()
    app.text_input(key=field(app, "budget.tokens")).set_value("100000").run()
    run = ended(press_run(app))
    assert run.timeline.spec.adviser is not None
    assert run.timeline.spec.budget_tokens == 100_000


def test_a_recording_that_is_not_chosen_is_asked_for():
    ended(press_run(open_app()))
    app = open_app()
    app.radio(key=field(app, "model.kind")).set_value("replay").run()
    assert errors(app) == []
    assert "Fill in first: model" in said(app)
    assert "Choose the recorded run to replay" in said(app)


@pytest.mark.parametrize("text", ["0.12345678", "1234567.5", "-3"])
def test_a_threshold_comes_back_with_every_digit(text):
    app = open_app()
    app.text_input(key=field(app, "threshold")).set_value(text).run()
    run = ended(press_run(app))
    assert run.timeline.spec.threshold == float(text)
    again = open_app(run=run.run_id)
    assert float(again.text_input(key=field(again, "threshold")).value) == float(text)


@pytest.mark.parametrize("text", ["1,000", "1_0"])
def test_a_threshold_that_may_be_read_in_two_ways_is_refused(text):
    app = open_app()
    app.text_input(key=field(app, "threshold")).set_value(text).run()
    assert any("the threshold must be a number" in e.lower() for e in errors(app))


def test_a_threshold_may_have_a_decimal_comma():
    app = open_app()
    app.text_input(key=field(app, "threshold")).set_value("0,5").run()
    assert errors(app) == []


@pytest.mark.parametrize(
    "kind", ["Optional[str]", "Optional[int]", "Optional[Literal['a', 'b']]", "Optional[list[str]]"]
)
def test_an_optional_input_may_be_left_empty(kind):
    app = open_app()
    type_in(app, "stage.0.signature", f"x: {kind} -> answer")
    assert errors(app) == []
    assert ended(press_run(app)).timeline.spec.inputs == {"x": None}


@pytest.mark.parametrize("address", ["http://", "http://[::bad", "127.0.0.1:8000", "http://h:99999999"])
def test_a_malformed_address_is_said_beside_its_field(address):
    app = open_app()
    app.radio(key=field(app, "model.kind")).set_value("litellm").run()
    app.text_input(key=field(app, "model.base")).set_value(address).run()
    assert any("must begin with http" in e for e in errors(app))


@pytest.mark.parametrize("attempt", ["9" * 5000, "0", "-1", "x", "²"])
def test_a_nonsense_attempt_in_the_address_shows_the_run(attempt):
    run = ended(press_run(open_app()))
    assert tells_why_it_stopped(open_app(run=run.run_id, attempt=attempt), run)


def test_a_form_that_has_changed_since_the_run_says_so():
    app = open_app()
    press_run(app)
    ended(app)
    assert "Edited since this run" not in said(app)
    app.text_input(key=field(app, "threshold")).set_value("0.5").run()
    write_reward(app, "def reward(args, pred):\n    return 0.4\n")
    type_in(app, "in.question.text", "What is the capital of Spain?")
    assert "Edited since this run: question, reward, threshold" in said(app)


@pytest.mark.parametrize(
    ("strategy", "words"),
    [("single", "one attempt, without hints"), ("best_of_n", "runs again, without hints")],
)
def test_what_happens_is_told_of_the_strategy_that_is_chosen(strategy, words):
    app = open_app()
    app.segmented_control(key=field(app, "strategy")).set_value(strategy).run()
    assert words in said(app)
    assert "as a hint" not in said(app)


def test_a_reply_that_was_asked_for_again_says_why_and_what_came_of_it():
    app = attempt_of(logs.asked_again(), 1)
    words = detail_words(app)
    why = "This reply could not be read: it has no field 'answer'. The question was sent again, as JSON."
    assert words.count(why) == 1
    assert "Asked again, as JSON" in words
    assert "This reply could be read." in words
    assert [block["tone"] for block in blocks(app).values() if why in words_of(block)] == ["warning"]


def test_a_second_reply_that_could_not_be_read_either_is_an_error():
    app = attempt_of(logs.asked_again(), 2)
    wrong = [words_of(block) for block in blocks(app).values() if block["tone"] == "error"]
    assert wrong == ["The second reply could not be read either: it has no field 'answer'."]
    assert "This reply could be read." not in said(app)
    ask(app, do="tab", tab="output")
    (failure,) = [block for block in blocks(app).values() if block["tone"] == "error"]
    assert failure["title"] == "The program failed"


def test_a_reply_that_was_read_at_once_says_nothing_of_it():
    words = read_attempt(attempt_of(logs.asked_again(), 3))
    assert "This reply could not be read" not in words
    assert "Asked again" not in words


def test_an_attempt_without_a_temperature_says_so_and_shows_no_number():
    words = read_attempt(attempt_of(logs.no_temperature(), 2))
    assert "Attempt 2 · 0.60 · no temperature; rollout 1" in words
    assert (
        "The model takes no temperature, so none is sent. Rollout 1 keeps this attempt's calls apart" in words
    )
    assert "temperature 0.667" not in words


def test_where_only_one_model_takes_none_the_attempt_says_whose():
    words = read_attempt(attempt_of(logs.one_without_temperature(), 2))
    assert "Attempt 2 · 0.95 · returned · T 0.75" in words
    assert "The model of answer takes no temperature, so none is sent. Rollout 1 keeps" in words


def test_a_rule_that_was_not_met_stands_beside_the_reward_with_its_message():
    app = attempt_of(logs.rules(), 3)
    words = read_attempt(app)
    assert "Rule not met, at most 3 words: Use at most 3 words." in words
    assert "Rule not met, no full stop: Leave out the full stop." in words
    assert "ranks below those that do" in words
    assert "Attempt 3 · 0.97 · 2 rules not met" in words
    assert "Rule not met" not in read_attempt(open_app(run="run-1", attempt="4"))


def test_a_refinement_inside_an_attempt_is_told_from_the_attempt():
    app = attempt_of(logs.nested(), 1)
    assert "Attempt 1 · 0.30 · T 0" in said(app)
    assert [label for _, label, _ in detail(app)["callers"]] == [
        "answer, attempt 1 inside",
        "answer, attempt 2 inside",
        "adviser inside",
        "adviser",
    ]


def test_a_second_press_of_run_does_not_begin_a_second_run():
    app = open_app()
    app.selectbox(key=field(app, "model.delay")).set_value(2.0).run()
    press_run(app)
    run_id = app.query_params["run"]
    press_ctrl_enter(app)
    assert "This run is still running" in said(app)
    assert len(runs.recent()) == 1
    del app.query_params["run"]  # as a press sends it that comes before the first one's answer
    press_ctrl_enter(app)
    assert (app.query_params["run"], len(runs.recent())) == (run_id, 1)
    app.selectbox(key=field(app, "model.delay")).set_value(1.0).run()
    press_ctrl_enter(app)
    assert len(runs.recent()) == 2, "a changed form is another run"
    for row in runs.recent():
        runs.cancel(row.run_id)


@pytest.mark.fault(16)
def test_a_reward_just_below_the_threshold_is_never_shown_as_the_threshold():
    """On the run's page, in the attempt, and in the list of runs."""
    log = logs.Log(stages=("answer",), N=1, threshold=1.0)
    log.attempt(0.99999)
    log.finish()
    app = attempt_of(log, 1)
    assert detail(app)["reward"] == "0.99999"
    ask(app, do="tab", tab="reward")
    (row,) = blocks(app)["value"]["rows"]
    assert (row["name"], row["value"]) == ("0.99999", "threshold 1.00")
    app.switch_page("../runs/page.py").run()
    assert listed_runs(app)[0]["best"] == "0.99999"


def test_a_call_to_a_server_can_be_copied_as_code_and_a_practice_call_as_text():
    app = attempt_of(logs.two_stages(), 1)
    ask(app, do="tab", tab="prompts")
    assert [what for what, _ in detail(app)["copies"]] == ["text", "json"]
    ask(app, do="copy", what="json")
    copied = detail(app)["reply"]
    assert json.loads(copied["text"])["messages"][0]["role"] in {"system", "user"}
    app.run()
    assert detail(app)["reply"] is None, "it is sent once"
    ask(app, do="copy", what="curl")
    assert detail(app)["reply"] is None


@pytest.mark.parametrize(
    "sent",
    [
        {"do": "tab", "tab": "nowhere"},
        {"do": "pick", "attempt": 99},
        {"do": "page", "block": 3, "page": "x"},
        {"do": "hit", "index": -1},
        {"do": "copy", "what": None},
        {"do": "download", "what": "nothing"},
        {"do": "search", "query": 5},
        {},
    ],
)
def test_what_a_browser_sends_that_fits_nothing_is_left_alone(sent):
    app = attempt_of(logs.two_stages(), 2)
    before = detail(app)
    ask(app, **sent)
    assert detail(app) == before


@pytest.mark.parametrize(
    "page", ["lab", "runs", "rewards", "run", "play", "present", "compare", "models", "teach", "guess"]
)
def test_each_page_says_in_words_that_the_store_cannot_be_opened(page, monkeypatch, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("no folder")
    monkeypatch.setenv("REFINESCOPE_HOME", str(blocked))
    app = open_app()
    app.query_params.update(run="x", a="x.1", b="x.2")
    app.switch_page(f"../{page}/page.py").run()
    assert not app.exception
    assert any("set REFINESCOPE_HOME to a folder that you may write to" in text for text in errors(app))
