"""A class guesses: codes, one guess a browser, nothing before it is closed, hands, how the room did, and all of it as CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refine_core.errors import LessonError
from refine_core.lessons import (
    Lesson,
    Prediction,
    RoomError,
    ask_room,
    change_hands,
    change_question,
    check_room_guess,
    clean_code,
    close_guesses,
    count_guesses,
    end_room,
    format_room_guess,
    keep_guess,
    keep_progress,
    list_hands,
    list_lessons,
    list_rooms,
    list_tables,
    open_room,
    own_guess,
    read_guesses,
    read_lesson,
    read_question,
    read_room,
    read_room_outcome,
    room_x,
    rooms,
    show_step,
    summarize_room,
    write_class_csv,
)
from refine_core.store import open_store
from refine_core.store.memory import MemoryStore
from refine_core.store.protocol import ROOM_GUESS_KIND, ROOM_KIND
from tests.lessons.lesson_folder import TEXT, write_lesson

ADA, BEA = "a" * 32, "b" * 32
PERCENT = Prediction("number", "right", high=100, unit="%", near=5)
CHOICE = Prediction("choice", "winner", choices=("Up", "Down", "Equal"))
GUESSES = [40] * 2 + [45] + [50] * 3 + [55] + [60] * 6 + [65] + [70] * 3 + [75] * 2 + [80] * 3 + [85, 90]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory) -> Lesson:
    return read_lesson(write_lesson(tmp_path_factory.mktemp("lessons") / "02-small"))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def asked(store, lesson) -> str:
    """The code of a class that is asked the lesson's question."""
    code = open_room(store, lesson.name).code
    show_step(store, code, lesson.name, "predict")
    return code


def test_a_code_has_no_sign_that_is_taken_for_another(store, lesson):
    codes = [open_room(store, lesson.name).code for _ in range(60)]
    assert len(set(codes)) == len(codes)
    assert set("".join(codes)).isdisjoint("0OQD1IL2Z5S8BUVG")
    assert all(len(code) == 4 and code[:2].isalpha() and code[2:].isdecimal() for code in codes)
    assert [room.code for room in list_rooms(store)][-1] == codes[0]


def test_a_code_is_longer_once_the_short_ones_are_taken(store, lesson):
    for pair in (a + b for a in rooms.LETTERS for b in rooms.LETTERS):
        for number in (a + b for a in rooms.DIGITS for b in rooms.DIGITS):
            store.put(ROOM_KIND, pair + number, "{}")
    assert len(open_room(store, lesson.name).code) == 6


@pytest.mark.parametrize(
    ("text", "code"), [("kt 44", "KT44"), (" KT-44\n", "KT44"), ("", ""), ("é" * 99, "")]
)
def test_a_code_is_found_as_people_type_it(text, code):
    assert clean_code(text) == code


def test_a_browsers_second_guess_takes_the_place_of_its_first(store, lesson):
    code = asked(store, lesson)
    keep_guess(store, code, lesson, ADA, 30)
    keep_guess(store, code, lesson, BEA, 70)
    keep_guess(store, code, lesson, ADA, 55)
    assert count_guesses(store, code, lesson.name) == 2
    assert own_guess(store, code, lesson.name, ADA) == 55
    close_guesses(store, code, lesson.name)
    assert read_guesses(store, code, lesson.name) == [55, 70]


def test_guesses_are_shown_only_once_guessing_is_closed(store, lesson):
    code = asked(store, lesson)
    keep_guess(store, code, lesson, ADA, 30)
    with pytest.raises(RoomError, match="once guessing is closed"):
        read_guesses(store, code, lesson.name)
    assert list_tables(store, [lesson])[0].classes == []
    close_guesses(store, code, lesson.name)
    assert read_guesses(store, code, lesson.name) == [30]


def test_a_closed_question_takes_no_guess_and_no_step_opens_it(store, lesson):
    code = asked(store, lesson)
    close_guesses(store, code, lesson.name)
    for step in ("example", "predict"):
        show_step(store, code, lesson.name, step)
        with pytest.raises(RoomError, match="guessing is closed"):
            keep_guess(store, code, lesson, ADA, 30)
    assert count_guesses(store, code, lesson.name) == 0


@pytest.mark.parametrize("step", ["example", "run", "compare", "check"])
def test_a_guess_is_taken_at_the_question_alone(step, store, lesson):
    code = open_room(store, lesson.name).code
    show_step(store, code, lesson.name, step)
    with pytest.raises(RoomError):
        keep_guess(store, code, lesson, ADA, 30)


def test_a_class_that_is_over_or_was_never_there_takes_nothing(store, lesson):
    code = asked(store, lesson)
    end_room(store, code)
    with pytest.raises(RoomError):
        keep_guess(store, code, lesson, ADA, 30)
    with pytest.raises(RoomError, match="There is no class XX00"):
        keep_guess(store, "xx00", lesson, ADA, 30)
    assert read_room(store, "xx00") is None


