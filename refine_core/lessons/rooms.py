"""A class that guesses before its teacher runs the lesson: a code to join by, one question at a time, guesses without names.

open_room(store, lesson) -> Room "KT44"     show_step(store, code, lesson, "predict")      keep_guess(store, code, lesson, token, 60)
change_hands(store, code, lesson, 60, +6)   close_guesses(store, code, lesson)             read_guesses(store, code, lesson) -> [40, 60, …]

Rule 1: a guess is durable on return, and its browser's next one takes its place.
Rule 2: guesses are shown only once guessing is closed, and it does not open again.
Rule 3: a guess is kept under a digest of the browser's token and the class's code, and under nothing else.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from refine_core.errors import RoomError
from refine_core.formatting import pluralize
from refine_core.lessons.document import STEPS, Lesson, Prediction, Step
from refine_core.log import codec
from refine_core.store.protocol import ROOM_GUESS_KIND, ROOM_KIND, Store

logger = logging.getLogger("refine_core")
MAX_GUESSES: Final = 1_000
"""Browsers, and hands besides, that guess at one question."""
LETTERS: Final = "ACEFHJKMNPRTWXY"
DIGITS: Final = "34679"
"""Signs of a code: none is taken for another one on a screen at the end of a room."""
_PAIRS: Final = (2, 2, 2, 3, 4)  # letters of a code, and as many digits; longer ones where many are taken
_TRIES: Final = 40
_MAX_CODE: Final = 8
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")
_LOCK: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Question:
    """The prediction of a lesson, as a class guesses it.

    is_closed: whether no guess is taken any more. hands: value, as text -> how many; counted by the teacher. experiment: id of the
    class's runs, or "". outcome: what came out, in the unit of the guess; None before it was revealed. words: "46 of 50", or "".
    """

    is_closed: bool = False
    hands: Mapping[str, int] = field(default_factory=dict)
    experiment: str = ""
    outcome: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """A class.

    lesson, step: where it is. shows_more: whether it is at the second half of the step: why it came out so, or the answer of the check.
    is_over: whether the teacher ended it. questions: by name of the lesson.
    """

    code: str
    opened_at: float
    lesson: str
    step: Step = "example"
    shows_more: bool = False
    is_over: bool = False
    questions: Mapping[str, Question] = field(default_factory=dict)

    @property
    def question(self) -> Question:
        """Of the lesson that it is at."""
        return self.questions.get(self.lesson, Question())

    @property
    def takes_guesses(self) -> bool:
        """Whether a guess that is sent now is kept."""
        return not self.is_over and self.step == "predict" and not self.question.is_closed


def open_room(store: Store, lesson: str) -> Room:
    """Begin a class at a lesson, under a code that no other class has had. Raises StoreError."""
    with _LOCK:
        room = Room(_new_code(store), time.time(), lesson)
        store.put(ROOM_KIND, room.code, codec.dumps(room))
        return room


def read_room(store: Store, code: str) -> Room | None:
    """The class of a code as somebody typed it; None where there is none, or it cannot be read. Raises StoreError."""
    text = store.document(ROOM_KIND, clean_code(code))
    return None if text is None else _read(text)


def list_rooms(store: Store) -> list[Room]:
    """All classes, the newest first. Raises StoreError."""
    rooms = [room for text in store.documents(ROOM_KIND).values() if (room := _read(text)) is not None]
    return sorted(rooms, key=lambda one: one.opened_at, reverse=True)


def clean_code(typed: str) -> str:
    """A code as it is kept, of what somebody typed: "kt 44" is KT44."""
    return "".join(char for char in typed.upper() if char.isascii() and char.isalnum())[:_MAX_CODE]


def show_step(store: Store, code: str, lesson: str, step: Step, *, shows_more: bool = False) -> Room:
    """Have the class look at this step, or at its second half. Durable on return. Raises RoomError, StoreError."""
    return _change(store, code, lambda room: replace(room, lesson=lesson, step=step, shows_more=shows_more))


def end_room(store: Store, code: str) -> Room:
    """End the class; its guesses stay. Raises RoomError, StoreError."""
    return _change(store, code, lambda room: replace(room, is_over=True))


def close_guesses(store: Store, code: str, lesson: str) -> Room:
    """Take no more guesses; from now on they may be shown. Raises RoomError, StoreError."""
    return change_question(store, code, lesson, is_closed=True)


def change_question(store: Store, code: str, lesson: str, **changes: object) -> Room:
    """Change fields of Question. Raises RoomError, StoreError."""

    def change(room: Room) -> Room:
        question = replace(room.questions.get(lesson, Question()), **changes)  # type: ignore[arg-type]  # fields of it
        return replace(room, questions={**room.questions, lesson: question})

    return _change(store, code, change)


def change_hands(store: Store, code: str, lesson: Lesson, value: object, by: int) -> Room:
    """Add hands that were shown for a value, or take them back with a negative number. Raises RoomError, StoreError."""
    guess = check_room_guess(lesson.prediction, value)
    if guess is None:
        raise RoomError(f"No hands were added: {_say_what_fits(lesson.prediction)}")

    def change(room: Room) -> Room:
        question = room.questions.get(lesson.name, Question())
        if question.outcome is not None:
            raise RoomError("No hands were added: what came out is on the screen already.")
        hands = dict(question.hands)
        hands[f"{guess:g}"] = max(0, hands.get(f"{guess:g}", 0) + by)
        hands = {text: number for text, number in hands.items() if number}
        if sum(hands.values()) > MAX_GUESSES:
            raise RoomError(f"No hands were added: a question takes {pluralize(MAX_GUESSES, 'hand')}.")
        return replace(room, questions={**room.questions, lesson.name: replace(question, hands=hands)})

    return _change(store, code, change)


def keep_guess(store: Store, code: str, lesson: Lesson, token: str, value: object) -> float:
    """Keep a browser's guess, in place of the one it had; what is kept. token: 32 hexadecimal digits that the browser drew.

    value: anything that a browser can send. Raises RoomError with a sentence for who guesses; StoreError. Then nothing was written.
    """
    guess = check_room_guess(lesson.prediction, value)
    if guess is None:
        raise RoomError(f"Not sent: {_say_what_fits(lesson.prediction)}")
    with _LOCK:
        room = _need(store, code)
        if room.lesson != lesson.name or not room.takes_guesses:
            raise RoomError("Not sent: guessing is closed. Look at the screen.")
        name = _name(room.code, lesson.name, token)
        kept = store.documents(_kind(room.code))
        if name not in kept and _count_of(kept, lesson.name) >= MAX_GUESSES:
            raise RoomError(f"Not sent: this question has {MAX_GUESSES:,} guesses, and takes no more.")
        store.put(_kind(room.code), name, codec.dumps(guess))
        return guess


def own_guess(store: Store, code: str, lesson: str, token: str) -> float | None:
    """What this browser has guessed, or None. Raises RoomError for what is no token; StoreError."""
    text = store.document(_kind(clean_code(code)), _name(clean_code(code), lesson, token))
    return None if text is None else _read_guess(text)


def count_guesses(store: Store, code: str, lesson: str) -> int:
    """How many browsers have guessed; hands are not counted. Raises StoreError."""
    return _count_of(store.documents(_kind(clean_code(code))), lesson)


def read_guesses(store: Store, code: str, lesson: str) -> list[float]:
    """The guesses that were sent, by size, so that nothing says who sent which. Raises RoomError before it is closed; StoreError."""
    room = _need(store, code)
    if not room.questions.get(lesson, Question()).is_closed:
        raise RoomError("The guesses are shown once guessing is closed.")
    kept = store.documents(_kind(room.code))
    found = (_read_guess(text) for name, text in kept.items() if name.startswith(f"{lesson}/"))
    return sorted(one for one in found if one is not None)


def list_hands(question: Question) -> list[float]:
    """A value for each hand, by size."""
    return sorted(float(value) for value, number in question.hands.items() for _ in range(number))


def is_token(text: object) -> bool:
    """Whether this can be the token of a browser."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None


