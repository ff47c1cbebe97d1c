"""Step 5: a task that is checked, with help in steps; then one line to remember, and the next lesson.

A wrong answer gets a reason, and where it is a reward a look at each of its lines; it blocks nothing. Hints and "Show me" are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from pages.learn import links
from pages.learn.announcing import announce
from pages.learn.layout import BESIDE, CODE_BESIDE, places
from pages.learn.look import draw_look
from pages.learn.picture import RESETS, build_picture
from pages.learn.running import draw_until_measured
from pages.learn.visit import Visit
from pages.shared import address
from pages.shared.editor import Mark, editor
from pages.shared.guess import Axis, Picture, draw_guess
from pages.shared.isolation import why_code_is_refused
from pages.shared.leave import leave_for
from pages.shared.text import show_error
from refine_core import lessons
from refine_core.errors import StoreError, WorkerError
from refine_core.lessons import Judgement, LessonError

_JUDGED: Final = "learn.judged"
ANSWER: Final = "learn.answer"
EDITOR_PX: Final = 240
_NO_ANSWER: Final = Judgement(False, "Give your answer first; a wrong one gets a reason.")


def draw_check(visit: Visit) -> None:
    """Draw the task."""
    if draw_until_measured(visit) or visit.values is None:
        return
    check, values = visit.lesson.check, visit.values
    has_code = check.kind == "reward"
    text, right, _ = places(CODE_BESIDE if has_code else BESIDE)
    with text:
        st.markdown(lessons.fill_text(visit.lesson, "Check", values))
        answer = _FIELDS[check.kind](visit)
        _draw_buttons(visit, answer)
        _draw_judgement(visit)
        if visit.progress.is_done:
            _draw_end(visit)
        _draw_hints(visit)
        if not has_code:
            _draw_shown(visit)
    with right:
        judged = _judged(visit)
        if judged is not None and judged[1].trials:
            draw_look(judged[1], f"{_key(visit, 'look')}.{visit.progress.tries}")
        else:
            draw_guess(build_picture(visit))
        if has_code:
            _draw_shown(visit)


def _key(visit: Visit, name: str) -> str:
    return f"learn.{visit.lesson.name}.{visit.learner}.{st.session_state.get(RESETS, 0)}.{name}"


def _ask_number(visit: Visit) -> float | None:
    return st.number_input(
        "Your answer",
        value=None,
        step=float(visit.lesson.check.step),
        format="%.6g",  # what was typed stays what is judged: no 0.85 that reads 0.8
        key=_key(visit, "number"),
        width=180,
    )


def _ask_choice(visit: Visit) -> int | None:
    check, values = visit.lesson.check, visit.values or {}
    texts = [
        lessons.fill_words(visit.lesson, "lesson.json check.choices", text, values) for text in check.choices
    ]
    if check.bars:
        which = _key(visit, "choice")
        answer = draw_guess(
            Picture(
                which,
                "choice",
                "Your answer",
                Axis(check.axis, 0, 1, 1),
                choices=texts,
                choice_bars=lessons.list_choice_bars(check, values),
                is_answer=True,
                is_open=True,
            ),
            key=ANSWER,
        )
        return int(answer) if isinstance(answer, int | float) else None
    return st.radio(
        "Your answer",
        range(len(texts)),
        index=None,
        format_func=lambda i: texts[i],
        key=_key(visit, "choice"),
    )


def _ask_code(visit: Visit) -> str:
    state = editor(
        visit.lesson.check.start,
        key=_key(visit, "code"),
        label="Reward",
        height=f"{EDITOR_PX}px",
        problems=partial(_marks, visit),
    )
    return state.code


def _ask_text(visit: Visit) -> str | None:
    text = st.text_area("Your answer", visit.lesson.check.start, key=_key(visit, "text"), height=120)
    return text or None


_FIELDS: Final[Mapping[str, Callable[[Visit], Any]]] = {
    "number": _ask_number,
    "choice": _ask_choice,
    "reward": _ask_code,
    "output": _ask_text,
}


def _draw_buttons(visit: Visit, answer: Any) -> None:
    done, hints = visit.progress.is_done, visit.lesson.check.hints
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button("Check", type="secondary" if done else "primary", key="learn.check"):
            if answer is None:
                st.session_state[_JUDGED] = (_key(visit, "judged"), None, _NO_ANSWER)
                announce(_NO_ANSWER.reason)
                st.rerun()
            _judge(visit, answer)
        opened = visit.progress.hints
        if opened < len(hints) and st.button(":blue[Hint]", type="tertiary", key="learn.hint"):
            visit.keep(hints=opened + 1)
            announce(f"Hint {opened + 1} of {len(hints)} is shown below.")
            st.rerun()
        if not visit.progress.shown and st.button(":blue[Show me]", type="tertiary", key="learn.show-me"):
            visit.keep(shown=True)
            announce("The answer is shown below.")
            st.rerun()


def _judge(visit: Visit, answer: Any) -> None:
    """Judge it, keep that it was tried, and draw the page anew with what came of it."""
    judgement: Judgement
    if isinstance(answer, str) and (refused := why_code_is_refused()):
        judgement = Judgement(False, refused)
    else:
        try:
            with st.spinner("Checking …"):
                judgement = lessons.judge_answer(visit.lesson, answer, visit.values or {})
        except (LessonError, WorkerError, StoreError) as error:
            show_error(f"Not checked: {error}")
            return
        visit.keep(tries=visit.progress.tries + 1, passed=judgement.passed)
    st.session_state[_JUDGED] = (_key(visit, "judged"), answer, judgement)
    announce("Right." if judgement.passed else f"Not yet. {judgement.reason}")
    st.rerun()


def _judged(visit: Visit) -> tuple[Any, Judgement] | None:
    """The last answer of this visit, and what was said to it."""
    key, answer, judgement = st.session_state.get(_JUDGED, ("", None, None))
    return (answer, judgement) if key == _key(visit, "judged") and judgement is not None else None


def _marks(visit: Visit, code: str) -> list[Mark]:
    """The line of the error that was met when this code was checked."""
    judged = _judged(visit)
    if judged is None or judged[0] != code or judged[1].line is None:
        return []
    return [Mark(judged[1].error, judged[1].line, under=False)]


def _draw_judgement(visit: Visit) -> None:
    judged = _judged(visit)
    if judged is None:
        if visit.progress.passed:
            st.markdown(":green[**✓ Right.**]")
        return
    _, judgement = judged
    if judgement.passed:
        st.markdown(":green[**✓ Right.**]")
    elif judgement is _NO_ANSWER:
        st.markdown(f":orange[**{judgement.reason}**]")
    else:
        st.markdown(f":orange[**Not yet.**] {judgement.reason}")


def _draw_hints(visit: Visit) -> None:
    """The steps of help that were opened."""
    values = visit.values or {}
    for number, hint in enumerate(visit.lesson.check.hints[: visit.progress.hints]):
        words = lessons.fill_words(visit.lesson, f"lesson.json check.hints[{number}]", hint, values)
        st.markdown(f":small[**Hint {number + 1}.** {words}]")


def _draw_shown(visit: Visit) -> None:
    """The solution, once it was asked for; code stands beside the learner's own."""
    if not visit.progress.shown:
        return
    kind, shown = visit.lesson.check.kind, lessons.show_answer(visit.lesson, visit.values or {})
    if kind in ("reward", "output"):
        st.caption("One that passes:")
        st.code(shown, language="python" if kind == "reward" else None, wrap_lines=True)
    else:
        st.markdown(f":small[**Shown.** {shown}]")


def _draw_end(visit: Visit) -> None:
    """One line to remember, and where to go from here."""
    st.markdown(
        f":material/bookmark: **{lessons.fill_text(visit.lesson, 'Remember', visit.values).strip()}**"
    )
    found = lessons.list_lessons()
    at = next((i for i, one in enumerate(found) if one.name == visit.lesson.name), len(found))
    following = found[at + 1] if at + 1 < len(found) else None
    with st.container(horizontal=True, gap="small"):
        if following is not None:
            if st.button(f"Next: lesson {following.number}", type="primary", key="learn.next"):
                leave_for(address.LEARN, links.lesson_query(following.name, "example"))
        elif st.button("All lessons", type="primary", key="learn.all"):
            leave_for(address.LEARN, links.list_query())
