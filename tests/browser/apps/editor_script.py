"""Two editors, a button, and text that says what Python knows."""

import streamlit as st

from pages.shared.editor import editor
from refine_core.errors import Problem

BUSY = range(5 * 10**7)  # to be summed: about a second in which no other thread of Python gets on
SAMPLE = '''"""Score an answer."""
import re

LIMIT = 3.5  # words, at most


class Rule:
    strict = True


@staticmethod
def reward(inputs, prediction):
    words = re.findall(r"\\w+", prediction.answer)
    if not words or prediction.answer is None:
        return 0.0
    return min(1.0, LIMIT / len(words)) if len(words) > LIMIT else 1.0
'''


def oopses(code: str) -> list[Problem]:
    return [
        Problem("reward", "expected ':'", line, column)
        for line, source in enumerate(code.split("\n"), start=1)
        if (column := source.find("oops") + 1)
    ]


def first() -> None:
    if st.button("Be busy"):
        sum(BUSY)
    st.session_state.setdefault("rev", 0)
    if st.button("Load example"):
        st.session_state.rev += 1
    code = SAMPLE if st.session_state.rev == 0 else f"example = {st.session_state.rev}\n"
    state = editor(code, key="reward", label="Reward", rev=st.session_state.rev, problems=oopses)
    if state.run:
        st.session_state.runs = st.session_state.get("runs", 0) + 1
    if st.button("Read"):
        st.text(f"Read: {state.code!r}")
    st.text(f"Known: {state.code!r}")
    st.text(f"Runs: {st.session_state.get('runs', 0)}")
    other = editor("plain", key="other", label="Notes", language="text", height="6rem")
    st.text(f"Other: {other.code!r}")
    fixed = editor("fixed = 1", key="fixed", label="Fixed", height="5rem", readonly=True)
    st.text(f"Fixed: {fixed.code!r}")


def second() -> None:
    st.text("Second page")


st.navigation(
    [st.Page(first, title="First", default=True), st.Page(second, title="Second", url_path="second")]
).run()
