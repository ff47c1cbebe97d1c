"""The page of an opened file, without a browser: what the form holds when the file and its values do not fit."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from refine_core import program_files, runs
from tests.pages.test_pages import MAIN
from tests.program_files.conftest import OpenFile

PROGRAM = """
from refine_core import Predict

def reward(args, pred): return 1.0

program = Predict("question, tone: Literal['dry', 'lively'], year: int -> answer")
data = [{"question": "Why?", "tone": "loud", "year": "soon"}, {"question": "How?", "tone": "dry", "year": 3}]
"""


WAITING = """
from refine_core import Predict, Refine

def reward(args, pred):
    print("scoring")
    return 0.0

refine = Refine(Predict("question -> answer"), 1000, reward, 1.0)
data = {"question": "Why?"}
"""


@pytest.fixture
def page(request, tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path / "home"))
    path = tmp_path / "mine.py"
    path.write_text(getattr(request, "param", PROGRAM))
    monkeypatch.setenv(program_files.FILE_VARIABLE, str(path))
    program_files.opened.cache_clear()
    mine = OpenFile(path, process=program_files.opened())
    mine.ready()
    at = AppTest.from_file(str(MAIN), default_timeout=60)
    yield at.run().switch_page("../program/page.py").run(), mine
    mine.process.close()
    program_files.opened.cache_clear()
    runs.close()


def test_values_of_the_file_that_do_not_fit_are_no_error_of_the_page(page):
    at, _ = page
    assert not at.exception
    assert at.selectbox(key="opened.0.in.program.tone.choice").value is None
    at.button(key="opened.example.1").click().run()
    assert not at.exception
    assert at.selectbox(key="opened.0.in.program.tone.choice").value == "dry"
    assert at.number_input(key="opened.0.in.program.year.int").value == 3


def test_a_choice_that_the_file_no_longer_offers_is_asked_for_again(page):
    at, mine = page
    at.button(key="opened.example.1").click().run()
    mine.write(PROGRAM.replace("'dry', ", ""))
    mine.ready(starts=2)
    at.run()
    assert not at.exception
    assert at.selectbox(key="opened.0.in.program.tone.choice").value is None
    at.button(key="opened.run").click().run()
    assert any("choose one of the values" in one.value.lower() for one in at.error)


@pytest.mark.parametrize("page", [WAITING], indirect=True)
def test_a_run_of_the_file_is_cancelled_on_its_own_page_too(page):
    at, mine = page
    at.button(key="opened.run").click().run()
    shown = mine.until(lambda one: "scoring" in one.output and one.run_id is not None)
    at.query_params["run"] = shown.run_id
    at.switch_page("../run/page.py").run()
    assert not [one.value for one in at.caption if "Cancel it there" in one.value]
    at.button(key="cancel").click().run()
    mine.ready()
    assert runs.get(shown.run_id).timeline.end.reason == "cancelled"
