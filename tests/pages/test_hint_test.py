"""The page of a hint test and its dialog: wrong addresses, what is said before anything is asked, and a test that runs."""

from __future__ import annotations

import pytest

from refine_core import hint_tests, runs
from refine_core.programs import EXAMPLES
from tests.pages.test_pages import open_app


@pytest.fixture(autouse=True)
def _runs(tmp_path, monkeypatch):
    monkeypatch.setenv("REFINESCOPE_HOME", str(tmp_path))
    runs.close()
    yield
    runs.close()


def recorded():
    run_id = runs.start(EXAMPLES["one_word"].spec)
    runs.join(run_id, 30)
    return run_id


def open_page(page, **query):
    app = open_app(**query)
    app.switch_page(page)
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


def words(app):
    elements = (*app.markdown, *app.caption, *app.info, *app.error)
    return " ".join(element.value for element in elements).replace("\\", "")


def ask(app):
    app.session_state["attempt"] = {"asked": {"do": "act", "what": "hint-test", "at": 1}}
    app.run()
    app.run()  # the page is drawn anew with its dialog
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("query", "sentence"),
    [({}, "No hint test is named in the address."), ({"test": "gone"}, "There is no hint test 'gone' here.")],
)
def test_a_wrong_address_gets_a_plain_sentence_and_a_way_on(query, sentence):
    app = open_page("../hint_test/page.py", **query)
    assert sentence in words(app)
    assert len(app.get("page_link")) == 1


def test_the_dialog_says_what_a_test_will_take_and_starts_it():
    run_id = recorded()
    app = ask(open_page("../run/page.py", run=run_id, attempt="2", tab="output"))
    assert "20 tries of 1 call: 20 calls, free" in words(app)
    assert "The practice model answers: no key, no cost." in words(app)
    (start,) = [button for button in app.button if button.label == "Run 20 calls"]
    start.click().run()
    assert not app.exception
    (test,) = hint_tests.list_tests(run_id, 2)
    hint_tests.default().join(test.id, 60)
    page = open_page("../hint_test/page.py", test=test.id)
    assert [button.label for button in page.button] == ["Run 20 calls"], "of 10 more of each"
    assert hint_tests.get(test.id).done == 20


def test_the_dialog_of_a_replay_says_why_it_cannot_be_tested():
    again = runs.replay(recorded())
    runs.join(again, 30)
    app = ask(open_page("../run/page.py", run=again, attempt="2", tab="output"))
    assert "A replay has only the replies that were recorded" in words(app)
    (start,) = [button for button in app.button if button.label == "Run"]
    assert start.disabled