def test_a_guess_outlives_the_process_that_took_it(tmp_path, lesson):
    with_store = open_store(tmp_path)
    code = asked(with_store, lesson)
    keep_guess(with_store, code, lesson, ADA, 30)
    change_hands(with_store, code, lesson, 60, 6)
    with_store.close()
    again = open_store(tmp_path)
    try:
        assert own_guess(again, code, lesson.name, ADA) == 30
        assert read_room(again, code).question.hands == {"60": 6}
    finally:
        again.close()


def test_neither_a_token_nor_its_plain_digest_is_kept(store, lesson):
    first, second = asked(store, lesson), asked(store, lesson)
    for code in (first, second):
        keep_guess(store, code, lesson, ADA, 30)
    names = [name for code in (first, second) for name in store.documents(f"{ROOM_GUESS_KIND}/{code}")]
    assert len(set(names)) == 2
    assert not any(ADA in name for name in names)


def test_a_question_takes_only_so_many_browsers_which_may_still_change(store, lesson):
    code = asked(store, lesson)
    for number in range(rooms.MAX_GUESSES):
        store.put(f"{ROOM_GUESS_KIND}/{code}", f"{lesson.name}/{number}", "1.0")
    with pytest.raises(RoomError, match="1,000 guesses"):
        keep_guess(store, code, lesson, ADA, 30)
    store.drop(f"{ROOM_GUESS_KIND}/{code}", f"{lesson.name}/0")
    keep_guess(store, code, lesson, ADA, 30)
    assert keep_guess(store, code, lesson, ADA, 40) == 40


@pytest.mark.parametrize("token", ["", "a" * 31, "a" * 33, "A" * 32, "../" * 9, None, 5])
def test_what_is_no_token_is_refused(token, store, lesson):
    code = asked(store, lesson)
    with pytest.raises(RoomError):
        keep_guess(store, code, lesson, token, 30)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_anything_that_a_browser_sends_is_a_guess_on_the_axis_or_none(value):
    for prediction in (PERCENT, replace(PERCENT, low=-1, high=1, step=0.01), CHOICE):
        guess = check_room_guess(prediction, value)
        allowed = len(prediction.choices) - 1 if prediction.kind == "choice" else prediction.high
        assert guess is None or min(0, prediction.low) <= guess <= allowed


def test_a_guess_lies_on_a_step_of_its_axis():
    assert check_room_guess(PERCENT, 59.6) == 60
    assert check_room_guess(replace(PERCENT, low=-1, high=1, step=0.01), 0.123) == 0.12
    assert check_room_guess(CHOICE, 2) == 2
    assert check_room_guess(CHOICE, 3) is None
    assert check_room_guess(PERCENT, True) is None  # a browser can send it


def test_hands_are_added_and_taken_back_but_never_below_none(store, lesson):
    code = asked(store, lesson)
    change_hands(store, code, lesson, 60, 6)
    change_hands(store, code, lesson, 70, 2)
    room = change_hands(store, code, lesson, 60, -1)
    assert list_hands(room.question) == [60] * 5 + [70] * 2
    assert change_hands(store, code, lesson, 60, -99).question.hands == {"70": 2}
    with pytest.raises(RoomError, match="1,000 hands"):
        change_hands(store, code, lesson, 60, 999)
    with pytest.raises(RoomError, match="from 0 to 100"):
        change_hands(store, code, lesson, 101, 1)


def test_no_hand_is_added_once_the_outcome_was_shown(store, lesson):
    code = asked(store, lesson)
    close_guesses(store, code, lesson.name)
    change_hands(store, code, lesson, 60, 1)
    change_question(store, code, lesson.name, outcome=92.0)
    with pytest.raises(RoomError, match="on the screen already"):
        change_hands(store, code, lesson, 90, 1)


def test_a_damaged_class_is_left_out(store, lesson):
    code = asked(store, lesson)
    for text in ("no JSON", "[]", '{"code": 1}'):
        store.put(ROOM_KIND, "XX33", text)
        assert [room.code for room in list_rooms(store)] == [code]
    store.put(f"{ROOM_GUESS_KIND}/{code}", f"{lesson.name}/x", "no number")
    close_guesses(store, code, lesson.name)
    assert read_guesses(store, code, lesson.name) == []


def test_the_sentences_say_how_far_off_a_room_was():
    summary = summarize_room(PERCENT, GUESSES, 92.0)
    assert summary.sentences == ("The room was 32 points too low.", "One of 24 came within 5 points.")
    assert (summary.middle, summary.gap) == (60, "32 points")
    assert [value for value, _, near in summary.counts if near] == [90]
    assert sum(many for _, many, _ in summary.counts) == 24


