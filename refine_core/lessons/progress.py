"""How far a learner is in a lesson, kept in the store under the learner's name. No key is ever part of it.

keep_progress(store, "Ada", "02-best-of-n", step="run", guess=0.6)        list_progress(store, "Ada") -> {"02-best-of-n": Progress}
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from refine_core.lessons.document import STEPS, Step
from refine_core.log import codec
from refine_core.store.protocol import LESSON_PROGRESS_KIND, Store

logger = logging.getLogger("refine_core")
MAX_NAME: Final = 60
_LOCK: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Progress:
    """A learner in one lesson.

    step: the farthest that was reached. guess: of the prediction: a number, the index of a choice, or x (as text) -> y; None before.
    experiment: the id of the learner's own run. tries: answers that were judged. hints: how many steps of help were opened. shown: whether
    "Show me" was pressed. passed: whether an answer was right. seconds: spent in the lesson. changed_at: seconds since the epoch.
    """

    step: Step = "example"
    guess: Any = None
    experiment: str = ""
    tries: int = 0
    hints: int = 0
    shown: bool = False
    passed: bool = False
    seconds: float = 0.0
    changed_at: float = 0.0

    @property
    def is_done(self) -> bool:
        """Whether the check was passed, or shown."""
        return self.passed or self.shown

    @property
    def curve(self) -> dict[float, float]:
        """The guess of a curve, its x as numbers; {} for another one."""
        return {float(x): y for x, y in self.guess.items()} if isinstance(self.guess, Mapping) else {}


def read_progress(store: Store, learner: str, lesson: str) -> Progress:
    """How far a learner is; at the beginning where nothing is kept, or it cannot be read. Raises StoreError."""
    text = store.document(LESSON_PROGRESS_KIND, _name(learner, lesson))
    return Progress() if text is None else _read(text)


def list_progress(store: Store, learner: str) -> dict[str, Progress]:
    """Name of a lesson -> how far the learner is, of those that were begun. Raises StoreError."""
    wanted = clean_name(learner)
    return {
        lesson: _read(text)
        for name, text in store.documents(LESSON_PROGRESS_KIND).items()
        for who, _, lesson in [name.rpartition("/")]
        if who == wanted
    }


def list_learners(store: Store) -> list[str]:
    """The names under which anything is kept, in order. Raises StoreError."""
    return sorted({name.rpartition("/")[0] for name in store.documents(LESSON_PROGRESS_KIND)})


def keep_progress(store: Store, learner: str, lesson: str, **changes: Any) -> Progress:
    """Change what is kept of a learner, by fields of Progress; what is there now. Durable on return. Raises StoreError.

    A step never goes back, and `shown` and `passed` stay; a guess of a curve may have numbers as x.
    """
    with _LOCK:
        before = read_progress(store, learner, lesson)
        if isinstance(changes.get("guess"), Mapping):
            changes["guess"] = {f"{x:g}": y for x, y in changes["guess"].items()}
        after = replace(before, **changes, changed_at=time.time())
        after = replace(
            after,
            step=max(before.step, after.step, key=STEPS.index),
            shown=before.shown or after.shown,
            passed=before.passed or after.passed,
        )
        store.put(LESSON_PROGRESS_KIND, _name(learner, lesson), codec.dumps(after))
        return after


def reset_progress(store: Store, learner: str, lesson: str | None = None) -> None:
    """Forget what is kept of a learner, in one lesson or in all. Raises StoreError."""
    with _LOCK:
        for name in [lesson] if lesson is not None else list_progress(store, learner):
            store.drop(LESSON_PROGRESS_KIND, _name(learner, name))


def rename_learner(store: Store, learner: str, name: str) -> None:
    """Keep all that is kept of a learner under another name. Raises StoreError."""
    with _LOCK:
        for lesson, progress in list_progress(store, learner).items():
            store.put(LESSON_PROGRESS_KIND, _name(name, lesson), codec.dumps(progress))
            store.drop(LESSON_PROGRESS_KIND, _name(learner, lesson))


def clean_name(learner: str) -> str:
    """A name as it is kept: one line, at most 60 characters; "" is the only learner of a machine that nobody shares."""
    plain = "".join(char if char.isprintable() else " " for char in learner)
    return " ".join(plain.split())[:MAX_NAME].strip()


def _name(learner: str, lesson: str) -> str:
    return f"{clean_name(learner)}/{lesson}"


def _read(text: str) -> Progress:
    try:
        found = codec.build(Progress, codec.loads(text))  # type: ignore[arg-type]  # what is not such data is caught
        return found if found.step in STEPS else Progress()
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        logger.warning("the progress in a lesson cannot be read (%s); it begins anew", type(error).__name__)
        return Progress()