def check_room_guess(prediction: Prediction, value: object) -> float | None:
    """The value, on the axis and its steps, or the index of a choice; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if prediction.kind == "choice":
        return float(value) if value in range(len(prediction.choices)) else None
    if not prediction.low <= value <= prediction.high:
        return None
    steps = round((value - prediction.low) / prediction.step)
    return min(prediction.high, round(prediction.low + steps * prediction.step, 6))


def _say_what_fits(prediction: Prediction) -> str:
    if prediction.kind == "choice":
        return "choose one of the answers."
    return f"a guess is a number from {prediction.low:g} to {prediction.high:g}."


def _change(store: Store, code: str, change: Callable[[Room], Room]) -> Room:
    with _LOCK:
        room = change(_need(store, code))
        store.put(ROOM_KIND, room.code, codec.dumps(room))
        return room


def _need(store: Store, code: str) -> Room:
    room = read_room(store, code)
    if room is None:
        raise RoomError(f"There is no class {clean_code(code)}. Check the code on the screen.")
    return room


def _new_code(store: Store) -> str:
    taken = store.documents(ROOM_KIND)
    for pairs in _PAIRS:
        for _ in range(_TRIES):
            signs = [secrets.choice(signs) for signs in (LETTERS, DIGITS) for _ in range(pairs)]
            if (code := "".join(signs)) not in taken:
                return code
    raise RoomError("No class was opened: no code is free. Try again.")


def _kind(code: str) -> str:
    return f"{ROOM_GUESS_KIND}/{code}"


def _name(code: str, lesson: str, token: str) -> str:
    if not is_token(token):
        raise RoomError("Not sent: this browser has no token. Open the page again.")
    return f"{lesson}/{hashlib.blake2b(f'{code} {token}'.encode(), digest_size=12).hexdigest()}"


def _count_of(kept: Mapping[str, str], lesson: str) -> int:
    return sum(name.startswith(f"{lesson}/") for name in kept)


def _read(text: str) -> Room | None:
    try:
        found = codec.build(Room, codec.loads(text))  # type: ignore[arg-type]  # what is not such data is caught
        return found if found.step in STEPS else replace(found, step="example")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning("a class cannot be read (%s); it is left out", type(error).__name__)
        return None


def _read_guess(text: str) -> float | None:
    try:
        return float(codec.loads(text))  # type: ignore[arg-type]  # what is no number is caught
    except (ValueError, TypeError):
        return None