@pytest.mark.parametrize(
    ("guesses", "outcome", "sentences"),
    [
        ([70, 90], 60.0, ("The room was 10 points too high.", "None of 2 came within 5 points.")),
        (
            [60, 61],
            60.2,
            ("The middle guess was 60\xa0%, and that is what came out.", "2 of 2 came within 5 points."),
        ),
        ([], 60.0, ("Nobody guessed.", "It was 60\xa0%.")),
        ([70], None, ()),
    ],
)
def test_a_room_that_was_high_right_or_silent(guesses, outcome, sentences):
    assert summarize_room(PERCENT, guesses, outcome).sentences == sentences


def test_a_guess_below_zero_has_the_sign_for_minus():
    points = replace(PERCENT, unit="points", low=-20)
    assert format_room_guess(points, -12) == "\N{MINUS SIGN}12\xa0points"


def test_choices_have_their_shares_and_how_many_were_right():
    summary = summarize_room(CHOICE, [0, 0, 2], 2)
    assert summary.sentences == ("One of 3 was right.", "What came out is “Equal”.")
    assert summary.counts == ((0, 2, False), (1, 0, False), (2, 1, True))
    assert summarize_room(CHOICE, [0, 0], None).sentences == ()
    assert summarize_room(CHOICE, [], 1).sentences == ("Nobody guessed.", "What came out is “Down”.")


def test_of_a_curve_a_class_is_asked_for_one_point(lesson):
    point = ask_room(lesson.prediction)
    assert (point.kind, point.x) == ("number", ())
    assert room_x(lesson.prediction) == 3
    assert read_room_outcome(lesson.prediction, {"right": {1: 0.2, 2: 0.5, 3: 0.75}}) == 75
    assert read_room_outcome(lesson.prediction, {"right": {1: 0.2}}) is None
    assert read_question(lesson).endswith("Your guess: N = 3.")


def test_a_lesson_may_have_a_question_of_its_own_for_a_class(tmp_path):
    folder = write_lesson(tmp_path / "02-room")
    data = json.loads((folder / "lesson.json").read_text())
    data["prediction"]["room_x"] = 2
    (folder / "lesson.json").write_text(json.dumps(data))
    (folder / "text.md").write_text(f"{TEXT}\n\n# Room\n\nAnd of {{n_a}} attempts?\n")
    lesson = read_lesson(folder)
    assert (room_x(lesson.prediction), read_question(lesson)) == (2, "And of 3 attempts?")
    data["prediction"]["room_x"] = 7
    (folder / "lesson.json").write_text(json.dumps(data))
    with pytest.raises(LessonError, match="room_x: it must be one of x"):
        read_lesson(folder)


@pytest.mark.parametrize("lesson", list_lessons(), ids=lambda one: one.name)
def test_every_lesson_has_a_question_for_a_class(lesson):
    question = read_question(lesson)
    assert "?" in question
    assert len(question.rpartition("\n\n")[2]) <= 180  # so that it fits on a wall
    assert ask_room(lesson.prediction).kind in ("number", "choice")


def test_the_csv_has_guesses_hands_and_checks_and_nobodys_name(store, lesson):
    code = asked(store, lesson)
    keep_guess(store, code, lesson, ADA, 70)
    keep_guess(store, code, lesson, BEA, 30)
    change_hands(store, code, lesson, 74, 1)
    close_guesses(store, code, lesson.name)
    change_question(store, code, lesson.name, outcome=75.0)
    keep_progress(store, "Ada Lovelace", lesson.name, step="check", tries=2, hints=1, passed=True)
    keep_progress(store, "Grace Hopper", lesson.name, step="check", tries=3, shown=True)
    keep_progress(store, "Nobody yet", lesson.name, step="predict")
    text = write_class_csv(list_tables(store, [lesson]))
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    guesses = [(row["kind"], row["class"], row["value"], row["outcome"], row["right"]) for row in rows[:3]]
    assert guesses == [
        ("guess", "1", "30.0", "75.0", "0"),
        ("guess", "1", "70.0", "75.0", "0"),
        ("hand", "1", "74.0", "75.0", "0"),
    ]
    checks = [[row[name] for name in ("kind", "passed", "tries", "hints", "shown")] for row in rows[3:]]
    assert checks == [["check", "1", "2", "1", "0"], ["check", "0", "3", "0", "1"]]
    assert not any(one in text for one in ("Ada", "Grace", code, ADA, "Nobody"))


def test_a_choice_that_a_spreadsheet_would_run_is_made_harmless(store, lesson):
    hostile = replace(lesson, prediction=replace(CHOICE, choices=("=1+1", "Down")))
    code = asked(store, hostile)
    keep_guess(store, code, hostile, ADA, 0)
    close_guesses(store, code, hostile.name)
    (row,) = csv.DictReader(
        io.StringIO(write_class_csv(list_tables(store, [hostile])).removeprefix("\ufeff"))
    )
    assert row["value_text"] == "'=1+1"
