"""A class on its two pages: what the wall shows and when, what a phone shows, hands, the table with its CSV, and what anybody can send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pages.shared.guess import KEY as GUESS
from refine_core import experiments, lessons, runs
from tests.pages.test_hint_test import open_page, words

LESSON, CHOICE = "02-best-of-n", "05-feedback"
ADA, BEA = "a" * 32, "b" * 32
LONG_S = 60.0


@pytest.fixture(autouse=True)
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    runs.close()
    yield
    runs.close()


def open_class(lesson: str = LESSON, step: str = "predict") -> str:
    store = runs.default().store
    code = lessons.open_room(store, lesson).code
    lessons.show_step(store, code, lesson, step)
    return code


def room(code: str) -> lessons.Room:
    return lessons.read_room(runs.default().store, code)


def guess(code: str, token: str, value: float, lesson: str = LESSON) -> None:
    lessons.keep_guess(runs.default().store, code, lessons.find_lesson(lesson), token, value)


def teach(code: str):
    return open_page("../teach/page.py", **{"class": code})


def ask(app, what: str, **more: object):
    """A press of the teacher's."""
    ask.at = getattr(ask, "at", 0) + 1
    app.session_state["teach"] = {"asked": {"do": what, "at": ask.at, **more}}
    app.run()
    assert not app.exception
    return app


def slide(app) -> dict[str, object]:
    (found,) = [one for one in app.get("bidi_component") if one.proto.component_name == "refinescope.teach"]
    return json.loads(found.proto.json)


def join(code: str, token: str = ADA):
    """A phone of the class, whose browser has said its token."""
    app = open_page("../guess/page.py", **{"class": code})
    app.session_state["guess.token"] = {"token": token}
    app.run()
    assert not app.exception
    return app


def set_guess(app, code: str, value: object, lesson: str = LESSON):
    app.session_state[GUESS] = {"guess": {"which": f"{code}/{lesson}", "value": value, "at": 1}}
    app.run()
    assert not app.exception
    return app


def press(app, key: str):
    (button,) = [one for one in app.button if one.key == key]
    button.click().run()
    assert not app.exception
    return app


def test_a_class_is_taught_from_the_question_to_the_line_to_remember():
    code = open_class(step="example")
    app = ask(teach(code), "on")
    guess(code, ADA, 60)
    guess(code, BEA, 89)
    shown = slide(ask(app, "nothing"))
    assert shown["headline"].endswith("one of the first four attempts right?")
    assert (shown["total"], shown["total_words"], shown["main"]) == (2, "open; 2 typed", "Close guessing")
    assert shown["chart"]["marks"] == []
    shown = slide(ask(app, "on"))
    assert [(one["value"], one["count"]) for one in shown["chart"]["marks"]] == [(60, 1), (89, 1)]
    assert shown["chart"]["outcome"] is None
    ask(app, "on")
    experiments.join(room(code).question.experiment, LONG_S)
    shown = slide(ask(app, "nothing"))
    assert room(code).step == "compare"
    assert shown["headline"] == "The room was 30 points too low.\nOne of 2 came within 5 points."
    assert shown["chart"]["outcome"]["words"] == "90\xa0%: 45 of 50"
    shown = slide(ask(app, "on"))
    assert "the dotted line is" in " ".join(shown["texts"])
    assert len(shown["curve"]["theory"]["values"]) == len(shown["curve"]["outcome"]) == 10
    assert slide(ask(app, "back"))["main"] == "Next: why"
    ask(app, "on")
    assert "right four times in ten" in slide(ask(app, "on"))["headline"]
    shown = slide(ask(app, "on"))
    assert shown["headline"].startswith("A new attempt can only help")
    assert any(text.startswith("Six attempts") for text in shown["texts"])
    ask(app, "on")
    assert (room(code).lesson, room(code).step) == ("03-hint", "example")


def test_a_guess_is_on_the_wall_only_once_guessing_is_closed():
    code = open_class()
    guess(code, ADA, 37)
    app = teach(code)
    assert slide(app)["chart"]["marks"] == []
    assert "hidden" in slide(app)["chart"]["alt"]
    assert "37" not in slide(app)["chart"]["alt"]
    ask(app, "on")
    assert slide(app)["chart"]["alt"].startswith("37\xa0%: 1 guess")


def test_a_second_press_on_one_slide_does_not_act_on_the_next():
    code = open_class()
    app = teach(code)
    first = slide(app)["at"]
    ask(app, "on", **{"from": first})
    ask(app, "on", **{"from": first})
    assert room(code).question.is_closed
    assert room(code).step == "predict"


def test_two_windows_of_one_class_are_at_the_same_half_of_a_step():
    code = open_class(step="check")
    lessons.show_step(runs.default().store, code, LESSON, "compare", shows_more=True)
    one, other = teach(code), teach(code)
    ask(one, "back")
    assert slide(ask(other, "nothing"))["at"] == slide(one)["at"]
    assert not room(code).shows_more


def test_runs_that_were_deleted_lead_back_to_the_question_and_run_again():
    code = open_class()
    store = runs.default().store
    lessons.change_question(store, code, LESSON, is_closed=True, outcome=90.0, experiment="gone")
    for step, shows_more in (("compare", False), ("compare", True), ("check", False), ("check", True)):
        lessons.show_step(store, code, LESSON, step, shows_more=shows_more)
        app = teach(code)
        assert slide(app)["main"] == "Back to the question"
        assert slide(ask(app, "on"))["main"] == "Run and reveal"


