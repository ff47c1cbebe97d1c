"""The X-ray on the Rewards page as Streamlit runs it: what is said, what the browser draws, and what a press asks for."""

from pages.shared.xray.colours import colour_lines
from refine_core import workbench
from tests.pages.test_pages import _own_runs  # noqa: F401  # a fixture for every test
from tests.pages.test_rewards_doctor import component
from tests.pages.test_rewards_page import open_rewards, settle, type_reward, words

CODE = """def weigh(word):
    return len(word) / 10

def reward(args, pred):
    score = 0.0
    for word in pred.text.split():
        score += weigh(word)
    if score > 1.0:
        print("long")
    return score
"""
TEXTS = ("one three", "one thirteen", "<b>**x**</b>")


def open_xray(code=CODE, **query):
    rows = [workbench.Row(str(n), {}, {"text": text}) for n, text in enumerate(TEXTS, 1)]
    app = open_rewards(rows=workbench.keep_rows("three", iter(rows)).ref, view="xray", **query)
    return settle(type_reward(app, code)) if code else app


def lines(app):
    return {one["number"]: one for one in component(app, "xray")["lines"]}


def texts(line, side=0):
    cell = line["cells"][side]
    return "".join(text for text, _ in cell["segments"]), cell["note"]


def test_a_row_is_shown_line_by_line_with_what_it_printed():
    app = open_xray(row="2")
    assert "1.10, returned at line 10." in words(app)
    found = lines(app)
    assert texts(found[6]) == ("'one', 'thirteen'", "2 turns")
    assert texts(found[8]) == ("1.10 > 1.0", "taken")
    assert found[9]["cells"][0]["printed"] == "long"
    assert not found[9]["pale"]


def test_two_rows_stand_side_by_side_with_the_rule_where_they_part():
    app = open_xray(row="1", beside="2")
    assert "They take different branches at line 8. Row 1 gets 0.30 less on score, at line 7." in words(app)
    found = lines(app)
    assert [number for number, one in found.items() if one["parts"]] == [7]
    assert component(app, "xray")["chosen"] == 7
    assert [one["label"] for one in component(app, "xray")["columns"]] == ["Row 1", "Row 2"]
    assert texts(found[9], 0) == ("", "not reached")


def test_a_call_of_a_helper_is_entered_and_left():
    app = open_xray(row="1", beside="2")
    calls = lines(app)[7]["calls"][0]
    assert [one["text"] for one in calls] == ["weigh 1", "weigh 2"]
    app.session_state["rewards.xray"] = {"enter": {"call": calls[1]["call"], "at": 1}}
    app = settle(app.run())
    found = lines(app)
    assert (texts(found[2], 0)[0], texts(found[2], 1)[0]) == ("5 / 10 → 0.50", "8 / 10 → 0.80")
    trail = component(app, "xray")["trail"]
    assert [(one["text"], one["here"]) for one in trail] == [
        ("reward", False),
        ("weigh, called at line 7", True),
    ]
    app.session_state["rewards.xray"] = {"enter": {"call": trail[0]["call"], "at": 2}}
    assert 10 in lines(settle(app.run()))


def test_an_error_stands_at_its_line_and_text_stays_text():
    app = open_xray("def reward(args, pred):\n    x = pred.text\n    return int(x)\n", row="3")
    assert "No score: it fails at line 3." in words(app)
    found = lines(app)
    assert "invalid literal" in found[3]["cells"][0]["error"]
    assert texts(found[2])[0] == "'<b>**x**</b>'"
    assert component(app, "xray")["outputs"][0]["fields"][0]["text"] == "<b>**x**</b>"


def test_a_reward_that_cannot_be_read_and_no_rows_say_what_to_do():
    assert "rows" in words(open_rewards(view="xray")).lower()
    one = workbench.keep_rows("one", iter([workbench.Row("1", {}, {"text": "a"})])).ref
    assert "There is no reward yet" in words(open_rewards(rows=one, view="xray"))
    assert "Fix it under Scores" in words(open_xray("def reward(args, pred)\n    return 1\n"))


def test_moving_on_goes_to_a_row_that_there_is():
    app = open_xray(row="2")
    assert (component(app, "xray")["row"], component(app, "xray")["rows"]) == (2, 3)
    for at, (asked, row) in enumerate(((3, "3"), (99, "99"), (-1, "99"), ("x", "99")), 1):
        app.session_state["rewards.xray"] = {"move": {"row": asked, "at": at}}
        app = settle(app.run())
        assert app.query_params["row"] == row
    assert component(app, "xray")["row"] == 1


def test_code_is_coloured_and_nothing_of_it_is_lost():
    source = 'def f(x):  # why\n    return """a\nb""" + 1\n\tif (\n'
    coloured = colour_lines(source)
    assert ["".join(text for _, text in line) for line in coloured] == [
        one.lstrip(" ") for one in source.splitlines()
    ]
    assert ("comment", "# why") in colour_lines("x = 1  # why\n")[0]


def test_what_a_row_had_stands_there_only_where_it_has_another_score_now():
    rows = [
        workbench.Row(str(n), {}, {"text": "ab"}, reward=was) for n, was in enumerate((2.0, 0.5, None), 1)
    ]
    ref = workbench.keep_rows("three", iter(rows)).ref
    code = "def reward(args, pred):\n    return len(pred.text)\n"
    app = open_rewards(rows=ref, view="xray", row="1", beside="2")
    app = settle(type_reward(app, code))
    assert [one["score"] for one in component(app, "xray")["columns"]] == ["2.00", "0.50 → 2.00"]