def test_a_table_of_a_lesson_keeps_its_rows_on_the_wall():
    code = open_class("04-advice", "run")
    store = runs.default().store
    experiment = lessons.build_experiment(lessons.find_lesson("04-advice"), store)
    lessons.change_question(store, code, "04-advice", is_closed=True, experiment=experiment.id)
    experiments.start(experiment)
    experiments.join(experiment.id, LONG_S)
    app = ask(teach(code), "on")
    (table,) = [text for text in slide(app)["texts"] if isinstance(text, list)]
    assert [len(row) for row in table] == [4, 4, 4]
    assert table[0] == ["", "right", "calls", "tokens"]
    shown = slide(ask(app, "on"))
    assert shown["headline"].endswith("Which program is right most often within it?")
    assert [row[0] for row in shown["texts"][0]] == ["", "Refine", "Best of 5", "Best of 16"]


def test_a_class_that_is_over_says_so_to_its_teacher():
    code = open_class()
    lessons.end_room(runs.default().store, code)
    assert f"Class {code} is over." in words(teach(code))


def test_hands_are_counted_and_taken_back_on_the_wall():
    code = open_class(CHOICE)
    app = ask(teach(code), "hand", value=2, by=6)
    ask(app, "hand", value=2, by=-1)
    shown = slide(app)
    assert [one["count"] for one in shown["hands"]["counted"]] == [0, 0, 5]
    assert shown["total_words"] == "open; 0 typed, 5 by show of hands"
    assert [many for _, many, _ in shown["choices"]] == [None, None, None]
    assert [many for _, many, _ in slide(ask(app, "on"))["choices"]] == [0, 0, 5]


def test_a_hand_beside_the_axis_is_refused_in_words_until_the_next_press():
    code = open_class()
    app = ask(teach(code), "hand", value=101, by=1)
    app.run()
    assert slide(app)["problem"] == "No hands were added: a guess is a number from 0 to 100."
    assert slide(ask(app, "hand", value=60, by=1))["problem"] == ""


@pytest.mark.parametrize(
    "sent",
    [
        {"value": "<b>", "by": 1}, {"value": None, "by": 1}, {"value": 60, "by": "many"}, {"value": 60, "by": 1e300},
        {"value": 10**400, "by": 1}, {"value": [60], "by": 1}, {"value": 60},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_hand_changes_nothing(sent):
    code = open_class()
    ask(teach(code), "hand", **sent)
    assert room(code).question.hands == {}


def test_a_phone_sends_a_guess_changes_it_and_hears_that_it_is_closed():
    code = open_class()
    app = set_guess(join(code), code, 60)
    press(app, "guess.send")
    assert any("Your guess is in: 60\xa0%. Look at the screen." in one.value for one in app.subheader)
    press(set_guess(app, code, 75), "guess.send")
    lessons.close_guesses(runs.default().store, code, LESSON)
    app.run()
    assert lessons.read_guesses(runs.default().store, code, LESSON) == [75]
    assert any("Guessing is closed" in one.value for one in app.subheader)
    assert "Your guess: 75\xa0%." in words(app)
    assert not [one for one in app.button if one.key == "guess.send"]


def test_a_guess_that_comes_too_late_is_refused_in_words():
    code = open_class()
    app = set_guess(join(code), code, 60)
    (send,) = [one for one in app.button if one.key == "guess.send"]
    lessons.close_guesses(runs.default().store, code, LESSON)
    send.click().run()
    assert not app.exception
    assert lessons.count_guesses(runs.default().store, code, LESSON) == 0
    assert any("Guessing is closed" in one.value for one in app.subheader)


def test_a_phone_shows_what_came_out_only_after_the_wall_does():
    code = open_class()
    app = join(code)
    guess(code, ADA, 60)
    lessons.change_question(runs.default().store, code, LESSON, is_closed=True, outcome=92.0)
    app.run()
    assert "92" not in words(app)
    lessons.show_step(runs.default().store, code, LESSON, "compare")
    app.run()
    assert "It was: 92\xa0%." in words(app)


@pytest.mark.parametrize("token", ["", "short", None, 5, ["a" * 32], "../" * 20])
def test_a_browser_without_a_token_cannot_send(token):
    code = open_class()
    app = set_guess(join(code, token), code, 60)
    (send,) = [one for one in app.button if one.key == "guess.send"]
    assert send.disabled


def test_a_code_is_asked_for_and_a_wrong_one_is_named():
    app = open_page("../guess/page.py")
    assert [one.label for one in app.text_input] == ["Class code"]
    code = open_class()
    app.text_input[0].set_value(f" {code.lower()} ")
    (join_button,) = [one for one in app.button if one.label == "Join"]
    join_button.click().run()
    assert not app.exception
    assert f"Class {code}" in words(app)
    assert "There is no class XX00" in words(open_page("../guess/page.py", **{"class": "xx00"}))


def test_the_list_opens_a_class_ends_it_and_shows_how_it_did():
    app = press(open_page("../teach/page.py"), "teach.open")
    (opened,) = lessons.list_rooms(runs.default().store)
    code = opened.code
    lessons.show_step(runs.default().store, code, LESSON, "predict")
    guess(code, ADA, 60)
    lessons.change_question(runs.default().store, code, LESSON, is_closed=True, outcome=92.0)
    lessons.keep_progress(runs.default().store, "Ada", LESSON, step="check", tries=2, passed=True)
    app = open_page("../teach/page.py")
    text = " ".join(str(one.value.to_dict()) for one in app.table)
    assert "32 points too low" in text
    assert "1 of 1 passed, 2 tries, 0 shown" in text
    assert "Ada" not in text
    assert code not in text
    press(app, f"teach.end.{code}")
    assert room(code).is_over
    assert "This class is over." in " ".join(one.value for one in join(code).header)


def test_an_address_of_no_class_leads_to_all_classes():
    assert "There is no class 'XX00' here." in words(teach("XX00"))
